package translate

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"herald/internal/gateway"
)

// masked is a text whose locked parts are replaced by tokens, {1}, {2} and so on. The text has no other braces then, so a
// token is never taken for something else.
type masked struct {
	text       string // the original
	terms      []string
	format     gateway.Format
	spans      []span // all, soft ones too
	hard       []span // those that tokens stand for: the first is {1}
	lead, tail string // blanks around the text
	body       string // what the translator sees
}

// mask locks what must come through translation untouched.
func mask(text string, keep []string, format gateway.Format) masked {
	m := masked{text: text, terms: keep, format: format, spans: scan(text, keep, format)}
	m.lead, _, m.tail = trim(text)
	var b strings.Builder
	at := 0
	for _, sp := range m.spans {
		if sp.kind.soft() {
			continue
		}
		m.hard = append(m.hard, sp)
		b.WriteString(decoded(text[at:sp.start], format))
		b.WriteString(token(len(m.hard)))
		at = sp.end
	}
	b.WriteString(decoded(text[at:], format))
	m.body = strings.TrimSpace(b.String())
	return m
}

var escapedForm = regexp.MustCompile(`\\([\x01-\x7e])`)

// decoded is what people see of a part without markup: entities and escapes are read.
func decoded(part string, format gateway.Format) string {
	switch format {
	case gateway.FormatHTML:
		return html.UnescapeString(part)
	case gateway.FormatMarkdown:
		return escapedForm.ReplaceAllString(part, "$1")
	default:
		return part
	}
}

var (
	htmlReserved     = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	markdownReserved = regexp.MustCompile("[_*\\[\\]()~`>#+=|{}.!\\\\-]")
)

// encoded writes a part so that it stands in a text of the format as it is.
func encoded(part string, format gateway.Format) string {
	switch format {
	case gateway.FormatHTML:
		return htmlReserved.Replace(part)
	case gateway.FormatMarkdown:
		return markdownReserved.ReplaceAllString(part, `\$0`)
	default:
		return part
	}
}

func token(number int) string { return "{" + strconv.Itoa(number) + "}" }

// trim cuts a text into the blanks before it, itself, and the blanks after it.
func trim(text string) (lead, core, tail string) {
	core = strings.TrimLeftFunc(text, unicode.IsSpace)
	lead = text[:len(text)-len(core)]
	core = strings.TrimRightFunc(core, unicode.IsSpace)
	return lead, core, text[len(lead)+len(core):]
}

// hasLetters tells whether there is anything to translate.
func hasLetters(text string) bool { return strings.IndexFunc(text, unicode.IsLetter) >= 0 }

// kinds are the kinds of the locked parts in order: two texts with equal bodies and kinds have one translation.
func (m masked) kinds() string {
	kinds := make([]byte, len(m.hard))
	for i, sp := range m.hard {
		kinds[i] = byte(sp.kind)
	}
	return string(kinds)
}

// pieces are the parts of the text between all locked parts that have letters, for translation one by one.
func (m masked) pieces() []string {
	var pieces []string
	m.eachGap(func(gap string, _ *span) {
		if _, core, _ := trim(gap); hasLetters(core) {
			pieces = append(pieces, core)
		}
	})
	return pieces
}

// join puts the translations of the pieces in their places and returns what a translator of the whole body would have.
func (m masked) join(pieces []string) string {
	var b strings.Builder
	number := 0
	m.eachGap(func(gap string, next *span) {
		lead, core, tail := trim(gap)
		if hasLetters(core) {
			core, pieces = strings.TrimSpace(pieces[0]), pieces[1:]
		}
		b.WriteString(lead + core + tail)
		switch {
		case next == nil:
		case next.kind.soft():
			b.WriteString(m.text[next.start:next.end])
		default:
			number++
			b.WriteString(token(number))
		}
	})
	return strings.TrimSpace(b.String())
}

// eachGap visits what stands before each locked part, and at last what stands after all of them.
func (m masked) eachGap(visit func(gap string, next *span)) {
	at := 0
	for i := range m.spans {
		visit(decoded(m.text[at:m.spans[i].start], m.format), &m.spans[i])
		at = m.spans[i].end
	}
	visit(decoded(m.text[at:], m.format), nil)
}

// tokenForm finds tokens as translators return them: with blanks inside, wide braces or the digits of another script.
var tokenForm = regexp.MustCompile(`[{｛]` + space + `*(\p{Nd}{1,6})` + space + `*[}｝]`)

// canonical writes the tokens of a translation in our own form.
func canonical(out string) string {
	return tokenForm.ReplaceAllStringFunc(out, func(found string) string {
		number := 0
		for _, r := range found {
			if unicode.IsDigit(r) {
				number = number*10 + digit(r)
			}
		}
		return token(number)
	})
}

// digit is the value of a decimal digit of any script: they stand in tens, beginning with zero.
func digit(r rune) int {
	const mathDigits, mathEnd = 0x1D7CE, 0x1D7FF // five tens without a gap
	if r >= mathDigits && r <= mathEnd {
		return int(r-mathDigits) % 10
	}
	value := 0
	for value < 9 && unicode.Is(unicode.Nd, r-1) {
		r--
		value++
	}
	return value
}

// restore puts the locked parts back into a translation of the body. It is false if any is missing, doubled, torn from its
// pair or changed, or if the translation brings a placeholder, tag, link, name or mark that the original has not.
func (m masked) restore(out string) (string, bool) {
	if strings.ContainsFunc(out, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }) || !utf8.ValidString(out) {
		return "", false
	}
	texts, order, ok := m.split(canonical(strings.TrimSpace(out)))
	if !ok || !m.softHeld(texts) || !m.nested(order, texts) {
		return "", false
	}
	restored := m.lead + m.rebuild(texts, order) + m.tail
	return restored, m.sameStructure(restored)
}

// split cuts a translation at its tokens: texts[i] stands before the span order[i], the last text after all. Every token
// must be there once.
func (m masked) split(out string) (texts []string, order []int, ok bool) {
	seen := make([]bool, len(m.hard))
	at := 0
	for _, found := range tokenForm.FindAllStringSubmatchIndex(out, -1) {
		number, err := strconv.Atoi(out[found[2]:found[3]])
		if err != nil || number < 1 || number > len(m.hard) || seen[number-1] {
			return nil, nil, false
		}
		seen[number-1] = true
		texts, order = append(texts, out[at:found[0]]), append(order, number-1)
		at = found[1]
	}
	return append(texts, out[at:]), order, len(order) == len(m.hard)
}

var digitsForm = regexp.MustCompile(`\p{Nd}+`)

// softHeld tells whether short numbers and line breaks are still there.
func (m masked) softHeld(texts []string) bool {
	out := strings.Join(texts, " ")
	numbers := map[string]int{}
	for _, found := range digitsForm.FindAllString(out, -1) {
		numbers[found]++
	}
	var breaks []int
	body := len(m.text) - len(m.tail)
	for _, sp := range m.spans {
		it := m.text[sp.start:sp.end]
		switch {
		case sp.kind == kindNumber:
			numbers[it]--
			if numbers[it] < 0 {
				return false
			}
		case sp.kind == kindBreak && sp.start >= len(m.lead) && sp.end <= body:
			breaks = append(breaks, strings.Count(it, "\n"))
		}
	}
	var found []int
	for _, it := range breakForm.FindAllString(out, -1) {
		found = append(found, strings.Count(it, "\n"))
	}
	return slices.Equal(breaks, found)
}

// nested tells whether pairs are still around each other as pairs must be, and around something; tags and marks without a
// pair must keep their order.
func (m masked) nested(order []int, texts []string) bool {
	var open []int // of order
	last := -1
	for i, number := range order {
		sp := m.hard[number]
		switch {
		case sp.pair == 0:
			if sp.kind == kindTag || sp.kind == kindMark {
				if number < last {
					return false
				}
				last = number
			}
		case sp.opens:
			open = append(open, i)
		default:
			if len(open) == 0 || m.hard[order[open[len(open)-1]]].pair != sp.pair {
				return false
			}
			from := open[len(open)-1]
			open = open[:len(open)-1]
			if !m.emptyPair(sp) && strings.TrimSpace(strings.Join(texts[from+1:i+1], "")) == "" && i == from+1 {
				return false
			}
		}
	}
	return len(open) == 0
}

// emptyPair tells whether a closing part follows its opening one at once in the original.
func (m masked) emptyPair(closing span) bool {
	for _, sp := range m.hard {
		if sp.pair == closing.pair && sp.opens {
			return strings.TrimSpace(m.text[sp.end:closing.start]) == ""
		}
	}
	return false
}

// rebuild writes the translation with the locked parts, and mends the blanks around them where the translator's would
// join words or take an opening mark from its word.
func (m masked) rebuild(texts []string, order []int) string {
	texts = slices.Clone(texts)
	for i, number := range order {
		sp := m.hard[number]
		if sp.pair > 0 && sp.opens && !blank(after(m.text, sp.end)) {
			texts[i+1] = strings.TrimLeft(texts[i+1], " \u00a0")
		}
		if sp.pair > 0 && !sp.opens && !blank(before(m.text, sp.start)) {
			texts[i] = strings.TrimRight(texts[i], " \u00a0")
		}
	}
	var b strings.Builder
	for i, number := range order {
		b.WriteString(encoded(texts[i], m.format))
		if m.gluedBefore(b.String(), i, number, order, texts) {
			b.WriteByte(' ')
		}
		sp := m.hard[number]
		b.WriteString(m.text[sp.start:sp.end])
		if wordly(after(texts[i+1], 0)) && !wordly(after(m.text, sp.end)) && sp.kind != kindEmoji && sp.kind != kindEntity && !(sp.pair > 0 && sp.opens) {
			b.WriteByte(' ')
		}
	}
	b.WriteString(encoded(texts[len(order)], m.format))
	return b.String()
}

// gluedBefore tells whether a locked part stands at a word, or at another locked part, that it did not stand at.
func (m masked) gluedBefore(written string, i, number int, order []int, texts []string) bool {
	sp := m.hard[number]
	if written == "" || sp.kind == kindEmoji || sp.kind == kindEntity || sp.pair > 0 && !sp.opens {
		return false
	}
	if texts[i] != "" || i == 0 {
		return wordly(before(written, len(written))) && !wordly(before(m.text, sp.start))
	}
	left := m.hard[order[i-1]]
	return left.pair == 0 && left.end != sp.start
}

// sameStructure tells whether a text has exactly the structural parts of the original, and all its codes.
func (m masked) sameStructure(restored string) bool {
	parts := map[string]int{}
	for _, sp := range scan(restored, m.terms, m.format) {
		parts[string(sp.kind)+restored[sp.start:sp.end]]++
	}
	for _, sp := range m.spans {
		if sp.kind.structural() || sp.kind == kindCode {
			parts[string(sp.kind)+m.text[sp.start:sp.end]]--
		}
	}
	for part, left := range parts {
		k := kind(part[0])
		if left < 0 || left > 0 && k.structural() {
			return false
		}
	}
	return true
}

// longestFirst returns the terms without blank ones, so that a longer one wins over its beginning.
func longestFirst(terms []string) []string {
	var list []string
	for _, term := range terms {
		if term = strings.TrimSpace(term); term != "" {
			list = append(list, term)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
}
