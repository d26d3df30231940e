package dsl

import (
	"fmt"
	"strings"
	"time"
)

// MaxLength is the longest length of time in a rule file.
const MaxLength = 366 * 24 * time.Hour

// units are the units of lengths of time, from the longest; they stand in this order in a length of several parts.
var units = []struct {
	name string
	unit time.Duration
}{
	{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second},
}

// parseLength reads 30s, 15m, 12h, 7d, 2w and sequences of them such as 1h30m; or it says what is wrong.
func parseLength(s string) (time.Duration, string) {
	const form = "write a number and s, m, h, d or w, such as 12h, 7d or 1h30m"
	rest, total, last := s, time.Duration(0), -1
	if s == "" {
		return 0, "it is empty; " + form
	}
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits > 9 {
			return 0, fmt.Sprintf("`%s` is not a length of time; %s", clip(s), form)
		}
		number := time.Duration(0)
		for _, c := range rest[:digits] {
			number = number*10 + time.Duration(c-'0')
		}
		rest = rest[digits:]
		if rest == "" {
			return 0, fmt.Sprintf("`%s` lacks its unit; %s", clip(s), form)
		}
		unit := -1
		for i, u := range units {
			if rest[:1] == u.name {
				unit = i
			}
		}
		if unit <= last {
			return 0, fmt.Sprintf("`%s` is not a length of time; %s", clip(s), form)
		}
		if number > MaxLength/units[unit].unit {
			return 0, "it is longer than 366 days"
		}
		last, rest, total = unit, rest[1:], total+number*units[unit].unit
	}
	switch {
	case total == 0:
		return 0, "it is no time at all"
	case total > MaxLength:
		return 0, "it is longer than 366 days"
	}
	return total, ""
}
