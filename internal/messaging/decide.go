package messaging

import (
	"errors"
	"time"

	"herald/internal/gateway"
)

// decision is what to write and what to do then. Everything in this file is pure: what is known goes in, a decision
// comes out.
type decision struct {
	change gateway.Change
	call   bool          // the intent is in the change: call the messenger
	pause  time.Duration // before the call: its slot is a moment away
	wait   time.Duration // before the next attempt, if there is one

	ask       bool // the person is to be asked to prove their phone
	translate bool // the text is wanted in another language: translate it and decide again
	behind    bool // an earlier reply of the chat has not left yet: look again soon
	near      bool // its turn comes soon: wait here, without a timer, and decide again

	promise  gateway.Promise // of that turn, if the change says nothing of it
	chatFree time.Time       // when the chat is free after it
}

// step tells the workflow what an attempt left to do, given the delivery after its change: nothing, once no leg waits.
func (n decision) step(d gateway.Delivery) Step {
	return Step{State: d.Message.State, Done: !d.Open(), Wait: n.wait, Fixed: n.change.Slots != nil}
}

// lingers tells whether the attempt goes on after something else than a call.
func (n decision) lingers() bool { return n.translate || n.behind || n.near }

// begin decides how an attempt starts: with an intent and a call, with a wait, or with an end.
func (p Policy) begin(d gateway.Delivery, now time.Time) decision {
	if !d.Open() {
		return decision{}
	}
	story := story{delivery: d, at: now}
	if left := d.Message.NotBefore.Sub(now); left > 0 {
		return decision{change: story.scheduled(left), wait: left}
	}
	if d.Leg.Attempts == 0 && now.Before(d.Message.ExpiresAt) {
		if d.Message.Untranslated() {
			return decision{translate: true}
		}
		if d.Before != "" && !d.Before.Settled() {
			return decision{behind: true, wait: p.untilExpiry(story, behindLook)}
		}
	}
	if !d.Leg.Intent.IsZero() {
		if left := d.Leg.Intent.Add(p.callTimeout(d) + p.DoubtGrace).Sub(now); left > 0 {
			return decision{wait: left} // somebody may be calling at this moment
		}
		if d.Message.OnUnknown == gateway.Hold {
			return decision{change: story.unknown()}
		}
		story.delivery.Leg.Reason = gateway.ReasonAnswerLost
		story.tell(gateway.Event{Kind: gateway.EventInDoubt, Reason: gateway.ReasonAnswerLost, Detail: "An earlier attempt has no answer. It is sent again, as the message allows: a second copy is harmless."})
	} else if wait, needless := p.awaitEvidence(story); needless {
		return decision{change: gateway.Change{SkipRest: true}}
	} else if wait > 0 {
		return decision{wait: wait}
	}
	if d.Leg.Intent.IsZero() {
		d = priced(d)
		story.delivery = d
	}
	if state, reason := p.obstacle(d, now); state != "" {
		words := Explain(reason)
		if reason == gateway.ReasonOverPrice {
			words = overPriceWords(d)
		}
		return decision{change: story.end(state, reason, words)}
	}
	if d.Leg.Intent.IsZero() {
		if opens := nextHours(d.Message, recipientOf(d), now); opens.After(now) {
			return decision{change: story.waitsForHours(opens), wait: p.untilExpiry(story, opens.Sub(now))}
		}
	}
	if d.Leg.Channel != gateway.ChannelSMS && d.Leg.Intent.IsZero() && d.Leg.Attempts == 0 && d.Unconfirmed(now) {
		return p.withhold(story)
	}
	if d.Reached() && d.Leg.Attempts == 0 && d.Leg.Slot.IsZero() {
		story.tell(gateway.Event{Kind: gateway.EventNextLeg, Detail: lapsedWords(d)})
	}
	if d.Suspended {
		return decision{change: story.rests("The operator has suspended the account. It is sent once the account works again."), wait: p.untilExpiry(story, pausedLook)}
	}
	if d.Leg.Channel == gateway.ChannelSMS {
		return decision{change: story.intent(now), call: true}
	}
	if d.Bot.State == gateway.BotPaused {
		return decision{change: story.rests("The bot is paused by its owner. It is sent once the bot is resumed."), wait: p.untilExpiry(story, pausedLook)}
	}
	return p.takeTurn(story)
}

// pausedLook is how soon a message looks again whether its bot is still paused, or its account suspended.
const pausedLook = 15 * time.Second

// awaitEvidence looks at the legs before this one: one that was accepted has its time to bring evidence, and with it
// this leg is needless.
func (p Policy) awaitEvidence(s story) (wait time.Duration, needless bool) {
	for _, l := range s.delivery.Legs {
		if l.Number >= s.delivery.Leg.Number || l.State == gateway.LegFailed || l.State == gateway.LegSkipped {
			continue
		}
		if s.delivery.Satisfied(l) {
			return 0, true
		}
		wait = max(wait, p.untilExpiry(s, l.SettledAt.Add(l.Within).Sub(s.at)))
	}
	return wait, false
}

// obstacle returns the end of a leg that cannot be sent, or no state if it can.
func (p Policy) obstacle(d gateway.Delivery, now time.Time) (gateway.State, gateway.Reason) {
	person := d.Subscriber
	switch {
	case !now.Before(d.Message.ExpiresAt):
		if d.Message.State == gateway.Withheld {
			return gateway.Expired, gateway.ReasonUnconfirmed
		}
		return gateway.Expired, gateway.ReasonTTL
	case d.Leg.Channel == gateway.ChannelSMS && d.Phone() == "":
		return gateway.Failed, gateway.ReasonNoPhone
	case overPrice(d):
		return gateway.Failed, gateway.ReasonOverPrice
	case d.Leg.Channel == gateway.ChannelSMS:
		return "", ""
	case d.Bot.State == gateway.BotRevoked:
		return gateway.Failed, gateway.ReasonBotRevoked
	case d.Bot.State == gateway.BotRemoved, !d.Bot.UsableBy(d.Message.AccountID):
		return gateway.Failed, gateway.ReasonBotRemoved
	case person == nil && d.Lapsed:
		return gateway.NotSubscribed, gateway.ReasonPhoneLapsed
	case person == nil:
		return gateway.NotSubscribed, gateway.ReasonNeverStarted
	case person.Connection != gateway.Connected && !(person.Reason == gateway.ReasonStopped && d.Message.Cause != ""): // who stopped a bot still gets what they ask it
		return gateway.NotSubscribed, person.Reason
	case d.Message.To.Kind == gateway.AddressUsername && d.Message.Lane == gateway.LaneCode && now.Sub(person.UsernameSeenAt) > p.NameAge:
		return gateway.NotSubscribed, gateway.ReasonNameTooOld
	default:
		return "", ""
	}
}

// takeTurn decides whether the leg's turn has come, and if so takes a slot that is near enough to call now. A turn that
// is held or promised stays good unless the messenger has blocked the bot past it since. No slot is taken before the turn has
// come: those between now and then would be lost to everybody.
func (p Policy) takeTurn(s story) decision {
	slots, lane, promised := s.delivery.Slots, s.delivery.Message.Lane, s.delivery.Promised
	turn := s.delivery.Leg.Slot
	switch {
	case promised.Holds(slots):
		turn, slots = promised.Turn, slots.Keep(promised, s.at, lane) // from now on in all processes
	case turn.IsZero() || turn.Before(slots.Blocked):
		turn, slots = slots.TurnBehind(s.at, lane, s.delivery.Promises)
		turn, slots = slots.InChat(turn)
		left := turn.Sub(s.at)
		if left > 0 && left <= p.Horizon && left == p.untilExpiry(s, left) {
			if promised.Since.IsZero() {
				promised.Since = s.at
			}
			promised.Turn = turn
			return decision{near: true, wait: left, promise: promised, chatFree: slots.ChatFree}
		}
	}
	if left := p.untilExpiry(s, turn.Sub(s.at)); left > 0 && turn.Equal(s.delivery.Leg.Slot) {
		return decision{near: left <= p.Horizon, wait: left} // it holds its turn already
	}
	s.delivery.Leg.Slot = turn
	if left := turn.Sub(s.at); left > 0 {
		return p.waitForTurn(s, left, slots)
	}
	if backlog := slots.Backlog(s.at); backlog > gateway.Patience(lane) {
		pause := max(slotLook, backlog)
		if lane == gateway.LaneBulk {
			pause = bulkSlotLook + backlog // others are many: do not ask every moment
		}
		return p.waitForTurn(s, max(pause, min(s.at.Sub(turn)/2, longestPause)), slots)
	}
	if waited := s.at.Sub(promised.Since); !promised.Since.IsZero() && waited >= toldFrom {
		s.tell(gateway.Event{Kind: gateway.EventTurn, Detail: "The bot or this chat had sent as much as the messenger allows. It has waited " + spanWords(waited.Round(100*time.Millisecond)) + " for its turn."})
	}
	at, slots := slots.Slot(s.at)
	change := s.intent(at)
	change.Slots = &slots
	return decision{change: change, call: true, pause: at.Sub(s.at)}
}

// How soon one whose turn has come looks for a slot again. The longer it has waited, the longer are the pauses, so that a
// crowd does not spend its time on looking.
const (
	slotLook     = 500 * time.Millisecond
	bulkSlotLook = 2 * time.Second
	longestPause = 15 * time.Second
)

// toldFrom is the shortest wait that the story tells of.
const toldFrom = time.Second

// waitForTurn leaves the leg with its turn: inside the attempt if it is near, and to the workflow otherwise. The message is
// on its way from the first wait on that is worth telling.
func (p Policy) waitForTurn(s story, wait time.Duration, slots gateway.Slots) decision {
	wait = p.untilExpiry(s, wait)
	leg, near := s.delivery.Leg, wait <= p.Horizon
	change := gateway.Change{Leg: &leg, Slots: &slots, Subscriber: s.delivery.Subscriber.ID}
	if wait < toldFrom && (near || s.delivery.Message.State == gateway.Sending) {
		change.Events = s.events // too short to tell about, or told already
		return decision{change: change, near: near, wait: wait, promise: gateway.Promise{Since: s.delivery.Promised.Since}}
	}
	s.onItsWay(&change, gateway.Event{
		Kind: gateway.EventTurn, Wait: wait,
		Detail: "The bot or this chat has sent as much as the messenger allows. It is sent when its turn comes.",
	})
	change.Events = s.events
	return decision{change: change, near: near, wait: wait}
}

// settle decides what the messenger's answer to an attempt means.
func (p Policy) settle(d gateway.Delivery, attempt int, receipt gateway.Receipt, refusal error, now time.Time) decision {
	story := story{delivery: d, at: now}
	if d.Leg.Attempts != attempt || d.Leg.Intent.IsZero() {
		return story.late(receipt, refusal)
	}
	if refusal == nil {
		return decision{change: story.accepted(receipt), wait: p.untilExpiry(story, d.Leg.Within)}
	}
	var facts *gateway.DeliveryError
	if !errors.As(refusal, &facts) {
		facts = &gateway.DeliveryError{Class: gateway.ClassUnknown, Err: refusal}
	}
	return p.refused(story, facts)
}

// refused is the one table from a refusal's class to what happens next.
func (p Policy) refused(s story, facts *gateway.DeliveryError) decision {
	switch facts.Class {
	case gateway.ClassUnsubscribed:
		return decision{change: s.disconnected(gateway.ReasonBlocked)}
	case gateway.ClassGone:
		return decision{change: s.disconnected(gateway.ReasonDeactivated)}
	case gateway.ClassNotSubscribed:
		return decision{change: s.disconnected(gateway.ReasonNeverStarted)}
	case gateway.ClassChatLost:
		return decision{change: s.disconnected(gateway.ReasonChatLost)}
	case gateway.ClassMigrated:
		if facts.MigrateTo == 0 || facts.MigrateTo == s.delivery.Leg.ChatID {
			return decision{change: s.end(gateway.Failed, gateway.ReasonChatLost, "The chat has moved, and the messenger does not say where to.")}
		}
		change := s.again(gateway.Event{Kind: gateway.EventMigrated, Detail: "The chat has moved. It is sent to its new address."})
		change.Migrate = facts.MigrateTo
		return decision{change: change}
	case gateway.ClassThrottled:
		wait := p.untilExpiry(s, facts.RetryAfter)
		change := s.again(gateway.Event{
			Kind: gateway.EventThrottled, Reason: gateway.ReasonThrottled, Wait: wait, Detail: "The messenger asks to wait before the bot sends again.",
		})
		if s.delivery.Leg.Channel != gateway.ChannelSMS {
			slots := s.delivery.Slots.Throttled(s.at, facts.RetryAfter)
			change.Slots, change.Refused = &slots, true
		}
		return decision{wait: wait, change: change}
	case gateway.ClassUnavailable:
		wait := p.untilExpiry(s, p.backoff(s.delivery.Leg.Attempts))
		return decision{wait: wait, change: s.again(gateway.Event{
			Kind: gateway.EventRetry, Reason: gateway.ReasonUnavailable, Wait: wait, Detail: "The messenger did not take it. It is tried again.",
		})}
	case gateway.ClassUnknown:
		if s.delivery.Message.OnUnknown == gateway.Hold {
			return decision{change: s.unknown()}
		}
		wait := p.untilExpiry(s, p.backoff(s.delivery.Leg.Attempts))
		s.delivery.Leg.Reason = gateway.ReasonAnswerLost
		return decision{wait: wait, change: s.again(gateway.Event{
			Kind: gateway.EventInDoubt, Reason: gateway.ReasonAnswerLost, Wait: wait, Detail: "It was sent and the answer was lost. It is sent again, as the message allows: a second copy is harmless.",
		})}
	case gateway.ClassInvalidNumber, gateway.ClassUndeliverable:
		return decision{change: s.end(gateway.Failed, gateway.ReasonUndelivered, "The operator carries no SMS to this number.")}
	case gateway.ClassNoRoute:
		return decision{change: s.end(gateway.Failed, gateway.ReasonNoProvider, Explain(gateway.ReasonNoProvider))}
	case gateway.ClassNoMoney:
		return decision{change: s.end(gateway.Failed, gateway.ReasonNoProvider, "No SMS provider takes it: the balance of this installation there is empty.")}
	case gateway.ClassRevoked:
		if s.delivery.Leg.Channel == gateway.ChannelSMS {
			return decision{change: s.end(gateway.Failed, gateway.ReasonNoProvider, "The SMS provider refuses the login of this installation.")}
		}
		change := s.end(gateway.Failed, gateway.ReasonBotRevoked, Explain(gateway.ReasonBotRevoked))
		change.RevokeBot = gateway.WordsRevoked
		return decision{change: change}
	case gateway.ClassHandle:
		change := s.again(gateway.Event{Kind: gateway.EventRetry, Detail: "The messenger does not know the file any more. It is uploaded once more."})
		change.ForgetHandle = true
		return decision{change: change}
	case gateway.ClassNoFile:
		return decision{change: s.end(gateway.Failed, gateway.ReasonFileGone, Explain(gateway.ReasonFileGone))}
	case gateway.ClassMarkup:
		if s.delivery.Message.Format.Marked() && !s.delivery.Leg.Plain {
			s.delivery.Leg.Plain = true
			return decision{change: s.again(gateway.Event{
				Kind: gateway.EventPlainText, Detail: "The messenger did not understand the markup: " + facts.Text + ". It is sent once more as plain text.",
			})}
		}
		fallthrough
	case gateway.ClassContent:
		return decision{change: s.end(gateway.Failed, gateway.ReasonContent, "The messenger refused the content: "+facts.Text)}
	default:
		return decision{change: s.end(gateway.Failed, gateway.ReasonDefect, "The messenger did not understand the call: "+facts.Text)}
	}
}

// backoff doubles with each attempt.
func (p Policy) backoff(attempts int) time.Duration {
	wait := p.FirstRetry
	for i := 1; i < attempts && wait < p.LastRetry; i++ {
		wait *= 2
	}
	return min(wait, p.LastRetry)
}

// untilExpiry shortens a wait so that a message expires on time.
func (p Policy) untilExpiry(s story, wait time.Duration) time.Duration {
	return max(min(wait, s.delivery.Message.ExpiresAt.Sub(s.at)), 0)
}
