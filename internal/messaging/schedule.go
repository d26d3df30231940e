package messaging

import (
	"context"
	"strings"
	"time"

	"herald/internal/gateway"
)

// maxAhead bounds how far ahead a message may be scheduled.
const maxAhead = 366 * 24 * time.Hour

// notBefore is when the message may be sent at the earliest: at the time that the sender chose, moved into the window of
// the day. Zero is at once.
func (r Request) notBefore(now time.Time) (time.Time, gateway.Faults) {
	zone, ok := parseZone(r.Timezone)
	if !ok {
		return time.Time{}, gateway.Faults{gateway.Fault(gateway.CodeFieldInvalid, "timezone", "There is no such time zone. One is named like Europe/Kyiv.")}
	}
	var faults gateway.Faults
	at, fault := r.sendAt(now, zone)
	if fault != nil {
		faults = append(faults, fault)
	}
	if r.Between != "" {
		from, to, ok := parseWindow(r.Between)
		if !ok {
			return time.Time{}, append(faults, gateway.Fault(gateway.CodeFieldInvalid, "between", "A window is written like 09:00-21:00, and opens at another time than it closes."))
		}
		at = nextOpen(at, zone, from, to)
	}
	if faults != nil || !at.After(now) {
		return time.Time{}, faults
	}
	return at, nil
}

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

// parseWindow reads "09:00-21:00" as minutes of the day. A window may reach over midnight.
func parseWindow(text string) (from, to int, ok bool) {
	a, b, found := strings.Cut(text, "-")
	opens, err1 := time.Parse("15:04", strings.TrimSpace(a))
	closes, err2 := time.Parse("15:04", strings.TrimSpace(b))
	if !found || err1 != nil || err2 != nil || opens.Equal(closes) {
		return 0, 0, false
	}
	return opens.Hour()*60 + opens.Minute(), closes.Hour()*60 + closes.Minute(), true
}

// nextOpen is the first moment from at on that lies in the window by the zone's own clock. Days with a change of the
// clock are walked like all others: minute by minute of local time.
func nextOpen(at time.Time, zone *time.Location, from, to int) time.Time {
	local := at.In(zone)
	minute := local.Hour()*60 + local.Minute()
	open := minute >= from && minute < to
	if from > to {
		open = minute >= from || minute < to
	}
	if open {
		return at
	}
	opening := time.Date(local.Year(), local.Month(), local.Day(), from/60, from%60, 0, 0, zone)
	if !opening.After(at) {
		opening = time.Date(local.Year(), local.Month(), local.Day()+1, from/60, from%60, 0, 0, zone)
	}
	return opening.UTC()
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
		return gateway.Change{State: gateway.Cancelled, SkipRest: true, LeaveQueue: true, Events: st.events}, nil
	})
	return d.Message, err
}
