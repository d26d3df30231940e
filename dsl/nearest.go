package dsl

import (
	"strings"
	"unicode/utf8"
)

// maxGuesses bounds the search for what was meant in one run, in comparisons of letters. Whoever has so many misspelt names
// among so many right ones gets no proposals for the rest.
const maxGuesses = 4_000_000

// nearest returns the candidate that was probably meant, or nothing if none is near.
func (r *report) nearest(name string, candidates []string) string {
	letters := utf8.RuneCountInString(name)
	if letters > MaxName || r.full {
		return ""
	}
	best, bestDistance := "", (1+letters)/3
	for _, c := range candidates {
		if strings.EqualFold(c, name) {
			return c
		}
		if r.guesses += letters * len(c); r.guesses > maxGuesses {
			return ""
		}
		if d := distance(name, c, bestDistance); d < bestDistance+1 && (best == "" || d < bestDistance) {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance counts the letters to add, drop, change or swap with a neighbour, and stops counting above a bound.
func distance(a, b string, bound int) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	if len(x)-len(y) > bound || len(y)-len(x) > bound {
		return bound + 1
	}
	before, row, next := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		next[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(y)]
}

// wordList joins names for a sentence.
func wordList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = "`" + n + "`"
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " and " + quoted[len(quoted)-1]
}

// clip shortens what an author wrote for a message.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= 40 {
		return s
	}
	return string([]rune(s)[:39]) + "…"
}
