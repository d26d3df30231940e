package gateway

import (
	"context"
	"time"
)

// ReconfirmPolicy is how often the people of a bot prove their phones anew.
type ReconfirmPolicy struct {
	Every       time.Duration // how long a proof is good; 0: for ever, and nobody is asked
	By          ConfirmBy
	RemindAfter time.Duration // the asking
	LapseAfter  time.Duration // the asking, too; longer than RemindAfter
}

// What an owner gets who says nothing else.
const (
	DefaultRemindAfter = 3 * 24 * time.Hour
	DefaultLapseAfter  = 14 * 24 * time.Hour
)

// Reconfirmation is the renewal of one proof of one person.
type Reconfirmation struct {
	AccountID    AccountID // of the bot
	BotID        BotID
	SubscriberID SubscriberID
	Due          time.Time // when the proof grew too old
}

// ReconfirmCursor is where a walk over those whose proofs are too old has come to: everybody up to this proof of this bot.
// The zero cursor is the beginning.
type ReconfirmCursor struct {
	BotID        BotID
	ProvedAt     time.Time
	SubscriberID SubscriberID
}

// ReconfirmPage is one step of such a walk.
type ReconfirmPage struct {
	Due  []Reconfirmation
	Next ReconfirmCursor // to go on from
	More bool            // there may be more
}

// Reconfirming is how far a reconfirmation is.
type Reconfirming struct {
	Person    *Subscriber // nil: there is no such person any more
	Bot       Bot
	Suspended bool         // the bot's account rests
	Asks      []PhoneAsked // by which the person was asked so far, the first one first
}

// PhoneAsked is a person's having been asked.
type PhoneAsked struct {
	At      time.Time
	Reached bool // the messenger took the message, as far as we know
}

// Ask is the next asking of a person: the messages that it consists of, and what must not have changed since it was decided.
type Ask struct {
	PhoneAsk
	Messages []NewMessage
	ProvedAt time.Time // of the proof that is too old
	Asked    int       // how often the person was asked before
	Since    time.Time // an ask that is open and younger takes its place
}

// ReconfirmWaker is told, after the commit, that a person has proved the phone about which they are being asked. It must not
// block and may do nothing: the workflow looks by itself when its timer ends.
type ReconfirmWaker interface {
	WakeReconfirmation(r Reconfirmation)
}

// ReconfirmStore finds people whose proofs are too old, and keeps how far their reconfirmation is. A proof that comes in ends
// it: the inbox writes that.
type ReconfirmStore interface {
	// Reconfirming returns how far it is.
	Reconfirming(ctx context.Context, r Reconfirmation) (Reconfirming, error)
	// AskToReconfirm stores an asking, unless something has changed since: then it stores nothing, and the asking is
	// decided anew. It returns the messages that have to be sent: none if somebody else asked the same lately.
	AskToReconfirm(ctx context.Context, r Reconfirmation, a Ask) (toSend []NewMessage, changed bool, err error)
	// LapsePhone takes the phone from a person who did not answer, unless they did: from then on it names nobody. It
	// stores the notice that tells them, at the time of which that is, and returns the messages that waited for the proof.
	LapsePhone(ctx context.Context, r Reconfirmation, notice NewMessage) (lapsed bool, freed []MessageRef, err error)
	// WithdrawReconfirmation ends it as if nobody had asked. The person is due again once the owner wants it.
	WithdrawReconfirmation(ctx context.Context, r Reconfirmation) error
	// DueReconfirmations returns people of all bots whose proof is older than the bot's owner wants, and whom nobody asks
	// yet: at most so many, from the cursor on, bot by bot and the oldest proofs first. It reads nobody else.
	DueReconfirmations(ctx context.Context, now time.Time, from ReconfirmCursor, atMost int) (ReconfirmPage, error)
}
