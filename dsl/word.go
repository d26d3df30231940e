package dsl

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// cutText is a text cut into words that compare byte by byte: composed, in one case, without stress marks, all
// apostrophes alike.
//
// A word is a run of letters, digits and their marks; an apostrophe between two letters belongs to it. Scripts that are
// written without spaces have no such runs: each of their characters is a word of its own, and a longer word is found as
// characters in a row. A symbol, such as an emoji, is a word of its own as well. Everything else separates words.
type cutText struct {
	folded []byte // all words, one behind the other
	ends   []int32
	set    map[string]struct{} // of long texts, to find a word without going through them all
}

// fewWords is the number up to which going through all words is faster than a set.
const fewWords = 24

func (w *cutText) reset() {
	w.folded, w.ends = w.folded[:0], w.ends[:0]
	clear(w.set)
}

func (w *cutText) len() int { return len(w.ends) }

func (w *cutText) word(i int) []byte {
	start := int32(0)
	if i > 0 {
		start = w.ends[i-1]
	}
	return w.folded[start:w.ends[i]]
}

// has tells whether the words of a phrase follow one another somewhere.
func (w *cutText) has(phrase []string) bool {
	if len(phrase) == 0 {
		return false
	}
	if w.len() > fewWords {
		if !w.inSet(phrase[0]) {
			return false
		}
		if len(phrase) == 1 {
			return true
		}
	}
	for i := 0; i+len(phrase) <= w.len(); i++ {
		if w.hasAt(i, phrase) {
			return true
		}
	}
	return false
}

func (w *cutText) hasAt(i int, phrase []string) bool {
	for j, want := range phrase {
		if string(w.word(i+j)) != want {
			return false
		}
	}
	return true
}

func (w *cutText) inSet(word string) bool {
	if len(w.set) == 0 {
		if w.set == nil {
			w.set = make(map[string]struct{}, w.len())
		}
		for i := range w.len() {
			w.set[string(w.word(i))] = struct{}{}
		}
	}
	_, found := w.set[word]
	return found
}

// like tells whether the words of a phrase follow one another somewhere, each with at most the errors allowed for it.
func (w *cutText) like(phrase []likeWord) bool {
	if len(phrase) == 0 {
		return false
	}
	for i := 0; i+len(phrase) <= w.len(); i++ {
		alike := true
		for j := range phrase {
			if !phrase[j].matches(w.word(i + j)) {
				alike = false
				break
			}
		}
		if alike {
			return true
		}
	}
	return false
}

// wordsOf cuts a text that is known before any update.
func wordsOf(text string) []string {
	var w cutText
	w.cut(text)
	words := make([]string, w.len())
	for i := range words {
		words[i] = string(w.word(i))
	}
	return words
}

// What the last character left behind.
const (
	between  = iota // no word is open
	inWord          // letters and digits go on with it
	inSymbol        // a word of one character: only marks go on with it
)

// cut fills the list with the words of a text. It keeps no part of the text.
func (w *cutText) cut(text string) {
	w.reset()
	text = norm.NFC.String(text) // returns what is composed already as it is
	state, letter := between, false
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		i += size
		if isIgnored(r) {
			continue
		}
		switch {
		case isPlainLetter(r):
			w.grow(&state, r)
			letter = true
			continue
		case isApostrophe(r):
			if next, _ := utf8.DecodeRuneInString(text[i:]); state == inWord && letter && unicode.IsLetter(next) && !isSpaceless(next) {
				w.grow(&state, '\'')
				continue
			}
			state = between
		case r < utf8.RuneSelf && !isASCIIDigit(r) && !isASCIISymbol(r):
			state = between
		case unicode.Is(unicode.M, r):
			if state != between {
				w.add(r)
			}
			continue
		case isSpaceless(r):
			state = between
			w.grow(&state, r)
			state = inSymbol
		case unicode.IsLetter(r):
			w.grow(&state, r)
			letter = true
			continue
		case unicode.IsNumber(r):
			w.grow(&state, r)
		case unicode.IsSymbol(r) && r != utf8.RuneError:
			state = between
			w.grow(&state, r)
			state = inSymbol
		default:
			state = between
		}
		letter = false
	}
}

// grow adds a character to the open word, or opens one with it.
func (w *cutText) grow(state *int, r rune) {
	if *state != inWord {
		w.ends = append(w.ends, int32(len(w.folded)))
		*state = inWord
	}
	w.add(r)
}

func (w *cutText) add(r rune) {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		w.folded = append(w.folded, byte(r))
	case r == 'ß' || r == 'ẞ':
		w.folded = append(w.folded, "ss"...)
	default:
		w.folded = utf8.AppendRune(w.folded, foldRune(r))
	}
	w.ends[len(w.ends)-1] = int32(len(w.folded))
}

// foldRune returns the same character for all that differ only by case.
func foldRune(r rune) rune {
	switch {
	case 'а' <= r && r <= 'я':
		return r
	case 'А' <= r && r <= 'Я':
		return r + ('а' - 'А')
	case r == 'İ':
		return 'i'
	default:
		return unicode.ToLower(unicode.ToUpper(r)) // by way of the capital, for ς and σ
	}
}

func isPlainLetter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || 'А' <= r && r <= 'я'
}

func isASCIIDigit(r rune) bool { return '0' <= r && r <= '9' }

func isASCIISymbol(r rune) bool {
	switch r {
	case '+', '$', '<', '=', '>', '|', '~', '^':
		return true
	default:
		return false
	}
}

func isApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', '`', '´', '′', '＇', 'ʹ':
		return true
	default:
		return false
	}
}

// isIgnored tells whether a character makes no difference between words: stress marks (what composes with a letter is
// composed by now), variation selectors, joiners, soft hyphens, the colours of skin.
func isIgnored(r rune) bool {
	switch {
	case r < 0xAD:
		return false
	case 0x0300 <= r && r <= 0x036F, 0xFE00 <= r && r <= 0xFE0F, 0x1F3FB <= r && r <= 0x1F3FF:
		return true
	default:
		return r == 0xAD || 0x200B <= r && r <= 0x200D || r == 0x2060 || r == 0xFEFF
	}
}

// isSpaceless tells whether a character is of a script that puts no spaces between words.
func isSpaceless(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao,
		unicode.Khmer, unicode.Myanmar)
}

// likeWord is a word of a phrase for like.
type likeWord struct {
	runes  []rune
	text   string
	errors int // allowed
}

// longestLike bounds the words that are compared letter by letter. Longer ones must be right.
const longestLike = 48

func likeWords(phrase string) []likeWord {
	words := wordsOf(phrase)
	out := make([]likeWord, len(words))
	for i, text := range words {
		w := likeWord{runes: []rune(text), text: text}
		switch n := len(w.runes); {
		case n <= 3 || n > longestLike || hasDigit(text):
		case n <= 7:
			w.errors = 1
		default:
			w.errors = 2
		}
		out[i] = w
	}
	return out
}

func hasDigit(s string) bool {
	for _, r := range s {
		if unicode.IsNumber(r) {
			return true
		}
	}
	return false
}

func (w *likeWord) matches(word []byte) bool {
	if string(word) == w.text {
		return true
	}
	if w.errors == 0 {
		return false
	}
	n := utf8.RuneCount(word)
	if n < len(w.runes)-w.errors || n > len(w.runes)+w.errors {
		return false
	}
	var letters [longestLike + 2]rune
	i := 0
	for _, r := range string(word) {
		letters[i] = r
		i++
	}
	return typos(letters[:n], w.runes, w.errors) <= w.errors
}

// typos returns how many letters are too many, missing, wrong or swapped with their neighbour (optimal string
// alignment), or something larger than most once that is sure.
func typos(a, b []rune, most int) int {
	var rows [3][longestLike + 3]int
	before, above, row := rows[0][:len(b)+1], rows[1][:len(b)+1], rows[2][:len(b)+1]
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row = above, row, before
		row[0] = i
		smallest := i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			smallest = min(smallest, row[j])
		}
		// A swap looks two rows back and costs one, and no row is more than one better than the next: nothing gets better.
		if smallest > most {
			return most + 1
		}
	}
	return row[len(b)]
}
