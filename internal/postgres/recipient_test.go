package postgres_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/dbsqlc"
	"herald/internal/postgres/postgrestest"
)

// A message that reads the whole base of its bot to find one person is as slow as the base is large.
func TestARecipientIsFoundWithoutReadingTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := postgrestest.Conn(t, w.url)
	crowd(t, conn, "acc_1", "bot_1", 1, 20_000, 0)
	w.process(t, 1, gateway.Verdict{
		Subscriber: &gateway.Subscriber{PlatformID: 42, ChatID: 42, FirstName: "Anna", Username: "anna_k", UsernameSeenAt: noon},
		Phone:      "+380501234567", Connection: gateway.Connected,
	})
	anna := w.person(t, 42)
	external := "a-7"
	_, err := w.ChangeSubscriber(t.Context(), "acc_1", "bot_1", anna.ID, gateway.SubscriberChange{ExternalID: &external}, func(gateway.Subscriber) error { return nil })
	require.NoError(t, err)
	addresses := []gateway.Address{
		{Kind: gateway.AddressPhone, Value: "+380501234567"},
		{Kind: gateway.AddressUsername, Value: "anna_k"},
		{Kind: gateway.AddressExternal, Value: external},
		{Kind: gateway.AddressChat, Value: "42"},
		{Kind: gateway.AddressPlatform, Value: "42"},
	}
	store, err := postgres.Open(t.Context(), postgres.Options{URL: w.url, MaxConns: 1, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	for _, known := range []string{"before the planner knows the table", "once it knows"} {
		for _, mode := range []string{"auto", "force_generic_plan"} {
			for _, to := range addresses {
				m := w.accept(t, to, nil)
				ctx := postgres.Of(t.Context(), "acc_1")
				_, err := store.Statements().Exec(ctx, "SELECT set_config('plan_cache_mode', $1, false)", mode)
				require.NoError(t, err)
				plans := store.PlanOf(ctx, func(q *dbsqlc.Queries) error {
					_, err := q.Recipient(ctx, dbsqlc.RecipientParams{AccountID: "acc_1", ID: string(m.ID)})
					return err
				})
				require.Len(t, plans, 1)
				var read []struct{ Plan plan }
				require.NoError(t, json.Unmarshal([]byte(plans[0]), &read))
				require.InDelta(t, 1, read[0].Plan.Rows, 0, "the person is found")
				looked := 0.0
				for _, scan := range read[0].Plan.scans("subscribers") {
					looked += (scan.Rows + scan.Dropped + scan.Recheck) * scan.Loops
				}
				require.LessOrEqual(t, looked, 4.0, "by %s, %s, %s: rows of people that are read", to.Kind, mode, known)
			}
		}
		_, err := conn.Exec(t.Context(), "ANALYZE")
		require.NoError(t, err)
	}
}
