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

// ReconfirmStore finds people whose proofs are too old.
type ReconfirmStore interface {
	// DueReconfirmations returns people of all bots whose proof is older than the bot's owner wants, and whom nobody asks
	// yet: at most so many, from the cursor on, bot by bot and the oldest proofs first. It reads nobody else.
	DueReconfirmations(ctx context.Context, now time.Time, from ReconfirmCursor, atMost int) (ReconfirmPage, error)
}
