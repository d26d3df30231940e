package network

import (
	"fmt"
	"strings"
	"time"

	"herald/internal/sandbox/wire"
)

// snapshotForm is the form of snapshots; one of another form is refused.
const snapshotForm = 1

// restoreGap is how far message and update ids jump when a snapshot was not the last word: ids that were given after it
// are never given again.
const restoreGap = 100_000

// Snapshot is the whole network at one moment. Its messages and updates are shared with the network and not changed.
type Snapshot struct {
	Form   int          `json:"form"`
	Clean  bool         `json:"clean"` // nothing happened after it
	Next   counters     `json:"next"`
	People []keptPerson `json:"people"`
	Bots   []keptBot    `json:"bots"`
	Groups []keptGroup  `json:"groups"`
	Files  []*File      `json:"files"`
}

type keptPerson struct {
	Person
	Dialogs []keptDialog `json:"dialogs,omitempty"`
}

type keptDialog struct {
	Bot      BotID         `json:"bot"`
	Started  bool          `json:"started"`
	Blocked  bool          `json:"blocked,omitempty"`
	Instance string        `json:"instance"`
	Keyboard int64         `json:"keyboard,omitempty"` // the message that brought it
	Unread   int           `json:"unread,omitempty"`
	Messages []keptMessage `json:"messages,omitempty"`
}

type keptMessage struct {
	*wire.Message
	Keyboard *wire.ReplyKeyboard `json:"keyboard_change,omitempty"`
	Silent   bool                `json:"silent,omitempty"`
	Poster   int64               `json:"poster,omitempty"`
}

type keptBot struct {
	ID          BotID         `json:"id"`
	Name        string        `json:"name"`
	Username    string        `json:"username"`
	Token       string        `json:"token"`
	ReadsAll    bool          `json:"reads_all,omitempty"`
	LastMessage int64         `json:"last_message"`
	LastUpdate  int64         `json:"last_update"`
	Allowed     []string      `json:"allowed,omitempty"`
	Webhook     Webhook       `json:"webhook"`
	Profile     Profile       `json:"profile"`
	Pending     []keptPending `json:"pending,omitempty"`
}

type keptPending struct {
	Update *wire.Update `json:"update"`
	At     time.Time    `json:"at"`
}

type keptGroup struct {
	Group
	Creator     PersonID      `json:"creator"`
	Deleted     bool          `json:"deleted,omitempty"`
	Kicked      []BotID       `json:"kicked,omitempty"`
	Instance    string        `json:"instance"`
	Keyboard    int64         `json:"keyboard,omitempty"`
	LastMessage int64         `json:"last_message"`
	Messages    []keptMessage `json:"messages,omitempty"`
}

// Snapshot copies the network. It holds the lock only while it collects; encoding is the caller's, outside the lock.
func (n *Network) Snapshot() Snapshot {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := Snapshot{Form: snapshotForm, Next: n.next, Files: append([]*File(nil), n.files.order...)}
	for _, p := range n.people {
		kept := keptPerson{Person: p.view()}
		for _, d := range p.dialogs {
			kept.Dialogs = append(kept.Dialogs, keptDialog{
				Bot: d.bot.id, Started: d.started, Blocked: d.blocked, Instance: d.instance, Unread: d.unread,
				Keyboard: messageID(d.keyboard), Messages: d.history.keep(),
			})
		}
		s.People = append(s.People, kept)
	}
	for _, b := range n.bots {
		s.Bots = append(s.Bots, b.keep())
	}
	for _, g := range n.groups {
		kept := keptGroup{
			Group: g.view(), Creator: g.creator, Deleted: g.deleted, Instance: g.instance, Keyboard: messageID(g.keyboard),
			LastMessage: g.lastMessage, Messages: g.history.keep(),
		}
		for id := range g.kicked {
			kept.Kicked = append(kept.Kicked, id)
		}
		s.Groups = append(s.Groups, kept)
	}
	return s
}

func messageID(m *wire.Message) int64 {
	if m == nil {
		return 0
	}
	return m.MessageID
}

func (h *history) keep() []keptMessage {
	out := make([]keptMessage, len(h.messages))
	for i, m := range h.messages {
		out[i] = keptMessage{Message: m, Keyboard: m.Keyboard, Silent: m.Silent, Poster: m.Poster}
	}
	return out
}

// restore fills a history and returns the message with the given id, if it brought a keyboard.
func (h *history) restore(kept []keptMessage, keyboard int64) *wire.Message {
	for _, k := range kept {
		k.Message.Keyboard, k.Message.Silent, k.Message.Poster = k.Keyboard, k.Silent, k.Poster
		h.messages = append(h.messages, k.Message)
	}
	if m := h.get(keyboard); m != nil && m.Keyboard != nil {
		return m
	}
	return nil
}

func (b *bot) keep() keptBot {
	kept := keptBot{
		ID: b.id, Name: b.name, Username: b.username, Token: b.token, ReadsAll: b.readsAll, LastMessage: b.lastMessage,
		LastUpdate: b.queue.lastID, Allowed: b.queue.allowed, Webhook: b.hook.Webhook, Profile: b.profile.clone(),
	}
	for e := b.queue.order.Front(); e != nil; e = e.Next() {
		p := e.Value.(pending)
		kept.Pending = append(kept.Pending, keptPending{Update: p.update, At: p.at})
	}
	return kept
}

// clone copies a profile, so that it can be encoded while the bot changes it.
func (p Profile) clone() Profile {
	return Profile{
		Names: cloneMap(p.Names), Descriptions: cloneMap(p.Descriptions), ShortDescriptions: cloneMap(p.ShortDescriptions),
		Commands: cloneMap(p.Commands), MenuButton: p.MenuButton,
	}
}

func cloneMap[V any](m map[string]V) map[string]V {
	if m == nil {
		return nil
	}
	out := make(map[string]V, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// Restore puts a snapshot into an empty network.
func (n *Network) Restore(s Snapshot) error {
	if s.Form != snapshotForm {
		return fmt.Errorf("restore snapshot: its form is %d, this program knows %d", s.Form, snapshotForm)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	gap := int64(restoreGap)
	if s.Clean {
		gap = 0
	}
	n.empty()
	n.next = s.Next
	for _, k := range s.Bots {
		n.restoreBot(k, gap)
	}
	for _, k := range s.People {
		n.restorePerson(k)
	}
	for _, k := range s.Groups {
		n.restoreGroup(k, gap)
	}
	for _, f := range s.Files {
		n.files.put(f)
	}
	n.changed(Change{Kind: ChangeReset})
	return nil
}

func (n *Network) restoreBot(k keptBot, gap int64) {
	b := &bot{
		id: k.ID, name: k.Name, username: k.Username, token: k.Token, readsAll: k.ReadsAll,
		dialogs: map[PersonID]*dialog{}, groups: map[ChatID]*group{}, lastMessage: k.LastMessage + gap, queue: newQueue(),
		hook: hook{Webhook: k.Webhook, epoch: 1}, profile: k.Profile,
	}
	b.queue.lastID, b.queue.allowed = k.LastUpdate+gap, k.Allowed
	for _, p := range k.Pending {
		b.queue.byID[p.Update.UpdateID] = b.queue.order.PushBack(pending{update: p.Update, at: p.At})
	}
	n.bots[b.id] = b
	n.names[strings.ToLower(b.username)] = b
}

func (n *Network) restorePerson(k keptPerson) {
	p := &person{
		id: k.ID, first: k.FirstName, last: k.LastName, username: k.Username, phone: k.Phone, language: k.Language,
		deleted: k.Deleted, dialogs: map[BotID]*dialog{}, groups: map[ChatID]*group{},
	}
	n.people[p.id] = p
	if p.username != "" {
		n.names[strings.ToLower(p.username)] = p
	}
	if p.phone != "" {
		n.phones[p.phone] = p.id
	}
	for _, kd := range k.Dialogs {
		b := n.bots[kd.Bot]
		if b == nil {
			continue
		}
		d := &dialog{
			bot: b, person: p, started: kd.Started, blocked: kd.Blocked, instance: kd.Instance, unread: kd.Unread,
		}
		d.keyboard = d.history.restore(kd.Messages, kd.Keyboard)
		p.dialogs[b.id], b.dialogs[p.id] = d, d
	}
}

func (n *Network) restoreGroup(k keptGroup, gap int64) {
	g := newGroup(k.ID, k.Title, k.Type)
	g.deleted, g.migratedTo, g.creator = k.Deleted, k.MigratedTo, k.Creator
	g.instance, g.lastMessage = k.Instance, k.LastMessage+gap
	g.keyboard = g.history.restore(k.Messages, k.Keyboard)
	for _, id := range k.People {
		if p := n.people[id]; p != nil {
			g.people[id] = p
			if !g.deleted {
				p.groups[g.id] = g
			}
		}
	}
	for _, id := range k.Bots {
		if b := n.bots[id]; b != nil {
			g.bots[id] = b
			if !g.deleted {
				b.groups[g.id] = g
			}
		}
	}
	for _, id := range k.Kicked {
		g.kicked[id] = true
	}
	n.groups[g.id] = g
}
