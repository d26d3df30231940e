package bench

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// series is the slices of one kind of work.
type series struct {
	name string
	// do does one piece of the work and returns when it is done, or when it gives up waiting, which is not counted.
	do func(ctx context.Context) (done bool, err error)

	rates     []float64       // pieces a second, one for each slice
	latencies []time.Duration // of all pieces
}

// slice lets callers do pieces one after another for a while. What has begun when the time is over is finished and
// counted, and so is the time that it takes.
func (s *series) slice(ctx context.Context, callers int, length time.Duration) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begun := time.Now()
	end := begun.Add(length)
	took := make([][]time.Duration, callers)
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for first := true; (first || time.Now().Before(end)) && ctx.Err() == nil; first = false {
				piece := time.Now()
				done, err := s.do(ctx)
				if err != nil {
					cancel(fmt.Errorf("measure %s: %w", s.name, err))
					return
				}
				if done {
					took[caller] = append(took[caller], time.Since(piece))
				}
			}
		})
	}
	group.Wait()
	elapsed := time.Since(begun)
	if err := context.Cause(ctx); err != nil {
		return err
	}
	pieces := 0
	for _, latencies := range took {
		pieces += len(latencies)
		s.latencies = append(s.latencies, latencies...)
	}
	s.rates = append(s.rates, float64(pieces)/elapsed.Seconds())
	return nil
}

// forget drops what was measured so far.
func (s *series) forget() { s.rates, s.latencies = nil, nil }

func (s *series) lastRate() float64 { return s.rates[len(s.rates)-1] }
