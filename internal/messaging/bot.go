package messaging

import (
	"context"
	"fmt"
	"time"

	"herald/internal/gateway"
)

// bot is the bot that a request names: one of the account's own, or a shared one.
func (s *Service) bot(ctx context.Context, account gateway.AccountID, ref string) (gateway.Bot, error) {
	switch {
	case ref == "":
		return s.onlyBot(ctx, account)
	case ref[0] == '@':
		return s.store.UsableBotByUsername(ctx, account, ref[1:])
	case gateway.HasPrefix(ref, "bot"):
		return s.store.UsableBot(ctx, account, gateway.BotID(ref))
	default:
		return gateway.Bot{}, gateway.ErrBotNotFound
	}
}

// ownBotFor is how long an own bot is believed to be as it was. The statement that accepts a message looks again.
const ownBotFor = time.Minute

// ownBot names a bot of an account's own.
type ownBot struct {
	account gateway.AccountID
	bot     gateway.BotID
}

// ownBot is the bot that a request names by its id, if it is remembered.
func (s *Service) ownBot(account gateway.AccountID, ref string) (gateway.Bot, bool) {
	return s.remembered.bots.get(ownBot{account, gateway.BotID(ref)}, s.now())
}

func (s *Service) forgetOwnBot(account gateway.AccountID, id gateway.BotID) {
	s.remembered.bots.forget(ownBot{account, id})
}

// botOr is the remembered bot, or else the one that the request names. An account's own one that works, and that nobody else
// uses, is remembered: nothing that its messages are held against can be refused because of it.
func (s *Service) botOr(ctx context.Context, account gateway.AccountID, ref string, remembered *gateway.Bot) (gateway.Bot, error) {
	if remembered != nil {
		return *remembered, nil
	}
	b, err := s.bot(ctx, account, ref)
	if err == nil && b.AccountID == account && b.State == gateway.BotActive && !b.Shared {
		// Accepting looks at nothing else of it; its secrets stay where they are.
		s.remembered.bots.put(ownBot{account, b.ID}, gateway.Bot{ID: b.ID, AccountID: b.AccountID, State: b.State}, s.now().Add(ownBotFor))
	}
	return b, err
}

func (s *Service) onlyBot(ctx context.Context, account gateway.AccountID) (gateway.Bot, error) {
	list, err := s.store.Bots(ctx, account, gateway.Page{Limit: 2})
	if err != nil {
		return gateway.Bot{}, fmt.Errorf("list bots: %w", err)
	}
	switch len(list.Items) {
	case 1:
		return list.Items[0], nil
	case 0:
		return gateway.Bot{}, gateway.Fault(gateway.CodeBotRequired, "bot", "The account has no bot yet. Add one with POST /v1/bots, or name a shared one: GET /v1/bots lists them.")
	default:
		return gateway.Bot{}, gateway.Fault(gateway.CodeBotRequired, "bot", "The account has several bots: name one by id or @name.")
	}
}

// lent holds a message against what a shared bot is for, and finds the name of its service on which the person is
// connected. Of an account's own bot it asks nothing.
func (s *Service) lent(ctx context.Context, account gateway.AccountID, b gateway.Bot, m gateway.Message) (gateway.Bot, error) {
	if !b.Shared {
		return b, nil
	}
	if !b.Purpose.Carries(m.Lane) {
		return b, gateway.Fault(gateway.CodeBotPurpose, "lane", fmt.Sprintf("The shared bot @%s is for %s, and carries no messages of the lane %s.", b.Username, b.Purpose, m.Lane))
	}
	if b.Lends(account) && (m.To.Kind == gateway.AddressExternal || m.To.Kind == gateway.AddressChat) {
		return b, gateway.Fault(gateway.CodeRecipientUnknown, "to", "People of a shared bot are named by phone, @name or #id.")
	}
	return s.alias(ctx, b, m)
}

// alias is the bot by which the message goes: the named one, unless the person is connected to another name of its
// service alone. It is chosen once, when the message is accepted.
func (s *Service) alias(ctx context.Context, named gateway.Bot, m gateway.Message) (gateway.Bot, error) {
	if named.Service == "" {
		return named, nil
	}
	if there, err := s.connected(ctx, named, m.To); err != nil || there {
		return named, err
	}
	others, err := s.store.Aliases(ctx, named)
	if err != nil {
		return named, err
	}
	for _, other := range others {
		if other.ID == named.ID || !other.Purpose.Carries(m.Lane) {
			continue
		}
		if there, err := s.connected(ctx, other, m.To); err != nil || there {
			return other, err
		}
	}
	return named, nil
}

// connected tells whether the address names somebody who is connected to the bot.
func (s *Service) connected(ctx context.Context, b gateway.Bot, to gateway.Address) (bool, error) {
	person, err := s.recipient(ctx, b, to)
	return person != nil && person.Connection == gateway.Connected, err
}
