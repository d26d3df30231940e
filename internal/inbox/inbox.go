package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/phrase"
	"herald/rules"
)

// Inbox processes stored updates until it is stopped.
type Inbox struct {
	store     gateway.InboxStore
	readers   map[gateway.Platform]gateway.UpdateReader
	messenger gateway.Messenger
	wake      <-chan struct{}
	waker     gateway.Waker
	reconfirm gateway.ReconfirmWaker
	ids       *gateway.IDs
	now       gateway.Clock
	logger    *slog.Logger
	workers   int
	presses   chan press

	engine     *rules.Engine
	composer   Composer
	sms        gateway.SMSRoutes
	starter    messaging.Starter
	translator gateway.Translator
	untold     chan struct{} // something that a person wrote waits for its translation
}

// Deps are what an Inbox works with.
type Deps struct {
	Store     gateway.InboxStore
	Readers   map[gateway.Platform]gateway.UpdateReader
	Messenger gateway.Messenger
	Wake      <-chan struct{}        // receives when updates were stored
	Waker     gateway.Waker          // of messages about which an update proves something
	Reconfirm gateway.ReconfirmWaker // of people who were being asked for a proof that an update brings; nil: nobody is asked
	IDs       *gateway.IDs
	Now       gateway.Clock
	Logger    *slog.Logger
	Workers   int // chats processed at the same time; 0 means 4

	Engine     *rules.Engine     // runs rule files; nil: no bot answers by rules
	Composer   Composer          // makes the replies
	SMS        gateway.SMSRoutes // to phones that people write; nil: none goes anywhere
	Starter    messaging.Starter
	Translator gateway.Translator // of what people write; nil: nothing is translated
}

const (
	defaultWorkers = 4
	pressesWaiting = 256 // for an answer; more are left without
)

// New returns an Inbox.
func New(d Deps) *Inbox {
	if d.Workers == 0 {
		d.Workers = defaultWorkers
	}
	return &Inbox{
		store: d.Store, readers: d.Readers, messenger: d.Messenger, wake: d.Wake, waker: d.Waker, reconfirm: d.Reconfirm, ids: d.IDs, now: d.Now,
		engine: d.Engine, composer: d.Composer, sms: d.SMS, starter: d.Starter, translator: d.Translator, untold: make(chan struct{}, 1),
		logger: d.Logger, workers: d.Workers, presses: make(chan press, pressesWaiting),
	}
}

// lookAnyway is how often a resting worker looks by itself, in case an announcement was missed.
const lookAnyway = 2 * time.Second

// Run processes updates until the context ends.
func (i *Inbox) Run(ctx context.Context) {
	var wg sync.WaitGroup
	doorbell := make(chan struct{}, i.workers)
	for range i.workers {
		wg.Go(func() { i.work(ctx, doorbell) })
		wg.Go(func() { i.answerPresses(ctx) })
	}
	wg.Go(func() { i.ring(ctx, doorbell) })
	wg.Go(func() { i.translate(ctx) })
	wg.Wait()
}

// ring passes one announcement on to every worker: each looks for a chat of its own.
func (i *Inbox) ring(ctx context.Context, doorbell chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-i.wake:
			for range i.workers {
				select {
				case doorbell <- struct{}{}:
				default:
				}
			}
		}
	}
}

func (i *Inbox) work(ctx context.Context, doorbell <-chan struct{}) {
	rest := time.NewTicker(lookAnyway)
	defer rest.Stop()
	for {
		found, err := i.ProcessOne(ctx)
		if err != nil && ctx.Err() == nil {
			i.logger.WarnContext(ctx, "processing an update", "error", err)
		}
		if found && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-doorbell:
		case <-rest.C:
		}
	}
}

// ProcessOne processes one waiting update and tells whether there was one.
func (i *Inbox) ProcessOne(ctx context.Context) (found bool, err error) {
	var pressed press
	var accepted []gateway.MessageRef
	var translates bool
	done, err := i.store.ProcessUpdate(ctx, i.now(), func(raw gateway.RawUpdate, bot gateway.Bot) (v gateway.Verdict, err error) {
		defer func() { // a panic over one odd update ends that update, not the process
			if r := recover(); r != nil {
				err = fmt.Errorf("processing the update panicked: %v", r)
			}
		}()
		if raw.Own() {
			return i.judgeOwn(raw, bot, &accepted)
		}
		update, err := i.read(raw, bot)
		if err != nil {
			return v, err
		}
		if update.Kind == gateway.UpdateButton {
			pressed = press{bot: bot, callbackID: update.CallbackID}
		}
		v = i.judge(raw, update)
		v.Claim = i.claimed(update, bot)
		if v.Forget { // nothing is left to send it to, so the answer to the button says it
			pressed.notice = phrase.In(update.Person.Language, phrase.Forgotten)
		}
		if v.Subscriber == nil || v.Subscriber.Kind != "" {
			return v, nil // of nobody, or of a group: rules are about people
		}
		if raw.Whose != nil {
			if v.Owner, err = raw.Whose(ctx, v.Subscriber.PlatformID, v.EvidenceOf); err != nil {
				return v, err
			}
			raw.AccountID, raw.Rules = v.Owner.AccountID, v.Owner.Rules
		}
		c := consultation{raw: raw, bot: bot, update: update, phone: v.Phone != ""}
		for _, line := range []*gateway.Message{v.Message, v.Silent} {
			if line != nil {
				c.about = line.ID
			}
		}
		v.Answer = noticing(i.byDefault(c, v, i.consult(c, &accepted), &accepted), &translates)
		return v, nil
	})
	if err == nil {
		i.follow(accepted, translates)
	}
	if err == nil && pressed.callbackID != "" {
		select {
		case i.presses <- pressed:
		default: // a courtesy that may be left out
		}
	}
	if err == nil && done.Proved != nil {
		i.waker.WakeDelivery(done.Proved.AccountID, done.Proved.MessageID)
	}
	if err == nil {
		for _, m := range done.Freed {
			i.waker.WakeDelivery(m.AccountID, m.MessageID)
		}
		if done.Renewed != nil && i.reconfirm != nil {
			i.reconfirm.WakeReconfirmation(*done.Renewed)
		}
	}
	return done.Found, err
}

// noticing notes whether the answer wants something translated.
func noticing(ask gateway.Answerer, translates *bool) gateway.Answerer {
	if ask == nil {
		return nil
	}
	return func(ctx context.Context, talk gateway.Conversation) (gateway.Answer, error) {
		a, err := ask(ctx, talk)
		*translates = a.TranslateTo != ""
		return a, err
	}
}

// follow sets on its way what a verdict has led to, once it is stored. What is left out here, others find in the database.
func (i *Inbox) follow(accepted []gateway.MessageRef, translates bool) {
	for _, m := range accepted {
		i.starter.StartDelivery(m.AccountID, m.MessageID, gateway.LaneService)
	}
	if translates {
		select {
		case i.untold <- struct{}{}:
		default:
		}
	}
}

// judgeOwn reads an update from our own side: a message was read, or did not arrive.
func (i *Inbox) judgeOwn(raw gateway.RawUpdate, bot gateway.Bot, accepted *[]gateway.MessageRef) (v gateway.Verdict, err error) {
	if err := json.Unmarshal(raw.Body, &v.Own); err != nil {
		return v, fmt.Errorf("read own update: %w", err)
	}
	v.Answer = i.consult(consultation{raw: raw, bot: bot, own: v.Own, about: v.Own.MessageID}, accepted)
	return v, nil
}

func (i *Inbox) read(raw gateway.RawUpdate, bot gateway.Bot) (u gateway.Update, err error) {
	reader, ok := i.readers[bot.Platform]
	if !ok {
		return u, fmt.Errorf("no reader for updates of %s", bot.Platform)
	}
	return reader.ReadUpdate(raw.Body)
}

// press is a pressed button that waits for its answer.
type press struct {
	bot        gateway.Bot
	callbackID string
	notice     string // that the person sees; mostly none
}

// answerPresses answers buttons beside the work: a slow messenger must not hold up the updates of all bots.
func (i *Inbox) answerPresses(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-i.presses:
			i.answerButton(ctx, p)
		}
	}
}

// answerTimeout bounds the call that stops the waiting sign on a pressed button.
const answerTimeout = 10 * time.Second

// answerButton is a courtesy: it is not repeated, and a button that is too old to answer is no fault.
func (i *Inbox) answerButton(ctx context.Context, p press) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	err := i.messenger.AnswerButton(ctx, p.bot, p.callbackID, p.notice)
	var refusal *gateway.DeliveryError
	if err != nil && !(errors.As(err, &refusal) && refusal.Class == gateway.ClassStale) {
		i.logger.InfoContext(ctx, "answering a button", "bot", p.bot.ID, "error", err)
	}
}
