package postgres_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// The machine stands twice: in Go, where decisions are made, and in a CHECK constraint, which no defect gets past. Here
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
		"a second operator":                                   `INSERT INTO accounts (id, name, operator, created_at) VALUES ('acc_2', 'x', true, now()), ('acc_3', 'y', true, now())`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NotEmpty(t, constraint(err), name)
	}
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
