package messaging

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"herald/internal/gateway"
	"herald/internal/phrase"
)

// Reconfirmer has people prove their phones anew whose proofs grew older than the owner of the bot wants.
type Reconfirmer struct {
	store   gateway.ReconfirmStore
	service *Service

	mu     sync.Mutex
	counts map[ReconfirmCount]int64
}

// NewReconfirmer returns a Reconfirmer whose messages are made, priced and set on their way by the service.
func NewReconfirmer(store gateway.ReconfirmStore, service *Service) *Reconfirmer {
	return &Reconfirmer{store: store, service: service, counts: map[ReconfirmCount]int64{}}
}

// ReconfirmOutcome is what has happened in a reconfirmation.
type ReconfirmOutcome string

// Outcomes. All but the first two end it.
const (
	ReconfirmAsked     ReconfirmOutcome = "asked"     // the person was asked
	ReconfirmReminded  ReconfirmOutcome = "reminded"  // and once more
	ReconfirmProved    ReconfirmOutcome = "proved"    // they proved a phone
	ReconfirmLapsed    ReconfirmOutcome = "lapsed"    // they did not, and their phone names nobody any more
	ReconfirmWithdrawn ReconfirmOutcome = "withdrawn" // they could not be asked, or nobody wants to know any more
)

// ReconfirmCount is what is counted.
type ReconfirmCount struct {
	Bot     gateway.BotID
	Outcome ReconfirmOutcome
}

// Counts tells what has happened by this Reconfirmer.
func (r *Reconfirmer) Counts() map[ReconfirmCount]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.counts)
}

func (r *Reconfirmer) count(bot gateway.BotID, what ReconfirmOutcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[ReconfirmCount{bot, what}]++
}

// Due returns people whose proofs are too old.
func (r *Reconfirmer) Due(ctx context.Context, from gateway.ReconfirmCursor, atMost int) (gateway.ReconfirmPage, error) {
	return r.store.DueReconfirmations(ctx, r.service.now(), from, atMost)
}

// ReconfirmStep is what a step leaves to do.
type ReconfirmStep struct {
	Done    bool
	Outcome ReconfirmOutcome // once it is done; empty: there was nothing to do
	Wait    time.Duration    // if not: before the next step
}

// stepAgain is how soon a step is decided anew that met a change.
const stepAgain = time.Second

// Step takes a reconfirmation one step further. It is safe to call it again at any time, from any process: what was done is
// in the database, and each step is written only if nothing has changed since it was decided.
func (r *Reconfirmer) Step(ctx context.Context, ref gateway.Reconfirmation) (ReconfirmStep, error) {
	seen, err := r.store.Reconfirming(ctx, ref)
	if err != nil {
		return ReconfirmStep{}, err
	}
	move, wait := nextMove(seen, ref, r.service.now())
	switch move {
	case moveAsk, moveRemind:
		return r.ask(ctx, ref, seen)
	case moveLapse:
		return r.lapse(ctx, ref, seen)
	case moveWithdraw:
		if err := r.store.WithdrawReconfirmation(ctx, ref); err != nil {
			return ReconfirmStep{}, err
		}
		return r.end(ref, ReconfirmWithdrawn), nil
	case moveProved:
		return r.end(ref, ReconfirmProved), nil
	case moveNone:
		return ReconfirmStep{Done: true}, nil
	default:
		return ReconfirmStep{Wait: wait}, nil
	}
}

func (r *Reconfirmer) end(ref gateway.Reconfirmation, outcome ReconfirmOutcome) ReconfirmStep {
	r.count(ref.BotID, outcome)
	return ReconfirmStep{Done: true, Outcome: outcome}
}

// move is what a reconfirmation needs next.
type move int

const (
	moveWait     move = iota
	moveAsk           // for the first time
	moveRemind        // for the second
	moveLapse         // the person has not answered
	moveWithdraw      // nobody wants an answer any more, or the person cannot give one
	moveProved        // the person has answered
	moveNone          // it is over, or has never begun
)

// nextMove decides. A phone lapses only if its person could read that they are asked, and could answer: whoever is not
// connected, or writes to a bot that does not hear, is asked anew later.
func nextMove(s gateway.Reconfirming, ref gateway.Reconfirmation, now time.Time) (move, time.Duration) {
	if s.Person == nil || s.Person.Phone == "" {
		return moveNone, 0
	}
	runs := s.Person.ReconfirmDue.Equal(ref.Due)
	switch policy := s.Bot.Reconfirm; {
	case !runs && len(s.Asks) > 0:
		return moveProved, 0 // a proof ends it, and leaves the asks behind
	case !runs && !s.Person.ReconfirmDue.IsZero():
		return moveNone, 0 // another one runs
	case !renewalWanted(s, now) && runs:
		return moveWithdraw, 0
	case !renewalWanted(s, now):
		return moveNone, 0
	case len(s.Asks) == 0:
		return moveAsk, 0
	case len(s.Asks) == 1:
		return due(moveRemind, s.Asks[0].At.Add(policy.RemindAfter), now)
	default:
		last := s.Asks[len(s.Asks)-1] // whoever was reminded late has as long as others
		what, wait := due(moveLapse, last.At.Add(policy.LapseAfter-policy.RemindAfter), now)
		if what == moveLapse && !reached(s.Asks) {
			what = moveWithdraw
		}
		return what, wait
	}
}

// renewalWanted tells whether the owner wants the proof renewed, and the person can be asked and answer.
func renewalWanted(s gateway.Reconfirming, now time.Time) bool {
	every := s.Bot.Reconfirm.Every
	return every > 0 && !now.Before(s.Person.PhoneProvedAt.Add(every)) && s.Person.Connection == gateway.Connected &&
		s.Bot.State == gateway.BotActive && !s.Suspended
}

func due(what move, at, now time.Time) (move, time.Duration) {
	if left := at.Sub(now); left > 0 {
		return moveWait, left
	}
	return what, 0
}

func reached(asks []gateway.PhoneAsked) bool {
	for _, a := range asks {
		if a.Reached {
			return true
		}
	}
	return false
}

// ask asks the person, or reminds them. By contact that goes in the lane of mailings: many may be due at once. An SMS with a
// code is at its goal in seconds, so the words that explain it do not wait behind others.
func (r *Reconfirmer) ask(ctx context.Context, ref gateway.Reconfirmation, seen gateway.Reconfirming) (ReconfirmStep, error) {
	policy := seen.Bot.Reconfirm
	lane, byContact, bySMS := gateway.LaneBulk, phrase.ReconfirmContact, phrase.ReconfirmSMS
	if policy.By == gateway.ConfirmSMS {
		lane = gateway.LaneService
	}
	asked, what, wait := len(seen.Asks), ReconfirmAsked, policy.RemindAfter
	if asked > 0 {
		byContact, bySMS, what, wait = phrase.Remind, phrase.RemindSMS, ReconfirmReminded, policy.LapseAfter-policy.RemindAfter
	}
	made, messages, err := r.service.asking(seen.Bot, *seen.Person, ref.AccountID, policy.By, lane, byContact, bySMS)
	if err != nil {
		return ReconfirmStep{}, err
	}
	ask := gateway.Ask{PhoneAsk: made, Messages: messages, ProvedAt: seen.Person.PhoneProvedAt, Asked: asked, Since: made.AskedAt}
	if asked == 0 {
		ask.Since = made.AskedAt.Add(-askAgainAfter) // whoever was asked lately for a message need not be asked twice
	}
	toSend, changed, err := r.store.AskToReconfirm(ctx, ref, ask)
	if err != nil {
		return ReconfirmStep{}, fmt.Errorf("ask subscriber %s: %w", ref.SubscriberID, err)
	}
	if changed {
		return ReconfirmStep{Wait: stepAgain}, nil
	}
	r.service.start(toSend)
	r.count(ref.BotID, what)
	return ReconfirmStep{Wait: wait}, nil
}

// RuleLapsed names, as the rule that sent it, the message that tells people that their phone lapsed.
const RuleLapsed = "herald:phone_lapsed"

// lapse takes the phone from the person, and tells them once: a notice whose answer is lost is not sent again.
func (r *Reconfirmer) lapse(ctx context.Context, ref gateway.Reconfirmation, seen gateway.Reconfirming) (ReconfirmStep, error) {
	notice, err := r.service.askMessage(seen.Bot, *seen.Person, ref.AccountID, gateway.LaneBulk, phrase.PhoneLapsed)
	if err != nil {
		return ReconfirmStep{}, err
	}
	notice.Message.Rule, notice.Message.OnUnknown = RuleLapsed, gateway.Hold
	lapsed, freed, err := r.store.LapsePhone(ctx, ref, notice)
	if err != nil {
		return ReconfirmStep{}, err
	}
	if !lapsed {
		return ReconfirmStep{Wait: stepAgain}, nil
	}
	for _, m := range freed { // they have nobody to wait for
		r.service.starter.WakeDelivery(m.AccountID, m.MessageID)
	}
	r.service.start([]gateway.NewMessage{notice})
	return r.end(ref, ReconfirmLapsed), nil
}
