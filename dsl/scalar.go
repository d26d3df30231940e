package dsl

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Scalar is a string of the file that knows the place of each of its characters.
type Scalar struct {
	Value string
	At    Position
	Known bool // written in the file, even if empty

	src   *source
	style yaml.Style
	whole *Scalar // that it is a part of
	from  int     // where in the value of whole it begins
	trail *tracer // how it was read, if many places are wanted
}

// String returns the value.
func (s Scalar) String() string { return s.Value }

// part returns a part of the scalar between two offsets of its value.
func (s Scalar) part(from, to int) Scalar {
	return Scalar{Value: s.Value[from:to], At: s.Place(from), Known: true, whole: &s, from: from}
}

// traced is the scalar with its places found once and for all, for whoever asks for many of them.
func (s Scalar) traced() Scalar {
	if s.src != nil && s.trail == nil {
		s.trail = s.trace()
	}
	return s
}

// Place returns where the character at a byte offset of Value stands in the file, through quotes, escapes, folded lines
// and the indentation of block scalars.
func (s Scalar) Place(offset int) Position {
	offset = min(max(offset, 0), len(s.Value))
	if s.whole != nil {
		return s.whole.Place(s.from + offset)
	}
	if s.src == nil {
		return Position{Line: s.At.Line, Column: s.At.Column + utf8.RuneCountInString(s.Value[:offset])}
	}
	t := s.trail
	if t == nil {
		t = s.trace()
	}
	if string(t.value) != s.Value {
		return s.At // never seen; a wrong column would be worse than a coarse one
	}
	if offset == len(t.from) {
		return s.src.position(t.at)
	}
	return s.src.position(t.from[offset])
}

// beforeComment tells whether the scalar has no quotes and a comment follows it, which may have been meant otherwise.
func (s Scalar) beforeComment() bool {
	if s.whole != nil {
		return s.from+len(s.Value) == len(s.whole.Value) && s.whole.beforeComment()
	}
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if s.src == nil || s.style&quoted != 0 {
		return false
	}
	rest := s.src.text[s.src.offset(s.Place(len(s.Value))):]
	return strings.HasPrefix(strings.TrimLeft(rest, " \t"), "#")
}

// trace reads the scalar in the file once more.
func (s Scalar) trace() *tracer {
	t := &tracer{text: s.src.text, at: s.src.offset(s.At), want: len(s.Value)}
	switch {
	case s.style&yaml.DoubleQuotedStyle != 0:
		t.at++
		t.double()
	case s.style&yaml.SingleQuotedStyle != 0:
		t.at++
		t.single()
	case s.style&yaml.LiteralStyle != 0:
		t.block(s.Value, false)
	case s.style&yaml.FoldedStyle != 0:
		t.block(s.Value, true)
	default:
		t.plain()
	}
	return t
}

// tracer reads a scalar once more, as YAML does, and remembers from which byte of the text each byte of the value came.
type tracer struct {
	text  string
	at    int // in text
	want  int // length of the value, at which it stops
	value []byte
	from  []int // for each byte of value
}

func (t *tracer) more() bool { return len(t.value) < t.want && t.at < len(t.text) }

// add makes one more piece of the value, which came from one place.
func (t *tracer) add(piece string, from int) {
	for i := range len(piece) {
		t.value = append(t.value, piece[i])
		t.from = append(t.from, from)
	}
}

// literal takes one character that means itself.
func (t *tracer) literal() {
	_, size := utf8.DecodeRuneInString(t.text[t.at:])
	t.add(t.text[t.at:t.at+size], t.at)
	t.at += size
}

func (t *tracer) plain() {
	for t.more() {
		if !t.fold() {
			t.literal()
		}
	}
}

func (t *tracer) single() {
	for t.more() {
		switch {
		case t.fold():
		case strings.HasPrefix(t.text[t.at:], "''"):
			t.add("'", t.at)
			t.at += 2
		default:
			t.literal()
		}
	}
}

func (t *tracer) double() {
	for t.more() {
		switch {
		case t.text[t.at] == '\\' && t.at+1 < len(t.text):
			t.escape()
		case t.fold():
		default:
			t.literal()
		}
	}
}

// escapes are what the escapes of one letter stand for.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': `"`, '/': "/", '\'': "'", '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escapeDigits are the numbers of hexadecimal digits after the letters that take them.
var escapeDigits = map[byte]int{'x': 2, 'u': 4, 'U': 8}

func (t *tracer) escape() {
	start, letter := t.at, t.text[t.at+1]
	t.at += 2
	switch digits := escapeDigits[letter]; {
	case letter == '\n' || letter == '\r': // the line goes on in the next one
		t.at--
		t.skipBreak()
		t.skipBlanks()
		for _, at := range t.emptyLines() {
			t.add("\n", at)
		}
	case digits > 0:
		var r rune
		for range digits {
			if t.at < len(t.text) {
				r = r<<4 | rune(unhex(t.text[t.at]))
				t.at++
			}
		}
		t.add(string(r), start)
	default:
		t.add(escapes[letter], start)
	}
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// fold takes the end of a line and the indentation of the next: together a space, or a break for each empty line between.
func (t *tracer) fold() bool {
	start := t.at
	t.skipBlanks()
	if !t.isBreak() {
		t.at = start
		return false
	}
	t.skipBreak()
	t.skipBlanks()
	empty := t.emptyLines()
	for _, at := range empty {
		t.add("\n", at)
	}
	if len(empty) == 0 {
		t.add(" ", start)
	}
	return true
}

// emptyLines passes lines without text and returns where their breaks are.
func (t *tracer) emptyLines() []int {
	var breaks []int
	for t.isBreak() {
		breaks = append(breaks, t.at)
		t.skipBreak()
		t.skipBlanks()
	}
	return breaks
}

// block takes a block scalar, whose head is | or > with its indicators.
func (t *tracer) block(value string, folded bool) {
	t.at = t.lineAfter(t.at)
	indent := t.blockIndent(value)
	before, last := false, -1 // whether the line before began with a blank; where its break is
	empty := t.emptyBlockLines(indent)
	for t.more() && countSpaces(t.text[t.at:]) >= indent {
		t.at += indent
		blank := t.at < len(t.text) && (t.text[t.at] == ' ' || t.text[t.at] == '\t')
		if last >= 0 {
			switch {
			case !folded || before || blank:
				t.add("\n", last)
			case len(empty) == 0:
				t.add(" ", last)
			}
		}
		for _, at := range empty {
			t.add("\n", at)
		}
		for t.more() && !t.isBreak() {
			t.literal()
		}
		if !t.isBreak() {
			return
		}
		before, last = blank, t.at
		t.skipBreak()
		empty = t.emptyBlockLines(indent)
	}
	for _, at := range append([]int{last}, empty...) {
		if len(t.value) < t.want && at >= 0 {
			t.add("\n", at)
		}
	}
	if last >= 0 {
		t.at = last
	}
}

// blockIndent finds how far the lines of a block scalar are indented: by as much as its first line that has text is
// indented in the file more than in the value.
func (t *tracer) blockIndent(value string) int {
	for at := t.at; at < len(t.text); at = t.lineAfter(at) {
		spaces := countSpaces(t.text[at:])
		if rest := t.text[at+spaces:]; rest != "" && rest[0] != '\n' && rest[0] != '\r' {
			return max(spaces-countSpaces(strings.TrimLeft(value, "\n")), 0)
		}
	}
	return 0
}

// emptyBlockLines passes lines that have nothing beyond the indentation and returns where their breaks are.
func (t *tracer) emptyBlockLines(indent int) []int {
	var breaks []int
	for {
		end := t.at + min(countSpaces(t.text[t.at:]), indent)
		if end >= len(t.text) || t.text[end] != '\n' && t.text[end] != '\r' {
			return breaks
		}
		breaks = append(breaks, end)
		t.at = t.lineAfter(end)
	}
}

func countSpaces(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }

// lineAfter returns where the line after the one at a byte starts.
func (t *tracer) lineAfter(at int) int {
	if i := strings.IndexByte(t.text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(t.text)
}

func (t *tracer) skipBlanks() {
	for t.at < len(t.text) && (t.text[t.at] == ' ' || t.text[t.at] == '\t') {
		t.at++
	}
}

func (t *tracer) isBreak() bool {
	return t.at < len(t.text) && (t.text[t.at] == '\n' || t.text[t.at] == '\r')
}

func (t *tracer) skipBreak() {
	if t.text[t.at] == '\r' {
		t.at++
	}
	if t.at < len(t.text) && t.text[t.at] == '\n' {
		t.at++
	}
}
