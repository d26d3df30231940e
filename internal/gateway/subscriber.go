package gateway

import (
	"context"
	"strings"
	"time"
)

// Connection is whether a bot may write to a person.
type Connection string

const (
	Connected    Connection = "connected"    // started the bot and has not blocked it
	Disconnected Connection = "disconnected" // blocked the bot, or the account is gone
)

// PhoneProof is how a phone was proved.
type PhoneProof string

const (
	ProofContact PhoneProof = "contact" // the person shared their own contact in a private chat, not forwarded
	ProofSMS     PhoneProof = "sms"     // the person wrote to the bot the code that an SMS brought to the phone
	ProofImport  PhoneProof = "import"  // the owner of the bot says when it was proved to another program
)

// SubscriberKind is what is connected to a bot.
type SubscriberKind string

const (
	KindPerson     SubscriberKind = "person"
	KindGroup      SubscriberKind = "group"
	KindSupergroup SubscriberKind = "supergroup"
	KindChannel    SubscriberKind = "channel"
	KindForgotten  SubscriberKind = "forgotten" // was a person; nothing of them is left but their id here
)

// EarlierName is what a person was called before.
type EarlierName struct {
	Username  string
	FirstName string
	LastName  string
	Until     time.Time // when another name was first seen
}

// ProvedPhone is one proof of a phone of a person.
type ProvedPhone struct {
	Phone  string
	Proof  PhoneProof
	At     time.Time
	Closed time.Time // when it stopped to count; zero: it counts
	Lapsed bool      // it was not renewed in time
}

// Subscriber is one person connected to one bot; or a group or channel that took the bot in.
type Subscriber struct {
	Kind           SubscriberKind // empty: a person
	ID             SubscriberID
	AccountID      AccountID
	BotID          BotID
	PlatformID     int64  // the person's user id at the messenger: what #id names; of a chat the id under which it was first known
	ExternalID     string // what the sender calls the person: what ext:id names
	ChatID         int64
	Username       string // without @, as last seen
	UsernameSeenAt time.Time
	FirstName      string // of a chat: its title
	LastName       string
	Language       string // a BCP 47 tag, may be empty: of the app, unless another one was chosen
	Chosen         string // the language that was chosen for the person; empty: the app's counts
	Timezone       string // of the IANA database, may be empty
	Phone          string // E.164, empty if not proved
	PhoneProof     PhoneProof
	PhoneProvedAt  time.Time
	PhoneLapsedAt  time.Time // when the phone was lost that was not proved anew in time; zero: none was
	ReconfirmDue   time.Time // when the proof grew too old about which the person is being asked; zero: nobody asks
	Connection     Connection
	Reason         Reason // why disconnected: blocked, deactivated, ...
	StartPayload   string // of the last /start that had one
	ConnectedAt    time.Time
	DisconnectedAt time.Time
	LastSeenAt     time.Time
	Tags           []string      // filled in where subscribers are listed or read one by one
	Fields         Fields        // likewise
	Names          []EarlierName // filled in where one is read
	Proofs         []ProvedPhone // likewise, newest first
}

// Name is what the person calls themselves.
func (s Subscriber) Name() string {
	switch {
	case s.FirstName != "" && s.LastName != "":
		return s.FirstName + " " + s.LastName
	case s.FirstName != "":
		return s.FirstName
	default:
		return s.Username
	}
}

// maxExternalID bounds an id of the sender's, in characters.
const maxExternalID = 128

// ExternalID tells whether a text can be an id of the sender's: printable ASCII without spaces.
func ExternalID(id string) bool {
	return id != "" && len(id) <= maxExternalID && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// maxPayload bounds a payload in characters.
const maxPayload = 64

// StartPayload tells whether a text can be the payload of a link: Telegram takes 1 to 64 of A-Z, a-z, 0-9, _ and -.
func StartPayload(text string) bool {
	return text != "" && len(text) <= maxPayload && !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	})
}

// SubscriberFilter narrows a list of subscribers; zero values mean any.
type SubscriberFilter struct {
	Phone      string
	Username   string
	PlatformID int64
	Connection Connection
	Kind       SubscriberKind // person, or "chat" for all that are none
	HasPhone   string         // yes or no
	ExternalID string
	Tag        string
	Language   string // en is en-GB, too
	Name       string // a part of what the person is called
}

// SubscriberChange is what a sender says about a person; nil leaves things as they are.
type SubscriberChange struct {
	Tags       []string // all of them; empty and not nil removes them
	Fields     Fields   // to set; a nil value removes the field
	ExternalID *string
	Language   *string
	Timezone   *string
}

// ConnectLink is a link that tells which of the sender's people it is for.
type ConnectLink struct {
	AccountID  AccountID
	BotID      BotID
	Token      string // what people hold
	ExternalID string
	CreatedAt  time.Time
}

// connectMark begins the payload of every connect link.
const connectMark = "c_"

// ConnectToken tells whether a payload is the token of a connect link.
func ConnectToken(payload string) bool {
	return strings.HasPrefix(payload, connectMark) && len(payload) == len(connectMark)+20
}

// Connect returns a token for a connect link: 100 random bits.
func (g *IDs) Connect() string { return connectMark + g.Token() }

// SubscriberStore reads the subscriber base, and changes what senders say about people. The rest is written by the inbox and by
// delivery outcomes.
type SubscriberStore interface {
	Subscriber(ctx context.Context, account AccountID, bot BotID, id SubscriberID) (Subscriber, error)
	Subscribers(ctx context.Context, account AccountID, bot BotID, f SubscriberFilter, p Page) (List[Subscriber], error)
	// ChangeSubscriber writes what a sender says. check sees the person with all tags and fields as they would be, and may refuse.
	ChangeSubscriber(ctx context.Context, account AccountID, bot BotID, id SubscriberID, c SubscriberChange, check func(Subscriber) error) (Subscriber, error)
	// Forget makes a person unknown at once, and leaves the rest to Erase. Whoever is forgotten already stays so.
	Forget(ctx context.Context, account AccountID, bot BotID, id SubscriberID, at time.Time) error
	// Import writes all people or, after an error, none. Two imports into one bot do not go at the same time. It tells which
	// messages waited for a proof that the import brought.
	Import(ctx context.Context, i Import) (counts ImportCounts, freed []MessageRef, err error)
	// ForgetPhone forgets whoever proved the phone on bots of the account, and has erased what else it has of the phone, though
	// nobody may have proved it.
	ForgetPhone(ctx context.Context, account AccountID, phone string, at time.Time) ([]SubscriberID, error)
	// CreateConnectLink stores a link.
	CreateConnectLink(ctx context.Context, l ConnectLink) error
}
