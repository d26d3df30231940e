package postgres

import (
	"slices"
	"sync"

	"herald/internal/gateway"
)

// watchers are those in this process who wait for the outcome of a message.
type watchers struct {
	mu  sync.Mutex
	all map[gateway.MessageID][]chan gateway.Outcome
}

// add returns a channel that receives when the message settles, until stop is called.
func (w *watchers) add(id gateway.MessageID) (settled <-chan gateway.Outcome, stop func()) {
	c := make(chan gateway.Outcome, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[gateway.MessageID][]chan gateway.Outcome{}
	}
	w.all[id] = append(w.all[id], c)
	return c, func() { w.remove(id, c) }
}

func (w *watchers) remove(id gateway.MessageID, gone chan gateway.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := slices.DeleteFunc(w.all[id], func(c chan gateway.Outcome) bool { return c == gone })
	if len(rest) == 0 {
		delete(w.all, id)
		return
	}
	w.all[id] = rest
}

// wait tells whether anybody here waits for the message.
func (w *watchers) wait(id gateway.MessageID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.all[id]) > 0
}

// tell hands an outcome to whoever waits for it. One that has not been taken yet is enough: it is what they look at next.
func (w *watchers) tell(id gateway.MessageID, o gateway.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.all[id] {
		select {
		case c <- o:
		default:
		}
	}
}
