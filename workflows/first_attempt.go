package workflows

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"herald/internal/gateway"
	"herald/internal/messaging"
)

// firstAttempts are those that this process makes at messages before they have a workflow.
type firstAttempts struct {
	deliverer *messaging.Deliverer // nil where no attempts are made
	places    chan struct{}        // one for each that is under way
	underWay  sync.WaitGroup
}

// AttemptWith has each message tried here before it gets a workflow. Most need none then: it is told before Run.
func (s *Starter) AttemptWith(d *messaging.Deliverer) { s.first.deliverer = d }

// begin tries the message, if that can be done here, and starts its workflow for what is left to do. An attempt that has to wait for
// a turn or for the messenger goes on beside: begin returns as soon as the database has been asked, or Temporal.
func (s *Starter) begin(ctx context.Context, in DeliverMessageInput) {
	if s.first.deliverer == nil || !s.first.take() {
		s.startOrLeave(ctx, in)
		return
	}
	lingers := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(lingers) })
	s.first.underWay.Go(func() {
		defer s.first.release()
		defer goOn()
		ctx := context.WithoutCancel(ctx) // an end of the process does not cut an attempt short
		step, err := s.try(ctx, in, goOn)
		if errors.Is(err, gateway.ErrMessageNotFound) || err == nil && step.Done {
			return
		}
		if err != nil {
			s.logger.WarnContext(ctx, "a first attempt is repeated", "message", in.MessageID, "error", err)
		}
		in.Wait = step.Wait
		s.startOrLeave(ctx, in)
	})
	<-lingers
}

// try makes the first attempt. A panic over one odd message is an attempt that failed.
func (s *Starter) try(ctx context.Context, in DeliverMessageInput, lingers func()) (step messaging.Step, err error) {
	ctx, cancel := context.WithTimeout(ctx, firstTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a first attempt panicked: %v", r)
		}
	}()
	return s.first.deliverer.First(ctx, in.AccountID, in.MessageID, lingers)
}

// firstTimeout bounds a first attempt but its call, as the time of an activity bounds those that come later.
const firstTimeout = time.Minute

// take tells whether there was a place.
func (f *firstAttempts) take() bool {
	select {
	case f.places <- struct{}{}:
		return true
	default:
		return false
	}
}

func (f *firstAttempts) release() { <-f.places }
