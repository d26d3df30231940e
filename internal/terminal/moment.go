package terminal

import (
	"fmt"
	"strings"
	"time"
)

// Moment writes a time of day with its date, to the second, in the given zone. The zero time is empty.
func Moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04:05")
}

// Clock writes a time of day to the millisecond, in the given zone.
func Clock(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("15:04:05.000")
}

// Span writes a duration with about three digits: 7ms, 1.25s, 3m20s, 4h10m.
func Span(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Span(-d)
	case d == 0:
		return "0s"
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return trimZeros(fmt.Sprintf("%.2f", d.Seconds())) + "s"
	case d < time.Hour:
		return parts(d, time.Minute, "m", time.Second, "s")
	default:
		return parts(d, time.Hour, "h", time.Minute, "m")
	}
}

// parts writes a duration in two units and leaves the smaller out when there is none of it.
func parts(d, large time.Duration, largeSign string, small time.Duration, smallSign string) string {
	text := fmt.Sprintf("%d%s", d/large, largeSign)
	if rest := d % large / small; rest > 0 {
		text += fmt.Sprintf("%d%s", rest, smallSign)
	}
	return text
}

// trimZeros takes the zeros off the end of a decimal fraction.
func trimZeros(number string) string {
	return strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
}
