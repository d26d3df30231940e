package messaging

import (
	"slices"
	"sync"
	"time"

	"herald/internal/gateway"
)

// How many attempts of this process wait inside at a time. Each holds a place at the starter or the worker, of which codes need one, too: so
// nobody else waits for a turn in the last ones.
const (
	waitsAtMost  = 1000
	waitsOfCodes = 100
)

// waits are those of attempts, one place for each.
type waits chan struct{}

// room tells whether one more may wait for its turn.
func (w waits) room(lane gateway.Lane) bool {
	left := cap(w) - len(w)
	if lane != gateway.LaneCode {
		left -= waitsOfCodes
	}
	return left > 0
}

// wait tells whether it waited: not when too many do.
func (w waits) wait(span time.Duration) bool {
	select {
	case w <- struct{}{}:
	default:
		return false
	}
	defer func() { <-w }()
	time.Sleep(span)
	return true
}

// turns are those that this process has promised and that no row has. Another process does not see them until they are
// written: should both give the same turn, slots part them.
type turns struct {
	mu    sync.Mutex
	bots  map[gateway.BotID]gateway.Promises
	chats map[chat]promisedChat
}

// chat is one with a bot.
type chat struct {
	bot  gateway.BotID
	with gateway.SubscriberID
}

// promisedChat is how many of a chat wait, and when its next turn after theirs is.
type promisedChat struct {
	free    time.Time
	waiting int
}

func chatOf(d gateway.Delivery) (c chat) {
	c.bot = d.Bot.ID
	if d.Subscriber != nil {
		c.with = d.Subscriber.ID
	}
	return c
}

// promised are those of a bot.
func (t *turns) promised(bot gateway.BotID) gateway.Promises {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make(gateway.Promises, len(t.bots[bot]))
	for lane, turns := range t.bots[bot] {
		all[lane] = slices.Clone(turns)
	}
	return all
}

// chatFree is when a chat is free, after what the database says and what was promised.
func (t *turns) chatFree(c chat, stored time.Time) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if free := t.chats[c].free; free.After(stored) {
		return free
	}
	return stored
}

// promise remembers one more until it is released: when it is written, or will never be.
func (t *turns) promise(c chat, lane gateway.Lane, turn, free time.Time) (release func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bots == nil {
		t.bots, t.chats = map[gateway.BotID]gateway.Promises{}, map[chat]promisedChat{}
	}
	if t.bots[c.bot] == nil {
		t.bots[c.bot] = gateway.Promises{}
	}
	t.bots[c.bot][lane] = append(t.bots[c.bot][lane], turn)
	t.chats[c] = promisedChat{free: free, waiting: t.chats[c].waiting + 1}
	return sync.OnceFunc(func() { t.release(c, lane, turn) })
}

func (t *turns) release(c chat, lane gateway.Lane, turn time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.bots[c.bot]
	if n := slices.Index(of[lane], turn); n >= 0 {
		of[lane] = slices.Delete(of[lane], n, n+1)
	}
	if len(of[lane]) == 0 {
		delete(of, lane)
	}
	if len(t.bots[c.bot]) == 0 {
		delete(t.bots, c.bot)
	}
	in := t.chats[c]
	if in.waiting--; in.waiting == 0 {
		delete(t.chats, c)
		return
	}
	t.chats[c] = in
}
