package bots

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"herald/internal/gateway"
)

const (
	// DefaultWatchEvery is how often each bot is looked at.
	DefaultWatchEvery = time.Minute
	// watchBatch is how many bots one process takes at a time, watchers how many it looks at together.
	watchBatch = 64
	watchers   = 8
	// lookTimeout bounds one look: asking, and perhaps polling for some seconds and connecting.
	lookTimeout = 40 * time.Second
)

// Watch looks at every bot now and then until the context ends: whether its updates still come to us, and whether they
// pile up. Any number of processes may watch; each look is made by one.
func (s *Service) Watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(min(every, 5*time.Second))
	defer tick.Stop()
	for {
		for s.watchOnce(ctx, every) == watchBatch && ctx.Err() == nil {
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// watchOnce looks at the bots whose turn it is and tells how many they were.
func (s *Service) watchOnce(ctx context.Context, every time.Duration) int {
	list, err := s.store.TakeWatches(ctx, s.now(), s.now().Add(-every), watchBatch)
	if err != nil {
		if ctx.Err() == nil {
			s.logger.WarnContext(ctx, "taking bots to watch", "error", err)
		}
		return 0
	}
	s.lookAt(ctx, list)
	return len(list)
}

// Reconnect looks at all bots at once: after a start the address of this installation may be another one.
func (s *Service) Reconnect(ctx context.Context) {
	list, err := s.store.LiveBots(ctx)
	if err != nil {
		s.logger.WarnContext(ctx, "listing bots", "error", err)
		return
	}
	s.lookAt(ctx, list)
}

func (s *Service) lookAt(ctx context.Context, list []gateway.Bot) {
	turns := make(chan struct{}, watchers)
	var wg sync.WaitGroup
	for _, b := range list {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			ctx, cancel := context.WithTimeout(ctx, lookTimeout)
			defer cancel()
			if err := s.Look(ctx, b); err != nil && ctx.Err() == nil {
				s.logger.WarnContext(ctx, "looking at a bot", "bot", b.ID, "error", err)
			}
		})
	}
	wg.Wait()
}

// Look asks the messenger how a bot's updates go, sets right what is ours to set right, and writes what was seen.
func (s *Service) Look(ctx context.Context, b gateway.Bot) error {
	hook, err := s.registrar.Hook(ctx, b)
	var refusal *gateway.DeliveryError
	switch {
	case errors.As(err, &refusal) && refusal.Class == gateway.ClassRevoked:
		return s.store.SetBotState(ctx, b, gateway.BotRevoked, gateway.WordsRevoked, s.now())
	case err != nil:
		return err
	}
	if err := s.store.NoteWatch(ctx, b, b.Watch.Seen(s.now(), hook.Pending, hook.Error)); err != nil {
		return err
	}
	switch s.holder(b, hook) {
	case holderPolls:
		return nil // whoever polls sees it sooner
	case holderUs:
		return s.works(ctx, b)
	case holderStray:
		return s.connectAgain(ctx, b)
	case holderOther:
		return s.lost(ctx, b, hook.URL)
	default: // nobody has a webhook, and ours is gone: another program may be polling
		elsewhere, err := s.registrar.PolledElsewhere(ctx, b)
		if err != nil {
			return err
		}
		if elsewhere {
			return s.lost(ctx, b, "")
		}
		return s.connectAgain(ctx, b)
	}
}

// holder is who has a bot's updates, as far as its webhook tells.
type holder int

const (
	holderPolls  holder = iota // no webhook, as it shall be: we poll
	holderUs                   // our webhook
	holderStray                // a webhook of ours that is not what it shall be: of an earlier address, version or intake
	holderOther                // another service
	holderNobody               // no webhook, and there should be ours
)

func (s *Service) holder(b gateway.Bot, hook gateway.BotHook) holder {
	switch {
	case hook.URL == "" && b.Intake == gateway.IntakePolling:
		return holderPolls
	case hook.URL == "":
		return holderNobody
	case b.Intake == gateway.IntakeWebhook && hook.URL == s.hookURL(b) && !hook.Other:
		return holderUs
	case strings.HasSuffix(hook.URL, hookPath(b)):
		return holderStray
	default:
		return holderOther
	}
}

// works writes that the bot's updates come to us.
func (s *Service) works(ctx context.Context, b gateway.Bot) error {
	if b.State != gateway.BotConflict {
		return nil
	}
	return s.store.SetBotState(ctx, b, gateway.BotActive, "", s.now())
}

// lost raises the alarm, and takes the bot back if its owner allows it.
func (s *Service) lost(ctx context.Context, b gateway.Bot, hook string) error {
	if b.State != gateway.BotConflict {
		s.logger.WarnContext(ctx, "another service has taken a bot", "bot", b.ID)
	}
	if err := s.store.SetBotState(ctx, b, gateway.BotConflict, conflictWords(hook), s.now()); err != nil {
		return err
	}
	if !b.Reclaim {
		return nil
	}
	b.State = gateway.BotConflict
	return s.connectAgain(ctx, b)
}

func (s *Service) connectAgain(ctx context.Context, b gateway.Bot) error {
	if err := s.Connect(ctx, b); err != nil {
		return err
	}
	if b.Intake == gateway.IntakePolling {
		return nil // the polls tell whether nobody else is there
	}
	return s.works(ctx, b)
}

// conflictWords name the other service by its host: the rest of its address may hold a secret.
func conflictWords(hook string) string {
	u, err := url.Parse(hook)
	if hook == "" || err != nil || u.Host == "" {
		return gateway.WordsConflict
	}
	return gateway.WordsConflict + " Its address is at " + u.Hostname() + "."
}
