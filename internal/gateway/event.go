package gateway

import (
	"context"
	"encoding/json"
	"time"
)

// AccountEventKind is what happened in an account: noun.verb. There are more than those named here: a rule may tell about
// things of its own.
type AccountEventKind string

// Kinds of events. Those of people and bots are written by the database with the change that they tell about.
const (
	SubscriberConnected    AccountEventKind = "subscriber.connected"     // started the bot, or unblocked it
	SubscriberDisconnected AccountEventKind = "subscriber.disconnected"  // blocked the bot, or the account is gone
	SubscriberPhoneProved  AccountEventKind = "subscriber.phone_proved"  // proved a phone, for the first time or once more
	SubscriberPhoneChanged AccountEventKind = "subscriber.phone_changed" // proved another phone than before
	SubscriberPhoneLost    AccountEventKind = "subscriber.phone_lost"    // somebody else proved the phone later
	SubscriberPhoneLapsed  AccountEventKind = "subscriber.phone_lapsed"  // its proof grew too old and was not renewed

	SubscriberForgotten AccountEventKind = "subscriber.forgotten" // everything that names them is erased
	SubscriberLinked    AccountEventKind = "subscriber.linked"    // known by an id of the sender's
	SubscriberUnlinked  AccountEventKind = "subscriber.unlinked"  // that id names somebody else now, or nobody

	ChatConnected    AccountEventKind = "chat.connected"    // a group or channel took the bot in
	ChatDisconnected AccountEventKind = "chat.disconnected" // it threw the bot out
	ChatMigrated     AccountEventKind = "chat.migrated"     // it has another id at the messenger

	BotAdded         AccountEventKind = "bot.added"          // registered
	BotTokenReplaced AccountEventKind = "bot.token_replaced" // has another token, or was connected anew
	BotWasPaused     AccountEventKind = "bot.paused"         // its owner rests it
	BotResumed       AccountEventKind = "bot.resumed"        // its owner lets it work again
	BotWasRemoved    AccountEventKind = "bot.removed"        // its owner took it away
	BotInConflict    AccountEventKind = "bot.conflict"       // another program receives the bot's updates
	BotWasRevoked    AccountEventKind = "bot.revoked"        // the bot's token was refused
	BotRecovered     AccountEventKind = "bot.recovered"      // the bot works again after a conflict or with its new token
	BotLagging       AccountEventKind = "bot.lagging"        // updates pile up at the messenger
	BotCaughtUp      AccountEventKind = "bot.caught_up"      // they do no longer
)

// AccountEvent is something that happened in an account and that a program of its owner may want to know.
type AccountEvent struct {
	ID           EventID // empty: the store makes one
	AccountID    AccountID
	Kind         AccountEventKind
	At           time.Time
	BotID        BotID           // empty: about no bot
	SubscriberID SubscriberID    // empty: about no person
	MessageID    MessageID       // empty: about no message
	Label        string          // the sender's own word, as on a message
	Data         json.RawMessage // a JSON object with more, at most 64 KiB; nil is an empty one
}

// AccountEventFilter narrows a list of events; zero values mean any.
type AccountEventFilter struct {
	Kind         AccountEventKind // one kind, or all of a noun: "bot.*"
	BotID        BotID
	SubscriberID SubscriberID
	Label        string
}

// AccountEventStore reads events. They are stored in the transaction of what they tell about.
type AccountEventStore interface {
	// AccountEvents lists them, newest first.
	AccountEvents(ctx context.Context, account AccountID, f AccountEventFilter, p Page) (List[AccountEvent], error)
}
