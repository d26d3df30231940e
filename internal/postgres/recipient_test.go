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
				ways := []func(*dbsqlc.Queries) error{func(q *dbsqlc.Queries) error {
					_, err := q.Recipient(ctx, dbsqlc.RecipientParams{AccountID: "acc_1", ID: string(m.ID)})
					return err
				}}
				switch to.Kind {
				case gateway.AddressPhone:
					ways = append(ways, func(q *dbsqlc.Queries) error {
						_, err := q.ByPhone(ctx, dbsqlc.ByPhoneParams{BotID: "bot_1", PhoneIndex: postgres.PhoneIndex(postgrestest.Vault(t), "bot_1", to.Value)})
						return err
					})
				case gateway.AddressPlatform:
					ways = append(ways, func(q *dbsqlc.Queries) error {
						_, err := q.ByPlatformID(ctx, dbsqlc.ByPlatformIDParams{BotID: "bot_1", PlatformID: 42})
						return err
					})
				}
				for way, find := range ways {
					plans := store.PlanOf(ctx, find)
					require.Len(t, plans, 1)
					var read []struct{ Plan plan }
					require.NoError(t, json.Unmarshal([]byte(plans[0]), &read))
					require.InDelta(t, 1, read[0].Plan.Rows, 0, "the person is found")
					require.LessOrEqual(t, read[0].Plan.reads("subscribers"), 4.0, "by %s, statement %d, %s, %s: rows of people that are read", to.Kind, way, mode, known)
				}
			}
		}
		_, err := conn.Exec(t.Context(), "ANALYZE")
		require.NoError(t, err)
	}
}

// The lock of a message that was accepted a moment ago reads that message alone, its bot and the first line of its story.
func TestAFreshMessageIsLockedWithoutReadingTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := postgrestest.Conn(t, w.url)
	for _, statement := range []string{
		"SET session_replication_role = replica",
		`INSERT INTO bots (id, account_id, platform, network, platform_id, username, name, sealed_token, webhook_secret, intake, state, created_at, updated_at)
			SELECT 'bot_' || n, 'acc_1', 'telegram', 'sandbox', n, 'b' || n, 'b', 'x', 'x' || n, 'polling', 'active', now(), now() FROM generate_series(2, 1000) n`,
		`INSERT INTO messages (id, account_id, bot_id, direction, address_kind, address, text, state, event_sequence, expires_at, created_at, updated_at)
			SELECT 'msg_' || n, 'acc_1', 'bot_1', 'out', 'platform', '1', '', 'queued', 1, now(), now(), now() FROM generate_series(1, 5000) n`,
		`INSERT INTO message_events (message_id, sequence, account_id, at, kind, state) SELECT id, 1, account_id, now(), 'queued', 'queued' FROM messages`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	store := w.another(t)
	for _, known := range []string{"before the planner knows the tables", "once it knows"} {
		for _, mode := range []string{"auto", "force_generic_plan"} {
			m := w.accept(t, toAnna, nil)
			ctx := postgres.Of(t.Context(), "acc_1")
			_, err := store.Statements().Exec(ctx, "SELECT set_config('plan_cache_mode', $1, false)", mode)
			require.NoError(t, err)
			plans := store.PlanOf(ctx, func(q *dbsqlc.Queries) error {
				_, err := q.LockFresh(ctx, dbsqlc.LockFreshParams{AccountID: "acc_1", ID: string(m.ID), BotID: "bot_1"})
				return err
			})
			require.Len(t, plans, 1)
			var read []struct{ Plan plan }
			require.NoError(t, json.Unmarshal([]byte(plans[0]), &read))
			require.InDelta(t, 1, read[0].Plan.Rows, 0, "the message is found")
			for _, table := range []string{"messages", "bots", "message_events", "accounts"} {
				require.InDelta(t, 1, read[0].Plan.reads(table), 0, "rows of %s, %s, %s", table, mode, known)
			}
		}
		_, err := conn.Exec(t.Context(), "ANALYZE")
		require.NoError(t, err)
	}
}

// reads is how many rows of a table a plan reads, whether they are wanted or not.
func (p plan) reads(table string) (rows float64) {
	for _, scan := range p.scans(table) {
		rows += (scan.Rows + scan.Dropped + scan.Recheck) * scan.Loops
	}
	return rows
}
