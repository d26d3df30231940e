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
func (r Request) notBefore(now time.Time) (time.Time, *gateway.Error) {
	at := r.SendAt.UTC()
	switch {
	case r.SendAt.IsZero():
		at = now
	case at.Before(now.Add(-time.Minute)): // a minute for clocks that differ
		return time.Time{}, gateway.Fault(gateway.CodeSendAt, "send_at", "The time to send at has passed.")
	case at.After(now.Add(maxAhead)):
		return time.Time{}, gateway.Fault(gateway.CodeSendAt, "send_at", "A message can be scheduled for at most a year ahead.")
	}
	if r.Between != "" {
		zone, err := time.LoadLocation(r.Timezone)
		if err != nil || r.Timezone == "Local" {
			return time.Time{}, gateway.Fault(gateway.CodeFieldInvalid, "timezone", "There is no such time zone. One is named like Europe/Kyiv.")
		}
		from, to, ok := parseWindow(r.Between)
		if !ok {
			return time.Time{}, gateway.Fault(gateway.CodeFieldInvalid, "between", "A window is written like 09:00-21:00, and opens at another time than it closes.")
		}
		at = nextOpen(at, zone, from, to)
	}
	if !at.After(now) {
		return time.Time{}, nil
	}
	return at, nil
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

// Cancel takes a message back, unless a leg has left already or it has its outcome.
func (s *Service) Cancel(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (gateway.Message, error) {
	d, err := s.store.ChangeDelivery(ctx, account, id, func(d gateway.Delivery) (gateway.Change, error) {
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
