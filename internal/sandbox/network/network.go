package network

import (
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"sync"
	"time"

	"herald/internal/sandbox/ring"
	"herald/internal/sandbox/wire"
)

// PersonID names a person; it is also the id of the private chats that bots have with this person.
type PersonID int64

// BotID names a bot.
type BotID int64

// ChatID names a chat as the Bot API does: a PersonID, or negative for a group or channel.
type ChatID int64

// The first number of each kind. Supergroups and groups are negative; the id of a supergroup or channel is -100 followed by its number.
const (
	firstPerson     PersonID = 100001
	firstBot        BotID    = 7000000001
	firstGroup      ChatID   = -400001
	firstSupergroup ChatID   = -1001000000001
)

// Bounds limits what a network holds. A zero field means the default.
type Bounds struct {
	People          int   // people that live at the same time, default 200,000
	Bots            int   // default 1,000
	Groups          int   // default 10,000
	Members         int   // people and bots of one group, default 1,000
	MessagesPerChat int   // newest messages kept per chat, default 1,000
	PendingPerBot   int   // updates that wait for one bot, the oldest are dropped, default 100,000
	FileBytes       int64 // all files together, the oldest are dropped, default 256 MiB
}

func (b Bounds) withDefaults() Bounds {
	fill := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	fill(&b.People, 200_000)
	fill(&b.Bots, 1_000)
	fill(&b.Groups, 10_000)
	fill(&b.Members, 1_000)
	fill(&b.MessagesPerChat, 1_000)
	fill(&b.PendingPerBot, 100_000)
	if b.FileBytes <= 0 {
		b.FileBytes = 256 << 20
	}
	return b
}

// ChangeKind says what kind of thing changed.
type ChangeKind string

// The kinds of changes.
const (
	ChangeMessage ChangeKind = "message" // a message came, was edited or deleted
	ChangeChat    ChangeKind = "chat"    // started, blocked, read, typing, keyboard
	ChangePerson  ChangeKind = "person"
	ChangeBot     ChangeKind = "bot"
	ChangeSMS     ChangeKind = "sms" // a phone's settings or its SMS
	ChangeFault   ChangeKind = "fault"
	ChangeGroup   ChangeKind = "group"
	ChangeLimits  ChangeKind = "limits"
	ChangeReset   ChangeKind = "reset" // everything is gone
)

// Change tells what to read again. Chat is the chat as the person sees it: a bot's or a group's id.
type Change struct {
	Seq    int64      `json:"seq"`
	Kind   ChangeKind `json:"kind"`
	Person PersonID   `json:"person,omitempty"`
	Chat   int64      `json:"chat,omitempty"`
	Bot    BotID      `json:"bot,omitempty"`
	Phone  string     `json:"phone,omitempty"`
	ID     string     `json:"id,omitempty"`
}

// keptChanges is how many changes a reader may lag behind before it misses some.
const keptChanges = 8192

// Network is one Telegram with its people, bots and chats. Its methods may be called from many goroutines.
type Network struct {
	clock   func() time.Time
	bounds  Bounds
	changes *ring.Log[Change]

	mu        sync.Mutex
	people    map[PersonID]*person
	phones    map[string]PersonID // E.164 -> the person who has the number now
	bots      map[BotID]*bot
	names     map[string]any // lower-case @username -> *person or *bot
	groups    map[ChatID]*group
	callbacks callbackBook
	files     fileShelf
	next      counters
	version   int64 // grows with every change that a snapshot must keep
}

// counters are the next free numbers.
type counters struct {
	Person     PersonID `json:"person"`
	Bot        BotID    `json:"bot"`
	Group      ChatID   `json:"group"`
	Supergroup ChatID   `json:"supergroup"`
	File       int64    `json:"file"`
}

// New returns an empty network. clock may be nil for the real time.
func New(bounds Bounds, clock func() time.Time) *Network {
	if clock == nil {
		clock = time.Now
	}
	n := &Network{clock: clock, bounds: bounds.withDefaults(), changes: ring.New[Change](keptChanges)}
	n.empty()
	return n
}

// empty forgets everything but the log of changes.
func (n *Network) empty() {
	n.people = map[PersonID]*person{}
	n.phones = map[string]PersonID{}
	n.bots = map[BotID]*bot{}
	n.names = map[string]any{}
	n.groups = map[ChatID]*group{}
	n.callbacks = newCallbackBook()
	n.files = fileShelf{byID: map[string]*File{}}
	n.next = counters{Person: firstPerson, Bot: firstBot, Group: firstGroup, Supergroup: firstSupergroup, File: 1}
}

// Reset empties the network. Tokens of the bots that lived on it answer 401 from now on; their ids are not given again.
func (n *Network) Reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	next := n.next
	for _, b := range n.bots {
		b.poll.end()
		b.queue.wakeAll()
	}
	n.empty()
	n.next.Bot = next.Bot
	n.changed(Change{Kind: ChangeReset})
}

// Changes is the log of what changed. Other parts of the sandbox announce their changes in it too.
func (n *Network) Changes() *ring.Log[Change] { return n.changes }

// Announce adds a change to the log.
func (n *Network) Announce(c Change) {
	n.changes.Append(func(seq int64) Change {
		c.Seq = seq
		return c
	})
}

// Touch announces a change of another part of the sandbox that a snapshot must keep too.
func (n *Network) Touch(c Change) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.changed(c)
}

// changed announces a change of the network's own state; the lock is held.
func (n *Network) changed(c Change) {
	n.version++
	n.Announce(c)
}

// Version grows with every change of the network.
func (n *Network) Version() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.version
}

// unix is the network's time in the Bot API's unit.
func (n *Network) unix() int64 { return n.clock().Unix() }

// secret returns size characters of the alphabet that tokens and ids use.
func secret(size int) string {
	raw := make([]byte, size)
	_, _ = rand.Read(raw) // never fails: see crypto/rand
	return base64.RawURLEncoding.EncodeToString(raw)[:size]
}

// randomBelow returns a number in [0, limit).
func randomBelow(limit int64) int64 {
	v, err := rand.Int(rand.Reader, big.NewInt(limit))
	if err != nil {
		return 0 // unreachable: the reader never fails
	}
	return v.Int64()
}

// history is the newest messages of one chat, ordered by id.
type history struct {
	messages []*wire.Message
}

// add appends m and drops the oldest beyond limit. Dropping is done in strides, so adding is cheap on average.
func (h *history) add(m *wire.Message, limit int) {
	h.messages = append(h.messages, m)
	if len(h.messages) > limit+limit/4+1 {
		h.messages = append(make([]*wire.Message, 0, limit+limit/4+2), h.messages[len(h.messages)-limit:]...)
	}
}

// find returns the message's place, or -1.
func (h *history) find(id int64) int {
	lo, hi := 0, len(h.messages)
	for lo < hi {
		mid := (lo + hi) / 2
		if h.messages[mid].MessageID < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(h.messages) && h.messages[lo].MessageID == id {
		return lo
	}
	return -1
}

// get returns the message with this id, or nil.
func (h *history) get(id int64) *wire.Message {
	if i := h.find(id); i >= 0 {
		return h.messages[i]
	}
	return nil
}

// last returns the newest message, or nil.
func (h *history) last() *wire.Message {
	if len(h.messages) == 0 {
		return nil
	}
	return h.messages[len(h.messages)-1]
}

// remove takes a message out.
func (h *history) remove(i int) {
	h.messages = append(h.messages[:i:i], h.messages[i+1:]...)
}
