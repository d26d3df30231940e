package bots

import (
	"context"
	"strings"
	"unicode/utf8"

	"herald/internal/gateway"
)

// Sharing is what the operator says about who may use a bot; what is left out stays as it is.
type Sharing struct {
	Shared  *bool
	Purpose gateway.Purpose
	Service *string
}

// Asked tells whether anything is said. Only the operator may say it.
func (c Sharing) Asked() bool { return c.Shared != nil || c.Purpose != "" || c.Service != nil }

// apply is the bot as it is shared then. A bot that is no longer shared has neither purpose nor service.
func (c Sharing) apply(b gateway.Bot) (gateway.Bot, error) {
	if c.Shared != nil {
		b.Shared = *c.Shared
	}
	if !b.Shared {
		if c.Purpose != "" || c.Service != nil && *c.Service != "" {
			return b, gateway.Fault(gateway.CodeFieldInvalid, "shared", "Only a shared bot has a purpose and a service: give shared too.")
		}
		b.Purpose, b.Service = "", ""
		return b, nil
	}
	if c.Purpose != "" {
		b.Purpose = c.Purpose
	}
	if c.Service != nil {
		b.Service = *c.Service
	}
	switch {
	case b.Purpose == "":
		return b, gateway.Fault(gateway.CodeRequired, "purpose", "Say what a shared bot may carry: service, codes, alerts or any.")
	case !b.Purpose.Known():
		return b, gateway.Fault(gateway.CodeFieldInvalid, "purpose", "A shared bot is for service, codes, alerts or any.")
	case utf8.RuneCountInString(b.Service) > maxName || strings.TrimSpace(b.Service) != b.Service:
		return b, gateway.Fault(gateway.CodeFieldInvalid, "service", "The name of a service has at most 64 characters, without space around it.")
	}
	return b, nil
}

// share writes how a bot is shared, as it is with the other one.
func (s *Service) share(ctx context.Context, b, as gateway.Bot) (gateway.Bot, error) {
	if as.Shared == b.Shared && as.Purpose == b.Purpose && as.Service == b.Service {
		return b, nil
	}
	b.Shared, b.Purpose, b.Service = as.Shared, as.Purpose, as.Service
	return s.store.ShareBot(ctx, b, s.now())
}

// Find returns the bot that ref names, an id or @name: one of the account's own, or a shared one.
func (s *Service) Find(ctx context.Context, account gateway.AccountID, ref string) (gateway.Bot, error) {
	if name, ok := strings.CutPrefix(ref, "@"); ok {
		return s.store.UsableBotByUsername(ctx, account, name)
	}
	if !gateway.HasPrefix(ref, "bot") {
		return gateway.Bot{}, gateway.ErrBotNotFound
	}
	return s.store.UsableBot(ctx, account, gateway.BotID(ref))
}

// Owned is Find for whoever wants to manage the bot or see its people: its owner alone may.
func (s *Service) Owned(ctx context.Context, account gateway.AccountID, ref string) (gateway.Bot, error) {
	b, err := s.Find(ctx, account, ref)
	if err == nil && b.AccountID != account {
		err = gateway.Fault(gateway.CodeBotShared, "bot", "This is a shared bot. Its people and its settings belong to the operator; write to people by phone, @name or #id.")
	}
	return b, err
}

// List returns the bots that the account may use, newest first.
func (s *Service) List(ctx context.Context, account gateway.AccountID, p gateway.Page) (gateway.List[gateway.Bot], error) {
	return s.store.UsableBots(ctx, account, p.Bounded())
}
