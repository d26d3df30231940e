package telegram

import "time"

// CalmAfter makes a poller take a conflict for over sooner than programs of others need to come back.
func (p *Poller) CalmAfter(d time.Duration) { p.calm = d }
