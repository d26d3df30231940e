package network

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"herald/internal/sandbox/markup"
	"herald/internal/sandbox/wire"
)

// tokenMark begins the secret part of every token of the sandbox; a token of the real Telegram never has it.
const tokenMark = "SBX"

// bot is one bot; the lock of the network guards it.
type bot struct {
	id       BotID
	name     string
	username string
	token    string
	readsAll bool // privacy mode is off: it sees all messages of its groups

	dialogs     map[PersonID]*dialog
	groups      map[ChatID]*group
	lastMessage int64
	queue       queue
	poll        poll
	hook        hook
	profile     Profile
}

// Profile is what a bot tells about itself. The maps are keyed by language code, "" for all others.
type Profile struct {
	Names             map[string]string            `json:"names,omitempty"`
	Descriptions      map[string]string            `json:"descriptions,omitempty"`
	ShortDescriptions map[string]string            `json:"short_descriptions,omitempty"`
	Commands          map[string][]wire.BotCommand `json:"commands,omitempty"` // keyed by scope and language
	MenuButton        string                       `json:"menu_button,omitempty"`
}

// Bot is what the sandbox tells about a bot. Token is its secret and is shown to the sandbox's owner only.
type Bot struct {
	ID       BotID             `json:"id"`
	Name     string            `json:"name"`
	Username string            `json:"username"`
	Token    string            `json:"token,omitempty"`
	Link     string            `json:"link"`
	Commands []wire.BotCommand `json:"commands,omitempty"`
	// Polling and Webhook tell how the bot receives updates now: a getUpdates call waits, or an address is set.
	Polling bool   `json:"polling"`
	Webhook string `json:"webhook,omitempty"`
	Pending int    `json:"pending"` // updates that wait for the bot
}

// NewBot is what BotFather asks before it makes a bot.
type NewBot struct {
	Name     string `json:"name"`
	Username string `json:"username"`
	// ReadsAll switches the privacy mode off: the bot sees all messages of its groups.
	ReadsAll bool `json:"can_read_all_group_messages"`
}

// CreateBot does what BotFather does: it makes a bot and its token.
func (n *Network) CreateBot(in NewBot) (Bot, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.bots) >= n.bounds.Bots {
		return Bot{}, problem(Full, "bot:too_many", "the network holds %d bots, its limit", n.bounds.Bots)
	}
	in.Name, in.Username = strings.TrimSpace(in.Name), strings.TrimPrefix(in.Username, "@")
	if in.Name == "" || markup.Len16(in.Name) > 64 {
		return Bot{}, problem(Invalid, "bot:name", "name must have 1 to 64 characters")
	}
	if !usernameForm.MatchString(in.Username) || len(in.Username) < 5 || !strings.HasSuffix(strings.ToLower(in.Username), "bot") {
		return Bot{}, problem(Invalid, "bot:username",
			"username must be 5 to 32 of letters, digits and _, begin with a letter and end in \"bot\"")
	}
	if _, taken := n.names[strings.ToLower(in.Username)]; taken {
		return Bot{}, problem(Conflict, "bot:username_taken", "the username @%s is taken", in.Username)
	}
	b := &bot{
		id: n.next.Bot, name: in.Name, username: in.Username, readsAll: in.ReadsAll,
		dialogs: map[PersonID]*dialog{}, groups: map[ChatID]*group{}, queue: newQueue(),
	}
	b.token = newToken(b.id)
	n.next.Bot++
	n.bots[b.id] = b
	n.names[strings.ToLower(b.username)] = b
	n.changed(Change{Kind: ChangeBot, Bot: b.id})
	return b.view(), nil
}

func newToken(id BotID) string { return fmt.Sprintf("%d:%s%s", id, tokenMark, secret(32)) }

// Bots returns the bots whose name or @username contains search, ordered by id; all when search is empty.
func (n *Network) Bots(search string) []Bot {
	n.mu.Lock()
	defer n.mu.Unlock()
	search = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(search), "@"))
	out := []Bot{}
	for _, b := range n.bots {
		if strings.Contains(strings.ToLower(b.name), search) || strings.Contains(strings.ToLower(b.username), search) {
			out = append(out, b.view())
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// Bot returns one bot by id or @username.
func (n *Network) Bot(ref string) (Bot, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botByRef(ref)
	if err != nil {
		return Bot{}, err
	}
	return b.view(), nil
}

// BotByToken returns the bot that this token opens.
func (n *Network) BotByToken(token string) (BotID, bool) {
	head, _, _ := strings.Cut(token, ":")
	id, err := strconv.ParseInt(head, 10, 64)
	if err != nil {
		return 0, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.bots[BotID(id)]
	return BotID(id), b != nil && b.token == token
}

// RevokeBot gives the bot a new token. The old one answers 401 and its waiting getUpdates ends.
func (n *Network) RevokeBot(id BotID) (Bot, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.bots[id]
	if b == nil {
		return Bot{}, noBot(strconv.FormatInt(int64(id), 10))
	}
	b.token = newToken(b.id)
	b.poll.end()
	n.changed(Change{Kind: ChangeBot, Bot: b.id})
	return b.view(), nil
}

// DeleteBot deletes a bot with its chats.
func (n *Network) DeleteBot(id BotID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.bots[id]
	if b == nil {
		return noBot(strconv.FormatInt(int64(id), 10))
	}
	b.poll.end()
	b.queue.wakeAll()
	for _, d := range b.dialogs {
		delete(d.person.dialogs, id)
	}
	for _, g := range b.groups {
		delete(g.bots, id)
	}
	delete(n.names, strings.ToLower(b.username))
	delete(n.bots, id)
	n.changed(Change{Kind: ChangeBot, Bot: id})
	return nil
}

// Me is the answer of getMe.
func (n *Network) Me(id BotID) (wire.Me, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return wire.Me{}, err
	}
	return wire.Me{User: b.user(), CanJoinGroups: true, CanReadAllGroupMessages: b.readsAll}, nil
}

// EditProfile changes what the bot tells about itself.
func (n *Network) EditProfile(id BotID, edit func(*Profile)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return err
	}
	edit(&b.profile)
	if name := b.profile.Names[""]; name != "" {
		b.name = name
	}
	n.changed(Change{Kind: ChangeBot, Bot: id})
	return nil
}

// ReadProfile calls read with the bot's profile, which read must not keep.
func (n *Network) ReadProfile(id BotID, read func(name string, p *Profile)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return err
	}
	read(b.name, &b.profile)
	return nil
}

// botForCall returns the bot that makes a call; it can have been deleted a moment ago. The lock is held.
func (n *Network) botForCall(id BotID) (*bot, error) {
	if b := n.bots[id]; b != nil {
		return b, nil
	}
	return nil, unauthorized()
}

func unauthorized() *Refusal { return &Refusal{Code: 401, Description: "Unauthorized"} }

// botByRef finds a bot by id or @username; the lock is held.
func (n *Network) botByRef(ref string) (*bot, error) {
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil {
		if b := n.bots[BotID(id)]; b != nil {
			return b, nil
		}
		return nil, noBot(ref)
	}
	if b, ok := n.names[strings.ToLower(strings.TrimPrefix(ref, "@"))].(*bot); ok {
		return b, nil
	}
	return nil, noBot(ref)
}

func noBot(ref string) error {
	return problem(NotFound, "bot:not_found", "there is no bot %.64q", ref)
}

func (b *bot) user() wire.User {
	return wire.User{ID: int64(b.id), IsBot: true, FirstName: b.name, Username: b.username}
}

func (b *bot) view() Bot {
	return Bot{
		ID: b.id, Name: b.name, Username: b.username, Token: b.token, Link: "https://t.me/" + b.username,
		Commands: b.profile.Commands[DefaultScope], Polling: b.poll.current != nil, Webhook: b.hook.URL,
		Pending: b.queue.order.Len(),
	}
}

// DefaultScope is the key of the commands that everybody sees.
const DefaultScope = "default|"

// nextMessage gives the next message id of the bot's private chats, which share one sequence as on Telegram.
func (b *bot) nextMessage() int64 {
	b.lastMessage++
	return b.lastMessage
}
