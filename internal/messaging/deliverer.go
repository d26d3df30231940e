package messaging

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"herald/internal/gateway"
)

// DeliveryStore is what a Deliverer needs of the database.
type DeliveryStore interface {
	gateway.DeliveryStore
	MediaStore
	// EarlyReport returns a report of an SMS that came before the provider's answer, if one did.
	EarlyReport(ctx context.Context, provider, providerID string) (report gateway.SMSReport, found bool, err error)
	// DropTranslations removes what is kept under these keys.
	DropTranslations(ctx context.Context, account gateway.AccountID, keys []gateway.TranslationKey) error
}

// Deliverer takes messages to people, one attempt at a time.
type Deliverer struct {
	store     DeliveryStore
	messenger gateway.Messenger
	sms       gateway.SMSSender
	now       gateway.Clock
	policy    Policy
	logger    *slog.Logger

	translator gateway.Translator
	asker      *Asker
	waits      waits
	turns      turns
}

// TranslateWith lets messages that are wanted in another language be translated on their way. Without it they go out as
// they are.
func (d *Deliverer) TranslateWith(t gateway.Translator) { d.translator = t }

// AskWith lets people be asked for a proof of their phone that a message wants. Without it such messages wait in vain.
func (d *Deliverer) AskWith(a *Asker) { d.asker = a }

// Policy is how patient a Deliverer is. The zero Policy has the defaults.
type Policy struct {
	CallTimeout time.Duration // of one call to a messenger; 10 s
	FileTimeout time.Duration // of one that carries a photo or document; 30 s
	SMSTimeout  time.Duration // of one SMS, over all providers that are asked; 25 s
	DoubtGrace  time.Duration // on top of it, before an intent without an outcome counts as lost; 5 s
	FirstRetry  time.Duration // after an unavailable messenger, doubling with each attempt; 1 s
	LastRetry   time.Duration // where the doubling ends; 5 min
	Horizon     time.Duration // how near a turn must be to wait for it inside an attempt, all in all; 4 s
	NameAge     time.Duration // codes are not sent to a @name last seen longer ago; 30 days
}

func (p Policy) filled() Policy {
	fill := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	fill(&p.CallTimeout, 10*time.Second)
	fill(&p.FileTimeout, 30*time.Second)
	fill(&p.SMSTimeout, 25*time.Second)
	fill(&p.DoubtGrace, 5*time.Second)
	fill(&p.FirstRetry, time.Second)
	fill(&p.LastRetry, 5*time.Minute)
	fill(&p.Horizon, 4*time.Second)
	fill(&p.NameAge, 30*24*time.Hour)
	return p
}

// callTimeout bounds the call of the delivery's leg.
func (p Policy) callTimeout(d gateway.Delivery) time.Duration {
	switch {
	case d.Leg.Channel == gateway.ChannelSMS:
		return p.SMSTimeout
	case d.Message.Media != nil:
		return p.FileTimeout
	default:
		return p.CallTimeout
	}
}

// NewDeliverer returns a Deliverer. Without an SMS sender SMS legs fail.
func NewDeliverer(store DeliveryStore, messenger gateway.Messenger, sms gateway.SMSSender, now gateway.Clock, policy Policy, logger *slog.Logger) *Deliverer {
	return &Deliverer{store: store, messenger: messenger, sms: sms, now: now, policy: policy.filled(), logger: logger, waits: make(waits, waitsAtMost)}
}

// Step is what an attempt leaves to do.
type Step struct {
	State gateway.State // of the message now
	Done  bool          // the message has its outcome
	Wait  time.Duration // if not done: before the next attempt
	Fixed bool          // nothing is to be looked at before: the wait is for a turn, or the messenger's or provider's own
}

// Attempt takes the message one step further. It is safe to call it again at any time, from any process: the intent,
// written before the messenger is called, tells a second caller that a first one was there, and only one caller at a
// time gets to write it. This is why finding the person, writing the intent and calling are one activity: were the
// intent written by an earlier one, a worker that takes over could not know whether the call was made.
func (d *Deliverer) Attempt(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (Step, error) {
	return d.attempt(ctx, account, id, func() {})
}

// attempt is Attempt, and tells before it waits or calls that it lingers.
func (d *Deliverer) attempt(ctx context.Context, account gateway.AccountID, id gateway.MessageID, lingers func()) (Step, error) {
	delivery, next, err := d.begin(ctx, account, id, lingers)
	if err != nil {
		return Step{}, fmt.Errorf("begin attempt at message %s: %w", id, err)
	}
	if next.ask && d.asker != nil {
		if err := d.asker.Ask(ctx, delivery); err != nil {
			return Step{}, fmt.Errorf("ask the person of message %s: %w", id, err)
		}
	}
	if !next.call {
		return next.step(delivery), nil
	}
	lingers()
	time.Sleep(next.pause)
	receipt, refusal := d.call(ctx, delivery)
	step, err := d.settle(ctx, delivery, receipt, refusal)
	step.Fixed = refusal != nil
	if err != nil || receipt.ProviderID == "" {
		return step, err
	}
	return d.takeEarlyReport(ctx, delivery, receipt, step)
}

// A reply whose predecessor has not left yet looks again soon, then half as often each time, and after a second leaves it to a
// timer.
const (
	behindFirst = 20 * time.Millisecond
	behindLook  = time.Second
)

// begin decides how the attempt starts. A text that is wanted in another language is translated first, outside of the
// lock. A reply whose predecessor is just leaving, and a message whose turn is near, wait here: most do not need a timer,
// which costs more than the whole attempt.
func (d *Deliverer) begin(ctx context.Context, account gateway.AccountID, id gateway.MessageID, lingers func()) (delivery gateway.Delivery, next decision, err error) {
	behind, patience := behindFirst, d.policy.Horizon
	var promised gateway.Promise
	release := func() {}
	defer func() { release() }()
	for {
		delivery, err = d.store.ChangeDelivery(ctx, account, id, func(seen gateway.Delivery) (gateway.Change, error) {
			policy, chat := d.policy, chatOf(seen)
			if policy.Horizon = patience; !d.waits.room(seen.Message.Lane) {
				policy.Horizon = 0
			}
			if !promised.Holds(seen.Slots) {
				release() // it is nobody's
			}
			seen.Slots.ChatFree = d.turns.chatFree(chat, seen.Slots.ChatFree)
			release() // it is written now
			seen.Promised, seen.Promises = promised, d.turns.promised(chat.bot)
			next = policy.begin(seen, d.now())
			if !next.promise.Turn.IsZero() {
				release = d.turns.promise(chat, seen.Message.Lane, next.promise.Turn, next.chatFree)
			}
			return next.change, nil
		})
		if promised = next.promise; err != nil {
			return delivery, next, err
		}
		if next.lingers() {
			lingers()
		}
		switch {
		case next.translate:
			if err := d.translate(ctx, delivery); err != nil {
				return delivery, next, err
			}
		case next.behind && behind < behindLook && d.waits.wait(behind):
			patience, behind = max(patience-behind, 0), 2*behind
		case next.near && d.waits.wait(next.wait):
			patience = max(patience-next.wait, 0)
		case next.near && !promised.Turn.IsZero():
			patience = 0 // too many wait: what was promised is written
		default:
			return delivery, next, nil
		}
	}
}

// takeEarlyReport applies a report that came before the provider's answer told which leg it is about.
func (d *Deliverer) takeEarlyReport(ctx context.Context, delivery gateway.Delivery, receipt gateway.Receipt, step Step) (Step, error) {
	report, found, err := d.store.EarlyReport(ctx, receipt.Provider, receipt.ProviderID)
	if err != nil || !found {
		return step, err
	}
	delivery, err = d.store.ChangeDelivery(ctx, delivery.Message.AccountID, delivery.Message.ID, func(seen gateway.Delivery) (gateway.Change, error) {
		return reported(seen, delivery.Leg.ID, report, d.now()), nil
	})
	if err != nil {
		return step, fmt.Errorf("apply report of message %s: %w", delivery.Message.ID, err)
	}
	return decision{}.step(delivery), nil // nothing is left to wait for
}

// call is not ended by the context of the activity: a call that has left cannot be taken back, and its outcome must
// be written. Its own time-out bounds it.
func (d *Deliverer) call(ctx context.Context, delivery gateway.Delivery) (gateway.Receipt, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.policy.callTimeout(delivery))
	defer cancel()
	text, format := render(delivery.Message, delivery.Links), delivery.Message.Format
	if delivery.Leg.Channel == gateway.ChannelSMS || delivery.Leg.Plain {
		text, format = visible(text, format), gateway.FormatPlain
	}
	if delivery.Leg.Channel == gateway.ChannelSMS {
		if text, err := d.withCode(ctx, delivery.Message, text); err != nil {
			return gateway.Receipt{}, err
		} else {
			return d.submit(ctx, delivery, text)
		}
	}
	media, err := d.attachment(ctx, delivery)
	if err != nil {
		return gateway.Receipt{}, err
	}
	_, buttons := delivery.Message.Final()
	return d.messenger.Send(ctx, gateway.Outgoing{
		Bot: delivery.Bot, ChatID: delivery.Leg.ChatID, Text: text, Format: format, Buttons: buttons, AskPhone: delivery.Message.AskPhone,
		Media: media, Silent: delivery.Message.Silent, Protected: delivery.Message.Protected,
		NoPreview: len(delivery.Links) > 0, // a preview would open the link before the person does
	})
}

func (d *Deliverer) submit(ctx context.Context, delivery gateway.Delivery, text string) (gateway.Receipt, error) {
	if d.sms == nil {
		return gateway.Receipt{}, &gateway.DeliveryError{Class: gateway.ClassNoRoute}
	}
	receipt, _, err := d.sms.SendSMS(ctx, gateway.OutgoingSMS{
		LegID: delivery.Leg.ID, To: delivery.Phone(), Network: delivery.Bot.Network, Text: text, ValidFor: max(delivery.Message.ExpiresAt.Sub(d.now()), 0),
	})
	return gateway.Receipt{Provider: receipt.Provider, ProviderID: receipt.ProviderID, Segments: receipt.Segments}, err
}

// Writing an outcome is tried again while the database does not answer: it is all that stands between the messenger's
// answer and its loss. After that the intent stays open and the message counts as in doubt.
const (
	writeTries = 5
	writePause = 500 * time.Millisecond
)

func (d *Deliverer) settle(ctx context.Context, called gateway.Delivery, receipt gateway.Receipt, refusal error) (Step, error) {
	ctx = context.WithoutCancel(ctx)
	attempt := called.Leg.Attempts
	// As a rule nothing has happened to the message since the call, and the answer says nothing about anything else.
	quick := d.policy.settle(called, attempt, receipt, refusal, d.now())
	after, done, err := d.store.ChangeUnmoved(ctx, called, quick.change)
	if done {
		return quick.step(after), nil
	}
	if err != nil {
		d.logger.WarnContext(ctx, "writing an outcome", "message", called.Message.ID, "error", err)
	}
	for try := range writeTries {
		if try > 0 {
			time.Sleep(writePause)
		}
		var next decision
		var delivery gateway.Delivery
		delivery, err = d.store.ChangeDelivery(ctx, called.Message.AccountID, called.Message.ID, func(seen gateway.Delivery) (gateway.Change, error) {
			next = d.policy.settle(seen, attempt, receipt, refusal, d.now())
			next.change.RevokedToken = called.Bot.SealedToken // the bot may have a new one by now
			return next.change, nil
		})
		if err == nil {
			return next.step(delivery), nil
		}
		d.logger.WarnContext(ctx, "writing an outcome", "message", called.Message.ID, "error", err)
	}
	return Step{}, fmt.Errorf("write outcome of message %s: %w", called.Message.ID, err)
}
