package telegram

import "time"

// Waiting tells how many updates wait for the storing that is under way.
func (h *Webhook) Waiting() int {
	h.updates.mu.Lock()
	defer h.updates.mu.Unlock()
	return len(h.updates.waiting)
}

// CalmAfter makes a poller take a conflict for over sooner than programs of others need to come back.
func (p *Poller) CalmAfter(d time.Duration) { p.calm = d }
