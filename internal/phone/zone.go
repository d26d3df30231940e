package phone

import (
	"time"

	"github.com/nyaruka/phonenumbers"
)

// Zone returns the time zone of a number in E.164, as far as the number tells one: it tells none if its country or area
// has several whose clocks differ in the course of that year. Of several with one clock it names one.
func Zone(e164 string, year int) (zone *time.Location, ok bool) {
	number, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return nil, false
	}
	names, err := phonenumbers.GetTimezonesForNumber(number)
	if err != nil {
		return nil, false
	}
	for _, name := range names {
		next, err := time.LoadLocation(name)
		if err != nil || zone != nil && !sameClock(zone, next, year) {
			return nil, false // Etc/Unknown is no zone, either
		}
		zone = next
	}
	return zone, zone != nil
}

// sameClock compares the clocks of two zones in every month.
func sameClock(a, b *time.Location, year int) bool {
	for month := time.January; month <= time.December; month++ {
		at := time.Date(year, month, 1, 12, 0, 0, 0, time.UTC)
		if at.In(a).Format(time.TimeOnly) != at.In(b).Format(time.TimeOnly) {
			return false
		}
	}
	return true
}
