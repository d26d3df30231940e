package network

import (
	"fmt"
	"regexp"
	"strings"

	"herald/internal/sandbox/markup"
	"herald/internal/sandbox/wire"
)

// maxText is the longest text, maxCaption the longest caption, in UTF-16 code units.
const (
	maxText    = 4096
	maxCaption = 1024
)

var payloadForm = regexp.MustCompile(`^[A-Za-z0-9_-]{0,64}$`)

// Start presses the Start button of a private chat, with the payload of a deep link or without one. A blocked bot is
// unblocked first, as clients do.
func (n *Network) Start(id PersonID, chat, payload string) (MessageView, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !payloadForm.MatchString(payload) {
		return MessageView{}, problem(Invalid, "start:payload", "a payload has at most 64 of A-Z, a-z, 0-9, _ and -")
	}
	p, at, err := n.visit(id, chat)
	if err != nil {
		return MessageView{}, err
	}
	if at.group != nil {
		return MessageView{}, problem(Invalid, "start:group", "only a private chat with a bot can be started")
	}
	n.unblock(at.dialog)
	at.dialog.started = true
	text := "/start"
	if payload != "" {
		text += " " + payload
	}
	m := &wire.Message{Text: text, Entities: markup.Detect(text, nil)}
	return n.say(p, at, m), nil
}

// Write sends a text. replyTo is the message that it answers, 0 for none.
func (n *Network) Write(id PersonID, chat, text string, replyTo int64) (MessageView, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, at, err := n.enter(id, chat)
	if err != nil {
		return MessageView{}, err
	}
	return n.write(p, at, text, replyTo)
}

func (n *Network) write(p *person, at place, text string, replyTo int64) (MessageView, error) {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	if text == "" || markup.Len16(text) > maxText {
		return MessageView{}, problem(Invalid, "message:text", "text must have 1 to %d characters", maxText)
	}
	m := &wire.Message{Text: text, Entities: markup.Detect(text, nil)}
	if replyTo != 0 {
		if m.ReplyToMessage = quoted(at.history().get(replyTo)); m.ReplyToMessage == nil {
			return MessageView{}, problem(NotFound, "message:not_found", "there is no message %d in this chat", replyTo)
		}
	}
	return n.say(p, at, m), nil
}

// EditText changes a text that the person wrote.
func (n *Network) EditText(id PersonID, chat string, message int64, text string) (MessageView, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, at, err := n.enter(id, chat)
	if err != nil {
		return MessageView{}, err
	}
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	if text == "" || markup.Len16(text) > maxText {
		return MessageView{}, problem(Invalid, "message:text", "text must have 1 to %d characters", maxText)
	}
	i := at.history().find(message)
	if i < 0 || at.history().messages[i].Author() != int64(p.id) || at.history().messages[i].Text == "" {
		return MessageView{}, problem(NotFound, "message:not_found", "person %d wrote no text %d in this chat", id, message)
	}
	m := *at.history().messages[i]
	m.Text, m.Entities, m.EditDate = text, markup.Detect(text, nil), n.unix()
	at.history().messages[i] = &m
	n.tell(at, &m, func(*bot) *wire.Update {
		if at.channel() {
			return &wire.Update{EditedChannelPost: &m}
		}
		return &wire.Update{EditedMessage: &m}
	})
	n.announce(ChangeMessage, at, message)
	return viewMessage(&m, id), nil
}

// ContactShare says which contact is shared: the person's own by default.
type ContactShare struct {
	Person    PersonID      // somebody else's contact, 0 for one's own
	Contact   *wire.Contact // any contact at all, nil for none
	Forwarded bool          // the message is forwarded from somebody
	replyTo   int64
}

// ShareContact sends a contact.
func (n *Network) ShareContact(id PersonID, chat string, c ContactShare) (MessageView, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, at, err := n.enter(id, chat)
	if err != nil {
		return MessageView{}, err
	}
	return n.shareContact(p, at, c)
}

func (n *Network) shareContact(p *person, at place, c ContactShare) (MessageView, error) {
	m := &wire.Message{Contact: c.Contact}
	switch {
	case c.Contact != nil:
		if c.Contact.PhoneNumber == "" || c.Contact.FirstName == "" || len(c.Contact.VCard) > 2048 ||
			markup.Len16(c.Contact.FirstName) > 64 || markup.Len16(c.Contact.LastName) > 64 || len(c.Contact.PhoneNumber) > 32 {
			return MessageView{}, problem(Invalid, "contact:invalid", "a contact needs phone_number and first_name of ordinary length")
		}
	case c.Person != 0 && c.Person != p.id:
		other, err := n.person(c.Person)
		if err != nil {
			return MessageView{}, err
		}
		if other.phone == "" {
			return MessageView{}, noPhone(other.id)
		}
		m.Contact = &wire.Contact{
			PhoneNumber: other.phone, FirstName: other.first, LastName: other.last, UserID: int64(other.id),
		}
	default:
		if p.phone == "" {
			return MessageView{}, noPhone(p.id)
		}
		// Most clients leave the + out of one's own number.
		m.Contact = &wire.Contact{
			PhoneNumber: strings.TrimPrefix(p.phone, "+"), FirstName: p.first, LastName: p.last, UserID: int64(p.id),
		}
	}
	if c.Forwarded {
		user := p.user()
		m.ForwardOrigin = &wire.Origin{Type: "user", SenderUser: &user, Date: n.unix()}
	}
	if c.replyTo != 0 {
		m.ReplyToMessage = quoted(at.history().get(c.replyTo))
	}
	return n.say(p, at, m), nil
}

func noPhone(id PersonID) error {
	return problem(Conflict, "person:no_phone", "person %d has no phone number to share", id)
}

// SendFile sends a photo or a document that was added with AddFile.
func (n *Network) SendFile(id PersonID, chat string, f *File, caption string) (MessageView, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, at, err := n.enter(id, chat)
	if err != nil {
		return MessageView{}, err
	}
	caption = strings.TrimSpace(strings.ToValidUTF8(caption, ""))
	if markup.Len16(caption) > maxCaption {
		return MessageView{}, problem(Invalid, "message:caption", "caption must have at most %d characters", maxCaption)
	}
	m := &wire.Message{Caption: caption, CaptionEntities: markup.Detect(caption, nil)}
	f.attach(m)
	return n.say(p, at, m), nil
}

// attach puts the file into a message.
func (f *File) attach(m *wire.Message) {
	if f.Photo {
		m.Photo = []wire.PhotoSize{{
			FileID: f.ID, FileUniqueID: f.UniqueID, FileSize: f.Size, Width: f.Width, Height: f.Height,
		}}
		return
	}
	m.Document = &wire.Document{
		FileName: f.Name, MimeType: f.Mime, FileID: f.ID, FileUniqueID: f.UniqueID, FileSize: f.Size,
	}
}

// Block stops the bot; Unblock lets it write again. Both tell the bot once.
func (n *Network) Block(id PersonID, chat string) error {
	return n.inDialog(id, chat, func(d *dialog) {
		if !d.blocked {
			d.blocked = true
			n.raiseBlock(d, wire.StatusMember, wire.StatusKicked)
		}
	})
}

// Unblock takes the block away.
func (n *Network) Unblock(id PersonID, chat string) error {
	return n.inDialog(id, chat, n.unblock)
}

func (n *Network) unblock(d *dialog) {
	if d.blocked {
		d.blocked = false
		n.raiseBlock(d, wire.StatusKicked, wire.StatusMember)
	}
}

func (n *Network) raiseBlock(d *dialog, was, is wire.MemberStatus) {
	n.raiseMember(d.bot, d.person.chat(), d.person.user(), was, is)
}

// Read marks everything in the chat as read.
func (n *Network) Read(id PersonID, chat string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, at, err := n.visit(id, chat)
	if err != nil {
		return err
	}
	if at.group != nil {
		at.group.read[p.id] = at.group.lastMessage
	} else {
		at.dialog.unread = 0
	}
	n.announce(ChangeChat, at, 0)
	return nil
}

func (n *Network) inDialog(id PersonID, chat string, do func(*dialog)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, at, err := n.visit(id, chat)
	if err != nil {
		return err
	}
	if at.dialog == nil {
		return problem(Invalid, "chat:group", "this can be done in a private chat with a bot only")
	}
	do(at.dialog)
	n.announce(ChangeChat, at, 0)
	return nil
}

// enter finds a chat in which the person can write now: a started, not blocked one, a group, or the person's own channel.
func (n *Network) enter(id PersonID, chat string) (*person, place, error) {
	p, at, err := n.visit(id, chat)
	if err != nil {
		return nil, place{}, err
	}
	if d := at.dialog; d != nil {
		if d.blocked {
			return nil, place{}, problem(Conflict, "chat:blocked", "person %d blocked @%s: unblock or start it first", id, d.bot.username)
		}
		if !d.started {
			return nil, place{}, problem(Conflict, "chat:not_started", "person %d did not start @%s yet", id, d.bot.username)
		}
	}
	if at.channel() && at.group.creator != id {
		return nil, place{}, problem(Conflict, "channel:not_administrator", "person %d only reads the channel %d", id, at.group.id)
	}
	return p, at, nil
}

// say adds a person's message to the chat and queues it for the bots that may see it.
func (n *Network) say(p *person, at place, m *wire.Message) MessageView {
	m.Date = n.unix()
	at.sign(m, p.user())
	if at.group != nil {
		m.MessageID = at.group.nextMessage()
		at.group.read[p.id] = m.MessageID
	} else {
		m.MessageID = at.dialog.bot.nextMessage()
		at.dialog.unread = 0
	}
	at.history().add(m, n.bounds.MessagesPerChat)
	n.tell(at, m, func(*bot) *wire.Update {
		if at.channel() {
			return &wire.Update{ChannelPost: m}
		}
		return &wire.Update{Message: m}
	})
	n.announce(ChangeMessage, at, m.MessageID)
	return viewMessage(m, p.id)
}

// tell queues an update about m for each bot that sees it.
func (n *Network) tell(at place, m *wire.Message, build func(*bot) *wire.Update) {
	if at.dialog != nil {
		n.raise(at.dialog.bot, build(at.dialog.bot))
		return
	}
	for _, b := range at.group.bots {
		if at.group.sees(b, m) {
			n.raise(b, build(b))
		}
	}
}

// quoted is a message as it stands inside a reply: without the message that it replied to itself.
func quoted(m *wire.Message) *wire.Message {
	if m == nil || m.ReplyToMessage == nil {
		return m
	}
	c := *m
	c.ReplyToMessage = nil
	return &c
}

// ButtonPress names a button: of an inline keyboard by its data or place, of the reply keyboard by its text.
type ButtonPress struct {
	MessageID int64
	Data      string
	Text      string
	Row, Col  int // used when Data and Text are empty
}

// Press presses a button.
func (n *Network) Press(id PersonID, chat string, b ButtonPress) (*Pressed, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, at, err := n.visit(id, chat)
	if err != nil {
		return nil, err
	}
	m := at.history().get(b.MessageID)
	if b.Text != "" && (m == nil || m.ReplyMarkup == nil) {
		return n.pressReply(p, at, b.Text)
	}
	if m == nil || m.ReplyMarkup == nil {
		return nil, problem(NotFound, "button:not_found", "message %d has no buttons", b.MessageID)
	}
	button := findButton(m.ReplyMarkup.Rows, b)
	if button == nil {
		return nil, problem(NotFound, "button:not_found", "message %d has no such button", b.MessageID)
	}
	if button.CallbackData == "" {
		return &Pressed{URL: button.URL, CopyText: string(button.CopyText)}, nil
	}
	owner := n.bots[BotID(m.Author())]
	if owner == nil {
		return nil, problem(Conflict, "button:no_bot", "the bot of this message is gone")
	}
	pressed := n.callbacks.open(owner.id, n.clock())
	query := &wire.CallbackQuery{
		ID: pressed.id, From: p.user(), Message: m, ChatInstance: at.instance(), Data: button.CallbackData,
	}
	n.raise(owner, &wire.Update{CallbackQuery: query})
	n.announce(ChangeChat, at, m.MessageID)
	return &Pressed{Query: query, press: pressed}, nil
}

func findButton(rows [][]wire.InlineButton, b ButtonPress) *wire.InlineButton {
	for r := range rows {
		for c := range rows[r] {
			button := &rows[r][c]
			switch {
			case b.Data != "":
				if button.CallbackData == b.Data {
					return button
				}
			case b.Text != "":
				if button.Text == b.Text {
					return button
				}
			case r == b.Row && c == b.Col:
				return button
			}
		}
	}
	return nil
}

// pressReply presses a button of the keyboard below the input line.
func (n *Network) pressReply(p *person, at place, text string) (*Pressed, error) {
	if _, _, err := n.enter(p.id, at.ref()); err != nil {
		return nil, err
	}
	keyboard := at.keyboard()
	if *keyboard == nil {
		return nil, problem(NotFound, "button:not_found", "no keyboard is shown in this chat")
	}
	source := *keyboard
	for _, row := range source.Keyboard.Rows {
		for _, button := range row {
			if button.Text != text {
				continue
			}
			if source.Keyboard.OneTime {
				*keyboard = nil
			}
			var view MessageView
			var err error
			if button.RequestContact {
				view, err = n.shareContact(p, at, ContactShare{replyTo: source.MessageID})
			} else {
				view, err = n.write(p, at, button.Text, 0)
			}
			if err != nil {
				return nil, err
			}
			return &Pressed{Message: view.Message}, nil
		}
	}
	return nil, problem(NotFound, "button:not_found", "the keyboard of this chat has no button %.64q", text)
}

func (p place) keyboard() **wire.Message {
	if p.group != nil {
		return &p.group.keyboard
	}
	return &p.dialog.keyboard
}

func (p place) ref() string {
	if p.group != nil {
		return fmt.Sprint(int64(p.group.id))
	}
	return fmt.Sprint(int64(p.dialog.bot.id))
}
