package workflows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"

	"herald/internal/gateway"
)

// How the outbox is drained.
const (
	drainEvery    = time.Second
	drainBatch    = 100
	drainPatience = 3                // failures in a batch before it is left
	drainHide     = 15 * time.Second // how long an item that is being started is hidden from other processes
	drainPauseMax = 5 * time.Second

	dropsWaiting = 1024                  // messages that are to leave the outbox; more are found there by whoever drains it
	dropEvery    = 50 * time.Millisecond // and all that came meanwhile leave together
)

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

// drainOnce starts one batch, one after another, and tells whether there may be more. When Temporal is away, or after a
// few failures, it gives back what it did not come to, which keeps its place. A message that failed by itself stays hidden
// for a while, so that it holds up no other.
func (s *Starter) drainOnce(ctx context.Context) (more bool, err error) {
	now := s.now()
	items, err := s.outbox.DueOutbox(ctx, now, now.Add(drainHide), drainBatch)
	if err != nil || len(items) == 0 {
		return false, err
	}
	var started, rest []gateway.OutboxItem
	var failures []error
	for n, item := range items {
		_, failure := s.start(ctx, DeliverMessageInput{AccountID: item.AccountID, MessageID: item.MessageID})
		if failure == nil {
			started = append(started, item)
			continue
		}
		failures = append(failures, failure)
		if isAway(failure) {
			rest = items[n:]
			break
		}
		if len(failures) == drainPatience {
			rest = items[n+1:]
			break
		}
	}
	after := context.WithoutCancel(ctx)
	if len(started) > 0 {
		failures = append(failures, s.outbox.DropOutbox(after, started))
	}
	if len(rest) > 0 {
		failures = append(failures, s.outbox.ReleaseOutbox(after, rest, s.now()))
	}
	err = errors.Join(failures...)
	return err == nil && len(items) == drainBatch, err
}

// dropSoon takes a message out of the outbox whose workflow Temporal has.
func (s *Starter) dropSoon(item gateway.OutboxItem) {
	select {
	case s.drops <- item:
	default: // it is found when it is due, and that its workflow runs
	}
}

// dropStarted takes messages out of the outbox, many at a time.
func (s *Starter) dropStarted(ctx context.Context) {
	each(ctx, s.drops, func(first gateway.OutboxItem) {
		select {
		case <-ctx.Done():
			return // what is left is found when it is due
		case <-time.After(dropEvery):
		}
		items := []gateway.OutboxItem{first}
		for range len(s.drops) {
			items = append(items, <-s.drops)
		}
		if err := s.outbox.DropOutbox(ctx, items); err != nil && ctx.Err() == nil {
			s.logger.DebugContext(ctx, "started messages stay in the outbox until they are due", "error", err)
		}
	})
}

// isAway tells a Temporal that does not answer from one that refuses.
func isAway(err error) bool {
	var unavailable *serviceerror.Unavailable
	var late *serviceerror.DeadlineExceeded
	return errors.As(err, &unavailable) || errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded)
}
