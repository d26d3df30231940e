package gateway

import (
	"context"
	"time"
)

// Channel is a way to a person.
type Channel string

// ChannelTelegram is a message of a Telegram bot.
const ChannelTelegram Channel = "telegram"

// Leg is one attempt of an outgoing message over one channel.
type Leg struct {
	ID        LegID
	MessageID MessageID
	AccountID AccountID
	Number    int // from 1, in the order of the cascade
	Channel   Channel
	State     LegState
	Reason    Reason

	// Intent is when a call to the messenger was announced, zero if none is open. An intent without an outcome
	// after a crash means that nobody knows whether the person got the message.
	Intent   time.Time
	Attempts int // calls announced so far

	Slot time.Time // when its turn to be sent comes, zero if it holds none

	NotBefore time.Time // when the hours begin in which it may be sent, or since when it waits for its bot or account; zero if for neither

	Plain bool // the messenger refused the markup: it is sent without

	ChatID            int64 // where it was sent
	PlatformMessageID int64 // what the messenger calls it
	SettledAt         time.Time

	// Until is the evidence that ends the cascade here; the next leg starts when it has not come within Within after
	// this one was accepted.
	Until  Until
	Within time.Duration

	Provider   string // of an SMS
	ProviderID string // what the provider calls the SMS
	Segments   int

	Price Amount // what it costs if it is accepted, in the currency of its message; of an SMS maybe a guess: see Delivery.Guessed
	Cost  Amount // what it cost: the price once it was accepted, nothing before
}

// Until is how far a leg must get for the legs after it not to be needed.
type Until string

// Levels of Until, each harder to reach than the one before.
const (
	UntilAccepted  Until = "accepted"
	UntilDelivered Until = "delivered"
	UntilRead      Until = "read"
	UntilReplied   Until = "replied"
)

// Delivery is everything that is known about an outgoing message when its next step is decided.
type Delivery struct {
	Message    Message
	Bot        Bot
	Leg        Leg         // the one that is on its way or comes next; the last one if none does
	Legs       []Leg       // all, in the order of the cascade
	Subscriber *Subscriber // the person that the address names on this bot, nil if there is none
	Links      []ReadLink  // of the message
	Slots      Slots       // of the bot and the person's chat
	Sequence   int         // of the message's last event
	Prices     *PriceList  // of now, if the leg's price was a guess: see Guessed
	Suspended  bool        // its account rests
	Lapsed     bool        // the phone that it is addressed to named somebody who has not renewed its proof
	Before     State       // of the reply of the same chat that goes out first; empty if there is none
	Promised   Promise     // to this attempt
	Promises   Promises    // to others of the bot
}

// Outcome is a message with its legs, as it settled. An empty one says only that it did.
type Outcome struct {
	Message Message
	Legs    []Leg
}

// Open tells whether a leg still waits to be tried or answered.
func (d Delivery) Open() bool {
	for _, l := range d.Legs {
		if l.State == LegPending {
			return true
		}
	}
	return false
}

// After returns the leg that comes after l.
func (d Delivery) After(l Leg) (next Leg, ok bool) {
	for _, n := range d.Legs {
		if n.Number > l.Number && n.State == LegPending {
			return n, true
		}
	}
	return Leg{}, false
}

// Reached tells whether any leg was accepted.
func (d Delivery) Reached() bool {
	for _, l := range d.Legs {
		if l.State == LegAccepted || l.State == LegDelivered || l.State == LegRead {
			return true
		}
	}
	return false
}

// Guessed tells whether the price of the leg that comes next was a guess when the message was accepted: what an SMS costs
// depends on the number, which somebody who is named otherwise may tell or change later, and on the text, which may have been
// translated.
func (d Delivery) Guessed() bool {
	return d.Leg.Channel == ChannelSMS && d.Leg.State == LegPending && d.Leg.Attempts == 0 && d.Message.Currency != "" &&
		(d.Message.To.Kind != AddressPhone || d.Message.Translation.Text != "")
}

// Phone is where an SMS of this message goes: the number that it was addressed to, or the proved one of the person.
func (d Delivery) Phone() string {
	switch {
	case d.Message.To.Kind == AddressPhone:
		return d.Message.To.Value
	case d.Subscriber != nil:
		return d.Subscriber.Phone
	default:
		return ""
	}
}

// Changed returns the legs as they stand after the change.
func (d Delivery) Changed(c Change, at time.Time) []Leg {
	legs := make([]Leg, len(d.Legs))
	for i, l := range d.Legs {
		switch {
		case c.Leg != nil && l.ID == c.Leg.ID:
			l = *c.Leg
		case c.SkipRest && l.State == LegPending && l.Intent.IsZero():
			l.State, l.SettledAt = LegSkipped, at
		}
		legs[i] = l
	}
	return legs
}

// Change is what a decision writes, in one transaction. The zero Change writes nothing.
type Change struct {
	State        State   // the message's next state; empty leaves it
	Reason       Reason  // of the next state
	Leg          *Leg    // the leg as it shall stand; nil leaves it
	Price        *Amount // the most that the message may cost, once a guess turned out wrong
	SkipRest     bool    // legs that have not begun are not needed any more
	Evidence     *Evidence
	Subscriber   SubscriberID
	Slots        *Slots // of the bot and the chat, as they shall stand; nil leaves them
	Refused      bool   // the messenger said 429: counted
	Disconnect   Reason // the person turned out to be disconnected, for this reason
	Migrate      int64  // the person's chat is now this one
	RevokedToken []byte // the sealed token that was refused: a newer one stays good
	RevokeBot    string // the bot's token turned out to be refused: words for its owner
	Handle       string // what the messenger calls the file of the message from now on
	ForgetHandle bool   // the messenger does not know that name any more
	Events       []Event
	Translated   *Translated
}

// Empty tells whether the change writes nothing.
func (c Change) Empty() bool {
	return c.State == "" && c.Leg == nil && !c.SkipRest && c.Evidence == nil && c.Slots == nil && c.Subscriber == "" && c.Disconnect == "" && c.Migrate == 0 &&
		c.RevokeBot == "" && c.Handle == "" && !c.ForgetHandle && len(c.Events) == 0 && c.Translated == nil
}

// Alone tells whether the change is about the message and its legs only, and so needs nothing but them.
func (c Change) Alone() bool {
	return c.Slots == nil && c.Disconnect == "" && c.Migrate == 0 && c.RevokeBot == "" && c.Handle == "" && !c.ForgetHandle
}

// DeliveryStore moves messages. Every change of an outgoing message's state goes through it.
type DeliveryStore interface {
	// ChangeDelivery locks the message, lets decide look at it and writes what it returns.
	ChangeDelivery(ctx context.Context, account AccountID, id MessageID, decide func(Delivery) (Change, error)) (Delivery, error)
	// ChangeUnmoved writes the change if it is Alone and nothing has happened to the message since it was seen, in one
	// statement that reads and locks nothing before. Otherwise it writes nothing and tells so: then use ChangeDelivery.
	ChangeUnmoved(ctx context.Context, seen Delivery, change Change) (changed Delivery, done bool, err error)
}

// Waker is told, after the commit, that somebody else than a message's workflow has changed what it waits for: evidence
// came, a report, or its sender took it back. It must not block and may do nothing: the workflow looks by itself when its
// timer ends.
type Waker interface {
	WakeDelivery(account AccountID, id MessageID)
}

// QueueStats are what waits for its turn.
type QueueStats struct {
	Waiting map[Lane]int           // messages that hold a slot in the future
	Next    map[Lane]time.Duration // until the turn of the first of them
	Last    map[Lane]time.Duration // until that of the last
	Refused int64                  // 429s ever
	Blocked int                    // bots that a messenger asked to wait
}

// OutboxItem is a message that has not ended, and of which nobody knows yet that Temporal has its workflow.
type OutboxItem struct {
	AccountID AccountID
	MessageID MessageID
	Lane      Lane
	QueuedAt  time.Time
	Attempts  int
}

// OutboxStore hands out messages whose workflow must be started.
type OutboxStore interface {
	// DueOutbox returns items due at now, oldest first by lane, and hides them until hideUntil.
	DueOutbox(ctx context.Context, now, hideUntil time.Time, limit int) ([]OutboxItem, error)
	// DropOutbox removes items whose workflow is known to be started.
	DropOutbox(ctx context.Context, items []OutboxItem) error
	// ReleaseOutbox gives items back whose turn did not come: they are due again.
	ReleaseOutbox(ctx context.Context, items []OutboxItem, now time.Time) error
	// RequeueForgotten puts messages back that nobody has touched since before, though a leg of theirs is open: their
	// workflow may be lost. It tells how many.
	RequeueForgotten(ctx context.Context, now, before time.Time) (int64, error)
	// OutboxDepth counts what waits, with the age of the oldest.
	OutboxDepth(ctx context.Context, now time.Time) (count int, oldest time.Duration, err error)
}

// Outgoing is one call to a messenger.
type Outgoing struct {
	Bot       Bot
	ChatID    int64
	Text      string
	Format    Format // of the text
	Buttons   [][]Button
	NoPreview bool // links are not opened for a preview
	AskPhone  bool // with a button that shares the person's phone
	Media     *Attachment
	Silent    bool // without a sound
	Protected bool // cannot be forwarded or saved
}

// Receipt is the word of a messenger, or of an SMS provider, that it took a message.
type Receipt struct {
	ChatID            int64
	PlatformMessageID int64
	Handle            string // what the messenger calls the file that it carried

	Provider   string
	ProviderID string
	Segments   int
}

// Messenger sends. A failure is always a *DeliveryError.
type Messenger interface {
	Send(ctx context.Context, out Outgoing) (Receipt, error)
	// Edit changes a message that stands in a chat.
	Edit(ctx context.Context, a Alteration) error
	// Delete takes it away.
	Delete(ctx context.Context, a Alteration) error
	// AnswerButton stops the waiting sign on a pressed button, and shows the person a notice if it is not empty.
	AnswerButton(ctx context.Context, b Bot, callbackID, notice string) error
}

// Class is what a refusal means for us.
type Class string

// Classes of refusals.
const (
	ClassUnsubscribed  Class = "unsubscribed"   // the person blocked the bot
	ClassGone          Class = "gone"           // the person's account is deleted
	ClassNotSubscribed Class = "not_subscribed" // the person never started the bot
	ClassChatLost      Class = "chat_lost"      // the bot is no longer in the chat
	ClassMigrated      Class = "migrated"       // the chat has another id now
	ClassMarkup        Class = "markup"         // the markup was not understood
	ClassContent       Class = "content"        // the text, the buttons or the file were refused
	ClassHandle        Class = "handle"         // the messenger does not know the file by the name that it gave it
	ClassNoFile        Class = "no_file"        // the file was removed here before it was sent
	ClassThrottled     Class = "throttled"      // wait, the whole bot
	ClassConflict      Class = "conflict"       // another program uses this bot
	ClassRevoked       Class = "revoked"        // the token is no longer good
	ClassUnavailable   Class = "unavailable"    // not taken for certain; try again later
	ClassUnknown       Class = "unknown"        // the request had left and the answer was lost
	ClassStale         Class = "stale"          // too late to matter: ignore
	ClassNotModified   Class = "not_modified"   // the message shows that already
	ClassMessageGone   Class = "message_gone"   // the message does not stand in the chat any more
	ClassTooLate       Class = "too_late"       // the message cannot be changed or taken away any more
	ClassDefect        Class = "defect"         // the messenger did not understand us
)

// DeliveryError is a refusal, with the facts that decide what happens next.
type DeliveryError struct {
	Class      Class
	HTTPStatus int           // 0 if there was no answer
	RetryAfter time.Duration // of ClassThrottled
	MigrateTo  int64         // of ClassMigrated
	Text       string        // the messenger's own words, bounded, never with a token
	Err        error         // for the log only
}

func (e *DeliveryError) Error() string {
	if e.Text != "" {
		return string(e.Class) + ": " + e.Text
	}
	return string(e.Class)
}

func (e *DeliveryError) Unwrap() error { return e.Err }
