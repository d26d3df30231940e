package postgres

import (
	"context"
	"sync"
	"time"

	"herald/internal/gateway"
)

const (
	// gatherFor is how long kept answers wait for one another.
	gatherFor = 20 * time.Millisecond
	// gatherAtMost bounds how many wait: they are in memory.
	gatherAtMost = 1024
	// gatherTimeout bounds the writing of those that were gathered.
	gatherTimeout = 5 * time.Second
)

// keptAnswer is the answer to a request under an Idempotency-Key.
type keptAnswer struct {
	gateway.Claim
	at time.Time
}

// gatherer writes kept answers together, beside the requests that got them. One statement is under way at a time; what
// comes meanwhile is the next.
type gatherer struct {
	write func(context.Context, []keptAnswer) // it logs what goes wrong

	mu      sync.Mutex
	next    *gathering // nil: nothing waits
	writing *gathering // nil: nothing was written yet
	busy    bool
	ending  chan struct{} // closed once nothing is gathered any more
	rest    sync.WaitGroup
}

// gathering is what goes into one statement.
type gathering struct {
	answers []keptAnswer
	over    chan struct{} // closed once it is written, or lost
}

func newGatherer(write func(context.Context, []keptAnswer)) *gatherer {
	return &gatherer{write: write, ending: make(chan struct{})}
}

// take returns at once. It takes nothing when too many wait or the store closes: then the caller writes by itself.
func (g *gatherer) take(a keptAnswer) (taken bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended() || g.next != nil && len(g.next.answers) >= gatherAtMost {
		return false
	}
	if g.next == nil {
		g.next = &gathering{over: make(chan struct{})}
	}
	g.next.answers = append(g.next.answers, a)
	if !g.busy {
		g.busy = true
		g.rest.Go(g.run)
	}
	return true
}

func (g *gatherer) ended() bool {
	select {
	case <-g.ending:
		return true
	default:
		return false
	}
}

// run writes until nothing waits.
func (g *gatherer) run() {
	for now := g.gathered(); now != nil; now = g.gathered() {
		ctx, cancel := context.WithTimeout(context.Background(), gatherTimeout)
		g.write(ctx, now.answers)
		cancel()
		close(now.over)
	}
}

// gathered waits for what comes together and returns it, nil if that is nothing.
func (g *gatherer) gathered() *gathering {
	select {
	case <-time.After(gatherFor):
	case <-g.ending:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.next
	g.next, g.writing, g.busy = nil, now, now != nil
	return now
}

// settled waits until everything that was taken before is written, or lost.
func (g *gatherer) settled(ctx context.Context) error {
	g.mu.Lock()
	last := g.next
	if last == nil {
		last = g.writing
	}
	g.mu.Unlock()
	if last == nil {
		return nil
	}
	select {
	case <-last.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop writes what waits. Nothing is taken after it.
func (g *gatherer) stop() {
	g.mu.Lock()
	if !g.ended() {
		close(g.ending)
	}
	g.mu.Unlock()
	g.rest.Wait()
}
