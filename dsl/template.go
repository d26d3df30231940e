package dsl

import "strings"

// piece is a part of a text: characters as they are, or an expression in {{ }}.
type piece struct {
	text string
	hole Scalar // Known if it is a hole
}

// templateFault is what is wrong with the holes of a text, and where.
type templateFault struct {
	offset  int
	message string
}

// template cuts a text at its holes. In a hole }} ends it only outside of quotes, so that strings may hold braces. After a
// fault the rest of the text is as it is.
func template(s Scalar) ([]piece, []templateFault) {
	s = s.traced()
	var pieces []piece
	var faults []templateFault
	text, at := s.Value, 0
	for {
		open := strings.Index(text[at:], "{{")
		plain := text[at:]
		if open >= 0 {
			plain = text[at : at+open]
		}
		if i := strings.Index(plain, "}}"); i >= 0 {
			faults = append(faults, templateFault{at + i, "}} closes a hole that nothing opens; write {{ '}}' }} for the braces themselves"})
		}
		if plain != "" {
			pieces = append(pieces, piece{text: plain})
		}
		if open < 0 {
			return pieces, faults
		}
		start := at + open + 2
		length := holeLength(text[start:])
		if length < 0 {
			return pieces, append(faults, templateFault{start - 2, "the hole that opens here is not closed with }}"})
		}
		inner := text[start : start+length]
		trimmed := strings.TrimSpace(inner)
		if trimmed == "" {
			faults = append(faults, templateFault{start - 2, "the hole is empty; write an expression between {{ and }}"})
		} else {
			from := start + strings.Index(inner, trimmed)
			pieces = append(pieces, piece{hole: s.part(from, from+len(trimmed))})
		}
		at = start + length + 2
	}
}

// holeLength returns how long the expression of a hole is that begins here, or -1 if it does not end.
func holeLength(s string) int {
	var quote byte
	depth := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}' && i+1 < len(s) && s[i+1] == '}':
			return i
		}
	}
	// A quote that is not closed would swallow the rest of the text: then the first }} ends the hole, and the expression
	// reports its quote.
	if quote != 0 {
		return strings.Index(s, "}}")
	}
	return -1
}
