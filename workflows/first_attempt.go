package workflows

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"herald/internal/gateway"
	"herald/internal/messaging"
)

// firstAttempts are those that this process makes at messages before they have a workflow.
type firstAttempts struct {
	deliverer *messaging.Deliverer // nil where no attempts are made
	places    chan struct{}        // one for each that is under way
	underWay  sync.WaitGroup
}

// AttemptWith has each message tried here before it gets a workflow: most need none then. Say so before Run.
func (s *Starter) AttemptWith(d *messaging.Deliverer) { s.first.deliverer = d }

// Finish waits for attempts that are under way, once Run has ended.
func (s *Starter) Finish() { s.first.underWay.Wait() }

// begin tries the message, if there is a place, and has its workflow started for what is left to do. It returns as soon as the
// attempt waits for something else than the database.
func (s *Starter) begin(ctx context.Context, in DeliverMessageInput, lane lane) {
	if !s.first.take(lane.name) {
		s.put(lane.left, in)
		return
	}
	lingers := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(lingers) })
	s.first.underWay.Go(func() {
		defer s.first.release()
		defer goOn()
		step, err := s.try(ctx, in, goOn)
		if errors.Is(err, gateway.ErrMessageNotFound) || step.Done {
			return
		}
		if err != nil {
			s.logger.WarnContext(ctx, "a first attempt is repeated", "message", in.MessageID, "error", err)
		}
		in.Wait = step.Wait
		s.put(lane.left, in)
	})
	select {
	case <-lingers:
	case <-ctx.Done():
	}
}

// try makes the first attempt. A panic over one odd message is an attempt that failed.
func (s *Starter) try(ctx context.Context, in DeliverMessageInput, lingers func()) (step messaging.Step, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a first attempt panicked: %v", r)
		}
	}()
	return s.first.deliverer.First(ctx, in.AccountID, in.MessageID, lingers)
}

// placesOfCodes are the last ones, in which nobody else is tried.
const placesOfCodes = atOnce / 10

// take tells whether there was a place.
func (f *firstAttempts) take(lane gateway.Lane) bool {
	if lane != gateway.LaneCode && len(f.places) >= cap(f.places)-placesOfCodes {
		return false
	}
	select {
	case f.places <- struct{}{}:
		return true
	default:
		return false
	}
}

func (f *firstAttempts) release() { <-f.places }
