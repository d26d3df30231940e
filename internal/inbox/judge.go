package inbox

import (
	"crypto/subtle"
	"errors"
	"time"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/phone"
)

// Notes of verdicts: why an update changed less than it might have.
const (
	NoteNotPrivate       = "not_private"       // from a group: no subscriber
	NoteFromBot          = "from_bot"          // bots are ignored
	NoteNoPerson         = "no_person"         // nobody is named as its sender
	NoteUnknownKind      = "unknown_kind"      // a kind of update that we do not know
	NoteContactNotOwn    = "contact_not_own"   // somebody else's contact proves nothing
	NoteContactForwarded = "contact_forwarded" // a forwarded contact proves nothing
	NoteContactAnonymous = "contact_anonymous" // the number is one of the messenger's own, which no operator knows
	NoteContactInvalid   = "contact_invalid"   // the number is no phone
)

// judge decides what an update means. It is pure but for the ids of what it makes.
func (i *Inbox) judge(raw gateway.RawUpdate, u gateway.Update) gateway.Verdict {
	if !u.Private && u.Chat != "" {
		return i.judgeChat(raw, u)
	}
	switch {
	case u.Kind == gateway.UpdateOther:
		return gateway.Verdict{Note: NoteUnknownKind}
	case u.Person.PlatformID == 0:
		return gateway.Verdict{Note: NoteNoPerson}
	case u.Person.Bot:
		return gateway.Verdict{Note: NoteFromBot}
	case !u.Private:
		return gateway.Verdict{Note: NoteNotPrivate}
	}
	at := happened(u, raw)
	v := gateway.Verdict{
		Subscriber: i.person(raw, u, at),
		Seen:       gateway.UpdateMark{At: at, UpdateID: u.UpdateID},
		Connection: gateway.Connected, // whoever writes or presses has started the bot
	}
	if u.Kind == gateway.UpdateMembership {
		if !u.Member {
			v.Connection, v.Reason = gateway.Disconnected, gateway.ReasonBlocked
		}
		v.Silent, v.OnlyKnown = i.line(raw, u), true // whoever was forgotten does not come back by leaving
		return v
	}
	v.Starts = u.Kind == gateway.UpdateCommand && u.Command == commandStart
	if v.Starts && gateway.StartPayload(u.Payload) { // else the person wrote more behind the command than a link can
		v.Payload = u.Payload
	}
	if u.Kind == gateway.UpdateCommand && u.Command == commandStop {
		v.Connection, v.Reason = gateway.Disconnected, gateway.ReasonStopped
	}
	v.Chosen = chosenLanguage(u)
	v.Forget = u.Kind == gateway.UpdateButton && u.Text == forgetMark
	if u.Kind == gateway.UpdateContact {
		v.Phone, v.Note = provedPhone(u)
	}
	if code, ok := messaging.CodeIn(u.Text); ok && u.Kind == gateway.UpdateText && !u.Forwarded {
		v.CheckCode = func(ask gateway.MessageID, kept gateway.CodeHash) bool {
			made := messaging.HashCode(ask, code)
			return subtle.ConstantTimeCompare(made[:], kept[:]) == 1
		}
	}
	switch {
	case u.Kind == gateway.UpdateButton:
		v.Evidence, v.EvidenceOf = gateway.EvidenceButton, u.MessageID
	case u.ReplyTo != 0:
		v.Evidence, v.EvidenceOf = gateway.EvidenceReply, u.ReplyTo
	}
	v.Message = i.line(raw, u)
	return v
}

// judgeChat decides what an update from a group or channel means: whether the bot may write there, and under which id. What
// people say to one another there is not ours to keep.
func (i *Inbox) judgeChat(raw gateway.RawUpdate, u gateway.Update) gateway.Verdict {
	if u.MigratedTo != 0 {
		return gateway.Verdict{Migrated: gateway.Migration{From: u.ChatID, To: u.MigratedTo}}
	}
	if u.Kind != gateway.UpdateMembership || u.ChatID >= 0 {
		return gateway.Verdict{Note: NoteNotPrivate}
	}
	at := happened(u, raw)
	v := gateway.Verdict{
		Subscriber: &gateway.Subscriber{
			ID: i.ids.Subscriber(), AccountID: raw.AccountID, BotID: raw.BotID, Kind: u.Chat, PlatformID: u.ChatID, ChatID: u.ChatID, FirstName: u.Title,
		},
		Seen:       gateway.UpdateMark{At: at, UpdateID: u.UpdateID},
		Connection: gateway.Connected,
	}
	if !u.Member {
		v.Connection, v.Reason = gateway.Disconnected, gateway.ReasonChatLost
	}
	return v
}

// line is what History keeps of an update.
func (i *Inbox) line(raw gateway.RawUpdate, u gateway.Update) *gateway.Message {
	return &gateway.Message{
		ID: i.ids.Message(), AccountID: raw.AccountID, BotID: raw.BotID, Direction: gateway.In, Kind: u.Kind,
		Text: u.Text, State: gateway.Received, CreatedAt: raw.ReceivedAt, UpdatedAt: raw.ReceivedAt,
	}
}

// happened is the messenger's time of the update. One without a time, or from the future, happened when it came.
func happened(u gateway.Update, raw gateway.RawUpdate) time.Time {
	if u.At.IsZero() || u.At.After(raw.ReceivedAt) {
		return raw.ReceivedAt
	}
	return u.At
}

func (i *Inbox) person(raw gateway.RawUpdate, u gateway.Update, at time.Time) *gateway.Subscriber {
	s := &gateway.Subscriber{
		ID: i.ids.Subscriber(), AccountID: raw.AccountID, BotID: raw.BotID, PlatformID: u.Person.PlatformID, ChatID: u.ChatID,
		Username: u.Person.Username, FirstName: u.Person.FirstName, LastName: u.Person.LastName, Language: u.Person.Language,
	}
	if s.Username != "" {
		s.UsernameSeenAt = at
	}
	return s
}

// provedPhone is the phone that a shared contact proves: the sender's own, and not forwarded.
func provedPhone(u gateway.Update) (e164, note string) {
	switch {
	case u.Contact == nil || u.Contact.PlatformID != u.Person.PlatformID:
		return "", NoteContactNotOwn
	case u.Forwarded:
		return "", NoteContactForwarded
	}
	e164, err := phone.FromContact(u.Contact.Phone)
	switch {
	case errors.Is(err, phone.ErrAnonymous):
		return "", NoteContactAnonymous
	case err != nil:
		return "", NoteContactInvalid
	default:
		return e164, ""
	}
}
