package terminal

import (
	"strings"
	"unicode"
)

// Clean makes a text safe and fit for one cell: line breaks and tabs become spaces, and what would command the
// terminal or turn the direction of writing becomes a question mark in a box.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r), isDirection(r):
			return unicode.ReplacementChar
		default:
			return r
		}
	}, text)
}

// isDirection tells the signs that reorder what is written after them.
func isDirection(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200E || r == 0x200F || r == 0x061C
}

// Width returns how many columns of a terminal a text takes.
func Width(text string) int {
	columns := 0
	for _, r := range text {
		columns += runeWidth(r)
	}
	return columns
}

func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me), r == 0x200D, r >= 0xFE00 && r <= 0xFE0F:
		return 0 // joins the sign before it
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul),
		r >= 0xFF01 && r <= 0xFF60, r >= 0x1F300 && r <= 0x1FAFF:
		return 2
	default:
		return 1
	}
}

// Fit shortens a text to the given columns; an ellipsis tells that something is missing.
func Fit(text string, columns int) string {
	if Width(text) <= columns {
		return text
	}
	used := 0
	for i, r := range text {
		if used += runeWidth(r); used > columns-1 {
			return strings.TrimRight(text[:i], " ") + "…"
		}
	}
	return text
}

// pad fills a text with spaces up to the given columns.
func pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-Width(text)))
}
