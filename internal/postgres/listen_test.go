package postgres_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
)

func TestListener(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := postgres.NewListener(w.Store, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	conn := postgrestest.Conn(t, w.url)
	require.Eventually(t, func() bool {
		var listening int
		err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN herald_edits%'").Scan(&listening)
		return err == nil && listening == 1
	}, 10*time.Second, 20*time.Millisecond)

	w.store(t, raw(1, 1))
	heard(t, l.Inbox())

	waited := w.accept(t, toAnna, func(m *gateway.Message) { m.Waited = true })
	settled, stop := l.Watch(waited.ID)
	defer stop()
	elsewhere := w.another(t) // the process that delivers it is another one
	_, err := elsewhere.ChangeDelivery(ctx, "acc_1", waited.ID, neverStarted)
	require.NoError(t, err)
	require.Empty(t, heard(t, settled).Message.ID, "who waits has to look")

	require.NoError(t, w.CreateBot(ctx, gateway.Bot{
		ID: w.ids.Bot(), AccountID: "acc_1", Platform: gateway.Telegram, Network: gateway.NetworkSandbox, PlatformID: 9, Username: "new_bot",
		SealedToken: []byte("x"), Intake: gateway.IntakePolling, State: gateway.BotActive, CreatedAt: noon, UpdatedAt: noon,
	}))
	heard(t, l.Bots())
}

func neverStarted(gateway.Delivery) (gateway.Change, error) {
	return gateway.Change{
		State: gateway.NotSubscribed, Reason: gateway.ReasonNeverStarted,
		Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: gateway.Queued, State: gateway.NotSubscribed}},
	}, nil
}

// Who waits in the process that brought the message to its end gets what they would read, and no other is bothered.
func TestOutcomeIsHandedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := postgrestest.Conn(t, w.url)
	_, err := conn.Exec(t.Context(), "LISTEN herald_outcome")
	require.NoError(t, err)
	l := postgres.NewListener(w.Store, slog.New(slog.DiscardHandler))
	waited := w.accept(t, toAnna, func(m *gateway.Message) { m.Waited = true })
	settled, stop := l.Watch(waited.ID)

	_, err = w.ChangeDelivery(t.Context(), "acc_1", waited.ID, neverStarted)
	require.NoError(t, err)
	told := heard(t, settled)
	stored, err := w.Message(t.Context(), "acc_1", waited.ID)
	require.NoError(t, err)
	legs, err := w.Legs(t.Context(), "acc_1", waited.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.Outcome{Message: stored, Legs: legs}, told)
	stop()

	second := w.accept(t, toAnna, func(m *gateway.Message) { m.Waited = true })
	_, err = w.ChangeDelivery(t.Context(), "acc_1", second.ID, neverStarted)
	require.NoError(t, err)
	announced, err := conn.WaitForNotification(t.Context())
	require.NoError(t, err)
	require.Equal(t, string(second.ID), announced.Payload, "nothing was announced of the first")
}

func heard[T any](t *testing.T, c <-chan T) (what T) {
	t.Helper()
	select {
	case what = <-c:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "nothing was announced")
	}
	return what
}
