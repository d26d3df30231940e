package postgres_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// The machine stands twice: in Go, where decisions are made, and in a rule of the database, which no defect gets past. Here
// every pair of states is tried against both.
func TestTheMachineInGoAndInTheDatabaseAgree(t *testing.T) {
	t.Parallel()
	conn := postgrestest.Conn(t, postgrestest.URL(t))
	seed(t, conn)
	for i, from := range append(gateway.States(), "") {
		for j, to := range gateway.States() {
			allowed := from.CanBecome(to) || from == "" && to == gateway.Queued
			_, err := conn.Exec(t.Context(), `
				INSERT INTO messages (id, account_id, bot_id, direction, subscriber_id, address_kind, address, text,
				                      previous, state, reason, expires_at, created_at, updated_at)
				VALUES ($1, 'acc_1', 'bot_1', 'out', 'sub_1', 'platform', '1', 'x', $2, $3, 'blocked', now(), now(), now())`,
				fmt.Sprintf("msg_%d_%d", i, j), string(from), string(to))
			if allowed {
				require.NoError(t, err, "from %q to %q", from, to)
				continue
			}
			require.Equal(t, "messages_state_move", constraint(err), "from %q to %q", from, to)
		}
	}
}

func TestWhatTheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	conn := postgrestest.Conn(t, postgrestest.URL(t))
	seed(t, conn)
	_, err := conn.Exec(t.Context(), `
		INSERT INTO messages (id, account_id, bot_id, direction, address_kind, address, text, state, expires_at, created_at, updated_at)
		VALUES ('msg_1', 'acc_1', 'bot_1', 'out', 'platform', '1', 'x', 'queued', now(), now(), now())`)
	require.NoError(t, err)
	for name, sql := range map[string]string{
		"an accepted leg without the messenger's name for it": `INSERT INTO legs (id, account_id, message_id, number, channel, state, attempts, settled_at) VALUES ('l', 'acc_1', 'msg_1', 1, 'telegram', 'accepted', 1, now())`,
		"an accepted leg without an intent before it":         `INSERT INTO legs (id, account_id, message_id, number, channel, state, platform_message_id, settled_at) VALUES ('l', 'acc_1', 'msg_1', 1, 'telegram', 'accepted', 5, now())`,
		"a failed leg without a reason":                       `INSERT INTO legs (id, account_id, message_id, number, channel, state, settled_at) VALUES ('l', 'acc_1', 'msg_1', 1, 'telegram', 'failed', now())`,
		"a leg that ended and has no time of it":              `INSERT INTO legs (id, account_id, message_id, number, channel, state, reason) VALUES ('l', 'acc_1', 'msg_1', 1, 'telegram', 'failed', 'x')`,
		"a failed message without a reason":                   `UPDATE messages SET previous = 'sending', state = 'failed' WHERE id = 'msg_1'`,
		"an open phone as an address":                         `UPDATE messages SET address_kind = 'phone', address = '+380501234567'`,
		"a phone that is found and not there":                 `UPDATE subscribers SET phone_index = 'x'`,
		"a phone without its proof":                           `UPDATE subscribers SET phone = '+380501234567'`,
		"a message without anybody whom it is to":             `UPDATE messages SET address_kind = ''`,
		"evidence without its time":                           `UPDATE messages SET previous = 'queued', state = 'sending', evidence = 'link'`,
		"a price below nothing":                               `UPDATE messages SET previous = 'queued', state = 'sending', price = -1`,
		"a leg of no channel":                                 `INSERT INTO legs (id, account_id, message_id, number, channel, state) VALUES ('l', 'acc_1', 'msg_1', 1, 'pigeon', 'pending')`,
		"a call without its attempt":                          `INSERT INTO legs (id, account_id, message_id, number, channel, state, intent_at) VALUES ('l', 'acc_1', 'msg_1', 1, 'telegram', 'pending', now())`,
		"a cost without anything that was taken":              `INSERT INTO legs (id, account_id, message_id, number, channel, state, price, cost) VALUES ('l', 'acc_1', 'msg_1', 1, 'telegram', 'pending', 1, 1)`,
		"somebody forgotten who is still connected":           `UPDATE subscribers SET kind = 'forgotten'`,
		"a second operator":                                   `INSERT INTO accounts (id, name, operator, created_at) VALUES ('acc_2', 'x', true, now()), ('acc_3', 'y', true, now())`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NotEmpty(t, constraint(err), name)
	}
}

// A trigger that is about some columns has to be about all that its rule, or its condition, looks at.
func TestARuleIsLookedAtWheneverItsColumnsAreWritten(t *testing.T) {
	t.Parallel()
	conn := postgrestest.Conn(t, postgrestest.URL(t))
	rows, err := conn.Query(t.Context(), `
		SELECT t.tgname, pg_get_triggerdef(t.oid), CASE WHEN p.proname LIKE 'check_%' THEN p.prosrc ELSE '' END,
		       array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr))
		FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
		WHERE NOT t.tgisinternal AND cardinality(t.tgattr::int2[]) > 0`)
	require.NoError(t, err)
	looksAt := regexp.MustCompile(`(?i)\b(?:new|old)\.(\w+)`)
	seen := 0
	var name, definition, body string
	var columns []string
	_, err = pgx.ForEachRow(rows, []any{&name, &definition, &body, &columns}, func() error {
		seen++
		_, condition, _ := strings.Cut(definition, " WHEN ")
		for _, found := range looksAt.FindAllStringSubmatch(condition+body, -1) {
			require.Contains(t, columns, strings.ToLower(found[1]), name)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 5, seen)
}

// seed makes an account with a bot and a person.
func seed(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO accounts (id, name, created_at) VALUES ('acc_1', 'a', now())`,
		`INSERT INTO bots (id, account_id, platform, network, platform_id, username, name, sealed_token, webhook_secret, intake, state, created_at, updated_at)
		 VALUES ('bot_1', 'acc_1', 'telegram', 'sandbox', 1, 'b', 'b', 'x', 'x', 'polling', 'active', now(), now())`,
		`INSERT INTO bot_slots (bot_id, account_id) VALUES ('bot_1', 'acc_1')`,
		`INSERT INTO subscribers (id, account_id, bot_id, platform_id, chat_id, connection, last_seen_at, profile_at, profile_update_id, connection_at, connection_update_id, created_at)
		 VALUES ('sub_1', 'acc_1', 'bot_1', 1, 1, 'connected', now(), now(), 1, now(), 1, now())`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
}

// constraint names the constraint that refused, empty if none did.
func constraint(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.ConstraintName
	}
	return ""
}
