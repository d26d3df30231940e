package network

import (
	"container/list"
	"time"

	"herald/internal/sandbox/wire"
)

// updateLife is how long an update waits for its bot before it is dropped.
const updateLife = 24 * time.Hour

// defaultOff are the kinds that a bot gets only when it asks for them by name.
var defaultOff = map[string]bool{"chat_member": true, "message_reaction": true, "message_reaction_count": true}

// pending is one update that waits for its bot.
type pending struct {
	update *wire.Update
	at     time.Time
}

// queue holds the updates that a bot has not confirmed, oldest first. allowed is the bot's allowed_updates: nil means
// all kinds but those that are off by default; it is remembered until the bot names another set.
type queue struct {
	order   *list.List // of pending
	byID    map[int64]*list.Element
	lastID  int64
	allowed []string
	wake    chan struct{} // closed when an update comes; nil while nobody waits
}

// newQueue starts at a random id, as Telegram does, so that no client relies on small numbers.
func newQueue() queue {
	return queue{order: list.New(), byID: map[int64]*list.Element{}, lastID: 100_000_000 + randomBelow(800_000_000)}
}

// allows reports whether the bot wants updates of this kind.
func (q *queue) allows(kind string) bool {
	if len(q.allowed) == 0 {
		return !defaultOff[kind]
	}
	for _, k := range q.allowed {
		if k == kind {
			return true
		}
	}
	return false
}

// push gives the update its id and adds it.
func (q *queue) push(u *wire.Update, now time.Time, limit int) {
	if !q.allows(u.Kind()) {
		return
	}
	q.lastID++
	u.UpdateID = q.lastID
	q.byID[u.UpdateID] = q.order.PushBack(pending{update: u, at: now})
	for q.order.Len() > limit {
		q.drop(q.order.Front())
	}
	q.wakeAll()
}

// expire drops what waited too long.
func (q *queue) expire(now time.Time) {
	for e := q.order.Front(); e != nil && now.Sub(e.Value.(pending).at) > updateLife; e = q.order.Front() {
		q.drop(e)
	}
}

func (q *queue) drop(e *list.Element) {
	delete(q.byID, e.Value.(pending).update.UpdateID)
	q.order.Remove(e)
}

func (q *queue) clear() {
	q.order.Init()
	clear(q.byID)
}

func (q *queue) wakeAll() {
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
}

// changed returns a channel that the next push closes.
func (q *queue) changed() <-chan struct{} {
	if q.wake == nil {
		q.wake = make(chan struct{})
	}
	return q.wake
}

// poll is the getUpdates call that waits now. A newer one ends it.
type poll struct {
	current chan struct{} // closed when the call must end; nil while none runs
}

func (p *poll) begin() chan struct{} {
	p.end()
	p.current = make(chan struct{})
	return p.current
}

func (p *poll) end() {
	if p.current != nil {
		close(p.current)
		p.current = nil
	}
}

// raise queues the update that build makes for the bot. The lock is held.
func (n *Network) raise(b *bot, u *wire.Update) {
	b.queue.push(u, n.clock(), n.bounds.PendingPerBot)
	n.version++
}

// Poll is one getUpdates call: see BeginPoll.
type Poll struct {
	net   *Network
	bot   BotID
	token string // with which the call was made
	done  chan struct{}
}

// BeginPoll starts a getUpdates call and ends the one that waits, which must answer 409. offset confirms everything
// before it; a negative offset keeps only that many of the newest updates. allowed changes the kinds that will be
// queued from now on, nil leaves them.
func (n *Network) BeginPoll(id BotID, offset int64, allowed []string) (*Poll, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return nil, err
	}
	if b.hook.set() {
		return nil, WebhookActive()
	}
	if allowed != nil {
		b.queue.allowed = allowed
	}
	b.queue.expire(n.clock())
	before := b.queue.order.Len()
	switch {
	case offset < 0:
		for int64(b.queue.order.Len()) > -offset {
			b.queue.drop(b.queue.order.Front())
		}
	case offset > 0:
		for e := b.queue.order.Front(); e != nil && e.Value.(pending).update.UpdateID < offset; e = b.queue.order.Front() {
			b.queue.drop(e)
		}
	}
	if b.queue.order.Len() != before || allowed != nil {
		n.version++
	}
	return &Poll{net: n, bot: id, token: b.token, done: b.poll.begin()}, nil
}

// WebhookActive is what getUpdates gets while a webhook is set.
func WebhookActive() *Refusal {
	return &Refusal{
		Code:        409,
		Description: "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
	}
}

// PollConflict is what the older of two getUpdates calls gets.
func PollConflict() *Refusal {
	return &Refusal{
		Code:        409,
		Description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
	}
}

// Updates returns at most limit updates, and a channel that is closed when more come.
func (p *Poll) Updates(limit int) ([]*wire.Update, <-chan struct{}, error) {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	b, err := p.net.botForCall(p.bot)
	if err != nil {
		return nil, nil, err
	}
	select {
	case <-p.done:
		return nil, nil, PollConflict()
	default:
	}
	var out []*wire.Update
	for e := b.queue.order.Front(); e != nil && len(out) < limit; e = e.Next() {
		out = append(out, e.Value.(pending).update)
	}
	return out, b.queue.changed(), nil
}

// Ended is closed when a newer call, a webhook or a revoked token ended this one.
func (p *Poll) Ended() <-chan struct{} { return p.done }

// EndReason is the refusal for a call whose Ended channel was closed.
func (p *Poll) EndReason() error {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	b, err := p.net.botForCall(p.bot)
	switch {
	case err != nil:
		return err
	case b.token != p.token:
		return unauthorized()
	case b.hook.set():
		return &Refusal{Code: 409, Description: "Conflict: terminated by setWebhook request"}
	default:
		return PollConflict()
	}
}

// Close ends the call; a newer one stays untouched.
func (p *Poll) Close() {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	if b := p.net.bots[p.bot]; b != nil && b.poll.current == p.done {
		b.poll.current = nil
	}
}
