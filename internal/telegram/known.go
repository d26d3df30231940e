package telegram

import (
	"context"
	"sync"
	"time"

	"herald/internal/gateway"
)

const (
	// believeBot is how long a webhook believes what it read about a bot: so long after its owner paused it, gave it a new
	// token or removed it, calls with the old secret may still be taken. What is half as old is read again beside the answer.
	believeBot = time.Second
	// botsKnown bounds how many bots are remembered.
	botsKnown = 4096
	// lookDeadline bounds a reading that nobody waits for.
	lookDeadline = 5 * time.Second
)

// knownBots remembers the bots that webhooks name, so that answering a call asks the database for nothing.
type knownBots struct {
	store WebhookStore
	now   gateway.Clock

	mu   sync.Mutex
	bots map[gateway.BotID]*knownBot
}

type knownBot struct {
	bot     gateway.Bot
	readAt  time.Time
	looking bool // it is being read again
}

// bot returns the bot whose secret was shown. Only a secret that fits is an answer from memory: another one may be newer.
func (k *knownBots) bot(ctx context.Context, id gateway.BotID, shown string) (gateway.Bot, error) {
	if b, ok := k.remembered(id); ok && sameSecret(b.WebhookSecret, shown) {
		return b, nil
	}
	return k.read(ctx, id)
}

func (k *knownBots) remembered(id gateway.BotID) (gateway.Bot, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	known, ok := k.bots[id]
	if !ok {
		return gateway.Bot{}, false
	}
	age := k.now().Sub(known.readAt)
	if age >= believeBot {
		return gateway.Bot{}, false
	}
	if age >= believeBot/2 && !known.looking {
		known.looking = true
		go k.look(id)
	}
	return known.bot, true
}

// look reads a bot again that nobody waits for.
func (k *knownBots) look(id gateway.BotID) {
	ctx, cancel := context.WithTimeout(context.Background(), lookDeadline)
	defer cancel()
	if _, err := k.read(ctx, id); err != nil {
		k.forget(id)
	}
}

func (k *knownBots) read(ctx context.Context, id gateway.BotID) (gateway.Bot, error) {
	asked := k.now()
	b, err := k.store.BotForIntake(ctx, id)
	if err != nil {
		return b, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.bots) >= botsKnown {
		clear(k.bots)
	}
	if k.bots == nil {
		k.bots = map[gateway.BotID]*knownBot{}
	}
	k.bots[id] = &knownBot{bot: b, readAt: asked}
	return b, nil
}

func (k *knownBots) forget(id gateway.BotID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.bots, id)
}
