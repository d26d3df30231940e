package telegram

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/go-telegram/bot/models"

	"herald/internal/gateway"
)

var _ gateway.UpdateReader = Reader{}

// Reader reads updates of the Bot API.
type Reader struct{}

// ReadUpdate turns an update as it came into our words.
func (Reader) ReadUpdate(body []byte) (gateway.Update, error) {
	var raw models.Update
	if err := json.Unmarshal(body, &raw); err != nil {
		return gateway.Update{}, fmt.Errorf("read update: %w", err)
	}
	u := gateway.Update{Kind: gateway.UpdateOther, UpdateID: raw.ID}
	switch {
	case raw.Message != nil:
		readMessage(&u, raw.Message)
	case raw.EditedMessage != nil:
		readMessage(&u, raw.EditedMessage)
		u.Kind = gateway.UpdateEdited
		u.At = unixTime(raw.EditedMessage.EditDate)
	case raw.CallbackQuery != nil:
		readButton(&u, raw.CallbackQuery)
	case raw.MyChatMember != nil:
		readMembership(&u, raw.MyChatMember)
	}
	return u, nil
}

func readMessage(u *gateway.Update, m *models.Message) {
	u.At, u.MessageID, u.Text = unixTime(m.Date), int64(m.ID), m.Text
	readChat(u, m.Chat)
	if m.From != nil {
		u.Person = person(m.From)
	}
	u.Forwarded = m.ForwardOrigin != nil
	u.MigratedTo = m.MigrateToChatID
	if m.ReplyToMessage != nil {
		u.ReplyTo = int64(m.ReplyToMessage.ID)
	}
	switch {
	case m.Contact != nil:
		u.Kind = gateway.UpdateContact
		u.Contact = &gateway.Contact{Phone: m.Contact.PhoneNumber, PlatformID: m.Contact.UserID}
	case m.Text != "":
		u.Kind = gateway.UpdateText
		readCommand(u, m)
	default:
		u.Kind, u.Text = gateway.UpdateMedia, m.Caption
		readMedia(u, m)
	}
}

// readMedia tells what else than a text a message is. An animation is a document besides, and a venue a location.
func readMedia(u *gateway.Update, m *models.Message) {
	switch {
	case len(m.Photo) > 0:
		u.Media = "photo"
	case m.Animation != nil:
		u.Media, u.FileName = "animation", m.Animation.FileName
	case m.Document != nil:
		u.Media, u.FileName = "document", m.Document.FileName
	case m.Voice != nil:
		u.Media = "voice"
	case m.Audio != nil:
		u.Media, u.FileName = "audio", m.Audio.FileName
	case m.Video != nil:
		u.Media, u.FileName = "video", m.Video.FileName
	case m.VideoNote != nil:
		u.Media = "video_note"
	case m.Sticker != nil:
		u.Media = "sticker"
	case m.Venue != nil:
		u.Media, u.Location = "venue", location(&m.Venue.Location)
	case m.Location != nil:
		u.Media, u.Location = "location", location(m.Location)
	case m.Poll != nil:
		u.Media = "poll"
	case m.Dice != nil:
		u.Media = "dice"
	default:
		u.Media = "other"
	}
}

func location(l *models.Location) *gateway.Location {
	return &gateway.Location{Latitude: l.Latitude, Longitude: l.Longitude}
}

// readCommand recognises a command at the beginning of a text: the entity says how far it goes.
func readCommand(u *gateway.Update, m *models.Message) {
	for _, e := range m.Entities {
		if e.Type != models.MessageEntityTypeBotCommand || e.Offset != 0 {
			continue
		}
		head := utf16.Encode([]rune(m.Text))
		if e.Length < 2 || e.Length > len(head) {
			return
		}
		command, rest := string(utf16.Decode(head[1:e.Length])), string(utf16.Decode(head[e.Length:]))
		command, _, _ = strings.Cut(command, "@")
		u.Kind, u.Command, u.Payload = gateway.UpdateCommand, strings.ToLower(command), strings.TrimSpace(rest)
		return
	}
}

func readButton(u *gateway.Update, q *models.CallbackQuery) {
	u.Kind, u.CallbackID, u.Text, u.Person = gateway.UpdateButton, q.ID, q.Data, person(&q.From)
	switch {
	case q.Message.Message != nil: // no time: the message's own is when it was sent, not when it was pressed
		u.MessageID = int64(q.Message.Message.ID)
		readChat(u, q.Message.Message.Chat)
	case q.Message.InaccessibleMessage != nil:
		u.MessageID = int64(q.Message.InaccessibleMessage.MessageID)
		readChat(u, q.Message.InaccessibleMessage.Chat)
	}
}

func readMembership(u *gateway.Update, m *models.ChatMemberUpdated) {
	u.Kind, u.At, u.Person = gateway.UpdateMembership, unixTime(m.Date), person(&m.From)
	readChat(u, m.Chat)
	switch m.NewChatMember.Type {
	case models.ChatMemberTypeLeft, models.ChatMemberTypeBanned:
		u.Member = false
	default:
		u.Member = true
	}
}

func readChat(u *gateway.Update, c models.Chat) {
	u.ChatID, u.Private = c.ID, c.Type == models.ChatTypePrivate
	if !u.Private {
		u.Chat, u.Title = gateway.SubscriberKind(c.Type), c.Title
	}
}

func person(p *models.User) gateway.Person {
	return gateway.Person{
		PlatformID: p.ID, Username: p.Username, FirstName: p.FirstName, LastName: p.LastName, Language: p.LanguageCode, Bot: p.IsBot,
	}
}

func unixTime(seconds int) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// envelope is the little of an update that intake needs: enough to store it, little enough that nearly nothing can be
// wrong with it.
type envelope struct {
	UpdateID   *int64  `json:"update_id"`
	Message    *inChat `json:"message"`
	Edited     *inChat `json:"edited_message"`
	Membership *inChat `json:"my_chat_member"`
	Callback   *struct {
		Message *inChat `json:"message"`
	} `json:"callback_query"`
}

type inChat struct {
	Chat struct {
		ID int64 `json:"id"`
	} `json:"chat"`
}

// enclose reads the envelope of an update. An update without an id is none.
func enclose(b gateway.Bot, body []byte, at time.Time) (gateway.RawUpdate, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return gateway.RawUpdate{}, fmt.Errorf("read update: %w", err)
	}
	if e.UpdateID == nil {
		return gateway.RawUpdate{}, fmt.Errorf("read update: it has no update_id")
	}
	raw := gateway.RawUpdate{AccountID: b.AccountID, BotID: b.ID, UpdateID: *e.UpdateID, Body: body, ReceivedAt: at}
	for _, in := range []*inChat{e.Message, e.Edited, e.Membership} {
		if in != nil {
			raw.ChatID = in.Chat.ID
		}
	}
	if e.Callback != nil && e.Callback.Message != nil {
		raw.ChatID = e.Callback.Message.Chat.ID
	}
	return raw, nil
}
