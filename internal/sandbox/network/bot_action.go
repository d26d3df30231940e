package network

import (
	"reflect"

	"herald/internal/sandbox/wire"
)

// Draft is a message that a bot wants to send; the botapi package checked its parts.
type Draft struct {
	Text        string
	Entities    []wire.Entity
	LinkPreview *wire.LinkPreviewOptions
	File        *File
	Caption     string
	CaptionMark []wire.Entity
	Contact     *wire.Contact
	Inline      *wire.InlineKeyboard
	Keyboard    *wire.ReplyKeyboard
	Protected   bool
	Silent      bool
	ReplyTo     int64 // the message that it answers, 0 for none
	ReplyLoose  bool  // send without the reply when that message is gone
	Origin      *wire.Origin
}

// Reach checks that the bot can write to the chat, with the refusals of the official server.
func (n *Network) Reach(id BotID, chat ChatID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return err
	}
	_, err = n.reach(b, chat)
	return err
}

// Send sends a message from a bot.
func (n *Network) Send(id BotID, chat ChatID, d Draft) (*wire.Message, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return nil, err
	}
	at, err := n.reach(b, chat)
	if err != nil {
		return nil, err
	}
	if at.channel() && d.Keyboard != nil {
		return nil, BadRequest("inline keyboard expected")
	}
	m := &wire.Message{
		Date: n.unix(), Text: d.Text, Entities: n.known(d.Entities), LinkPreviewOptions: d.LinkPreview,
		Caption: d.Caption, CaptionEntities: n.known(d.CaptionMark), Contact: d.Contact,
		ReplyMarkup: d.Inline, Keyboard: d.Keyboard, HasProtected: d.Protected, Silent: d.Silent, ForwardOrigin: d.Origin,
	}
	at.sign(m, b.user())
	if d.File != nil {
		d.File.attach(m)
	}
	if d.ReplyTo != 0 {
		m.ReplyToMessage = quoted(at.history().get(d.ReplyTo))
		if m.ReplyToMessage == nil && !d.ReplyLoose {
			return nil, BadRequest(WordsReplyNotFound)
		}
	}
	if at.group != nil {
		m.MessageID = at.group.nextMessage()
		at.group.lastBot = b.id
	} else {
		m.MessageID = b.nextMessage()
		at.dialog.unread++
		at.dialog.action = ""
	}
	if k := d.Keyboard; k != nil {
		switch {
		case k.Remove:
			*at.keyboard() = nil
		case len(k.Rows) > 0:
			*at.keyboard() = m
		}
	}
	at.history().add(m, n.bounds.MessagesPerChat)
	n.announce(ChangeMessage, at, m.MessageID)
	return m, nil
}

// known completes the users that text_mention entities name and drops those that nobody knows.
func (n *Network) known(entities []wire.Entity) []wire.Entity {
	for i, e := range entities {
		if e.User == nil {
			continue
		}
		out := append([]wire.Entity(nil), entities[:i]...)
		for _, e := range entities[i:] {
			if e.User != nil {
				p := n.people[PersonID(e.User.ID)]
				if p == nil {
					continue
				}
				user := p.user()
				e.User = &user
			}
			out = append(out, e)
		}
		return out
	}
	return entities
}

// Edit is a change of a bot's own message, or of any post of a channel: change gets a copy of the message and changes it. The refusals are "message
// to edit not found", "message can't be edited" and "message is not modified".
func (n *Network) Edit(id BotID, chat ChatID, message int64, change func(*wire.Message) error) (*wire.Message, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return nil, err
	}
	at, err := n.reach(b, chat)
	if err != nil {
		return nil, err
	}
	i := at.history().find(message)
	if i < 0 {
		return nil, BadRequest(WordsEditNotFound)
	}
	old := at.history().messages[i]
	if old.Author() != int64(id) && !at.channel() || old.ForwardOrigin != nil {
		return nil, BadRequest("message can't be edited")
	}
	m := *old
	if err := change(&m); err != nil {
		return nil, err
	}
	m.Entities, m.CaptionEntities = n.known(m.Entities), n.known(m.CaptionEntities)
	if sameContent(old, &m) {
		return nil, BadRequest(WordsNotModified)
	}
	if old.Text != m.Text || !reflect.DeepEqual(old.Entities, m.Entities) || old.Caption != m.Caption {
		m.EditDate = n.unix()
	}
	at.history().messages[i] = &m
	n.announce(ChangeMessage, at, message)
	return &m, nil
}

func sameContent(a, b *wire.Message) bool {
	return a.Text == b.Text && a.Caption == b.Caption && sameEntities(a.Entities, b.Entities) &&
		sameEntities(a.CaptionEntities, b.CaptionEntities) && reflect.DeepEqual(a.ReplyMarkup, b.ReplyMarkup) &&
		reflect.DeepEqual(a.LinkPreviewOptions, b.LinkPreviewOptions)
}

func sameEntities(a, b []wire.Entity) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// deletableFor is how long a message can be deleted, in seconds.
const deletableFor = 48 * 60 * 60

// Delete deletes a message. A bot may delete its own ones, those of the person in a private chat, and all posts of a
// channel, of which it is an administrator.
func (n *Network) Delete(id BotID, chat ChatID, message int64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return err
	}
	at, err := n.reach(b, chat)
	if err != nil {
		return err
	}
	i := at.history().find(message)
	if i < 0 {
		return BadRequest(WordsDeleteNotFound)
	}
	if n.unix()-at.history().messages[i].Date >= deletableFor {
		return BadRequest("message can't be deleted for everyone")
	}
	if m := at.history().messages[i]; at.group != nil && m.Author() != int64(id) && !at.channel() {
		return BadRequest("message can't be deleted")
	}
	at.history().remove(i)
	if k := at.keyboard(); *k != nil && (*k).MessageID == message {
		*k = nil
	}
	n.announce(ChangeMessage, at, message)
	return nil
}

// Message returns a message of a chat that the bot can reach.
func (n *Network) Message(id BotID, chat ChatID, message int64) (*wire.Message, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return nil, err
	}
	at, err := n.reach(b, chat)
	if err != nil {
		return nil, err
	}
	return at.history().get(message), nil
}

// ChatAction shows what the bot is doing.
func (n *Network) ChatAction(id BotID, chat ChatID, action string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return err
	}
	at, err := n.reach(b, chat)
	if err != nil {
		return err
	}
	if at.dialog != nil {
		at.dialog.action, at.dialog.actionAt = action, n.unix()
		n.announce(ChangeChat, at, 0)
	}
	return nil
}

// Chat is the answer of getChat. Unlike sending, it works for a chat in which the bot is blocked.
func (n *Network) Chat(id BotID, chat ChatID) (wire.ChatFullInfo, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return wire.ChatFullInfo{}, err
	}
	info := wire.ChatFullInfo{MaxReactionCount: 11}
	if chat > 0 {
		p := n.people[PersonID(chat)]
		if p == nil || b.dialogs[p.id] == nil || !b.dialogs[p.id].started {
			return wire.ChatFullInfo{}, BadRequest(WordsChatNotFound)
		}
		info.Chat, info.AccentColorID = p.chat(), int(p.id%7)
		if p.username != "" {
			info.ActiveUsernames = []string{p.username}
		}
		return info, nil
	}
	at, err := n.reach(b, chat)
	if err != nil {
		return wire.ChatFullInfo{}, err
	}
	info.Chat = at.chat()
	if at.channel() {
		return info, nil
	}
	info.Permissions = &wire.Permissions{
		CanSendMessages: true, CanSendAudios: true, CanSendDocuments: true, CanSendPhotos: true, CanSendVideos: true,
		CanSendVideoNotes: true, CanSendVoiceNotes: true, CanSendPolls: true, CanSendOtherMessages: true,
		CanAddWebPagePreviews: true, CanChangeInfo: true, CanInviteUsers: true, CanPinMessages: true,
	}
	return info, nil
}

// ChatMember is the answer of getChatMember.
func (n *Network) ChatMember(id BotID, chat ChatID, user int64) (wire.ChatMember, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return wire.ChatMember{}, err
	}
	at, err := n.reach(b, chat)
	if err != nil {
		return wire.ChatMember{}, err
	}
	if p := n.people[PersonID(user)]; p != nil {
		status := wire.StatusLeft
		switch {
		case at.group == nil && p == at.dialog.person, at.group != nil && at.group.people[p.id] != nil:
			status = wire.StatusMember
			if at.group != nil && at.group.creator == p.id {
				status = wire.StatusCreator
			}
		}
		return wire.NewChatMember(p.user(), status), nil
	}
	if other := n.bots[BotID(user)]; other != nil {
		status := wire.StatusLeft
		switch {
		case at.group == nil && other == b:
			status = wire.StatusMember
		case at.group != nil && at.group.bots[other.id] != nil:
			status = at.group.belonging()
		case at.group != nil && at.group.kicked[other.id]:
			status = wire.StatusKicked
		}
		return wire.NewChatMember(other.user(), status), nil
	}
	return wire.ChatMember{}, BadRequest("PARTICIPANT_ID_INVALID")
}

// MemberCount is the answer of getChatMemberCount.
func (n *Network) MemberCount(id BotID, chat ChatID) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return 0, err
	}
	at, err := n.reach(b, chat)
	if err != nil {
		return 0, err
	}
	if at.group == nil {
		return 2, nil
	}
	return len(at.group.people) + len(at.group.bots), nil
}

// Leave is leaveChat.
func (n *Network) Leave(id BotID, chat ChatID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, err := n.botForCall(id)
	if err != nil {
		return err
	}
	at, err := n.reach(b, chat)
	if err != nil {
		return err
	}
	if at.group == nil {
		return BadRequest("chat is not a group, supergroup or channel")
	}
	n.raiseMember(b, at.group.chat(), b.user(), at.group.belonging(), wire.StatusLeft)
	delete(at.group.bots, id)
	delete(b.groups, at.group.id)
	n.announce(ChangeGroup, at, 0)
	return nil
}
