package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
)

// Channels of pg_notify.
const (
	outcomeChannel = "herald_outcome" // payload: the id of a message that settled and whose sender waits
	inboxChannel   = "herald_inbox"   // new updates are stored
	botsChannel    = "herald_bots"    // a bot was added or has a new token
	editsChannel   = "herald_edits"   // a change of a message is asked for
	rulesChannel   = "herald_rules"   // payload: account and bot whose rules are another version now
)

// relisten is how long to wait before connecting again when the listening connection was lost.
const relisten = time.Second

// Listener hears what the database announces, over one connection of its own, and tells whoever waits for it. A lost
// announcement costs time, never truth: whoever waits also looks by itself now and then.
type Listener struct {
	store  *Store
	logger *slog.Logger
	inbox  chan struct{}
	bots   chan struct{}
	edits  chan struct{}
	rules  chan RulesChange
}

// NewListener returns a Listener; Run makes it listen.
func NewListener(store *Store, logger *slog.Logger) *Listener {
	return &Listener{
		store: store, logger: logger, inbox: make(chan struct{}, 1), bots: make(chan struct{}, 1), edits: make(chan struct{}, 1),
		rules: make(chan RulesChange, rulesWaiting),
	}
}

// Inbox receives whenever new updates were stored, by any process.
func (l *Listener) Inbox() <-chan struct{} { return l.inbox }

// Bots receives whenever a bot was added or got a new token, by any process.
func (l *Listener) Bots() <-chan struct{} { return l.bots }

// Edits receives whenever a change of a message was asked for, by any process.
func (l *Listener) Edits() <-chan struct{} { return l.edits }

// RulesChange names the rules that are another version now.
type RulesChange struct {
	Account gateway.AccountID
	Bot     gateway.BotID
}

// rulesWaiting bounds the changes that wait to be looked at. More are left out: they only make the next update faster.
const rulesWaiting = 64

// Rules receives when another version of some rules was activated, by any process.
func (l *Listener) Rules() <-chan RulesChange { return l.rules }

func (l *Listener) rulesChanged(payload string) {
	account, bot, _ := strings.Cut(payload, " ")
	select {
	case l.rules <- RulesChange{gateway.AccountID(account), gateway.BotID(bot)}:
	default:
	}
}

// Watch returns a channel that receives when the message settles, until stop is called: its outcome, if it settled by
// this process, or an empty one.
func (l *Listener) Watch(id gateway.MessageID) (settled <-chan gateway.Outcome, stop func()) {
	return l.store.watchers.add(id)
}

// Run listens until the context ends, connecting again whenever the connection is lost.
func (l *Listener) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.listen(ctx); err != nil && ctx.Err() == nil {
			l.logger.WarnContext(ctx, "listening to the database stopped; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(relisten):
		}
	}
}

func (l *Listener) listen(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, l.store.pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("connect listener: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, channel := range []string{outcomeChannel, inboxChannel, rulesChannel, botsChannel, editsChannel} {
		if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
			return fmt.Errorf("listen to %s: %w", channel, err)
		}
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for announcements: %w", err)
		}
		switch n.Channel {
		case inboxChannel:
			wake(l.inbox)
		case botsChannel:
			wake(l.bots)
		case editsChannel:
			wake(l.edits)
		case rulesChannel:
			l.rulesChanged(n.Payload)
		case outcomeChannel:
			l.store.watchers.tell(gateway.MessageID(n.Payload), gateway.Outcome{})
		}
	}
}

// wake leaves a mark; one is enough, however many announcements came.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
