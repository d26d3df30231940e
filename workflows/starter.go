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
	_ messaging.Starter      = (*Starter)(nil)
	_ gateway.Waker          = (*Starter)(nil)
	_ gateway.ReconfirmWaker = (*Starter)(nil)
)

// Starting and waking.
const (
	startTimeout = 10 * time.Second
	// taskTimeout is when Temporal gives a task to another worker that nobody finished: a first task that was lost on its
	// way here delays its message by this long. Attempts that take four fifths of it renew it, which those that wait for a turn do
	// not.
	taskTimeout = 6 * time.Second

	wakeTimeout  = 5 * time.Second
	wakeWithin   = 5 * time.Second // a pause after which a workflow that waits for longer is woken; never before a long one is over
	wakersAtMost = 8               // signals under way at a time
	wakesWaiting = 1024            // workflows waiting for theirs; more are left to their timers
)

// laneSize is how many messages of one lane are begun at a time, for how many a workflow is started at a time, and how many
// wait for either; more are left to the outbox. Each lane has its own, so that a code waits for no mailing, and a mailing leaves the
// processor to others. More starts at a time make no more of them, but whoever else wants a processor waits longer: webhooks, above all.
type laneSize struct{ starters, waiting int }

var laneSizes = map[gateway.Lane]laneSize{
	gateway.LaneCode:    {starters: 8, waiting: 256},
	gateway.LaneService: {starters: 8, waiting: 1024},
	gateway.LaneBulk:    {starters: 4, waiting: 256},
}

// lane is where messages wait: those that are to be tried, and those that want a workflow.
type lane struct {
	name          gateway.Lane
	untried, left chan DeliverMessageInput
}

// Starter begins each accepted message: at once those accepted by this process, and from the outbox those whose beginning did
// not come about. To begin is a first attempt, where this process makes attempts, and the start of a workflow for all that is
// left to do after it. It wakes workflows, too, for whom a message was changed meanwhile.
type Starter struct {
	client client.Client
	outbox gateway.OutboxStore
	now    gateway.Clock
	logger *slog.Logger
	lanes  map[gateway.Lane]lane
	first  firstAttempts
	drops  chan gateway.OutboxItem // of messages whose workflow Temporal has
	wakes  chan string             // ids of workflows
}

// NewStarter returns a Starter; Run makes it start.
func NewStarter(c client.Client, outbox gateway.OutboxStore, now gateway.Clock, logger *slog.Logger) *Starter {
	lanes := map[gateway.Lane]lane{}
	for name, size := range laneSizes {
		lanes[name] = lane{name: name, untried: make(chan DeliverMessageInput, size.waiting), left: make(chan DeliverMessageInput, size.waiting)}
	}
	return &Starter{
		client: c, outbox: outbox, now: now, logger: logger, lanes: lanes,
		first: firstAttempts{places: make(chan struct{}, atOnce)},
		drops: make(chan gateway.OutboxItem, dropsWaiting), wakes: make(chan string, wakesWaiting),
	}
}

// StartDelivery asks for the message to be begun soon. It never blocks.
func (s *Starter) StartDelivery(account gateway.AccountID, id gateway.MessageID, lane gateway.Lane) {
	queue := s.lanes[lane].untried
	if s.first.deliverer == nil {
		queue = s.lanes[lane].left
	}
	s.put(queue, DeliverMessageInput{AccountID: account, MessageID: id})
}

func (s *Starter) put(queue chan<- DeliverMessageInput, in DeliverMessageInput) {
	select {
	case queue <- in:
	default: // the outbox has it
	}
}

// WakeDelivery asks for a signal to the message's workflow soon. It never blocks.
func (s *Starter) WakeDelivery(_ gateway.AccountID, id gateway.MessageID) { s.wakeSoon(string(id)) }

// WakeReconfirmation asks for a signal to the workflow that has a person prove their phone. It never blocks.
func (s *Starter) WakeReconfirmation(r gateway.Reconfirmation) { s.wakeSoon(reconfirmID(r)) }

func (s *Starter) wakeSoon(workflow string) {
	select {
	case s.wakes <- workflow:
	default: // the workflow's timer ends by itself
	}
}

// Run begins messages until the context ends. Attempts that are under way then go on: see Finish.
func (s *Starter) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for name, size := range laneSizes {
		lane := s.lanes[name]
		for range size.starters {
			wg.Go(func() { each(ctx, lane.untried, func(in DeliverMessageInput) { s.begin(ctx, in, lane) }) })
			wg.Go(func() { each(ctx, lane.left, func(in DeliverMessageInput) { s.startOrLeave(ctx, in) }) })
		}
	}
	for range wakersAtMost {
		wg.Go(func() { each(ctx, s.wakes, func(id string) { s.wakeOrLeave(ctx, id) }) })
	}
	wg.Go(func() { s.drain(ctx) })
	wg.Go(func() { s.dropStarted(ctx) })
	wg.Wait()
}

// each takes what comes until the context ends.
func each[T any](ctx context.Context, queue <-chan T, do func(T)) {
	for {
		select {
		case <-ctx.Done():
			return
		case item := <-queue:
			do(item)
		}
	}
}

// wakeOrLeave signals the workflow, or leaves it to its timer.
func (s *Starter) wakeOrLeave(ctx context.Context, id string) {
	if err := s.wake(ctx, id); err != nil && ctx.Err() == nil {
		s.logger.DebugContext(ctx, "a waking is left to the workflow's timer", "workflow", id, "error", err)
	}
}

// wake signals the workflow. One that has ended, or has not begun, needs no waking.
func (s *Starter) wake(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, wakeTimeout)
	defer cancel()
	err := s.client.SignalWorkflow(ctx, id, "", wakeSignal, nil)
	var ended *serviceerror.NotFound
	if err != nil && !errors.As(err, &ended) {
		return fmt.Errorf("signal workflow %s: %w", id, err)
	}
	return nil
}

// startOrLeave starts the workflow, or leaves that to the outbox.
func (s *Starter) startOrLeave(ctx context.Context, in DeliverMessageInput) {
	runs, err := s.start(ctx, in)
	switch {
	case err != nil && ctx.Err() == nil:
		s.logger.DebugContext(ctx, "a start is left to the outbox", "message", in.MessageID, "error", err)
	case err == nil && runs && in.Wait > 0 && in.Wait <= wakeWithin:
		s.wakeSoon(string(in.MessageID)) // it was started while the attempt was under way, and gives that more time than it took
	}
	if err == nil {
		s.dropSoon(gateway.OutboxItem{AccountID: in.AccountID, MessageID: in.MessageID})
	}
}

// start starts the workflow. One that runs or ran already is success.
func (s *Starter) start(ctx context.Context, in DeliverMessageInput) (runs bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	_, err = s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: string(in.MessageID), TaskQueue: TaskQueue, EnableEagerStart: true, WorkflowTaskTimeout: taskTimeout,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	}, DeliverMessage, in)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &already) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("start workflow of message %s: %w", in.MessageID, err)
	}
	return false, nil
}
