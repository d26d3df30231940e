package gateway

import (
	"context"
	"strings"
	"time"
)

// Platform is a messenger.
type Platform string

// Telegram is the platform of Telegram bots.
const Telegram Platform = "telegram"

// Network is where a bot of a platform lives.
type Network string

const (
	NetworkReal    Network = "real"    // the messenger's own servers
	NetworkSandbox Network = "sandbox" // the installation's sandbox
)

// Intake is how updates of a bot reach us.
type Intake string

const (
	IntakeWebhook Intake = "webhook" // the messenger calls our public listener
	IntakePolling Intake = "polling" // one of our processes asks the messenger
)

// BotState is whether a bot works.
type BotState string

const (
	BotActive   BotState = "active"   // sends and receives
	BotRevoked  BotState = "revoked"  // its token was refused: it neither sends nor receives until it gets a new one
	BotConflict BotState = "conflict" // another program receives its updates; sending works
)

// Bot is a messenger bot of an account.
type Bot struct {
	ID            BotID
	AccountID     AccountID
	Platform      Platform
	Network       Network
	PlatformID    int64  // the bot's user id at the messenger
	Username      string // without @
	Name          string
	SealedToken   []byte // opens with the bot's id as context
	WebhookSecret Secret
	Intake        Intake
	State         BotState
	StateReason   string // words for the owner when the state is not active
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// BotProfile is what the messenger says about the owner of a token.
type BotProfile struct {
	PlatformID int64
	Username   string
	Name       string
}

// BotStore keeps bots.
type BotStore interface {
	CreateBot(ctx context.Context, b Bot) error
	Bot(ctx context.Context, account AccountID, id BotID) (Bot, error)
	BotByUsername(ctx context.Context, account AccountID, username string) (Bot, error)
	BotByPlatformID(ctx context.Context, account AccountID, platform Platform, network Network, id int64) (Bot, error)
	Bots(ctx context.Context, account AccountID, p Page) (List[Bot], error)
	// ReplaceToken gives a bot its new token and makes it active again.
	ReplaceToken(ctx context.Context, b Bot) error
	// SetBotState writes what the token of b brought; a bot that has a newer token meanwhile is left as it is.
	SetBotState(ctx context.Context, b Bot, state BotState, reason string, at time.Time) error
}

// sandboxSecret begins the secret part of every sandbox token. Telegram's own never begin so.
const sandboxSecret = "SBX"

// maxToken bounds a bot token: digits of a 64-bit id, a colon and 35 characters, with room for change.
const maxToken = 100

// NetworkOf tells from a bot token on which network the bot lives, and whether it looks like a token at all.
func NetworkOf(token Secret) (network Network, ok bool) {
	id, secret, found := strings.Cut(token.Reveal(), ":")
	if !found || id == "" || len(secret) < 30 || len(token) > maxToken {
		return "", false
	}
	for _, r := range id {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	for _, r := range secret {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-') {
			return "", false
		}
	}
	if strings.HasPrefix(secret, sandboxSecret) {
		return NetworkSandbox, true
	}
	return NetworkReal, true
}

// Registrar talks to a messenger about a bot itself. A failure is always a *DeliveryError.
type Registrar interface {
	// Identify asks who the token belongs to.
	Identify(ctx context.Context, network Network, token Secret) (BotProfile, error)
	// UseWebhook makes the messenger call url with the bot's webhook secret.
	UseWebhook(ctx context.Context, b Bot, url string) error
	// UsePolling takes a webhook away, keeping what waits there.
	UsePolling(ctx context.Context, b Bot) error
}

// TokenBound is what a bot's sealed token is bound to.
func (id BotID) TokenBound() string { return "bots.token/" + string(id) }
