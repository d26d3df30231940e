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
	BotPaused   BotState = "paused"   // its owner rests it: it neither sends nor receives, and what is under way waits
	BotRemoved  BotState = "removed"  // its owner took it away; its messages stay in History
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
	StateReason   string       // words for the owner when the state is not active
	Reclaim       bool         // its owner lets us take it back from another service
	AskPhone      bool         // its greeting after Start asks for the phone
	ContactOnly   bool         // a number that a person writes gets no SMS to prove it
	Commands      []BotCommand // that its owner set through us; nil if never
	Description   string       // what people read before they press Start, as its owner set it through us
	About         string       // the short text on its profile, likewise
	Watch         BotWatch
	Reconfirm     ReconfirmPolicy
	Shared        bool    // all accounts may send by it
	Purpose       Purpose // of a shared one: what it may carry
	Service       string  // of a shared one: the service that it is one name of, empty if it stands alone
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// BotCommand is one line of a bot's menu.
type BotCommand struct {
	Command     string // without the slash
	Description string
}

// BotWatch is what the watchdog saw of a bot.
type BotWatch struct {
	At        time.Time // zero: not yet
	Pending   int       // updates that wait at the messenger
	Growing   int       // in how many looks in a row they grew
	Lagging   bool      // many wait, and their number grows
	HookError string    // why the messenger could not bring the last update, in its words
}

const (
	// laggingFrom is how many updates may wait at the messenger before that is worth an alarm.
	laggingFrom = 50
	// laggingAfter is in how many looks in a row they must have grown.
	laggingAfter = 3
)

// Seen is the watch after a look that found pending updates.
func (w BotWatch) Seen(at time.Time, pending int, hookError string) BotWatch {
	switch {
	case pending > w.Pending && pending >= laggingFrom:
		w.Growing++
	case pending < w.Pending || pending < laggingFrom:
		w.Growing = 0
	}
	w.Lagging = pending >= laggingFrom && (w.Lagging || w.Growing >= laggingAfter)
	w.At, w.Pending, w.HookError = at, pending, hookError
	return w
}

// BotHook is what a messenger says about a bot's webhook.
type BotHook struct {
	URL     string // empty: none, the bot is polled or not connected at all
	Pending int    // updates that wait
	Error   string // of the last call, in the messenger's words; empty if it went well
	Other   bool   // it was set for other kinds of updates than we take
}

// Words for the owner of a bot whose updates do not reach us.
const (
	WordsRevoked  = "The messenger refuses the bot's token: it was revoked at BotFather. Give the bot its new token: herald bots token, or PATCH /v1/bots/{bot}."
	WordsConflict = "The bot is connected to another service; only the last one connected receives messages. Disconnect the other service and Herald goes on by itself, or allow it to take the bot back with reclaim."
)

// BotStats are what metrics tell about a bot.
type BotStats struct {
	ID       BotID
	Username string
	State    BotState
	Pending  int
	Lagging  bool
	Refusals int64 // 429s ever
}

// BotPeople is how many people of a bot are connected, or not.
type BotPeople struct {
	BotID      BotID
	Connection Connection
	Count      int64
}

// BotProfile is what the messenger says about the owner of a token.
type BotProfile struct {
	PlatformID int64
	Username   string
	Name       string
}

// BotUser finds the bots that an account may send by: its own, and the shared ones. It is the one place that decides so.
type BotUser interface {
	UsableBot(ctx context.Context, account AccountID, id BotID) (Bot, error)
	// UsableBotByUsername prefers the account's own.
	UsableBotByUsername(ctx context.Context, account AccountID, username string) (Bot, error)
	UsableBots(ctx context.Context, account AccountID, p Page) (List[Bot], error)
	// Aliases are the bots of a shared bot's service that send, itself included.
	Aliases(ctx context.Context, b Bot) ([]Bot, error)
}

// BotStore keeps bots. What names an account here finds the account's own bots alone.
type BotStore interface {
	CreateBot(ctx context.Context, b Bot) error
	Bot(ctx context.Context, account AccountID, id BotID) (Bot, error)
	BotByUsername(ctx context.Context, account AccountID, username string) (Bot, error)
	BotByPlatformID(ctx context.Context, account AccountID, platform Platform, network Network, id int64) (Bot, error)
	Bots(ctx context.Context, account AccountID, p Page) (List[Bot], error)
	BotUser
	// ShareBot writes whether all accounts may use the bot, and for what.
	ShareBot(ctx context.Context, b Bot, at time.Time) (Bot, error)
	// ReplaceToken gives a bot its new token and makes it active again.
	ReplaceToken(ctx context.Context, b Bot) error
	// SetBotState writes what the token of b brought; a bot that has a newer token meanwhile is left as it is.
	SetBotState(ctx context.Context, b Bot, state BotState, reason string, at time.Time) error
	// PauseBot, ResumeBot and RemoveBot do what the owner wants and return the bot as it is then. Resuming a bot that is
	// not paused finds none.
	PauseBot(ctx context.Context, account AccountID, id BotID, at time.Time) (Bot, error)
	ResumeBot(ctx context.Context, account AccountID, id BotID, at time.Time) (Bot, error)
	RemoveBot(ctx context.Context, account AccountID, id BotID, newSecret Secret, at time.Time) (Bot, error)
	// DescribeBot writes what the owner says about the bot: reclaim, commands, texts and the way of its updates.
	DescribeBot(ctx context.Context, b Bot, at time.Time) (Bot, error)
	// LiveBots lists the bots of all accounts that send and receive.
	LiveBots(ctx context.Context) ([]Bot, error)
	// TakeWatches hands out bots that nobody has looked at since before, each to one process.
	TakeWatches(ctx context.Context, now, before time.Time, most int) ([]Bot, error)
	// NoteWatch writes what was seen.
	NoteWatch(ctx context.Context, b Bot, w BotWatch) error
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
	// Hook asks about the bot's webhook.
	Hook(ctx context.Context, b Bot) (BotHook, error)
	// PolledElsewhere tells whether another program polls the bot. It takes some seconds and takes no update.
	PolledElsewhere(ctx context.Context, b Bot) (bool, error)
	// Describe sets the commands and texts of a bot; what is nil stays as it is.
	Describe(ctx context.Context, b Bot, commands []BotCommand, description, about *string) error
}

// TokenBound is what a bot's sealed token is bound to.
func (id BotID) TokenBound() string { return "bots.token/" + string(id) }
