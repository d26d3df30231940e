package messaging

import (
	"maps"
	"sync"
	"time"

	"herald/internal/gateway"
)

// waitsAtMost is how many attempts of this process wait inside at a time. Each holds a place at its worker, of which codes
// need one, too.
const waitsAtMost = 1000

// waits are those of attempts.
type waits struct {
	places chan struct{}
	ended  chan struct{}
	end    func()
}

func newWaits() waits {
	ended := make(chan struct{})
	return waits{places: make(chan struct{}, waitsAtMost), ended: ended, end: sync.OnceFunc(func() { close(ended) })}
}

// possible tells whether one more may wait.
func (w waits) possible() bool {
	select {
	case <-w.ended:
		return false
	default:
		return len(w.places) < cap(w.places)
	}
}

// wait tells whether it waited: not when too many do, nor once waiting is over.
func (w waits) wait(span time.Duration) bool {
	select {
	case w.places <- struct{}{}:
		defer func() { <-w.places }()
	default:
		return false
	}
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-w.ended:
		return false
	}
}

// turnsAtMost is how many bots' promises are remembered before those that have passed are forgotten.
const turnsAtMost = 1024

// turns are how far this process has promised turns, by bot. A wait of moments is worth no transaction, so no row has these
// turns until somebody of the same bot writes. Another process may give the same ones: then slots part them.
type turns struct {
	mu   sync.Mutex
	bots map[gateway.BotID]gateway.Slots
}

// over is what the database says of a bot, with what was promised.
func (t *turns) over(bot gateway.BotID, stored gateway.Slots) gateway.Slots {
	t.mu.Lock()
	defer t.mu.Unlock()
	return stored.Ahead(t.bots[bot])
}

// promise remembers a bot's slots with one more promise.
func (t *turns) promise(bot gateway.BotID, s gateway.Slots, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bots == nil {
		t.bots = map[gateway.BotID]gateway.Slots{}
	}
	if len(t.bots) >= turnsAtMost {
		maps.DeleteFunc(t.bots, func(_ gateway.BotID, s gateway.Slots) bool { return s.Idle(now) })
	}
	t.bots[bot] = gateway.Slots{}.Ahead(s)
}
