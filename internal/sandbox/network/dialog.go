package network

import (
	"sort"
	"strconv"

	"herald/internal/sandbox/wire"
)

// place is a chat found by its id: a private chat or a group, and a channel is a kind of group.
type place struct {
	dialog *dialog
	group  *group
}

// reach finds the chat that a bot names. The refusals are those of the official server. The lock is held.
func (n *Network) reach(b *bot, id ChatID) (place, error) {
	if id > 0 {
		p := n.people[PersonID(id)]
		if p == nil {
			if n.bots[BotID(id)] != nil {
				return place{}, Forbidden(WordsBotToBot)
			}
			return place{}, BadRequest(WordsChatNotFound)
		}
		d := b.dialogs[p.id]
		switch {
		case p.deleted:
			return place{}, Forbidden(WordsDeactivated)
		case d == nil || !d.started:
			return place{}, Forbidden(WordsNotStarted)
		case d.blocked:
			return place{}, Forbidden(WordsBlocked)
		}
		return place{dialog: d}, nil
	}
	g := n.groups[id]
	switch {
	case g == nil:
		return place{}, BadRequest(WordsChatNotFound)
	case g.migratedTo != 0:
		return place{}, GroupUpgraded(g.migratedTo)
	case g.deleted && g.form != wire.ChatChannel:
		return place{}, Forbidden("the group chat was deleted")
	case g.deleted, g.bots[b.id] == nil:
		if g.kicked[b.id] {
			return place{}, Forbidden("bot was kicked from the " + string(g.form) + " chat")
		}
		return place{}, Forbidden("bot is not a member of the " + string(g.form) + " chat")
	}
	return place{group: g}, nil
}

// channel reports whether it is a channel, whose posts are from nobody.
func (p place) channel() bool { return p.group != nil && p.group.form == wire.ChatChannel }

// sign says who wrote a new message: its sender, or in a channel the channel.
func (p place) sign(m *wire.Message, user wire.User) {
	m.Chat = p.chat()
	if p.channel() {
		m.SenderChat, m.Poster = &m.Chat, user.ID
		return
	}
	m.From = &user
}

func (p place) history() *history {
	if p.group != nil {
		return &p.group.history
	}
	return &p.dialog.history
}

func (p place) chat() wire.Chat {
	if p.group != nil {
		return p.group.chat()
	}
	return p.dialog.person.chat()
}

func (p place) instance() string {
	if p.group != nil {
		return p.group.instance
	}
	return p.dialog.instance
}

// announce tells who looks at the chat that it changed.
func (n *Network) announce(kind ChangeKind, p place, message int64) {
	c := Change{Kind: kind}
	if message != 0 {
		c.ID = strconv.FormatInt(message, 10)
	}
	if p.group != nil {
		c.Chat = int64(p.group.id)
	} else {
		c.Chat, c.Bot, c.Person = int64(p.dialog.bot.id), p.dialog.bot.id, p.dialog.person.id
	}
	n.changed(c)
}

// visit finds the chat that a person names, like find, and makes a private chat that is not there.
func (n *Network) visit(id PersonID, ref string) (*person, place, error) {
	p, at, err := n.find(id, ref)
	if err != nil || at.group != nil || at.dialog != nil {
		return p, at, err
	}
	b, err := n.botByRef(ref)
	if err != nil {
		return nil, place{}, err
	}
	d := &dialog{bot: b, person: p, instance: secret(12)}
	p.dialogs[b.id], b.dialogs[p.id] = d, d
	return p, place{dialog: d}, nil
}

// find finds the chat that a person names: a bot's id or @username, or a group's id. Nothing stands in the place when
// the person never touched the private chat. The lock is held.
func (n *Network) find(id PersonID, ref string) (*person, place, error) {
	p, err := n.person(id)
	if err != nil {
		return nil, place{}, err
	}
	if number, err := strconv.ParseInt(ref, 10, 64); err == nil && number < 0 {
		g, err := n.group(ChatID(number))
		if err != nil {
			return nil, place{}, err
		}
		if g.people[id] == nil {
			return nil, place{}, problem(Conflict, "group:not_a_member", "person %d is not in group %d", id, number)
		}
		return p, place{group: g}, nil
	}
	b, err := n.botByRef(ref)
	if err != nil {
		return nil, place{}, err
	}
	return p, place{dialog: p.dialogs[b.id]}, nil
}

// Conversation is one line of a person's list of chats.
type Conversation struct {
	Bot      *Bot           `json:"bot,omitempty"`
	Group    *Group         `json:"group,omitempty"`
	Started  bool           `json:"started"`
	Blocked  bool           `json:"blocked"`
	Unread   int            `json:"unread"`
	Last     *MessageView   `json:"last,omitempty"`
	Keyboard *ReplyKeyboard `json:"keyboard,omitempty"`
	Action   string         `json:"action,omitempty"` // what the bot does now, such as typing
}

// ReplyKeyboard is the keyboard that stands below the person's input line.
type ReplyKeyboard struct {
	*wire.ReplyKeyboard
	MessageID int64 `json:"message_id"`
}

// MessageView is a message as people see it.
type MessageView struct {
	*wire.Message
	Buttons  [][]wire.InlineButton `json:"buttons,omitempty"`
	Keyboard *wire.ReplyKeyboard   `json:"keyboard,omitempty"`
	Edited   bool                  `json:"edited"`
	Out      bool                  `json:"out"`                // the person wrote it
	Silent   bool                  `json:"silent,omitempty"`   // it arrived without a sound
	FileURL  string                `json:"file_url,omitempty"` // where the control API gives the photo or document
}

// filesAt is the path under which the control API serves files.
const filesAt = "/control/v1/files/"

func viewMessage(m *wire.Message, as PersonID) MessageView {
	v := MessageView{Message: m, Keyboard: m.Keyboard, Edited: m.EditDate != 0, Silent: m.Silent}
	if m.ReplyMarkup != nil {
		v.Buttons = m.ReplyMarkup.Rows
	}
	v.Out = m.Author() == int64(as)
	switch {
	case len(m.Photo) > 0:
		v.FileURL = filesAt + m.Photo[len(m.Photo)-1].FileID
	case m.Document != nil:
		v.FileURL = filesAt + m.Document.FileID
	}
	return v
}

// actionLife is how long a chat action is shown, in seconds.
const actionLife = 5

// Chats returns the conversations of a person, the one with the newest message first.
func (n *Network) Chats(id PersonID) ([]Conversation, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.people[id]
	if p == nil {
		return nil, noPerson(id)
	}
	out := make([]Conversation, 0, len(p.dialogs)+len(p.groups))
	for _, d := range p.dialogs {
		b := d.bot.view()
		b.Token = ""
		c := Conversation{Bot: &b, Started: d.started, Blocked: d.blocked, Unread: d.unread, Keyboard: shown(d.keyboard)}
		if n.unix()-d.actionAt <= actionLife {
			c.Action = d.action
		}
		out = append(out, c.withLast(&d.history, id))
	}
	for _, g := range p.groups {
		view := g.view()
		c := Conversation{Group: &view, Started: true, Keyboard: shown(g.keyboard)}
		for i := len(g.history.messages) - 1; i >= 0 && g.history.messages[i].MessageID > g.read[id]; i-- {
			c.Unread++
		}
		out = append(out, c.withLast(&g.history, id))
	}
	sort.Slice(out, func(i, j int) bool { return out[i].newest() > out[j].newest() })
	return out, nil
}

func (c Conversation) withLast(h *history, as PersonID) Conversation {
	if m := h.last(); m != nil {
		v := viewMessage(m, as)
		c.Last = &v
	}
	return c
}

// newest orders conversations: by time, then so that the order is stable.
func (c Conversation) newest() int64 {
	if c.Last == nil {
		return 0
	}
	return c.Last.Date<<20 | c.Last.MessageID&(1<<20-1)
}

func shown(m *wire.Message) *ReplyKeyboard {
	if m == nil {
		return nil
	}
	return &ReplyKeyboard{ReplyKeyboard: m.Keyboard, MessageID: m.MessageID}
}

// Messages returns at most limit of the newest messages of a chat whose id is below before (0: no such limit) and above
// after, oldest first.
func (n *Network) Messages(id PersonID, ref string, before, after int64, limit int) ([]MessageView, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.people[id]; p == nil {
		return nil, noPerson(id)
	} else if p.deleted {
		return nil, problem(Conflict, "person:deleted", "the account of person %d is deleted", id)
	}
	_, at, err := n.find(id, ref)
	if err != nil {
		return nil, err
	}
	if at.group == nil && at.dialog == nil {
		return []MessageView{}, nil
	}
	all := at.history().messages
	end := len(all)
	for before > 0 && end > 0 && all[end-1].MessageID >= before {
		end--
	}
	start := end
	for start > 0 && all[start-1].MessageID > after && end-start < limit {
		start--
	}
	out := make([]MessageView, 0, end-start)
	for _, m := range all[start:end] {
		out = append(out, viewMessage(m, id))
	}
	return out, nil
}
