package translate

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"herald/internal/gateway"
)

// kind is why a part of a text must not be translated.
type kind byte

// Kinds of locked parts. Their letters stand in the key of the cache.
const (
	kindBlock  kind = 'b' // code, whole: `x`, ```x```, <code>x</code>, <pre>x</pre>
	kindHole   kind = 'h' // a placeholder: {{ x }}, {x}, ${x}, %s, [[x]], or a brace alone
	kindTag    kind = 't' // an HTML tag or comment
	kindEntity kind = 'e' // an HTML entity, or a character that Markdown escapes, in a text of another format
	kindLink   kind = 'l' // an address: https://..., acme.example/x, mail@acme.example
	kindName   kind = 'n' // @name, /command, #topic
	kindMark   kind = 'm' // a mark of Markdown: **, _, ~~, [, ](address)
	kindKeep   kind = 'k' // a term of the keep list
	kindCode   kind = 'c' // a code or number: AB-1234, 482 913, +380 50 123 45 67, 12:30
	kindEmoji  kind = 'j'
	kindNumber kind = 'd' // one or two digits: soft
	kindBreak  kind = 'r' // line breaks: soft
)

// structural kinds are those of which a translation must have exactly what the original has: one more tag or link would
// change what the message is.
func (k kind) structural() bool {
	switch k {
	case kindBlock, kindHole, kindTag, kindEntity, kindLink, kindName, kindMark:
		return true
	default:
		return false
	}
}

// soft kinds stay in the text that the translator sees, because grammar hangs on them (1 day, 5 days); the translation is
// checked for them instead.
func (k kind) soft() bool { return k == kindNumber || k == kindBreak }

// span is a part of a text that must come through translation as it is.
type span struct {
	start, end int // bytes
	kind       kind
	pair       int  // spans of one pair, an opening and a closing one, share a number from 1; 0 stands alone
	opens      bool // of a pair
}

// scan finds all spans of a text, in order and without overlap.
func scan(text string, keep []string, format gateway.Format) []span {
	s := scanner{text: text, format: format}
	s.structure()
	s.keep(keep)
	s.inGaps(kindName, nameForm, s.standsAlone)
	s.markdown()
	s.inGaps(kindEmoji, emojiForm, nil) // before numbers: a keycap is a digit and a frame
	s.codes()
	s.inGaps(kindCode, numberForm, nil)
	s.inGaps(kindBreak, breakForm, nil)
	for i := range s.spans {
		if sp := &s.spans[i]; sp.kind == kindCode && short(text[sp.start:sp.end]) {
			sp.kind = kindNumber
		}
	}
	s.pair()
	return s.spans
}

// short tells whether a number is one that grammar hangs on.
func short(number string) bool {
	return len(number) <= 2 && strings.Trim(number, "0123456789") == ""
}

// scanner collects spans. Earlier finds win over later ones.
type scanner struct {
	text   string
	format gateway.Format
	spans  []span // sorted
}

func (s *scanner) add(sp span) {
	at, _ := slices.BinarySearchFunc(s.spans, sp, func(a, b span) int { return a.start - b.start })
	s.spans = slices.Insert(s.spans, at, sp)
}

// gaps are the parts of the text that no span covers yet.
func (s *scanner) gaps() []span {
	var gaps []span
	at := 0
	for _, sp := range s.spans {
		if sp.start > at {
			gaps = append(gaps, span{start: at, end: sp.start})
		}
		at = sp.end
	}
	if at < len(s.text) {
		gaps = append(gaps, span{start: at, end: len(s.text)})
	}
	return gaps
}

// before and after are the characters around a part; 0 at the ends of the text.
func before(text string, at int) rune {
	if at == 0 {
		return 0
	}
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return r
}

func after(text string, at int) rune {
	if at >= len(text) {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(text[at:])
	return r
}

// wordly tells whether a character is a part of words.
func wordly(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || unicode.IsMark(r)
}

func blank(r rune) bool { return r == 0 || unicode.IsSpace(r) }

// pair joins the tags and marks that belong together, and only if all of them do: what is not well-formed in the original
// must merely keep its order.
func (s *scanner) pair() {
	paired := slices.Clone(s.spans)
	var open []int
	number := 0
	for i := range paired {
		sp := &paired[i]
		name, opens, closes := s.role(*sp)
		switch {
		case name == "":
			continue
		case closes && len(open) > 0 && s.sameRole(paired[open[len(open)-1]], name):
			number++
			first := &paired[open[len(open)-1]]
			first.pair, first.opens, sp.pair = number, true, number
			open = open[:len(open)-1]
		case opens:
			open = append(open, i)
		default:
			return
		}
	}
	if len(open) == 0 {
		s.spans = paired
	}
}

func (s *scanner) sameRole(sp span, name string) bool {
	other, _, _ := s.role(sp)
	return other == name
}

// role names what a tag or mark begins and ends; an empty name is neither.
func (s *scanner) role(sp span) (name string, opens, closes bool) {
	it := s.text[sp.start:sp.end]
	switch {
	case sp.kind == kindTag:
		return tagRole(it)
	case sp.kind != kindMark || it == ">":
		return "", false, false
	case it == "[":
		return "[", true, false
	case strings.HasPrefix(it, "]("):
		return "[", false, true
	default:
		return it, s.opensMark(sp), s.closesMark(sp)
	}
}

func tagRole(tag string) (name string, opens, closes bool) {
	if strings.HasPrefix(tag, "<!") || strings.HasSuffix(tag, "/>") {
		return "", false, false
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(tag, "<"), ">")
	inner, closes = strings.CutPrefix(inner, "/")
	name, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(inner)), " ")
	if name == "br" || name == "hr" || name == "img" {
		return "", false, false
	}
	return name, !closes, closes
}

// opensMark and closesMark are the flanks by which people who write Markdown tell a mark from a star. In a text that is
// known to be MarkdownV2 every mark is one, unless it is escaped.
func (s *scanner) opensMark(sp span) bool {
	return s.format == gateway.FormatMarkdown || !blank(after(s.text, sp.end)) && !wordly(before(s.text, sp.start))
}

func (s *scanner) closesMark(sp span) bool {
	return s.format == gateway.FormatMarkdown || !blank(before(s.text, sp.start)) && !wordly(after(s.text, sp.end))
}
