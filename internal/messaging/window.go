package messaging

import (
	"strings"
	"time"

	"herald/internal/gateway"
	"herald/internal/phone"
)

// checkTimes checks when the message may be sent, and returns the time that its sender chose, now if none.
func (r Request) checkTimes(now time.Time) (time.Time, gateway.Faults) {
	zone, ok := parseZone(r.Timezone)
	if !ok {
		return now, gateway.Faults{gateway.Fault(gateway.CodeFieldInvalid, "timezone", "There is no such time zone. One is named like Europe/Kyiv.")}
	}
	var faults gateway.Faults
	at, fault := r.sendAt(now, zone)
	if fault != nil {
		faults = append(faults, fault)
	}
	if r.Between != "" {
		if _, _, ok := parseWindow(r.Between); !ok {
			faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, "between", "A window is written like 09:00-21:00, and opens at another time than it closes."))
		}
	}
	return at, faults
}

// schedule says when the message may be sent at the earliest and how long it lives from then on: at the time that its
// sender chose, moved into its hours by the person's clock.
func schedule(m *gateway.Message, chosen time.Time, ttl time.Duration, who person) {
	at := nextHours(*m, who, chosen)
	m.NotBefore = time.Time{}
	if at.After(m.CreatedAt) {
		m.NotBefore = at
	}
	m.ExpiresAt = latest(m.CreatedAt, at).Add(ttl)
}

// person is what tells a recipient's clock and what an SMS to them costs. What is not known is empty.
type person struct {
	phone string
	zone  string // that was set for them
}

// addressed is what an address alone tells of the recipient.
func addressed(to gateway.Address) person {
	if to.Kind == gateway.AddressPhone {
		return person{phone: to.Value}
	}
	return person{}
}

// recipientOf is what is known when a leg of the delivery is due.
func recipientOf(d gateway.Delivery) person {
	who := person{phone: d.Phone()}
	if d.Subscriber != nil {
		who.zone = d.Subscriber.Timezone
	}
	return who
}

// nextHours is the first moment from at on that lies in the message's hours.
func nextHours(m gateway.Message, who person, at time.Time) time.Time {
	if m.Between == "" {
		return at
	}
	from, to, ok := parseWindow(m.Between)
	if !ok {
		return at
	}
	zone, _ := clockOf(m, who, at)
	return nextOpen(at, zone, from, to)
}

// clockOf is by whose clock the hours of a message go, and how that is known: the person's, as it was set for them or as
// their phone tells it; else the one that the message names, or the account's defaults; else UTC.
func clockOf(m gateway.Message, who person, at time.Time) (zone *time.Location, known string) {
	if zone, ok := parseZone(who.zone); ok && who.zone != "" {
		return zone, "which is the zone that was set for the person"
	}
	if zone, ok := phone.Zone(who.phone, at.Year()); ok {
		return zone, "which is the zone of the person's phone number"
	}
	if zone, ok := parseZone(m.Timezone); ok && m.Timezone != "" {
		if m.TimezoneOf == gateway.ZoneOfAccount {
			return zone, "which is the zone in the account's defaults"
		}
		return zone, "which is the zone that the message names"
	}
	return time.UTC, "since neither the person's zone is known nor another named"
}

// hoursWords say by which clock the message waits for its hours.
func hoursWords(m gateway.Message, who person, at time.Time) string {
	zone, known := clockOf(m, who, at)
	return "It may be sent at " + m.Between + " by the clock of " + zone.String() + ", " + known + "."
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

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
