package dsl

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// keyKind is what a key is looked for in.
type keyKind uint8

const (
	keyEvent   keyKind = iota // name of an event
	keyCommand                // name of a command, with its slash
	keyWord                   // a word of the text
	keyLike                   // what a word of the text is when some letters are left out
	keyEqual                  // the whole value of a subject
	keyTag                    // a tag of the person
	keyGram                   // some bytes in a row in a subject
	keyDigit                  // the text has a digit
)

// fact is something about an update that can be looked up. A rule that needs it cannot hold without it.
type fact struct {
	kind    keyKind
	subject string // of keyEqual and keyGram: the source of the expression
	text    string
	number  int64 // of keyEqual: the kind of value and, of numbers, its bits; of keyLike: the number of errors
}

// likelihood is a guess of the part of all updates that have the fact. It decides which of two needs finds fewer rules in
// vain, and nothing else.
func (k fact) likelihood() float64 {
	switch k.kind {
	case keyEvent:
		switch k.text {
		case EventMessage:
			return 0.9
		case EventButton, EventCommand:
			return 0.3
		default:
			return 0.05
		}
	case keyCommand, keyWord:
		return 0.02
	case keyLike:
		return 0.004 // there are many of one word
	case keyTag:
		return 0.05
	case keyDigit:
		return 0.3
	case keyGram:
		switch len(k.text) {
		case 1, 2:
			return 0.4
		case 4:
			return 0.05
		default:
			return 0.02
		}
	default:
		switch k.subject {
		case "text", "button", "args", "lower(text)":
			return 0.02
		case "user.lang", "message.lang", "message.kind", "event", "weekday", "bot.name", "bot.platform", "bot.shared":
			return 0.4
		default:
			return 0.1
		}
	}
}

// need is what must be true of an update for a condition to hold: each of its ways is a set of keys of which an update
// must have at least one. Without ways, nothing is known to be needed; a way without keys says that the condition never
// holds. The best way stands first.
type need struct{ ways []way }

// way is a set of keys, with a guess of how many rules it finds in vain.
type way struct {
	keys   []fact
	weight float64
}

// mostWays bounds how many ways are kept to choose among, mostKeys how many keys one has.
const (
	mostWays = 4
	mostKeys = 2000
)

func (n need) known() bool { return len(n.ways) > 0 }

// anyOf makes a need of keys of which one suffices.
func anyOf(keys ...fact) need {
	w := way{keys: keys}
	for _, k := range keys {
		w.weight += k.likelihood()
	}
	return need{ways: []way{w}}
}

// never is the need of what cannot hold.
func never() need { return need{ways: []way{{}}} }

// both is the need of two conditions that must hold together: either's ways will do.
func both(a, b need) need {
	ways := slices.Concat(a.ways, b.ways)
	slices.SortStableFunc(ways, func(a, b way) int { return cmp.Compare(a.weight, b.weight) })
	return need{ways: ways[:min(len(ways), mostWays)]}
}

// weightAmong guesses how many rules a way finds in vain. What many rules ask for is likely to be common.
func (w way) weightAmong(uses map[fact]int) float64 {
	sum := 0.0
	for _, k := range w.keys {
		sum += k.likelihood() * float64(1+bits.Len(uint(uses[k])))
	}
	return sum
}

// equalKey is the key of a subject that has a value.
func equalKey(subject string, v value) fact {
	k := fact{kind: keyEqual, subject: subject}
	k.text, k.number = equalPart(v)
	return k
}

// equalPart gives values that are equal the same parts. Few that are not equal share theirs.
func equalPart(v value) (string, int64) {
	switch v.kind {
	case isString:
		return v.str, 0
	case isBool:
		return "", 1 + v.num
	case isInt, isFloat:
		f := v.number()
		if f == 0 {
			f = 0 // minus zero
		}
		return "n", int64(math.Float64bits(f))
	default:
		return "?", 0
	}
}

// gramSizes are the numbers of bytes of which grams are made, from the longest.
var gramSizes = [...]int{8, 4, 2, 1}

// gramOf returns the bytes of a literal that an index looks for: those that fewest rules look for.
func gramOf(subject, literal string, uses map[fact]int) fact {
	size := 1
	for _, s := range gramSizes {
		if len(literal) >= s {
			size = s
			break
		}
	}
	best := fact{kind: keyGram, subject: subject, text: literal[:size]}
	for i := 1; i+size <= len(literal); i++ {
		if k := (fact{kind: keyGram, subject: subject, text: literal[i : i+size]}); uses[k] < uses[best] {
			best = k
		}
	}
	return best
}

// likePrefix is how many letters of a word are looked at when letters are left out: words that differ by at most two
// errors agree in what is left of these.
const likePrefix = 7

// variants calls use with a word's beginning, and with all that is left of it when up to some letters are left out. It may
// call it twice with the same.
func variants(letters []rune, errors int, use func([]byte)) {
	letters = letters[:min(len(letters), likePrefix)]
	var buffer [likePrefix * 4]byte
	write := func(skip1, skip2 int) {
		out := buffer[:0]
		for i, r := range letters {
			if i != skip1 && i != skip2 {
				out = utf8.AppendRune(out, r)
			}
		}
		use(out)
	}
	write(-1, -1)
	for i := range letters {
		write(i, -1)
		if errors == 2 {
			for j := i + 1; j < len(letters); j++ {
				write(i, j)
			}
		}
	}
}

// likeKeys returns the keys of a word for like.
func likeKeys(w likeWord) []fact {
	if w.errors == 0 {
		return []fact{{kind: keyWord, text: w.text}}
	}
	var keys []fact
	variants(w.runes, w.errors, func(variant []byte) {
		k := fact{kind: keyLike, text: string(variant), number: int64(w.errors)}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	})
	return keys
}

// longest returns the word by which a phrase is looked for.
func longest(words []string) string {
	best := ""
	for _, w := range words {
		if len(w) > len(best) {
			best = w
		}
	}
	return best
}
