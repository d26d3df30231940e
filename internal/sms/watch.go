package sms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"herald/internal/gateway"
)

// pollBatch is how many SMS one question names.
const pollBatch = 100

// Poll asks every provider that can be asked about the SMS that are due, and hands what they say to the sink. It returns
// how many reports there were. A provider that does not answer does not keep the others from being asked.
func (r *Router) Poll(ctx context.Context, store gateway.SMSPendingStore, sink gateway.SMSSink, pause time.Duration) (int, error) {
	var reports int
	var faults []error
	for _, c := range r.routes {
		polled, ok := c.provider.(gateway.SMSPolled)
		if !ok {
			continue
		}
		n, err := r.pollOne(ctx, c.provider.Name(), polled, store, sink, pause)
		reports += n
		if err != nil {
			faults = append(faults, fmt.Errorf("poll SMS of %s: %w", c.provider.Name(), err))
		}
	}
	return reports, errors.Join(faults...)
}

func (r *Router) pollOne(
	ctx context.Context, name string, polled gateway.SMSPolled, store gateway.SMSPendingStore, sink gateway.SMSSink, pause time.Duration,
) (int, error) {
	var taken int
	for ctx.Err() == nil {
		due, err := store.DueSMS(ctx, name, r.now(), pause, pollBatch)
		if err != nil {
			return taken, fmt.Errorf("list due SMS: %w", err)
		}
		if len(due) == 0 {
			return taken, nil
		}
		reports, asking := polled.PollSMS(ctx, due)
		for _, report := range reports {
			if err := sink.TakeReport(ctx, report); err != nil {
				return taken, fmt.Errorf("store report: %w", err)
			}
			taken++
		}
		if asking != nil {
			return taken, asking
		}
		if len(due) < pollBatch {
			return taken, nil
		}
	}
	return taken, ctx.Err()
}

// Watch polls until the context ends, with a pause between rounds.
func (r *Router) Watch(ctx context.Context, store gateway.SMSPendingStore, sink gateway.SMSSink, pause time.Duration) {
	for {
		if _, err := r.Poll(ctx, store, sink, pause); err != nil && ctx.Err() == nil {
			r.logger.WarnContext(ctx, "SMS providers were not asked about all SMS", "error", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}
