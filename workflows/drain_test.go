package workflows_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/workflows"
)

// awayTemporal does not answer until it is back; from then on it takes every start, and an odd one it refuses.
type awayTemporal struct {
	client.Client
	odd string

	mu      sync.Mutex
	back    bool
	refused int
	started []string // in order
}

func (a *awayTemporal) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.back {
		a.refused++
		return nil, serviceerror.NewUnavailable("nobody is there")
	}
	if o.ID == a.odd {
		return nil, serviceerror.NewInvalidArgument("odd")
	}
	a.started = append(a.started, o.ID)
	return nil, nil
}

func (a *awayTemporal) come() { a.mu.Lock(); defer a.mu.Unlock(); a.back = true }

func (a *awayTemporal) seen() (started []string, refused int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.started), a.refused
}

// TestTheOutboxDrainsInOrder accepts hundreds of messages while Temporal is away, and lets it come back.
func TestTheOutboxDrainsInOrder(t *testing.T) {
	t.Parallel()
	const messages = 450
	w := newWorld(t)
	lanes := []gateway.Lane{gateway.LaneBulk, gateway.LaneService, gateway.LaneBulk, gateway.LaneCode}
	begun := w.now().Add(-time.Hour)
	var want []string // lane, then age
	ofLane := map[gateway.Lane][]string{}
	for n := range messages {
		lane := lanes[n%len(lanes)]
		m := gateway.Message{
			ID: w.ids.Message(), AccountID: "acc_1", BotID: w.bot.ID, Direction: gateway.Out, Text: fmt.Sprint(n), Lane: lane,
			To: gateway.Address{Kind: gateway.AddressPlatform, Value: fmt.Sprint(w.anna)}, OnUnknown: gateway.Hold, State: gateway.Queued,
			ExpiresAt: begun.Add(24 * time.Hour), CreatedAt: begun.Add(time.Duration(n) * time.Second), Format: gateway.FormatPlain,
		}
		_, err := w.store.AcceptMessage(t.Context(), m, []gateway.Leg{{ID: w.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}}, nil)
		require.NoError(t, err)
		ofLane[lane] = append(ofLane[lane], string(m.ID))
	}
	for _, lane := range []gateway.Lane{gateway.LaneCode, gateway.LaneService, gateway.LaneBulk} {
		want = append(want, ofLane[lane]...)
	}
	temporal := &awayTemporal{odd: want[5]}
	starter := workflows.NewStarter(temporal, w.store, w.now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { starter.Run(ctx) })
	defer group.Wait()
	defer cancel()

	require.Eventually(t, func() bool { _, refused := temporal.seen(); return refused >= 2 }, time.Minute, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		waiting, oldest := depth(t, w.store, w.now())
		return waiting == messages && oldest >= time.Hour
	}, time.Minute, 10*time.Millisecond, "what waits is counted, also what was tried in vain")
	temporal.come()
	require.Eventually(t, func() bool { started, _ := temporal.seen(); return len(started) == messages-1 }, time.Minute, 10*time.Millisecond)
	started, _ := temporal.seen()
	want = slices.DeleteFunc(want, func(id string) bool { return id == temporal.odd })
	require.Equal(t, strings.Join(want, "\n"), strings.Join(started, "\n"), "each once, codes first, oldest first")
	require.Eventually(t, func() bool { waiting, _ := depth(t, w.store, w.now().Add(time.Hour)); return waiting == 1 }, time.Minute, 10*time.Millisecond,
		"only the odd one is left")
}

// depth is what stands in the outbox; -1 if nobody knows.
func depth(t *testing.T, store *postgres.Store, now time.Time) (int, time.Duration) {
	t.Helper()
	waiting, oldest, err := store.OutboxDepth(t.Context(), now)
	if err != nil {
		return -1, 0
	}
	return waiting, oldest
}
