package messaging

import (
	"errors"
	"fmt"
	"time"

	"herald/internal/gateway"
)

// decision is what to write and what to do then. Everything in this file is pure: what is known goes in, a decision
// comes out.
type decision struct {
	change gateway.Change
	call   bool          // the intent is in the change: call the messenger
	pause  time.Duration // before the call: its slot is a moment away
	wait   time.Duration // before the next attempt, if the message has no outcome then
}

// step tells the workflow what an attempt left to do, given the delivery after its change.
func (n decision) step(d gateway.Delivery) Step {
	return Step{State: d.Message.State, Done: d.Message.State.Settled(), Wait: n.wait}
}

// begin decides how an attempt starts: with an intent and a call, with a wait, or with an end.
func (p Policy) begin(d gateway.Delivery, now time.Time) decision {
	if d.Message.State.Settled() {
		return decision{change: gateway.Change{LeaveQueue: true}}
	}
	story := story{delivery: d, at: now}
	if !d.Leg.Intent.IsZero() {
		if left := d.Leg.Intent.Add(p.CallTimeout + p.DoubtGrace).Sub(now); left > 0 {
			return decision{wait: left} // somebody may be calling at this moment
		}
		if d.Message.OnUnknown == gateway.Hold {
			return decision{change: story.unknown()}
		}
		story.delivery.Leg.Reason = gateway.ReasonAnswerLost
		story.tell(gateway.Event{Kind: gateway.EventInDoubt, Reason: gateway.ReasonAnswerLost, Detail: "An earlier attempt has no answer. It is sent again, as the message allows: a second copy is harmless."})
	}
	switch state, reason := p.obstacle(d, now); {
	case state != "":
		change := story.end(state, reason, Explain(reason))
		change.LeaveQueue = true
		return decision{change: change}
	default:
		return p.takeTurn(story)
	}
}

// takeTurn gives the leg a slot and decides whether it is near enough to call now. A slot that is held stays good
// unless the messenger has blocked the bot past it since. A bulk message holds a place in the bot's bulk share first, and
// when that has come, one of the bot's own.
func (p Policy) takeTurn(s story) decision {
	leg, slots, lane := s.delivery.Leg, s.delivery.Slots, s.delivery.Message.Lane
	near := s.at.Add(p.Horizon)
	at := leg.Slot
	if at.IsZero() || at.Before(slots.Blocked) {
		at, slots = slots.Take(s.at, lane)
	}
	if lane == gateway.LaneBulk && !at.After(near) {
		at, slots = slots.Admit(s.at)
	}
	s.delivery.Leg.Slot = at
	if at.After(near) {
		return p.waitForTurn(s, at, slots)
	}
	change := s.intent(later(at, s.at))
	change.Slots = &slots
	return decision{change: change, call: true, pause: max(at.Sub(s.at), 0)}
}

// waitForTurn leaves the leg with its slot. The message is on its way from now on.
func (p Policy) waitForTurn(s story, at time.Time, slots gateway.Slots) decision {
	wait := p.untilExpiry(s, at.Sub(s.at))
	leg := s.delivery.Leg
	change := gateway.Change{Leg: &leg, Slots: &slots, Subscriber: s.delivery.Subscriber.ID, LeaveQueue: true}
	event := gateway.Event{Kind: gateway.EventTurn, Wait: wait, Detail: "The bot or this chat has sent as much as the messenger allows. It is sent when its turn comes."}
	if s.delivery.Message.State != gateway.Sending {
		change.State = gateway.Sending
		event.From, event.State = s.delivery.Message.State, gateway.Sending
	}
	s.tell(event)
	change.Events = s.events
	return decision{change: change, wait: wait}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// obstacle returns the end of a message that cannot be sent, or no state if it can.
func (p Policy) obstacle(d gateway.Delivery, now time.Time) (gateway.State, gateway.Reason) {
	switch person := d.Subscriber; {
	case !now.Before(d.Message.ExpiresAt):
		return gateway.Expired, gateway.ReasonTTL
	case d.Bot.State == gateway.BotRevoked:
		return gateway.Failed, gateway.ReasonBotRevoked
	case person == nil:
		return gateway.NotSubscribed, gateway.ReasonNeverStarted
	case person.Connection != gateway.Connected:
		return gateway.NotSubscribed, person.Reason
	case d.Message.To.Kind == gateway.AddressUsername && d.Message.Lane == gateway.LaneCode && now.Sub(person.UsernameSeenAt) > p.NameAge:
		return gateway.NotSubscribed, gateway.ReasonNameTooOld
	default:
		return "", ""
	}
}

// settle decides what the messenger's answer to an attempt means.
func (p Policy) settle(d gateway.Delivery, attempt int, receipt gateway.Receipt, refusal error, now time.Time) decision {
	story := story{delivery: d, at: now}
	if d.Leg.Attempts != attempt || d.Leg.Intent.IsZero() {
		return story.late(receipt, refusal)
	}
	if refusal == nil {
		return decision{change: story.accepted(receipt)}
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
		change := s.again(gateway.Event{Kind: gateway.EventMigrated, Detail: "The chat has moved. It is sent to its new address."})
		change.Migrate = facts.MigrateTo
		return decision{change: change}
	case gateway.ClassThrottled:
		wait := p.untilExpiry(s, facts.RetryAfter)
		change := s.again(gateway.Event{
			Kind: gateway.EventThrottled, Reason: gateway.ReasonThrottled, Wait: wait, Detail: "The messenger asks to wait before the bot sends again.",
		})
		slots := s.delivery.Slots.Throttled(s.at, facts.RetryAfter)
		change.Slots, change.Refused = &slots, true
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
	case gateway.ClassRevoked:
		change := s.end(gateway.Failed, gateway.ReasonBotRevoked, Explain(gateway.ReasonBotRevoked))
		change.RevokeBot = "The messenger refuses the bot's token: it was revoked at BotFather. Give the bot its new token with POST /v1/bots."
		return decision{change: change}
	case gateway.ClassContent, gateway.ClassMarkup:
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

// story writes changes of one delivery together with the lines that explain them.
type story struct {
	delivery gateway.Delivery
	at       time.Time
	events   []gateway.Event
}

// tell adds a line. What it leaves out is filled from the delivery.
func (s *story) tell(e gateway.Event) {
	e.MessageID, e.At, e.Leg = s.delivery.Message.ID, s.at, s.delivery.Leg.Number
	if e.State == "" {
		e.State = s.delivery.Message.State
	}
	s.events = append(s.events, e)
}

// move tells that the message's state changes.
func (s *story) move(kind gateway.EventKind, to gateway.State, reason gateway.Reason, detail string) {
	s.tell(gateway.Event{Kind: kind, From: s.delivery.Message.State, State: to, Reason: reason, Detail: detail})
}

// intent announces a call at a moment that is near. The message is sending from now on, and its workflow has shown that
// it runs.
func (s *story) intent(call time.Time) gateway.Change {
	leg := s.delivery.Leg
	leg.Intent, leg.Attempts, leg.ChatID = call, leg.Attempts+1, s.delivery.Subscriber.ChatID
	change := gateway.Change{Leg: &leg, Subscriber: s.delivery.Subscriber.ID, LeaveQueue: true}
	detail := "The recipient was found. Calling the messenger."
	if leg.Attempts > 1 {
		detail = fmt.Sprintf("Calling the messenger, attempt %d.", leg.Attempts)
	}
	if s.delivery.Message.State == gateway.Sending {
		s.tell(gateway.Event{Kind: gateway.EventIntent, Detail: detail})
	} else {
		change.State = gateway.Sending
		s.move(gateway.EventIntent, gateway.Sending, "", detail)
	}
	change.Events = s.events
	return change
}

func (s *story) accepted(receipt gateway.Receipt) gateway.Change {
	leg := s.closed(gateway.LegAccepted, "")
	leg.PlatformMessageID = receipt.PlatformMessageID
	s.move(gateway.EventState, gateway.Accepted, "", "The messenger took it.")
	return gateway.Change{State: gateway.Accepted, Leg: leg, Events: s.events}
}

// end closes the message without success. If the answer to an earlier attempt was lost the person may have that copy,
// so no end is certain any more: it is unknown.
func (s *story) end(state gateway.State, reason gateway.Reason, detail string) gateway.Change {
	if s.delivery.Leg.Reason == gateway.ReasonAnswerLost {
		return s.unknown()
	}
	s.move(gateway.EventState, state, reason, detail)
	return gateway.Change{State: state, Reason: reason, Leg: s.closed(gateway.LegFailed, reason), Events: s.events}
}

func (s *story) unknown() gateway.Change {
	const reason = gateway.ReasonAnswerLost
	s.move(gateway.EventState, gateway.Unknown, reason, Explain(reason))
	return gateway.Change{State: gateway.Unknown, Reason: reason, Leg: s.closed(gateway.LegUnknown, reason), Events: s.events}
}

func (s *story) disconnected(reason gateway.Reason) gateway.Change {
	change := s.end(gateway.NotSubscribed, reason, Explain(reason))
	change.Disconnect = reason
	return change
}

// again closes the intent and leaves the leg to the next attempt.
func (s *story) again(e gateway.Event) gateway.Change {
	leg := s.delivery.Leg
	leg.Intent, leg.Slot = time.Time{}, time.Time{}
	s.tell(e)
	return gateway.Change{Leg: &leg, Events: s.events}
}

// late is an answer that comes after the leg was given up: a receipt still turns unknown into accepted.
func (s *story) late(receipt gateway.Receipt, refusal error) decision {
	if refusal != nil || s.delivery.Message.State != gateway.Unknown {
		return decision{}
	}
	return decision{change: s.accepted(receipt)}
}

func (s *story) closed(state gateway.LegState, reason gateway.Reason) *gateway.Leg {
	leg := s.delivery.Leg
	leg.State, leg.Reason, leg.Intent, leg.SettledAt = state, reason, time.Time{}, s.at
	return &leg
}
