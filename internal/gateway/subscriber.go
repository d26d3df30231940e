package gateway

import (
	"context"
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

// ProofContact: the person shared their own contact in a private chat, not forwarded.
const ProofContact PhoneProof = "contact"

// Subscriber is one person connected to one bot.
type Subscriber struct {
	ID             SubscriberID
	AccountID      AccountID
	BotID          BotID
	PlatformID     int64 // the person's user id at the messenger: what #id names
	ChatID         int64
	Username       string // without @, as last seen
	UsernameSeenAt time.Time
	FirstName      string
	LastName       string
	Language       string // of the app, a BCP 47 tag, may be empty
	Phone          string // E.164, empty if not proved
	PhoneProof     PhoneProof
	PhoneProvedAt  time.Time
	Connection     Connection
	Reason         Reason // why disconnected: blocked, deactivated, ...
	StartPayload   string // of the last /start that had one
	ConnectedAt    time.Time
	DisconnectedAt time.Time
	LastSeenAt     time.Time
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

// SubscriberFilter narrows a list of subscribers; zero values mean any.
type SubscriberFilter struct {
	Phone      string
	Username   string
	PlatformID int64
	Connection Connection
}

// SubscriberStore reads the subscriber base. It is written by the inbox and by delivery outcomes.
type SubscriberStore interface {
	Subscriber(ctx context.Context, account AccountID, bot BotID, id SubscriberID) (Subscriber, error)
	Subscribers(ctx context.Context, account AccountID, bot BotID, f SubscriberFilter, p Page) (List[Subscriber], error)
}
