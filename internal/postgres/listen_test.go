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
	changed, stop := l.Watch(waited.ID)
	defer stop()
	_, err := w.ChangeDelivery(ctx, "acc_1", waited.ID, func(gateway.Delivery) (gateway.Change, error) {
		return gateway.Change{
			State: gateway.NotSubscribed, Reason: gateway.ReasonNeverStarted,
			Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: gateway.Queued, State: gateway.NotSubscribed}},
		}, nil
	})
	require.NoError(t, err)
	heard(t, changed)

	require.NoError(t, w.CreateBot(ctx, gateway.Bot{
		ID: w.ids.Bot(), AccountID: "acc_1", Platform: gateway.Telegram, Network: gateway.NetworkSandbox, PlatformID: 9, Username: "new_bot",
		SealedToken: []byte("x"), Intake: gateway.IntakePolling, State: gateway.BotActive, CreatedAt: noon, UpdatedAt: noon,
	}))
	heard(t, l.Bots())
}

func heard(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "nothing was announced")
	}
}
