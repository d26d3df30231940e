package postgres

import (
	"context"
	"sync"
	"time"
)

// announceTimeout bounds one announcement. One that is lost costs time only: who waits also looks by itself.
const announceTimeout = 5 * time.Second

// announcer tells other processes that something waits, beside the work and in a transaction of its own. However much comes
// while an announcement is under way, one more follows it.
type announcer struct {
	say func(context.Context) error

	mu      sync.Mutex
	busy    bool
	again   bool
	stopped bool
	rest    sync.WaitGroup
}

// announce returns at once.
func (a *announcer) announce() {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.stopped:
	case a.busy:
		a.again = true
	default:
		a.busy = true
		a.rest.Go(a.speak)
	}
}

func (a *announcer) speak() {
	for more := true; more; more = a.more() {
		ctx, cancel := context.WithTimeout(context.Background(), announceTimeout)
		_ = a.say(ctx) // see announceTimeout
		cancel()
	}
}

// more tells whether somebody has called meanwhile.
func (a *announcer) more() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy, a.again = a.again, false
	return a.busy
}

// stop waits for what is under way. Nothing is announced after it.
func (a *announcer) stop() {
	a.mu.Lock()
	a.stopped, a.again = true, false
	a.mu.Unlock()
	a.rest.Wait()
}
