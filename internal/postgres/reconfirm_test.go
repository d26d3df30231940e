package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/dbsqlc"
	"herald/internal/postgres/postgrestest"
)

const day = 24 * time.Hour

// crowd adds people to a bot whose proofs are n minutes older than an age, n counting from 0. Nobody is told of them.
func crowd(t *testing.T, conn *pgx.Conn, account, bot string, first, count int, age time.Duration) {
	t.Helper()
	for _, statement := range []string{
		"SET session_replication_role = replica",
		fmt.Sprintf(`INSERT INTO subscribers (id, account_id, bot_id, platform_id, chat_id, connection, last_seen_at, profile_at, profile_update_id,
				connection_at, connection_update_id, created_at, phone, phone_index, phone_proof, phone_proved_at)
			SELECT '%[2]s_' || lpad(n::text, 7, '0'), '%[1]s', '%[2]s', 1000 + n, 1000 + n, 'connected', now(), now(), 1, now(), 1, now(),
				convert_to('x' || n, 'UTF8'), convert_to('%[2]s' || n, 'UTF8'), 'contact', '%[3]s'::timestamptz - (n - %[4]d) * interval '1 minute'
			FROM generate_series(%[4]d, %[4]d + %[5]d - 1) n`, account, bot, noon.Add(-age).Format(time.RFC3339), first, count),
		"SET session_replication_role = origin",
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
}

// wants lets a bot's owner have proofs renewed.
func (w world) wants(t *testing.T, bot gateway.BotID, p gateway.ReconfirmPolicy) {
	t.Helper()
	account := gateway.AccountID("acc_1")
	b, err := w.Bot(t.Context(), account, bot)
	if err != nil {
		account = "acc_2"
		b, err = w.Bot(t.Context(), account, bot)
	}
	require.NoError(t, err)
	b.Reconfirm = p
	changed, err := w.DescribeBot(t.Context(), b, noon)
	require.NoError(t, err)
	require.Equal(t, p, changed.Reconfirm)
}

var quarterly = gateway.ReconfirmPolicy{Every: 90 * day, By: gateway.ConfirmContact, RemindAfter: 3 * day, LapseAfter: 14 * day}

func TestTheWalkOverProofsThatAreTooOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := postgrestest.Conn(t, w.url)
	for _, statement := range []string{
		`INSERT INTO accounts (id, name, created_at) VALUES ('acc_2', 'b', now())`,
		`INSERT INTO bots (id, account_id, platform, network, platform_id, username, name, sealed_token, webhook_secret, intake, state, created_at, updated_at)
		 SELECT 'bot_' || n, CASE n WHEN 2 THEN 'acc_1' ELSE 'acc_2' END, 'telegram', 'sandbox', n, 'bot' || n, '', 'x', '', 'polling', 'active', now(), now() FROM generate_series(2, 3) n`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	crowd(t, conn, "acc_1", "bot_1", 1, 5, 90*day) // the first is due in this moment
	crowd(t, conn, "acc_1", "bot_1", 100, 5, 80*day)
	crowd(t, conn, "acc_1", "bot_2", 1, 5, 400*day) // of no interest
	crowd(t, conn, "acc_2", "bot_3", 1, 3, 31*day)

	walk := func(atMost int) (found []gateway.Reconfirmation, pages int) {
		var from gateway.ReconfirmCursor
		for {
			page, err := w.DueReconfirmations(t.Context(), noon, from, atMost)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Due), atMost)
			found, pages = append(found, page.Due...), pages+1
			if !page.More {
				return found, pages
			}
			from = page.Next
		}
	}
	ids := func(found []gateway.Reconfirmation) (ids []string) {
		for _, f := range found {
			ids = append(ids, string(f.SubscriberID))
		}
		return ids
	}

	found, _ := walk(10)
	require.Empty(t, found, "nobody wants anything")
	w.wants(t, "bot_1", quarterly)
	w.wants(t, "bot_3", gateway.ReconfirmPolicy{Every: 30 * day, By: gateway.ConfirmSMS, RemindAfter: day, LapseAfter: 2 * day})
	want := []string{"bot_1_0000005", "bot_1_0000004", "bot_1_0000003", "bot_1_0000002", "bot_1_0000001", "bot_3_0000003", "bot_3_0000002", "bot_3_0000001"}
	for atMost := 1; atMost <= 9; atMost++ {
		found, pages := walk(atMost)
		require.Equal(t, want, ids(found), "bot by bot, the oldest proofs first, everybody once")
		require.Equal(t, len(want)/atMost+1, pages)
	}
	found, _ = walk(100)
	require.Equal(t, gateway.Reconfirmation{AccountID: "acc_1", BotID: "bot_1", SubscriberID: "bot_1_0000001", Due: noon}, found[4])
	require.Equal(t, gateway.Reconfirmation{AccountID: "acc_2", BotID: "bot_3", SubscriberID: "bot_3_0000001", Due: noon.Add(-day)}, found[7])

	for name, c := range map[string]struct {
		sql  string
		want []string
	}{
		"who is not connected":               {"UPDATE subscribers SET connection = 'disconnected', reason = 'blocked' WHERE id = 'bot_1_0000004'", append([]string{want[0]}, want[2:]...)},
		"who is being asked":                 {"UPDATE subscribers SET reconfirm_due_at = now() WHERE id = 'bot_1_0000004'", append([]string{want[0]}, want[2:]...)},
		"who has no phone":                   {"UPDATE subscribers SET phone = '', phone_index = '', phone_proof = '', phone_proved_at = NULL WHERE id = 'bot_1_0000004'", append([]string{want[0]}, want[2:]...)},
		"people of a bot that is paused":     {"UPDATE bots SET state = 'paused' WHERE id = 'bot_1'", want[5:]},
		"people of a bot that is taken over": {"UPDATE bots SET state = 'conflict' WHERE id = 'bot_1'", want[5:]},
		"people of an account that rests":    {"UPDATE accounts SET suspended_at = now() WHERE id = 'acc_2'", want[:5]},
	} {
		t.Run("leaves out "+name, func(t *testing.T) {
			tx, err := conn.Begin(t.Context())
			require.NoError(t, err)
			_, err = tx.Exec(t.Context(), c.sql)
			require.NoError(t, err)
			require.NoError(t, tx.Commit(t.Context()))
			found, _ := walk(10)
			require.Equal(t, c.want, ids(found))
			for _, undo := range []string{
				"UPDATE subscribers SET connection = 'connected', reason = '', reconfirm_due_at = NULL WHERE id LIKE 'bot_1_%'",
				"UPDATE subscribers SET phone = 'x', phone_index = 'again', phone_proof = 'contact', phone_proved_at = '2025-12-02 11:57:00Z' WHERE id = 'bot_1_0000004'",
				"UPDATE bots SET state = 'active'", "UPDATE accounts SET suspended_at = NULL",
			} {
				_, err := conn.Exec(t.Context(), undo)
				require.NoError(t, err)
			}
			found, _ = walk(10)
			require.Equal(t, want, ids(found))
		})
	}
}

// plan is what EXPLAIN tells.
type plan struct {
	Node    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Index   string  `json:"Index Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Dropped float64 `json:"Rows Removed by Filter"`
	Recheck float64 `json:"Rows Removed by Index Recheck"`
	Plans   []plan  `json:"Plans"`
}

// scans are the nodes of a plan that read a table.
func (p plan) scans(table string) (found []plan) {
	if p.Table == table {
		found = append(found, p)
	}
	for _, one := range p.Plans {
		found = append(found, one.scans(table)...)
	}
	return found
}

func TestTheWalkReadsOnlyThoseWhoseProofsAreTooOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := postgrestest.Conn(t, w.url)
	const many, due = 50_000, 40
	crowd(t, conn, "acc_1", "bot_1", 1, many, 30*day) // 34 days of minutes: the oldest is from 65 days ago
	crowd(t, conn, "acc_1", "bot_1", 100_001, due, 90*day)
	_, err := conn.Exec(t.Context(), "ANALYZE subscribers")
	require.NoError(t, err)
	store, err := postgres.Open(t.Context(), postgres.Options{URL: w.url, MaxConns: 1, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	explain := func(ctx context.Context, atMost int32) plan {
		plans := store.PlanOf(ctx, func(q *dbsqlc.Queries) error {
			_, err := q.DueSubscribers(ctx, dbsqlc.DueSubscribersParams{
				AccountID: "acc_1", BotID: "bot_1", ProvedUntil: noon.Add(-90 * day), AfterProved: time.Time{}, AfterID: "", AtMost: atMost,
			})
			return err
		})
		require.Len(t, plans, 1)
		var read []struct{ Plan plan }
		require.NoError(t, json.Unmarshal([]byte(plans[0]), &read))
		return read[0].Plan
	}
	for _, mode := range []string{"auto", "force_generic_plan"} {
		for name, ctx := range map[string]context.Context{
			"of the installation": postgres.System(t.Context(), postgres.WatchWork), "of the account": postgres.Of(t.Context(), "acc_1"),
		} {
			_, err := store.Statements().Exec(ctx, "SELECT set_config('plan_cache_mode', $1, false)", mode)
			require.NoError(t, err)
			for atMost, rows := range map[int32]float64{25: 25, 1000: due} {
				scans := explain(ctx, atMost).scans("subscribers")
				require.Len(t, scans, 1)
				require.Equal(t, "subscribers_reconfirm", scans[0].Index, "in a session %s, %s", name, mode)
				require.InDelta(t, rows, scans[0].Rows*scans[0].Loops, 0, "in a session %s, %s", name, mode)
				require.Zero(t, scans[0].Dropped+scans[0].Recheck)
			}
		}
	}
	scans := explain(postgres.Of(t.Context(), "acc_2"), 1000).scans("subscribers")
	require.Zero(t, scans[0].Rows, "another account's session is shown nobody: the plan is that of row-level security")
	require.InDelta(t, due, scans[0].Dropped, 0)
}
