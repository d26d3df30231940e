package workflows

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"herald/internal/gateway"
	"herald/internal/messaging"
)

// slowTemporal holds every start of a message of the mailing until the test lets go, and tells which others came.
type slowTemporal struct {
	client.Client
	letGo  chan struct{}
	begun  chan string
	mu     sync.Mutex
	starts map[string]int
}

func (s *slowTemporal) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	s.mu.Lock()
	s.starts[o.ID]++
	s.mu.Unlock()
	if !urgent(o.ID) {
		select {
		case <-s.letGo:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.begun <- o.ID
	return nil, nil
}

func urgent(id string) bool { return id == "msg_code" || id == "msg_service" }

// noOutbox has nothing.
type noOutbox struct{ gateway.OutboxStore }

func (noOutbox) DueOutbox(context.Context, time.Time, time.Time, int) ([]gateway.OutboxItem, error) {
	return nil, nil
}

func (noOutbox) DropOutbox(context.Context, []gateway.OutboxItem) error { return nil }

func TestACodeWaitsForNoMailingToStart(t *testing.T) {
	t.Parallel()
	const mailing = 1000
	temporal := &slowTemporal{letGo: make(chan struct{}), begun: make(chan string, mailing+2), starts: map[string]int{}}
	s := NewStarter(temporal, noOutbox{}, time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.Run(ctx) })
	ids := gateway.NewIDs(nil, nil)
	for range mailing {
		s.StartDelivery("acc_1", ids.Message(), gateway.LaneBulk)
	}
	s.StartDelivery("acc_1", "msg_code", gateway.LaneCode)
	s.StartDelivery("acc_1", "msg_service", gateway.LaneService)
	require.ElementsMatch(t, []string{"msg_code", "msg_service"}, []string{<-temporal.begun, <-temporal.begun})
	close(temporal.letGo)
	bulk := laneSizes[gateway.LaneBulk]
	for range bulk.waiting {
		require.False(t, urgent(<-temporal.begun))
	}
	cancel()
	wg.Wait()
	require.LessOrEqual(t, len(temporal.starts), 2+bulk.waiting+bulk.starters, "the rest is left to the outbox")
	for id, n := range temporal.starts {
		require.Equal(t, 1, n, id)
	}
}

func TestWhoFindsNoPlaceGetsAWorkflow(t *testing.T) {
	t.Parallel()
	s := NewStarter(nil, noOutbox{}, time.Now, slog.New(slog.DiscardHandler))
	s.AttemptWith(&messaging.Deliverer{}) // which cannot attempt anything
	for s.first.take(gateway.LaneService) {
	}
	require.True(t, s.first.take(gateway.LaneCode), "the last places are for codes")
	for s.first.take(gateway.LaneCode) {
	}
	s.begin(t.Context(), DeliverMessageInput{AccountID: "acc_1", MessageID: "msg_code"}, s.lanes[gateway.LaneCode])
	require.Equal(t, gateway.MessageID("msg_code"), (<-s.lanes[gateway.LaneCode].left).MessageID)
}
