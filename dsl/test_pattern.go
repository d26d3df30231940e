package dsl

import "strings"

// matchesPattern tells whether a text is what a pattern says: * stands for any run of characters, \* for itself.
func matchesPattern(pattern, text string) bool {
	pieces := patternPieces(pattern)
	if len(pieces) == 1 {
		return pieces[0] == text
	}
	first, last := pieces[0], pieces[len(pieces)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, piece := range pieces[1 : len(pieces)-1] {
		at := strings.Index(text, piece)
		if at < 0 {
			return false
		}
		text = text[at+len(piece):]
	}
	return true
}

// patternPieces returns the texts between the stars.
func patternPieces(pattern string) []string {
	var pieces []string
	var piece strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern) && pattern[i+1] == '*':
			i++
			piece.WriteByte('*')
		case pattern[i] == '*':
			pieces = append(pieces, piece.String())
			piece.Reset()
		default:
			piece.WriteByte(pattern[i])
		}
	}
	return append(pieces, piece.String())
}

// difference shows where a text leaves its pattern: what is missing in [- -], what came instead in {+ +}.
func difference(pattern, text string) string {
	pieces := patternPieces(pattern)
	if len(pieces) > 1 {
		return missingPiece(pieces, text)
	}
	want, got := []rune(pieces[0]), []rune(text)
	start := 0
	for start < len(want) && start < len(got) && want[start] == got[start] {
		start++
	}
	end := 0
	for end < len(want)-start && end < len(got)-start && want[len(want)-1-end] == got[len(got)-1-end] {
		end++
	}
	const around = 12
	var b strings.Builder
	b.WriteString(": ")
	if start > around {
		b.WriteString("...")
	}
	b.WriteString(string(want[max(0, start-around):start]))
	if missing := want[start : len(want)-end]; len(missing) > 0 {
		b.WriteString("[-" + cut(string(missing), maxShown) + "-]")
	}
	if added := got[start : len(got)-end]; len(added) > 0 {
		b.WriteString("{+" + cut(string(added), maxShown) + "+}")
	}
	tail := got[len(got)-end:]
	b.WriteString(string(tail[:min(len(tail), around)]))
	if len(tail) > around {
		b.WriteString("...")
	}
	return b.String()
}

// missingPiece names the first part of a pattern that a text does not have where it should.
func missingPiece(pieces []string, text string) string {
	rest := text
	for i, piece := range pieces {
		at := strings.Index(rest, piece)
		switch {
		case i == 0 && !strings.HasPrefix(rest, piece):
			return "; it does not begin with " + quote(piece)
		case i == len(pieces)-1 && !strings.HasSuffix(rest, piece):
			return "; it does not end with " + quote(piece)
		case at < 0:
			return "; " + quote(piece) + " is missing"
		}
		if i < len(pieces)-1 {
			rest = rest[at+len(piece):]
		}
	}
	return ""
}
