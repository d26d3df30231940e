package messaging

import (
	"context"
	"fmt"

	"herald/internal/gateway"
)

// Guard judges what accounts send by bots that are not theirs.
type Guard interface {
	// Judge counts a message that is about to be accepted, and tells why it is refused; nil: it is not.
	Judge(ctx context.Context, m gateway.Message, purpose gateway.Purpose) (*gateway.PolicyRefusal, error)
	// Look judges a text alone, and counts nothing.
	Look(ctx context.Context, m gateway.Message, purpose gateway.Purpose) (*gateway.PolicyRefusal, error)
	// Refused counts a refusal that had its effect.
	Refused(bot gateway.BotID, r gateway.PolicyRefusal)
}

// WithGuard returns a Service that holds messages by shared bots against their policy.
func (s *Service) WithGuard(guard Guard) *Service {
	with := *s
	with.guard = guard
	return &with
}

// judges tells whether the guard is asked about a message.
func (s *Service) judges(m gateway.Message, bot gateway.Bot) bool {
	return s.guard != nil && bot.Lends(m.AccountID)
}

// judged is what the guard says of a message; messages by an account's own bots it is not asked about.
func (s *Service) judged(ctx context.Context, m gateway.Message, bot gateway.Bot) (*gateway.PolicyRefusal, error) {
	if !s.judges(m, bot) {
		return nil, nil
	}
	return s.guard.Judge(ctx, m, bot.Purpose)
}

// looked is judged for a text alone.
func (s *Service) looked(ctx context.Context, m gateway.Message, bot gateway.Bot) (*gateway.PolicyRefusal, error) {
	if !s.judges(m, bot) {
		return nil, nil
	}
	return s.guard.Look(ctx, m, bot.Purpose)
}

// refuse keeps a message that the policy refused in History: it has failed, costs nothing and is never sent.
func (s *Service) refuse(ctx context.Context, n gateway.NewMessage, r gateway.PolicyRefusal) (gateway.Message, error) {
	n.Message.Price = 0
	for i := range n.Legs {
		n.Legs[i].Price = 0
	}
	created, err := s.store.RefuseMessage(ctx, n, r.Words)
	if err != nil {
		return gateway.Message{}, fmt.Errorf("store refused message %s: %w", n.Message.ID, err)
	}
	if created { // a repeated request is no other refusal
		s.guard.Refused(n.Message.BotID, r)
	}
	return s.store.Message(ctx, n.Message.AccountID, n.Message.ID)
}
