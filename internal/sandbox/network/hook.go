package network

import (
	"container/list"

	"herald/internal/sandbox/wire"
)

// defaultConnections is how many webhook requests run at the same time when the bot names no number.
const defaultConnections = 40

// Webhook is where a bot wants its updates. Secret is sent with every delivery; empty means none.
type Webhook struct {
	URL            string `json:"url"`
	Secret         string `json:"secret,omitempty"`
	MaxConnections int    `json:"max_connections,omitempty"`
}

// hook is a bot's webhook with the fate of its deliveries. epoch grows whenever the webhook is set or deleted, so that
// a running deliverer sees that its time is over.
type hook struct {
	Webhook
	epoch        int64
	errorAt      int64 // Unix seconds of the last failed delivery, 0 for never
	errorMessage string
}

func (h *hook) set() bool { return h.URL != "" }

// SetWebhook sets or, with an empty URL, deletes the bot's webhook. It reports whether there was something to change.
func (n *Network) SetWebhook(id BotID, w Webhook, allowed []string, drop bool) (bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return false, err
	}
	if w.URL != "" && w.MaxConnections == 0 {
		w.MaxConnections = defaultConnections
	}
	if allowed != nil {
		b.queue.allowed = allowed
	}
	if drop {
		b.queue.clear()
	}
	changed := b.hook.Webhook != w
	b.hook = hook{Webhook: w, epoch: b.hook.epoch + 1}
	if w.URL != "" {
		b.poll.end()
	}
	b.queue.wakeAll()
	n.changed(Change{Kind: ChangeBot, Bot: id})
	return changed, nil
}

// WebhookInfo is the answer of getWebhookInfo.
func (n *Network) WebhookInfo(id BotID) (wire.WebhookInfo, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return wire.WebhookInfo{}, err
	}
	b.queue.expire(n.clock())
	info := wire.WebhookInfo{
		URL: b.hook.URL, PendingUpdateCount: b.queue.order.Len(), AllowedUpdates: append([]string(nil), b.queue.allowed...),
	}
	if b.hook.set() {
		info.MaxConnections = b.hook.MaxConnections
		info.LastErrorDate, info.LastErrorMessage = b.hook.errorAt, b.hook.errorMessage
	}
	return info, nil
}

// Webhooks returns the bots that have a webhook.
func (n *Network) Webhooks() []BotID {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []BotID
	for id, b := range n.bots {
		if b.hook.set() {
			out = append(out, id)
		}
	}
	return out
}

// Delivery is one setting of a webhook. It ends when the webhook is set again, deleted, or its bot is gone.
type Delivery struct {
	Webhook
	net   *Network
	bot   BotID
	epoch int64
	last  int64 // the newest update that Next returned
}

// BeginDelivery returns the bot's present webhook, or false when it has none.
func (n *Network) BeginDelivery(id BotID) (*Delivery, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.bots[id]
	if b == nil || !b.hook.set() {
		return nil, false
	}
	return &Delivery{Webhook: b.hook.Webhook, net: n, bot: id, epoch: b.hook.epoch}, true
}

// Next returns at most limit updates that it did not return before and a channel that is closed when more come or the
// webhook changes. It returns false when the webhook changed.
func (d *Delivery) Next(limit int) ([]*wire.Update, <-chan struct{}, bool) {
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	b := d.current()
	if b == nil {
		return nil, nil, false
	}
	b.queue.expire(d.net.clock())
	var out []*wire.Update
	for e := b.queue.after(d.last); e != nil && len(out) < limit; e = e.Next() {
		u := e.Value.(pending).update
		out = append(out, u)
		d.last = u.UpdateID
	}
	return out, b.queue.changed(), true
}

// after returns the first update behind the one with this id. Ids are given without gaps, so the search ends at once
// unless updates were dropped meanwhile.
func (q *queue) after(id int64) *list.Element {
	if q.order.Len() == 0 {
		return nil
	}
	front := q.order.Front()
	if id < front.Value.(pending).update.UpdateID {
		return front
	}
	for next := id + 1; next <= q.lastID; next++ {
		if e := q.byID[next]; e != nil {
			return e
		}
	}
	return nil
}

// Waiting reports whether the update still waits: it was not confirmed, dropped or too old, and the webhook is the same.
func (d *Delivery) Waiting(updateID int64) bool {
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	b := d.current()
	if b == nil {
		return false
	}
	b.queue.expire(d.net.clock())
	return b.queue.byID[updateID] != nil
}

// Confirm takes a delivered update out of the queue.
func (d *Delivery) Confirm(updateID int64) {
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	if b := d.current(); b != nil {
		if e := b.queue.byID[updateID]; e != nil {
			b.queue.drop(e)
			d.net.version++
		}
	}
}

// Failed keeps why the last delivery failed.
func (d *Delivery) Failed(reason string) {
	d.net.mu.Lock()
	defer d.net.mu.Unlock()
	if b := d.current(); b != nil {
		b.hook.errorAt, b.hook.errorMessage = d.net.unix(), reason
		d.net.changed(Change{Kind: ChangeBot, Bot: d.bot})
	}
}

// current returns the bot while the delivery's webhook is still the set one; the lock is held.
func (d *Delivery) current() *bot {
	b := d.net.bots[d.bot]
	if b == nil || b.hook.epoch != d.epoch {
		return nil
	}
	return b
}
