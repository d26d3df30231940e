package language

import (
	_ "embed"
	"math"
	"strings"
	"sync"
)

//go:embed profiles.txt
var source string

// profiles are the languages of one script, ready to count with.
type profiles struct {
	names   []string
	words   map[string][]vote
	parts   map[string][]vote
	letters map[rune][]float64 // by language: what one such letter says for it or against it
	longest int                // part, in characters
}

// vote is what a word or part says for one language.
type vote struct {
	language int
	weight   float64
}

// Weights that the profiles are counted with.
const (
	wordWeight   = 3.0
	partWeight   = 0.35
	letterWeight = 1.2  // of a letter that few languages have
	foreign      = -4.0 // a letter that a language does not have
	unusual      = -0.5 // a letter of a to z that it hardly uses
	latin        = "abcdefghijklmnopqrstuvwxyz"
)

// byScript reads the profiles once.
var byScript = sync.OnceValue(func() map[string]*profiles { return load(source) })

// entry is one language as it is written down.
type entry struct {
	name, script string
	letters      string // all that it uses
	rare         string // of a to z, that it hardly uses
	words, parts []string
}

func load(source string) map[string]*profiles {
	entries := map[string][]entry{}
	var e entry
	for _, line := range strings.Split(source+"\n", "\n") {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case len(fields) == 0:
			if e.name != "" {
				entries[e.script] = append(entries[e.script], e)
			}
			e = entry{}
		case e.name == "":
			e.name, e.script = fields[0], fields[1]
		case fields[0] == "letters":
			e.letters, e.rare = letters(e.script, fields[1:])
		case fields[0] == "words":
			e.words = fields[1:]
		case fields[0] == "parts":
			e.parts = fields[1:]
		}
	}
	all := map[string]*profiles{}
	for script, of := range entries {
		all[script] = count(of)
	}
	return all
}

func letters(script string, fields []string) (all, rare string) {
	if script == "Latn" {
		all = latin
	}
	for _, field := range fields {
		if few, ok := strings.CutPrefix(field, "-"); ok {
			rare = few
		} else {
			all += field
		}
	}
	return all, rare
}

// count weighs what the languages of one script have: the fewer have it, the more it says.
func count(entries []entry) *profiles {
	p := &profiles{words: map[string][]vote{}, parts: map[string][]vote{}, letters: map[rune][]float64{}}
	haves := map[rune]int{}
	for i, e := range entries {
		p.names = append(p.names, e.name)
		collect(p.words, i, e.words)
		collect(p.parts, i, e.parts)
		for _, r := range e.letters {
			haves[r]++
		}
		for _, part := range e.parts {
			p.longest = max(p.longest, len([]rune(part)))
		}
	}
	weigh(p.words, len(entries), wordWeight)
	weigh(p.parts, len(entries), partWeight)
	for r, n := range haves {
		weights := make([]float64, len(entries))
		for i, e := range entries {
			switch {
			case !strings.ContainsRune(e.letters, r):
				weights[i] = foreign
			case strings.ContainsRune(e.rare, r):
				weights[i] = unusual
			default:
				weights[i] = letterWeight * math.Log2(float64(len(entries))/float64(n)) / math.Log2(float64(len(entries))+1)
			}
		}
		p.letters[r] = weights
	}
	return p
}

func collect(votes map[string][]vote, language int, list []string) {
	for _, one := range list {
		have := votes[one]
		if len(have) == 0 || have[len(have)-1].language != language { // a list may name a word twice
			votes[one] = append(have, vote{language: language})
		}
	}
}

func weigh(votes map[string][]vote, languages int, weight float64) {
	for one, list := range votes {
		length := float64(min(len([]rune(strings.Trim(one, "^$"))), 6))
		rare := math.Log2(float64(languages)/float64(len(list))) / math.Log2(float64(languages)+1)
		for i := range list {
			list[i].weight = weight * (0.2 + rare) * (0.4 + 0.15*length)
		}
	}
}
