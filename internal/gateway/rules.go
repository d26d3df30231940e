package gateway

import (
	"context"
	"time"
)

// MaxRules bounds the source of a rule file, in bytes.
const MaxRules = 256 << 10

// RuleVersion is one stored version of a bot's rule file. It never changes.
type RuleVersion struct {
	AccountID  AccountID
	BotID      BotID
	Version    int // from 1
	Source     string
	Bytes      int      // length of Source, also where Source is left out
	Hash       [32]byte // SHA-256 of Source
	Raises     []string // events from our own side that its rules are about: read, undelivered
	Author     KeyID    // the API key that published it
	AuthorName string   // of the key, as it is called now
	Note       string
	CreatedAt  time.Time
	Active     bool
}

// RuleActivation is one line of the history of which version answered.
type RuleActivation struct {
	Sequence   int
	Version    int // 0: the rules were switched off
	Author     KeyID
	AuthorName string
	At         time.Time
}

// RuleStore keeps rule files.
type RuleStore interface {
	// PublishRules stores the source as the next version and, if wanted, makes it answer. A source that equals the newest
	// version makes no other one.
	PublishRules(ctx context.Context, v RuleVersion, activate bool) (RuleVersion, error)
	// ActivateRules makes a version answer from the next update on; version 0 switches the rules off.
	ActivateRules(ctx context.Context, account AccountID, bot BotID, version int, author KeyID, at time.Time) error
	// ActiveRules returns the version that answers. ErrRulesNotFound if none does.
	ActiveRules(ctx context.Context, account AccountID, bot BotID) (RuleVersion, error)
	RuleVersion(ctx context.Context, account AccountID, bot BotID, version int) (RuleVersion, error)
	RuleSource(ctx context.Context, account AccountID, bot BotID, version int) (string, error)
	// RuleVersions lists versions without their sources, newest first; before is the last version of the page before.
	RuleVersions(ctx context.Context, account AccountID, bot BotID, before, limit int) ([]RuleVersion, error)
	RuleActivations(ctx context.Context, account AccountID, bot BotID, limit int) ([]RuleActivation, error)
	// StoredVerdict returns what rules decided about a message. ErrVerdictNotFound if no rules were active.
	StoredVerdict(ctx context.Context, account AccountID, id MessageID) (StoredVerdict, error)
	// Answers are the messages that went out because of a message, in their order.
	Answers(ctx context.Context, account AccountID, cause MessageID) ([]Message, error)
	// Recorded returns what people wrote to a bot since a moment, oldest first, after the message named after.
	Recorded(ctx context.Context, account AccountID, bot BotID, since time.Time, after MessageID, limit int) ([]RecordedMessage, error)
	CountRecorded(ctx context.Context, account AccountID, bot BotID, since time.Time) (int, error)
	// Conversation reads what rules see of a person now.
	Conversation(ctx context.Context, account AccountID, person Subscriber) (Conversation, error)
}

// PersonState is what the rules of an account keep about a person.
type PersonState struct {
	Messages  int // that the person wrote
	Tags      []string
	Fields    Fields
	Fired     map[string]time.Time // when a guarded rule fired last, by its name
	Muted     time.Time            // no automatic replies until then
	RepliedAt []time.Time          // the latest automatic replies
	LastReply MessageID            // the next reply goes out after it
}

// Conversation is what rules see of a person beside an update.
type Conversation struct {
	Person Subscriber // as the account may see them: whoever only uses a bot sees no phone
	Phoned bool       // a phone of the person is known, seen or not
	Since  time.Time  // when the person was first seen
	State  PersonState
	Last   *Message // that went to the person last; nil if none did

	New     bool         // seen for the first time
	Code    CodeOutcome  // of a code that the update brings; empty: it brings none that was asked for
	Claim   ClaimOutcome // of a phone that the person wrote; empty: nobody had asked for one
	Foreign bool         // that phone is for the bot's owner, and none of the account's business
	ReplyTo MessageID    // our message that the update answers, or whose button was pressed
}

// Answer is what rules decided about one update. It is written in one transaction with the update's end.
type Answer struct {
	Version     int
	Event       string    // of an update from our own side: read, undelivered; else empty
	About       MessageID // the message that the verdict is stored with
	Rules       []string  // that matched
	Note        string    // why something was left out: muted, loop, ...
	Input       []byte    // what the rules saw, as JSON
	Effects     []byte    // what they asked for, as JSON
	State       PersonState
	Messages    []NewMessage
	Ask         *PhoneAsk // that some of the messages are; nil: they are none
	Events      []AccountEvent
	Language    string   // in which the person wrote
	TranslateTo string   // the language in which History and handlers want what the person wrote
	Keep        []string // terms that come through that translation as they are
	Failure     string   // the rules broke off: words for the operator; the update is put aside, and nothing else is done
}

// NewMessage is a message with all that is stored with it.
type NewMessage struct {
	Message Message
	Legs    []Leg
	Links   []ReadLink
}

// StoredVerdict is an Answer as it was stored.
type StoredVerdict struct {
	MessageID MessageID
	Event     string
	AccountID AccountID
	BotID     BotID
	Version   int
	Rules     []string
	Note      string
	Input     []byte
	Effects   []byte
	CreatedAt time.Time
}

// RecordedMessage is what a person wrote, with what rules saw of it then: nothing if none were active.
type RecordedMessage struct {
	Message Message
	Input   []byte
	Rules   []string
}

// Names of the events that rules may be about and that come from our own side.
const (
	OwnRead        = "read"        // the person read a message
	OwnUndelivered = "undelivered" // a message did not reach the person
)
