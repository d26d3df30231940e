package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
)

// An account that sends its file by a bot of the operator's finds what the messenger calls it, and nobody else does.
func TestAHandleIsTheAccountsWhoseFileItIs(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	conn := postgrestest.Conn(t, url)
	seed(t, conn)
	for _, statement := range []string{
		`UPDATE accounts SET operator = true WHERE id = 'acc_1'`,
		`INSERT INTO accounts (id, name, created_at) VALUES ('acc_2', 'b', now()), ('acc_3', 'c', now())`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	store, err := postgres.Open(t.Context(), postgres.Options{URL: url, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	w := world{Store: store, url: url, ids: gateway.NewIDs(nil, nil)}

	door := gateway.File{ID: "file_1", AccountID: "acc_2", Name: "door.png", Type: "image/png", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	require.NoError(t, w.BeginFile(t.Context(), door))
	fits, err := w.AddPart(t.Context(), "acc_2", door.ID, 1, []byte("picture"), 100)
	require.NoError(t, err)
	require.True(t, fits)
	require.NoError(t, w.FinishFile(t.Context(), door))

	photo := gateway.Media{Kind: gateway.Photo, File: door.ID}
	m := w.accept(t, toAnna, func(m *gateway.Message) { m.AccountID, m.Media = "acc_2", &photo })
	settle := func(c gateway.Change) {
		_, err := w.ChangeDelivery(t.Context(), "acc_2", m.ID, func(gateway.Delivery) (gateway.Change, error) { return c, nil })
		require.NoError(t, err)
	}
	handle := func(account gateway.AccountID) string {
		handle, err := w.FileHandle(t.Context(), account, "bot_1", photo)
		require.NoError(t, err)
		return handle
	}
	require.Empty(t, handle("acc_2"))
	settle(gateway.Change{Handle: "AgACAgQ"})
	require.Equal(t, "AgACAgQ", handle("acc_2"), "sent once, it is not uploaded again")
	for _, other := range []gateway.AccountID{"acc_1", "acc_3"} {
		require.Empty(t, handle(other), "the file is not theirs, though the bot may be")
	}
	settle(gateway.Change{ForgetHandle: true})
	require.Empty(t, handle("acc_2"), "the messenger does not know it any more")
}
