package translate

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"herald/internal/gateway"
)

// braces begin and end tokens, so no text that a translator sees has others.
const braces = "{}｛｝"

// space is a blank within a line.
const space = `[ \t\x{00A0}\x{202F}]`

// name is what names consist of; MarkdownV2 escapes the underscore, and whatever else may be a mark.
const name = `(?:[A-Za-z0-9_]|\\_)`

// address is what an address consists of after its beginning; placeholders may stand in it.
const address = `(?:\{\{[^{}]*\}\}|\{[^{}\s]*\}|[^\s<>"«»{}` + "`" + `。，、！？；：（）「」])`

var (
	// structureForm finds what has an inner form of its own. Whatever begins first wins: a link within a placeholder is
	// a part of it, and the other way round.
	structureForm = regexp.MustCompile(strings.Join([]string{
		"(?P<b>```(?s:.*?)```|`[^`\n]+`|(?i:<code\\b[^<>]*>(?s:.*?)</code>|<pre\\b[^<>]*>(?s:.*?)</pre>))",
		`(?P<h>\\[{}]|\{\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\}|\$?\{[^{}\n]*\}|\[\[[^\[\]\n]*\]\]|<%[^<>\n]*%>|%(?:\(\w+\)|\d+\$)?[-+0#]*\d*(?:\.\d+)?[sdvfqxXeEgGt@]|[{}｛｝])`,
		`(?P<t><!--(?s:.*?)-->|</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>)`,
		`(?P<e>&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]\w*);)`,
		`(?P<m>\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\))`,
		`(?P<l>(?i:[a-z][a-z0-9+.-]{1,20}://|www\.|mailto:|tel:)` + address + `+|` +
			`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+|` +
			`(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[a-z]{2,24}(?:[/?]` + address + `*)?)`,
	}, "|"))

	nameForm   = regexp.MustCompile(`@` + name + `{2,64}|/[A-Za-z]` + name + `{0,63}(?:@` + name + `{2,64})?|#(?:[\p{L}\p{N}_]|\\_)+`)
	escapeForm = regexp.MustCompile("\\\\[_*\\[\\]()~`>#+\\-=|{}.!\\\\]")
	markForm   = regexp.MustCompile(`(?m)^>|\*{1,3}|_{1,3}|~~|~|\|\|`)
	wordForm   = regexp.MustCompile(`[\p{L}\p{Nd}_]+(?:\\?[-/_][\p{L}\p{Nd}_]+)*`)
	partForm   = regexp.MustCompile(`[\p{L}\p{Nd}_]+(?:\\_[\p{L}\p{Nd}_]+)*`)
	numberForm = regexp.MustCompile(`(?:[#№]` + space + `?|[+$€£₴₽])?\p{Nd}+(?:` + space + `?(?:\\?[().,:/×–-]){0,2}` + space + `?\p{Nd}+)*(?:[%°]|` + space + `?[$€£₴₽])?`)
	breakForm  = regexp.MustCompile(`[\r\n]+`)
	emojiForm  = regexp.MustCompile(`(?:[0-9#*]\x{FE0F}?\x{20E3}|[` + pictures + `][` + pictures + joiners + `]*)`)
)

// Pictures are the blocks of Unicode that emoji come from, and joiners what makes one emoji of several characters.
const (
	pictures = `\x{203C}\x{2049}\x{2122}\x{2139}\x{2194}-\x{21AA}\x{231A}-\x{23FF}\x{24C2}\x{25AA}-\x{25FE}\x{2600}-\x{27BF}` +
		`\x{2934}\x{2935}\x{2B05}-\x{2B55}\x{3030}\x{303D}\x{3297}\x{3299}\x{1F000}-\x{1FAFF}`
	joiners = `\x{FE0F}\x{FE0E}\x{200D}\x{20E3}\x{1F3FB}-\x{1F3FF}\x{E0020}-\x{E007F}`
)

// domainEnding knows the top-level domains of bare addresses. After other words with a full stop inside, such as a sentence
// that goes on without a space, it is a path that shows an address.
func domainEnding(ending string) bool {
	switch ending {
	case "com", "org", "net", "info", "biz", "app", "dev", "shop", "store", "online", "site", "example", "test", "io", "ai",
		"co", "tv", "eu", "ua", "ru", "by", "kz", "uz", "de", "pl", "cz", "sk", "ro", "bg", "fr", "it", "es", "pt", "nl",
		"uk", "us", "tr", "ge", "am", "az", "lt", "lv", "ee", "fi", "se", "dk", "ch", "at", "gr", "hu", "hr", "rs", "si",
		"il", "ae", "jp", "cn", "kr", "vn", "id", "br", "mx", "ar", "ca", "au", "me", "gov", "edu":
		return true
	default:
		return false
	}
}

// structure finds code, placeholders, tags, entities, addresses and Markdown's links.
func (s *scanner) structure() {
	names := structureForm.SubexpNames()
	for at := 0; at < len(s.text); {
		found := structureForm.FindStringSubmatchIndex(s.text[at:])
		if found == nil {
			return
		}
		sp := span{start: at + found[0], end: at + found[1]}
		for group := 1; group < len(names); group++ {
			if found[2*group] >= 0 {
				sp.kind = kind(names[group][0])
			}
		}
		at = sp.end // also past what is none: looking into it again and again would take too long
		if sp, ok := s.really(sp); ok {
			s.add(sp)
			at = sp.end
		} else if sp.kind == kindMark {
			at = sp.start + 1 // there may be an address within
		}
	}
}

// really looks at the surroundings of what structureForm found.
func (s *scanner) really(sp span) (span, bool) {
	it := s.text[sp.start:sp.end]
	switch {
	case sp.kind == kindHole && it[0] == '%': // not of 50% or %discount
		return sp, !wordly(before(s.text, sp.start)) && !wordly(after(s.text, sp.end))
	case sp.kind == kindMark:
		return sp, s.openTail(sp)
	case sp.kind == kindEntity && s.format == gateway.FormatHTML:
		sp.kind = kindHole // a brace; what is left is decoded, and encoded again
		return sp, strings.ContainsAny(html.UnescapeString(it), braces)
	case sp.kind == kindLink:
		it = trimAddress(it)
		sp.end = sp.start + len(it)
		return sp, isAddress(it)
	default:
		return sp, true
	}
}

// trimAddress leaves out the punctuation of the sentence around an address.
func trimAddress(it string) string {
	for it != "" {
		r, size := utf8.DecodeLastRuneInString(it)
		if r == ')' && strings.Count(it, "(") >= strings.Count(it, ")") || !strings.ContainsRune(`.,;:!?'"()[]*_~|…\`, r) {
			return it
		}
		it = it[:len(it)-size]
	}
	return it
}

// isAddress tells an address from a word with a full stop inside.
func isAddress(it string) bool {
	if strings.Contains(it, "://") || strings.Contains(it, "@") || strings.Contains(it, ":") {
		return true
	}
	host, _, path := strings.Cut(it, "/")
	if strings.HasPrefix(strings.ToLower(host), "www.") {
		return true
	}
	dot := strings.LastIndexByte(host, '.')
	return dot > 0 && (path || domainEnding(host[dot+1:]))
}

// inGaps finds spans of one form in what is not covered yet; fits may look at the surroundings.
func (s *scanner) inGaps(k kind, form *regexp.Regexp, fits func(span) bool) {
	for _, gap := range s.gaps() {
		for _, found := range form.FindAllStringIndex(s.text[gap.start:gap.end], -1) {
			sp := span{start: gap.start + found[0], end: gap.start + found[1], kind: k}
			if fits == nil || fits(sp) {
				s.add(sp)
			}
		}
	}
}

// standsAlone tells that nothing before a name makes it a part of something else, such as and/or.
func (s *scanner) standsAlone(sp span) bool {
	r := before(s.text, sp.start)
	return !wordly(r) && r != '/' && after(s.text, sp.end) != '/'
}

// keep finds the terms that are never translated, the longest first, in any case of letters.
func (s *scanner) keep(terms []string) {
	var forms []string
	lower := strings.ToLower(s.text)
	for _, term := range longestFirst(terms) {
		if strings.Contains(lower, strings.ToLower(term)) { // most do not, and a form of all of them would be dear
			forms = append(forms, regexp.QuoteMeta(term))
		}
	}
	if len(forms) == 0 {
		return
	}
	form := regexp.MustCompile(`(?i:` + strings.Join(forms, "|") + `)`)
	for _, gap := range s.gaps() {
		for at := gap.start; at < gap.end; {
			found := form.FindStringIndex(s.text[at:gap.end])
			if found == nil {
				break
			}
			sp := span{start: at + found[0], end: at + found[1], kind: kindKeep}
			if !s.splitsWord(sp) {
				s.add(sp)
				at = sp.end
				continue
			}
			_, size := utf8.DecodeRuneInString(s.text[sp.start:])
			at = sp.start + size
		}
	}
}

// splitsWord tells that a part begins or ends within a word.
func (s *scanner) splitsWord(sp span) bool {
	return wordly(before(s.text, sp.start)) && wordly(after(s.text, sp.start)) ||
		wordly(before(s.text, sp.end)) && wordly(after(s.text, sp.end))
}

// markdown finds escapes and marks; links were found with the addresses in them.
func (s *scanner) markdown() {
	if s.format == gateway.FormatMarkdown {
		s.inGaps(kindMark, markForm, func(sp span) bool { return before(s.text, sp.start) != '\\' })
		return
	}
	s.inGaps(kindEntity, escapeForm, nil)
	s.inGaps(kindMark, markForm, func(sp span) bool { return s.opensMark(sp) || s.closesMark(sp) })
}

// openTail finds the bracket that the tail of a link, ](address), belongs to, and locks it too.
func (s *scanner) openTail(sp span) bool {
	line := strings.LastIndexByte(s.text[:sp.start], '\n') + 1
	depth := 0
	for i := sp.start - 1; i >= line; i-- {
		switch s.text[i] {
		case ']':
			depth++
		case '[':
			if depth > 0 {
				depth--
				continue
			}
			if s.covered(i) {
				return false
			}
			s.add(span{start: i, end: i + 1, kind: kindMark})
			return true
		}
	}
	return false
}

func (s *scanner) covered(at int) bool {
	for _, sp := range s.spans {
		if sp.start <= at && at < sp.end {
			return true
		}
	}
	return false
}

// codes finds words that are codes: AB-1234, abc123, order_id. Words such as 20-го and 5pm are none; their digits are
// numbers.
func (s *scanner) codes() {
	for _, gap := range s.gaps() {
		for _, found := range wordForm.FindAllStringIndex(s.text[gap.start:gap.end], -1) {
			sp := span{start: gap.start + found[0], end: gap.start + found[1], kind: kindCode}
			word := s.text[sp.start:sp.end]
			if joined(word) {
				s.add(sp)
				continue
			}
			for _, part := range partForm.FindAllStringIndex(word, -1) {
				if isCode(word[part[0]:part[1]]) {
					s.add(span{start: sp.start + part[0], end: sp.start + part[1], kind: kindCode})
				}
			}
		}
	}
}

// joined tells whether a word with hyphens or slashes is one code.
func joined(word string) bool {
	parts := strings.FieldsFunc(word, func(r rune) bool { return r == '-' || r == '/' || r == '\\' })
	if len(parts) < 2 {
		return false
	}
	digits, letters := 0, false
	for _, part := range parts {
		n := countDigits(part)
		digits += n
		upper, latin := letterCase(part)
		letters = letters || n < utf8.RuneCountInString(part)
		if n == 0 && !upper && (!latin || countDigits(word) < 3) || n > 0 && !upper && !latin {
			return false
		}
	}
	return digits > 0 && letters
}

// isCode tells whether a word of letters and digits is a code.
func isCode(part string) bool {
	if strings.Contains(strings.Trim(part, "_"), "_") {
		return true
	}
	digits := countDigits(part)
	if digits == 0 || digits == utf8.RuneCountInString(part) {
		return false
	}
	upper, latin := letterCase(part)
	if upper {
		return true
	}
	rest := strings.TrimLeftFunc(part, unicode.IsDigit)
	return latin && (countDigits(rest) > 0 || utf8.RuneCountInString(rest) > 3)
}

func countDigits(word string) (n int) {
	for _, r := range word {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// letterCase tells whether all letters of a word are capitals, and whether all are Latin.
func letterCase(word string) (upper, latin bool) {
	upper, latin = true, true
	for _, r := range word {
		if unicode.IsLetter(r) {
			upper = upper && unicode.IsUpper(r)
			latin = latin && unicode.Is(unicode.Latin, r)
		}
	}
	return upper, latin
}
