package messaging

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"herald/internal/gateway"
)

// Store is what the messages of this package live in.
type Store interface {
	gateway.MessageStore
	gateway.DeliveryStore
	gateway.LinkStore
	gateway.EditStore
	gateway.TermsStore
	gateway.BotUser
	Subscribers(ctx context.Context, account gateway.AccountID, bot gateway.BotID, f gateway.SubscriberFilter, p gateway.Page) (gateway.List[gateway.Subscriber], error)
	Bots(ctx context.Context, account gateway.AccountID, p gateway.Page) (gateway.List[gateway.Bot], error)
	// PhoneLapsed tells whether a phone that names nobody on the bot named somebody who has not renewed its proof.
	PhoneLapsed(ctx context.Context, bot gateway.Bot, phone string) (bool, error)
}

// Starter is told about a message that was just accepted, to begin it at once. It must not block and may
// do nothing: the outbox starts what it did not.
type Starter interface {
	gateway.Waker
	StartDelivery(account gateway.AccountID, id gateway.MessageID, lane gateway.Lane)
}

// Outcomes tells when a message may have settled.
type Outcomes interface {
	// Watch returns a channel that receives when the message has settled, until stop is called: its outcome, or an empty
	// one if whoever waits has to look.
	Watch(id gateway.MessageID) (settled <-chan gateway.Outcome, stop func())
}

// Service accepts messages and tells what became of them.
type Service struct {
	store      Store
	starter    Starter
	outcomes   Outcomes
	linkBase   string
	ids        *gateway.IDs
	now        gateway.Clock
	remembered *remembered
	guard      Guard             // of shared bots; nil: everything passes
	routes     gateway.SMSRoutes // nil: every number counts as served
}

// WithRoutes returns a Service that knows which phones SMS can be sent to, for previews.
func (s *Service) WithRoutes(routes gateway.SMSRoutes) *Service {
	with := *s
	with.routes = routes
	return &with
}

// New returns a Service. Read links begin with linkBase; an empty one refuses messages with read links.
func New(store Store, starter Starter, outcomes Outcomes, linkBase string, ids *gateway.IDs, now gateway.Clock) *Service {
	return &Service{remembered: &remembered{}, store: store, starter: starter, outcomes: outcomes, linkBase: linkBase, ids: ids, now: now}
}

// Accept stores the message that the request describes and sets it on its way. A message with the same id that was
// accepted before is returned as it is. gateway.ErrNotClaimed: nothing was done, since the claim has to be taken by itself.
func (s *Service) Accept(ctx context.Context, account gateway.AccountID, r Request) (gateway.Message, error) {
	if bot, found := s.ownBot(account, r.Bot); found {
		m, err := s.accept(ctx, account, r, &bot)
		if !errors.Is(err, errNotAsRemembered) {
			return m, err
		}
		s.forgetOwnBot(account, bot.ID)
	}
	return s.accept(ctx, account, r, nil)
}

// errNotAsRemembered is a message that was not stored, maybe since its bot is not what is remembered of it.
var errNotAsRemembered = errors.New("the bot is not as it was")

// accept is Accept over a bot that is remembered, or over the one that is found now.
func (s *Service) accept(ctx context.Context, account gateway.AccountID, r Request, remembered *gateway.Bot) (gateway.Message, error) {
	n, bot, err := s.prepare(ctx, account, r, remembered)
	if err != nil {
		return gateway.Message{}, err
	}
	m := n.Message
	if r.Claim != nil && (s.judges(m, bot) || m.HoldsFile()) { // a repeat is counted once, and keeps no file for longer
		return gateway.Message{}, gateway.ErrNotClaimed
	}
	if refusal, err := s.judged(ctx, m, bot); err != nil {
		return gateway.Message{}, err
	} else if refusal != nil {
		return s.refuse(ctx, n, *refusal)
	}
	if err := s.holdFile(ctx, m); err != nil {
		return gateway.Message{}, err
	}
	created, err := s.store.AcceptIf(ctx, gateway.Conditions{Claim: r.Claim, OwnBot: remembered != nil}, n)
	switch {
	case err != nil:
		return gateway.Message{}, fmt.Errorf("store message %s: %w", m.ID, err)
	case created:
		s.starter.StartDelivery(account, m.ID, m.Lane)
		return m, nil
	case remembered != nil:
		return gateway.Message{}, errNotAsRemembered
	case r.Claim != nil:
		return gateway.Message{}, gateway.ErrNotClaimed
	default:
		return s.store.Message(ctx, account, m.ID)
	}
}

// prepare checks a request as a whole, and makes the message that it asks for, over a bot that is remembered or the one that
// is found now. It stores nothing.
func (s *Service) prepare(ctx context.Context, account gateway.AccountID, r Request, remembered *gateway.Bot) (gateway.NewMessage, gateway.Bot, error) {
	terms, err := s.terms(ctx, account)
	if err != nil {
		return gateway.NewMessage{}, gateway.Bot{}, err
	}
	r.region = terms.Region
	r.fillFrom(terms.Defaults)
	r.fillDefaults()
	now := s.now()
	m, err := r.message(now)
	if err != nil {
		return gateway.NewMessage{}, gateway.Bot{}, err
	}
	bot, err := s.botOr(ctx, account, r.Bot, remembered)
	if err != nil {
		return gateway.NewMessage{}, gateway.Bot{}, err
	}
	if bot, err = s.lent(ctx, account, bot, m); err != nil {
		return gateway.NewMessage{}, gateway.Bot{}, err
	}
	if bot.State == gateway.BotRevoked {
		return gateway.NewMessage{}, gateway.Bot{}, gateway.Fault(gateway.CodeBotRevoked, "bot", "The bot's token was revoked. Give the bot its new token with POST /v1/bots.")
	}
	if bot.State == gateway.BotPaused {
		return gateway.NewMessage{}, gateway.Bot{}, gateway.Fault(gateway.CodeBotPaused, "bot", "The bot is paused by its owner. It sends again once it is resumed: herald bots resume, or PATCH /v1/bots/{bot}.")
	}
	who, err := s.known(ctx, bot, m, r.Cascade)
	if err != nil {
		return gateway.NewMessage{}, bot, err
	}
	if m.Between != "" {
		chosen, _ := r.checkTimes(now) // checked above
		schedule(&m, chosen, r.TTL, who)
	}
	n, err := s.complete(account, bot, r, m)
	if err == nil {
		err = s.checkFileOf(ctx, &n.Message)
	}
	if err != nil {
		return n, bot, err
	}
	if fault := price(&n, terms.Prices, who.phone); fault != nil {
		return n, bot, fault
	}
	return n, bot, nil
}

// Compose makes the message that the request describes and stores nothing: for whoever stores it in a transaction of
// their own. It takes none of the account's defaults: it is for answers, which wait for no hours.
func (s *Service) Compose(account gateway.AccountID, bot gateway.Bot, r Request) (gateway.NewMessage, error) {
	r.fillDefaults()
	m, err := r.message(s.now())
	if err != nil {
		return gateway.NewMessage{}, err
	}
	n, err := s.complete(account, bot, r, m)
	if err != nil {
		return n, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), termsFor)
	defer cancel()
	if refusal, err := s.looked(ctx, n.Message, bot); err != nil || refusal != nil {
		if refusal != nil {
			s.guard.Refused(bot.ID, *refusal)
		}
		return n, gateway.Fault(gateway.CodePolicy, "text", "The policy of shared bots refuses this text.")
	}
	if terms, err := s.terms(ctx, account); err == nil { // nobody's answer is held up by a price list
		_ = price(&n, terms.Prices, addressed(m.To).phone) // without a max_price nothing is refused
	}
	return n, nil
}

// known is what is known about the recipient now, for a price or hours that depend on it. Of most messages nothing does, and
// nobody is looked up.
func (s *Service) known(ctx context.Context, bot gateway.Bot, m gateway.Message, cascade []CascadeLeg) (person, error) {
	who := addressed(m.To)
	bySMS := slices.ContainsFunc(cascade, func(l CascadeLeg) bool { return l.Channel == gateway.ChannelSMS })
	if m.Between == "" && (who.phone != "" || !bySMS) {
		return who, nil
	}
	found, err := s.recipient(ctx, bot, m.To)
	if err != nil || found == nil {
		return who, err
	}
	return recipientOf(gateway.Delivery{Message: m, Subscriber: found}), nil
}

// complete gives a message its ids, its legs and its links.
func (s *Service) complete(account gateway.AccountID, bot gateway.Bot, r Request, m gateway.Message) (gateway.NewMessage, error) {
	m.AccountID, m.BotID = account, bot.ID
	if m.ID == "" {
		m.ID = s.ids.Message()
	}
	links, err := s.links(m)
	return gateway.NewMessage{Message: m, Legs: s.legs(m, r.Cascade), Links: links}, err
}

// legs are the legs of a cascade, none of which has begun.
func (s *Service) legs(m gateway.Message, cascade []CascadeLeg) []gateway.Leg {
	legs := make([]gateway.Leg, len(cascade))
	for i, c := range cascade {
		legs[i] = gateway.Leg{
			ID: s.ids.Leg(), MessageID: m.ID, AccountID: m.AccountID, Number: i + 1, Channel: c.Channel, State: gateway.LegPending,
			Until: c.until(), Within: c.Within,
		}
	}
	return legs
}

// pollOutcome is how often a waiting sender looks by itself, in case an announcement was missed.
const pollOutcome = time.Second

// Watch notices what happens to one message from now on. Stop ends it.
type Watch struct {
	settled <-chan gateway.Outcome
	Stop    func()
}

// Watch begins to watch a message, which need not exist yet.
func (s *Service) Watch(id gateway.MessageID) Watch {
	settled, stop := s.outcomes.Watch(id)
	return Watch{settled: settled, Stop: stop}
}

// Wait returns the message with its legs once it has an outcome, or as it is when the time is over. The watch is older than
// the message as it was seen, so nothing is read before something has happened.
func (s *Service) Wait(ctx context.Context, w Watch, seen gateway.Message, atMost time.Duration) (o gateway.Outcome, err error) {
	if seen.State.Settled() {
		return s.outcome(ctx, seen)
	}
	o.Message = seen
	err = w.until(ctx, atMost, func(told gateway.Outcome) (settled bool, err error) {
		if o = told; o.Message.ID == "" {
			o.Message, err = s.store.Message(ctx, seen.AccountID, seen.ID)
		}
		return o.Message.State.Settled(), err
	})
	if err != nil || o.Legs != nil {
		return o, err
	}
	return s.outcome(ctx, o.Message)
}

// outcome adds its legs to a message.
func (s *Service) outcome(ctx context.Context, m gateway.Message) (gateway.Outcome, error) {
	legs, err := s.store.Legs(ctx, m.AccountID, m.ID)
	return gateway.Outcome{Message: m, Legs: legs}, err
}

// until looks whenever something happened, until that has settled, or the time is over.
func (w Watch) until(ctx context.Context, atMost time.Duration, look func(gateway.Outcome) (settled bool, err error)) error {
	deadline := time.NewTimer(atMost)
	defer deadline.Stop()
	poll := time.NewTicker(pollOutcome)
	defer poll.Stop()
	for over := false; !over; {
		var told gateway.Outcome
		select {
		case told = <-w.settled:
		case <-poll.C:
		case <-deadline.C:
			over = true
		case <-ctx.Done():
			return ctx.Err()
		}
		if settled, err := look(told); err != nil || settled {
			return err
		}
	}
	return nil
}

// Message returns one message.
func (s *Service) Message(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (gateway.Message, error) {
	return s.store.Message(ctx, account, id)
}

// Messages lists History, newest first.
func (s *Service) Messages(ctx context.Context, account gateway.AccountID, f gateway.MessageFilter, p gateway.Page) (gateway.List[gateway.Message], error) {
	return s.store.Messages(ctx, account, f, p.Bounded())
}

// Events tells the story of one message, from its beginning.
func (s *Service) Events(ctx context.Context, account gateway.AccountID, id gateway.MessageID) ([]gateway.Event, error) {
	if _, err := s.store.Message(ctx, account, id); err != nil {
		return nil, err
	}
	return s.store.Events(ctx, account, id)
}

// Legs returns the attempts of one message over its channels.
func (s *Service) Legs(ctx context.Context, account gateway.AccountID, id gateway.MessageID) ([]gateway.Leg, error) {
	return s.store.Legs(ctx, account, id)
}
