package gateway

import (
	"context"
	"strings"
	"time"
)

// Direction of a message.
type Direction string

const (
	Out Direction = "out" // from an account to a person
	In  Direction = "in"  // from a person to a bot
)

// Lane is who goes first when a bot has more to send than it may.
type Lane string

const (
	LaneCode    Lane = "code"    // one-time codes
	LaneService Lane = "service" // notices about something the person did
	LaneBulk    Lane = "bulk"    // many people at once
)

// OnUnknown is what to do when the messenger's answer was lost.
type OnUnknown string

const (
	Resend OnUnknown = "resend" // a second copy is harmless
	Hold   OnUnknown = "hold"   // never send twice: report unknown
)

// AddressKind is a form in which a recipient may be named.
type AddressKind string

const (
	AddressPhone    AddressKind = "phone"    // +380501234567
	AddressUsername AddressKind = "username" // @anna
	AddressPlatform AddressKind = "platform" // #123456, the user id at the messenger
	AddressExternal AddressKind = "external" // ext:42, the sender's own id of the person
	AddressChat     AddressKind = "chat"     // chat:-100123, a group or channel that took the bot in
)

// Address is a recipient as addressed, normalised: E.164, lower-case name without @, digits.
type Address struct {
	Kind  AddressKind
	Value string
}

// String writes the address as a sender would.
func (a Address) String() string {
	switch a.Kind {
	case AddressUsername:
		return "@" + a.Value
	case AddressPlatform:
		return "#" + a.Value
	case AddressExternal:
		return "ext:" + a.Value
	case AddressChat:
		return "chat:" + a.Value
	default:
		return a.Value
	}
}

// Button is one button under a message: Data comes back when it is pressed, URL is opened, WebApp is the address of a Mini
// App that opens inside the messenger.
type Button struct {
	Text   string `json:"text"`
	Data   string `json:"data,omitempty"`
	URL    string `json:"url,omitempty"`
	WebApp string `json:"web_app,omitempty"`
}

// Message is one item of History.
type Message struct {
	ID           MessageID
	AccountID    AccountID
	BotID        BotID
	Direction    Direction
	SubscriberID SubscriberID // empty until the recipient is resolved
	To           Address      // as addressed; empty on incoming messages
	Kind         UpdateKind   // of an incoming message: text, command, button, contact, ...
	Text         string
	Format       Format // of the text
	Buttons      [][]Button
	Media        *Media // what it carries besides the text, which is its caption then; nil: nothing
	Silent       bool   // arrives without a sound
	Protected    bool   // cannot be forwarded or saved
	Lane         Lane
	OnUnknown    OnUnknown
	Label        string
	State        State
	Reason       Reason        // why it is in a state that is not success
	Waited       bool          // a sender waits for the outcome: announce it
	NotBefore    time.Time     // when it may be sent at the earliest; zero: at once
	Between      string        // hours of the day in which its legs may begin, such as 09:00-21:00; empty: any
	Timezone     string        // of the hours, where the person's own is not known; empty: UTC
	TimezoneOf   ZoneOwner     // who named it
	MaxPrice     *Amount       // what it may cost at most; nil: anything
	Confirmed    time.Duration // how old the proof of the person's phone may be at most; 0: any
	ConfirmBy    ConfirmBy     // how the person proves it again
	CarriesCode  bool          // the text has a place for a code, which is made when it leaves
	Price        Amount        // the most that it may cost as planned
	Cost         Amount        // what its accepted legs cost
	Currency     string        // of the prices; empty while the installation has no price list
	Note         string        // for the first line of its story; known only when it is made
	ReadLink     string        // the address behind the link that proves reading; empty: none
	Evidence     EvidenceKind
	EvidenceAt   time.Time
	EditedAt     time.Time // when its content was last changed in the chat
	DeletedAt    time.Time // when it was taken out of the chat
	ExpiresAt    time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time

	Rule        string     // the rule that sent it; empty if none did
	Cause       MessageID  // the incoming message that it answers
	After       MessageID  // the reply of the same chat that goes out first
	AskPhone    bool       // with a button that shares the person's phone
	Language    string     // in which Text is, if known
	TranslateTo string     // the language that it is wanted in; empty: as it is
	Keep        []string   // terms that come through the translation as they are
	Translation Translated // what came of that
}

// Translated is a text, and the buttons under it, in the language that was wanted.
type Translated struct {
	At         time.Time // zero: not tried yet
	Text       string    // empty: the original stands
	Buttons    [][]Button
	Reason     TranslationReason // why the original stands
	Characters int               // billed
	Keys       []TranslationKey  // under which text and buttons may be kept; written, and not read again
}

// Final is the text that the person gets, and the buttons under it.
func (m Message) Final() (text string, buttons [][]Button) {
	text, buttons = m.Text, m.Buttons
	if m.Translation.Text != "" {
		text = m.Translation.Text
	}
	if m.Translation.Buttons != nil {
		buttons = m.Translation.Buttons
	}
	return text, buttons
}

// Untranslated tells whether a translation is wanted that was not tried yet.
func (m Message) Untranslated() bool { return m.TranslateTo != "" && m.Translation.At.IsZero() }

// HasLinks tells whether the message was given read links: for itself, or in its text.
func (m Message) HasLinks() bool { return m.ReadLink != "" || strings.Contains(m.Text, "{link:") }

// HoldsFile tells whether the message carries a file that lies here.
func (m Message) HoldsFile() bool { return m.Media != nil && m.Media.File != "" }

// ZoneOwner is who named the time zone of a message.
type ZoneOwner string

const (
	ZoneOfMessage ZoneOwner = "message" // its sender
	ZoneOfAccount ZoneOwner = "account" // the account's defaults
)

// Reason is a stable word for why a message or a leg ended as it did.
type Reason string

// Reasons.
const (
	ReasonNeverStarted Reason = "never_started"     // nobody with this address has started the bot
	ReasonBlocked      Reason = "blocked"           // the person blocked the bot
	ReasonStopped      Reason = "stopped"           // the person wants no messages of the bot until they start it again
	ReasonForgotten    Reason = "forgotten"         // the person wanted to be forgotten
	ReasonDeactivated  Reason = "deactivated"       // the person's account is gone
	ReasonChatLost     Reason = "chat_lost"         // the bot is no longer in that chat
	ReasonNameTooOld   Reason = "name_too_old"      // the @name was last seen too long ago for a code
	ReasonPhoneLapsed  Reason = "phone_lapsed"      // its person did not prove the phone again when the bot's owner wanted it
	ReasonContent      Reason = "content_refused"   // the messenger refused the text or the buttons
	ReasonBotRemoved   Reason = "bot_removed"       // its owner took the bot away
	ReasonBotRevoked   Reason = "bot_revoked"       // the bot's token was refused
	ReasonAnswerLost   Reason = "answer_lost"       // it was sent, and the answer never came
	ReasonTTL          Reason = "ttl"               // its lifetime ended first
	ReasonUnavailable  Reason = "unavailable"       // the messenger did not answer
	ReasonThrottled    Reason = "throttled"         // the messenger asked to wait
	ReasonNoPhone      Reason = "no_phone"          // no phone of the recipient is known for an SMS
	ReasonNoProvider   Reason = "no_provider"       // no SMS provider takes messages to this number
	ReasonUndelivered  Reason = "undelivered"       // the operator could not deliver the SMS
	ReasonMessageGone  Reason = "message_gone"      // it does not stand in the chat any more
	ReasonTooLate      Reason = "too_late"          // the messenger does not let it be changed or taken away any more
	ReasonFileGone     Reason = "file_gone"         // the file that it carries was removed before it was sent
	ReasonOverPrice    Reason = "over_max_price"    // it would have cost more than its sender allows
	ReasonUnconfirmed  Reason = "phone_unconfirmed" // the person has not proved the phone lately
	ReasonDefect       Reason = "defect"            // our fault; the log has the cause
)

// MessageFilter narrows History; zero values mean any.
type MessageFilter struct {
	BotID        BotID
	Direction    Direction
	State        State
	SubscriberID SubscriberID
	Label        string
}

// EventKind is what happened to a message.
type EventKind string

// Kinds of events.
const (
	EventQueued     EventKind = "queued"     // accepted from the sender
	EventIntent     EventKind = "intent"     // about to call the messenger
	EventTurn       EventKind = "turn"       // its turn comes later: the bot or the chat has sent as much as it may
	EventThrottled  EventKind = "throttled"  // the messenger asked to wait
	EventRetry      EventKind = "retry"      // the messenger did not answer; once more later
	EventInDoubt    EventKind = "in_doubt"   // a call was begun and nobody knows how it ended
	EventMigrated   EventKind = "migrated"   // the chat moved; sent there
	EventPlainText  EventKind = "plain_text" // the markup was refused; once more without it
	EventNextLeg    EventKind = "next_leg"   // a leg brought nothing: the next one begins
	EventEvidence   EventKind = "evidence"   // proof that the person got it
	EventScheduled  EventKind = "scheduled"  // waits for its time
	EventTranslated EventKind = "translated" // into the language that was wanted, or not, with the reason
	EventEdit       EventKind = "edit"       // its content is to be changed in the chat, or was, or cannot be
	EventDelete     EventKind = "delete"     // it is to be taken out of the chat, or was, or cannot be
	EventErased     EventKind = "erased"     // the person was forgotten: nothing is left of what it said and whom it was for
	EventState      EventKind = "state"      // the state changed
)

// Event is one line of a message's story. Sequence counts from 1 within a message.
type Event struct {
	MessageID MessageID
	Sequence  int
	At        time.Time
	Kind      EventKind
	From      State // of a state change
	State     State // after the event
	Leg       int   // the leg's number, 0 if it is not about one
	Reason    Reason
	Detail    string        // words for a support person, without personal data
	Wait      time.Duration // how long until the next attempt
}

// Conditions are what has to hold for a message to be stored. The zero Conditions always hold.
type Conditions struct {
	Claim  *Claim // no other request holds it: it is taken with the message
	OwnBot bool   // the bot is the account's own, works, and is shared with nobody
}

// MessageStore keeps messages.
type MessageStore interface {
	// AcceptIf stores a new message with its legs, its links, its first event and its outbox row in one transaction. created is
	// false if there is one with that id already, which is left as it is, or if a condition does not hold.
	AcceptIf(ctx context.Context, c Conditions, n NewMessage) (created bool, err error)
	// RefuseMessage stores a message that the policy of shared bots refused: it has ended, and nothing sends it.
	RefuseMessage(ctx context.Context, n NewMessage, words string) (created bool, err error)
	// Links returns the read links of a message, in the order of their numbers.
	Links(ctx context.Context, account AccountID, id MessageID) ([]ReadLink, error)
	Message(ctx context.Context, account AccountID, id MessageID) (Message, error)
	Messages(ctx context.Context, account AccountID, f MessageFilter, p Page) (List[Message], error)
	Events(ctx context.Context, account AccountID, id MessageID) ([]Event, error)
	Legs(ctx context.Context, account AccountID, id MessageID) ([]Leg, error)
	File(ctx context.Context, account AccountID, id FileID) (File, error)
	// HoldFile returns a file, and keeps it at least until then.
	HoldFile(ctx context.Context, account AccountID, id FileID, until time.Time) (File, error)
}
