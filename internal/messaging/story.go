package messaging

import (
	"fmt"
	"time"

	"herald/internal/gateway"
)

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

// onItsWay tells the event and makes the message sending, if it is not.
func (s *story) onItsWay(change *gateway.Change, e gateway.Event) {
	if from := s.delivery.Message.State; from != gateway.Sending {
		change.State = gateway.Sending
		e.From, e.State = from, gateway.Sending
		s.delivery.Message.State = gateway.Sending
	}
	s.tell(e)
}

// scheduled leaves the message to its time.
func (s *story) scheduled(wait time.Duration) gateway.Change {
	if s.delivery.Message.State != gateway.Queued {
		return gateway.Change{}
	}
	detail := "It is sent at the time that its sender chose."
	if m := s.delivery.Message; m.Between != "" {
		detail = hoursWords(m, recipientOf(s.delivery), s.at)
	}
	s.tell(gateway.Event{Kind: gateway.EventScheduled, From: gateway.Queued, State: gateway.Scheduled, Wait: wait, Detail: detail})
	return gateway.Change{State: gateway.Scheduled, Events: s.events}
}

// waitsForHours leaves the leg to the hours in which it may be sent. It is told once.
func (s *story) waitsForHours(opens time.Time) gateway.Change {
	leg := s.delivery.Leg
	if leg.NotBefore.Equal(opens) {
		return gateway.Change{}
	}
	leg.NotBefore, leg.Slot = opens, time.Time{}
	change := gateway.Change{Leg: &leg}
	event := gateway.Event{Kind: gateway.EventScheduled, Wait: opens.Sub(s.at), Detail: hoursWords(s.delivery.Message, recipientOf(s.delivery), s.at)}
	if leg.Number > 1 {
		event.Detail = "The next way, " + string(leg.Channel) + ", waits. " + event.Detail
	}
	if opens.After(s.delivery.Message.ExpiresAt) {
		event.Detail += " Its lifetime ends before."
	}
	if s.delivery.Message.State == gateway.Queued {
		change.State, event.From, event.State = gateway.Scheduled, gateway.Queued, gateway.Scheduled
	}
	s.tell(event)
	change.Events = s.events
	return change
}

// rests leaves the leg to whoever has paused its bot or suspended its account. It is told once: the leg keeps since when.
func (s *story) rests(words string) gateway.Change {
	leg := s.delivery.Leg
	if !leg.NotBefore.IsZero() {
		return gateway.Change{}
	}
	leg.NotBefore = s.at
	change := gateway.Change{Leg: &leg}
	event := gateway.Event{Kind: gateway.EventScheduled, Detail: words}
	if s.delivery.Message.State == gateway.Queued {
		change.State, event.From, event.State = gateway.Scheduled, gateway.Queued, gateway.Scheduled
	}
	s.events = nil // what was to be told about the call is told when it is made
	s.tell(event)
	change.Events = s.events
	return change
}

// intent announces a call at a moment that is near. The message is sending from now on.
func (s *story) intent(call time.Time) gateway.Change {
	leg := s.delivery.Leg
	leg.Intent, leg.Attempts = call, leg.Attempts+1
	var change gateway.Change
	if s.delivery.Prices != nil {
		change.Price = &s.delivery.Message.Price
	}
	detail := "Calling the SMS provider."
	if s.delivery.Subscriber != nil {
		change.Subscriber = s.delivery.Subscriber.ID
	}
	if leg.Channel != gateway.ChannelSMS {
		leg.ChatID = s.delivery.Subscriber.ChatID
		detail = "The recipient was found. Calling the messenger."
		if m := s.delivery.Message.Media; m != nil {
			detail = fmt.Sprintf("The recipient was found. Handing the %s to the messenger.", m.Kind)
		}
	}
	if leg.Attempts > 1 {
		detail = fmt.Sprintf("Calling once more, attempt %d.", leg.Attempts)
	}
	s.onItsWay(&change, gateway.Event{Kind: gateway.EventIntent, Detail: detail})
	change.Leg, change.Events = &leg, s.events
	return change
}

// accepted closes the leg with success. Evidence that came before the answer keeps its state.
func (s *story) accepted(receipt gateway.Receipt) gateway.Change {
	leg := s.closed(gateway.LegAccepted, "")
	leg.PlatformMessageID, leg.Provider, leg.ProviderID, leg.Segments = receipt.PlatformMessageID, receipt.Provider, receipt.ProviderID, receipt.Segments
	leg.Cost = leg.Price
	change := gateway.Change{Leg: leg, SkipRest: s.delivery.Satisfied(*leg), Handle: receipt.Handle}
	detail := "The messenger took it."
	if leg.Channel == gateway.ChannelSMS {
		detail = fmt.Sprintf("The SMS provider %s took it.", receipt.Provider)
	}
	event := gateway.Event{Kind: gateway.EventState, Detail: detail}
	if next, more := s.delivery.After(*leg); more && !change.SkipRest {
		event.Detail += fmt.Sprintf(" If it is not %s first, the next way is tried: %s.", reachedWord(leg.Until), next.Channel)
		event.Wait = leg.Within
	}
	if from := s.delivery.Message.State; from.CanBecome(gateway.Accepted) {
		change.State = gateway.Accepted
		event.From, event.State = from, gateway.Accepted
	}
	s.tell(event)
	change.Events = s.events
	return change
}

// lapsedWords say why the leg is due although one before it was accepted.
func lapsedWords(d gateway.Delivery) string {
	next := " The next way is tried: " + string(d.Leg.Channel) + "."
	for i := len(d.Legs) - 1; i >= 0; i-- {
		l := d.Legs[i]
		if l.Number >= d.Leg.Number || l.State == gateway.LegFailed || l.State == gateway.LegSkipped {
			continue
		}
		return fmt.Sprintf("It was not %s within %s.", reachedWord(l.Until), spanWords(l.Within)) + next
	}
	return "What was asked for has not come in time." + next
}

// reachedWord is what a message is when it has got that far.
func reachedWord(u gateway.Until) string {
	if u == gateway.UntilReplied {
		return "answered"
	}
	return string(u)
}

// end closes the leg without success. The next leg goes on; without one the message ends, unless an earlier leg was
// accepted. If the answer to an earlier attempt was lost the person may have that copy, so no end is certain any more:
// it is unknown.
func (s *story) end(state gateway.State, reason gateway.Reason, detail string) gateway.Change {
	if s.delivery.Leg.Reason == gateway.ReasonAnswerLost {
		return s.unknown()
	}
	change := gateway.Change{Leg: s.closed(gateway.LegFailed, reason)}
	next, more := s.delivery.After(s.delivery.Leg)
	switch {
	case more && state != gateway.Expired:
		s.onItsWay(&change, gateway.Event{Kind: gateway.EventNextLeg, Reason: reason, Detail: detail + " The next way is tried: " + string(next.Channel) + "."})
	case s.delivery.Reached():
		change.SkipRest = true
		s.backToAccepted(&change, reason, detail)
	default:
		change.SkipRest = true
		s.become(&change, state, reason, detail)
	}
	change.Events = s.events
	return change
}

// become moves the message to a state, unless evidence was quicker than this answer and says otherwise: then the answer is
// about the leg alone.
func (s *story) become(change *gateway.Change, state gateway.State, reason gateway.Reason, detail string) {
	if !s.delivery.Message.State.CanBecome(state) {
		s.tell(gateway.Event{Kind: gateway.EventState, Reason: reason, Detail: detail})
		return
	}
	change.State, change.Reason = state, reason
	s.move(gateway.EventState, state, reason, detail)
}

// backToAccepted ends a cascade whose last leg brought nothing: what an earlier leg reached stands.
func (s *story) backToAccepted(change *gateway.Change, reason gateway.Reason, detail string) {
	detail += " What was accepted before stands."
	if !s.delivery.Message.State.CanBecome(gateway.Accepted) {
		s.tell(gateway.Event{Kind: gateway.EventState, Reason: reason, Detail: detail})
		return
	}
	change.State = gateway.Accepted
	s.move(gateway.EventState, gateway.Accepted, reason, detail)
}

func (s *story) unknown() gateway.Change {
	const reason = gateway.ReasonAnswerLost
	change := gateway.Change{Leg: s.closed(gateway.LegUnknown, reason), SkipRest: true}
	s.become(&change, gateway.Unknown, reason, Explain(reason))
	change.Events = s.events
	return change
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
	if refusal != nil || s.delivery.Message.State != gateway.Unknown || s.delivery.Leg.State != gateway.LegUnknown {
		return decision{}
	}
	return decision{change: s.accepted(receipt)}
}

func (s *story) closed(state gateway.LegState, reason gateway.Reason) *gateway.Leg {
	leg := s.delivery.Leg
	leg.State, leg.Reason, leg.Intent, leg.SettledAt = state, reason, time.Time{}, s.at
	return &leg
}
