package messaging

import (
	"context"
	"time"

	"herald/internal/gateway"
)

// maxAhead bounds how far ahead a message may be scheduled.
const maxAhead = 366 * 24 * time.Hour

// maxZone bounds the name of a time zone, in bytes.
const maxZone = 64

// parseZone finds a time zone by its name; an empty one is UTC.
func parseZone(name string) (zone *time.Location, ok bool) {
	if len(name) > maxZone || name == "Local" { // the zone of this machine is nobody's business
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// sendAt is the time that the sender chose, now if none.
func (r Request) sendAt(now time.Time, zone *time.Location) (time.Time, *gateway.Error) {
	if r.SendAt == "" {
		return now, nil
	}
	at, ok := parseMoment(r.SendAt, zone)
	switch {
	case !ok:
		return now, gateway.Fault(gateway.CodeFieldInvalid, "send_at", "A time is written like 2026-03-01T09:30:00+02:00, or like 2026-03-01T09:30 by the clock of the timezone.")
	case at.Before(now.Add(-time.Minute)): // a minute for clocks that differ
		return now, gateway.Fault(gateway.CodeSendAt, "send_at", "The time to send at has passed.")
	case at.After(now.Add(maxAhead)):
		return now, gateway.Fault(gateway.CodeSendAt, "send_at", "A message can be scheduled for at most a year ahead.")
	}
	return at, nil
}

// maxMoment bounds the text of a time, in bytes.
const maxMoment = 40

// parseMoment reads a time by RFC 3339, to the microsecond. One without a zone is by the clock of this zone.
func parseMoment(text string, zone *time.Location) (at time.Time, ok bool) {
	if len(text) > maxMoment {
		return time.Time{}, false
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(form, text, zone); err == nil {
			return at.UTC().Truncate(time.Microsecond), true
		}
	}
	return time.Time{}, false
}

// Cancel takes a message back, unless a leg has left already or it has its outcome. Doing it once more changes nothing.
func (s *Service) Cancel(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (gateway.Message, error) {
	d, err := changeAndWake(ctx, s.store, s.starter, account, id, func(d gateway.Delivery) (gateway.Change, error) {
		if d.Message.State == gateway.Cancelled {
			return gateway.Change{}, nil
		}
		for _, l := range d.Legs {
			if l.Attempts > 0 {
				return gateway.Change{}, gateway.Fault(gateway.CodeNotCancellable, "", "The message has been sent already, or is being sent at this moment.")
			}
		}
		if !d.Message.State.CanBecome(gateway.Cancelled) {
			return gateway.Change{}, gateway.Fault(gateway.CodeNotCancellable, "", "The message has its outcome already: "+string(d.Message.State)+".")
		}
		st := story{delivery: d, at: s.now()}
		st.move(gateway.EventState, gateway.Cancelled, "", "Its sender took it back.")
		return gateway.Change{State: gateway.Cancelled, SkipRest: true, Events: st.events}, nil
	})
	return d.Message, err
}
