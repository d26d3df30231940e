package workflows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"herald/internal/gateway"
	"herald/internal/messaging"
)

var (
	_ messaging.Starter = (*Starter)(nil)
	_ gateway.Waker     = (*Starter)(nil)
)

// Starting and draining.
const (
	startTimeout = 10 * time.Second
	// taskTimeout is when Temporal gives a task to another worker that nobody finished: a first task that was lost on its
	// way here delays its message by this long. Attempts that take longer renew it.
	taskTimeout    = 5 * time.Second
	startersAtMost = 32   // starts under way at a time
	startsWaiting  = 1024 // accepted messages waiting for one; more are left to the outbox

	wakeTimeout  = 5 * time.Second
	wakersAtMost = 8    // signals under way at a time
	wakesWaiting = 1024 // messages waiting for theirs; more are left to their timers

	drainEvery    = time.Second
	drainBatch    = 100
	drainPatience = 3                // failures in a batch before Temporal counts as away
	drainHide     = 15 * time.Second // how long an item that is being started is hidden from other processes
	drainPauseMax = 5 * time.Second
)

// Starter begins the workflow of each accepted message: at once for those accepted by this process, and from the outbox
// for those whose start did not come about. It wakes workflows, too, for whom a message was changed meanwhile.
type Starter struct {
	client client.Client
	outbox gateway.OutboxStore
	now    gateway.Clock
	logger *slog.Logger
	queue  chan DeliverMessageInput
	wakes  chan DeliverMessageInput
}

// NewStarter returns a Starter; Run makes it start.
func NewStarter(c client.Client, outbox gateway.OutboxStore, now gateway.Clock, logger *slog.Logger) *Starter {
	return &Starter{
		client: c, outbox: outbox, now: now, logger: logger,
		queue: make(chan DeliverMessageInput, startsWaiting),
		wakes: make(chan DeliverMessageInput, wakesWaiting),
	}
}

// StartDelivery asks for the message's workflow to be started soon. It never blocks.
func (s *Starter) StartDelivery(account gateway.AccountID, id gateway.MessageID) {
	select {
	case s.queue <- DeliverMessageInput{AccountID: account, MessageID: id}:
	default: // the outbox has it
	}
}

// WakeDelivery asks for a signal to the message's workflow soon. It never blocks.
func (s *Starter) WakeDelivery(account gateway.AccountID, id gateway.MessageID) {
	select {
	case s.wakes <- DeliverMessageInput{AccountID: account, MessageID: id}:
	default: // the workflow's timer ends by itself
	}
}

// Run starts workflows until the context ends.
func (s *Starter) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for range startersAtMost {
		wg.Go(func() { s.startQueued(ctx) })
	}
	for range wakersAtMost {
		wg.Go(func() { s.wakeQueued(ctx) })
	}
	wg.Go(func() { s.drain(ctx) })
	wg.Wait()
}

func (s *Starter) startQueued(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case in := <-s.queue:
			if err := s.start(ctx, in); err != nil && ctx.Err() == nil {
				s.logger.DebugContext(ctx, "a start is left to the outbox", "message", in.MessageID, "error", err)
			}
		}
	}
}

func (s *Starter) wakeQueued(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case in := <-s.wakes:
			if err := s.wake(ctx, in); err != nil && ctx.Err() == nil {
				s.logger.DebugContext(ctx, "a waking is left to the workflow's timer", "message", in.MessageID, "error", err)
			}
		}
	}
}

// wake signals the workflow. One that has ended, or has not begun, needs no waking.
func (s *Starter) wake(ctx context.Context, in DeliverMessageInput) error {
	ctx, cancel := context.WithTimeout(ctx, wakeTimeout)
	defer cancel()
	err := s.client.SignalWorkflow(ctx, string(in.MessageID), "", wakeSignal, nil)
	var ended *serviceerror.NotFound
	if err != nil && !errors.As(err, &ended) {
		return fmt.Errorf("signal workflow of message %s: %w", in.MessageID, err)
	}
	return nil
}

// start begins the workflow. One that runs or ran already is success.
func (s *Starter) start(ctx context.Context, in DeliverMessageInput) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	_, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: string(in.MessageID), TaskQueue: TaskQueue, EnableEagerStart: true, WorkflowTaskTimeout: taskTimeout,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	}, DeliverMessage, in)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err != nil && !errors.As(err, &already) {
		return fmt.Errorf("start workflow of message %s: %w", in.MessageID, err)
	}
	return nil
}

// drain starts what the outbox holds, for ever. While Temporal is away it looks less and less often.
func (s *Starter) drain(ctx context.Context) {
	pause := drainEvery
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		more, err := s.drainOnce(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			pause = min(2*pause, drainPauseMax)
			s.logger.WarnContext(ctx, "draining the outbox; messages wait there", "again_in", pause, "error", err)
		case more:
			pause = 0
		default:
			pause = drainEvery
		}
	}
}

// drainOnce starts one batch and tells whether there may be more. It ends after a few failures, so that one odd message
// holds up no other: what it did not come to is due again soon.
func (s *Starter) drainOnce(ctx context.Context) (more bool, err error) {
	now := s.now()
	items, err := s.outbox.DueOutbox(ctx, now, now.Add(drainHide), drainBatch)
	if err != nil || len(items) == 0 {
		return false, err
	}
	var started []gateway.OutboxItem
	var failures []error
	for _, item := range items {
		if failure := s.start(ctx, DeliverMessageInput{AccountID: item.AccountID, MessageID: item.MessageID}); failure == nil {
			started = append(started, item)
		} else if failures = append(failures, failure); len(failures) == drainPatience {
			break
		}
	}
	if len(started) > 0 {
		failures = append(failures, s.outbox.DropOutbox(context.WithoutCancel(ctx), started))
	}
	err = errors.Join(failures...)
	return err == nil && len(items) == drainBatch, err
}
