package network

import (
	"sort"
	"strings"

	"herald/internal/sandbox/markup"
	"herald/internal/sandbox/wire"
)

// group is a group, a supergroup or a channel; the lock of the network guards it.
type group struct {
	id          ChatID
	title       string
	form        wire.ChatType
	deleted     bool
	migratedTo  ChatID // the supergroup that this group became, 0 when it did not
	creator     PersonID
	people      map[PersonID]*person
	bots        map[BotID]*bot
	kicked      map[BotID]bool // bots that were removed by somebody
	read        map[PersonID]int64
	keyboard    *wire.Message
	instance    string
	lastBot     BotID // the bot that wrote last: it sees commands that name nobody
	lastMessage int64
	history     history
}

// Group is what the sandbox tells about a group or channel.
type Group struct {
	ID         ChatID        `json:"id"`
	Title      string        `json:"title"`
	Type       wire.ChatType `json:"type"`
	People     []PersonID    `json:"people"`
	Bots       []BotID       `json:"bots"`
	MigratedTo ChatID        `json:"migrated_to,omitempty"`
}

// CreateGroup makes a group or a channel; the first person is its owner. Bots are administrators of a channel: nobody
// else writes there.
func (n *Network) CreateGroup(form wire.ChatType, title string, people []PersonID, bots []BotID) (Group, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.groups) >= n.bounds.Groups {
		return Group{}, problem(Full, "group:too_many", "the network holds %d groups, its limit", n.bounds.Groups)
	}
	if form != wire.ChatGroup && form != wire.ChatChannel {
		return Group{}, problem(Invalid, "group:type", "type must be group or channel: a supergroup is an upgraded group")
	}
	title = strings.TrimSpace(title)
	if title == "" || markup.Len16(title) > 128 {
		return Group{}, problem(Invalid, "group:title", "title must have 1 to 128 characters")
	}
	if len(people) == 0 {
		return Group{}, problem(Invalid, "group:people", "a group needs at least one person: its owner")
	}
	if len(people)+len(bots) > n.bounds.Members {
		return Group{}, problem(Full, "group:too_many_members", "a group has at most %d members", n.bounds.Members)
	}
	for _, id := range people {
		if _, err := n.person(id); err != nil {
			return Group{}, err
		}
	}
	for _, id := range bots {
		if n.bots[id] == nil {
			return Group{}, problem(NotFound, "bot:not_found", "there is no bot %d", id)
		}
	}
	next := &n.next.Group
	if form == wire.ChatChannel {
		next = &n.next.Supergroup // channels are numbered with the supergroups
	}
	g := newGroup(*next, title, form)
	*next--
	g.creator = people[0]
	n.groups[g.id] = g
	for _, id := range people {
		g.people[id] = n.people[id]
		n.people[id].groups[g.id] = g
	}
	owner := n.people[g.creator]
	for _, id := range bots {
		n.joinBot(g, n.bots[id], owner, false)
	}
	if form == wire.ChatGroup {
		n.addService(g, owner, func(m *wire.Message) { m.GroupChatCreated = true })
	}
	n.changed(Change{Kind: ChangeGroup, Chat: int64(g.id)})
	return g.view(), nil
}

func newGroup(id ChatID, title string, form wire.ChatType) *group {
	return &group{
		id: id, title: title, form: form, people: map[PersonID]*person{}, bots: map[BotID]*bot{}, kicked: map[BotID]bool{},
		read: map[PersonID]int64{}, instance: secret(12),
	}
}

// UpgradeGroup makes the group a supergroup with a new id. The old id answers with migrate_to_chat_id.
func (n *Network) UpgradeGroup(id ChatID) (Group, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	old, err := n.group(id)
	if err != nil {
		return Group{}, err
	}
	if old.form != wire.ChatGroup {
		return Group{}, problem(Conflict, "group:supergroup", "only a group becomes a supergroup: %d is a %s", id, old.form)
	}
	g := newGroup(n.next.Supergroup, old.title, wire.ChatSupergroup)
	n.next.Supergroup--
	g.creator, g.people, g.bots, g.kicked = old.creator, old.people, old.bots, old.kicked
	n.groups[g.id] = g
	owner := n.people[g.creator]
	n.addService(old, owner, func(m *wire.Message) { m.MigrateToChatID = int64(g.id) })
	old.migratedTo, old.people, old.bots = g.id, map[PersonID]*person{}, map[BotID]*bot{}
	for _, p := range g.people {
		delete(p.groups, old.id)
		p.groups[g.id] = g
	}
	for _, b := range g.bots {
		delete(b.groups, old.id)
		b.groups[g.id] = g
	}
	n.addService(g, owner, func(m *wire.Message) { m.MigrateFromChatID = int64(old.id) })
	n.changed(Change{Kind: ChangeGroup, Chat: int64(old.id)})
	n.changed(Change{Kind: ChangeGroup, Chat: int64(g.id)})
	return g.view(), nil
}

// MemberChange adds and removes people and bots of a group.
type MemberChange struct {
	AddPeople, RemovePeople []PersonID
	AddBots, RemoveBots     []BotID
}

// ChangeMembers changes who is in a group. The group's owner does it.
func (n *Network) ChangeMembers(id ChatID, c MemberChange) (Group, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	g, err := n.group(id)
	if err != nil {
		return Group{}, err
	}
	for _, person := range c.AddPeople {
		if _, err := n.person(person); err != nil {
			return Group{}, err
		}
	}
	for _, bot := range c.AddBots {
		if n.bots[bot] == nil {
			return Group{}, problem(NotFound, "bot:not_found", "there is no bot %d", bot)
		}
	}
	if len(g.people)+len(g.bots)+len(c.AddPeople)+len(c.AddBots) > n.bounds.Members {
		return Group{}, problem(Full, "group:too_many_members", "a group has at most %d members", n.bounds.Members)
	}
	owner := n.people[g.creator]
	for _, id := range c.AddPeople {
		if p := n.people[id]; g.people[id] == nil {
			g.people[id], p.groups[g.id] = p, g
			n.addService(g, owner, func(m *wire.Message) { m.NewChatMembers = []wire.User{p.user()} })
		}
	}
	for _, id := range c.RemovePeople {
		if p := g.people[id]; p != nil {
			user := p.user()
			n.addService(g, owner, func(m *wire.Message) { m.LeftChatMember = &user })
			delete(g.people, id)
			delete(p.groups, g.id)
		}
	}
	for _, id := range c.AddBots {
		if g.bots[id] == nil {
			n.joinBot(g, n.bots[id], owner, true)
		}
	}
	for _, id := range c.RemoveBots {
		if b := g.bots[id]; b != nil {
			user := b.user()
			n.addService(g, owner, func(m *wire.Message) { m.LeftChatMember = &user })
			is := wire.StatusLeft // a bot that is no administrator of a channel any more is out, and not banned
			if g.form != wire.ChatChannel {
				is = wire.StatusKicked
				g.kicked[id] = true
			}
			n.raiseMember(b, g.chat(), owner.user(), g.belonging(), is)
			delete(g.bots, id)
			delete(b.groups, g.id)
		}
	}
	n.changed(Change{Kind: ChangeGroup, Chat: int64(g.id)})
	return g.view(), nil
}

// DeleteGroup deletes a group; bots get "the group chat was deleted".
func (n *Network) DeleteGroup(id ChatID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	g, err := n.group(id)
	if err != nil {
		return err
	}
	owner := n.people[g.creator]
	for _, b := range g.bots {
		n.raiseMember(b, g.chat(), owner.user(), g.belonging(), wire.StatusLeft)
		delete(b.groups, g.id)
	}
	for _, p := range g.people {
		delete(p.groups, g.id)
	}
	g.deleted = true
	n.changed(Change{Kind: ChangeGroup, Chat: int64(g.id)})
	return nil
}

// Groups returns all groups that live, newest first.
func (n *Network) Groups() []Group {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := []Group{}
	for _, g := range n.groups {
		if !g.deleted {
			out = append(out, g.view())
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// Group returns one group.
func (n *Network) Group(id ChatID) (Group, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	g := n.groups[id]
	if g == nil || g.deleted {
		return Group{}, noGroup(id)
	}
	return g.view(), nil
}

// group returns a group in which something can be done; the lock is held.
func (n *Network) group(id ChatID) (*group, error) {
	g := n.groups[id]
	if g == nil || g.deleted {
		return nil, noGroup(id)
	}
	if g.migratedTo != 0 {
		return nil, problem(Conflict, "group:upgraded", "group %d became the supergroup %d", id, g.migratedTo)
	}
	return g, nil
}

func noGroup(id ChatID) error {
	return problem(NotFound, "group:not_found", "there is no group %d", id)
}

// joinBot puts a bot into the group and tells the bot. A service message is added when the group exists already.
func (n *Network) joinBot(g *group, b *bot, by *person, announce bool) {
	g.bots[b.id], b.groups[g.id] = b, g
	was := wire.StatusLeft
	if g.kicked[b.id] {
		was = wire.StatusKicked
		delete(g.kicked, b.id)
	}
	n.raiseMember(b, g.chat(), by.user(), was, g.belonging())
	if announce {
		n.addService(g, by, func(m *wire.Message) { m.NewChatMembers = []wire.User{b.user()} })
	}
}

// raiseMember tells a bot that its own belonging to a chat changed.
func (n *Network) raiseMember(b *bot, chat wire.Chat, by wire.User, was, is wire.MemberStatus) {
	n.raise(b, &wire.Update{MyChatMember: &wire.ChatMemberUpdated{
		Chat: chat, From: by, Date: n.unix(),
		OldChatMember: wire.NewChatMember(b.user(), was), NewChatMember: wire.NewChatMember(b.user(), is),
	}})
}

// addService adds a service message by the group's owner; all bots of the group see it. A channel says nothing about
// who comes and goes.
func (n *Network) addService(g *group, by *person, fill func(*wire.Message)) {
	if g.form == wire.ChatChannel {
		return
	}
	user := by.user()
	m := &wire.Message{MessageID: g.nextMessage(), From: &user, Chat: g.chat(), Date: n.unix()}
	fill(m)
	g.history.add(m, n.bounds.MessagesPerChat)
	for _, b := range g.bots {
		n.raise(b, &wire.Update{Message: m})
	}
	n.changed(Change{Kind: ChangeMessage, Chat: int64(g.id)})
}

// sees reports whether the privacy mode of a bot lets it see a person's message. Administrators of a channel see all.
func (g *group) sees(b *bot, m *wire.Message) bool {
	if b.readsAll || g.form == wire.ChatChannel {
		return true
	}
	if r := m.ReplyToMessage; r != nil && r.From != nil && r.From.ID == int64(b.id) {
		return true
	}
	for _, e := range m.Entities {
		part := strings.ToLower(markup.Slice16(m.Text, e.Offset, e.Length))
		switch e.Type {
		case "mention":
			if part == "@"+strings.ToLower(b.username) {
				return true
			}
		case "bot_command":
			_, name, named := strings.Cut(part, "@")
			if named && name == strings.ToLower(b.username) {
				return true
			}
			if !named && e.Offset == 0 && (len(g.bots) == 1 || g.lastBot == b.id) {
				return true
			}
		}
	}
	return false
}

func (g *group) nextMessage() int64 {
	g.lastMessage++
	return g.lastMessage
}

// belonging is how bots belong to the group: a channel has them as administrators or not at all.
func (g *group) belonging() wire.MemberStatus {
	if g.form == wire.ChatChannel {
		return wire.StatusAdministrator
	}
	return wire.StatusMember
}

func (g *group) chat() wire.Chat {
	return wire.Chat{ID: int64(g.id), Type: g.form, Title: g.title}
}

func (g *group) view() Group {
	out := Group{ID: g.id, Title: g.title, Type: g.form, MigratedTo: g.migratedTo, People: []PersonID{}, Bots: []BotID{}}
	for id := range g.people {
		out.People = append(out.People, id)
	}
	for id := range g.bots {
		out.Bots = append(out.Bots, id)
	}
	sort.Slice(out.People, func(i, j int) bool { return out.People[i] < out.People[j] })
	sort.Slice(out.Bots, func(i, j int) bool { return out.Bots[i] < out.Bots[j] })
	return out
}
