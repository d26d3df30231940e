package messaging

import (
	"html"
	"regexp"
	"strings"

	"herald/internal/gateway"
)

// maxMarkup bounds a text together with its markup, in bytes: the messenger reads no more.
const maxMarkup = 32768

// visible is the text without its markup: what goes by SMS, and what is sent once the messenger has not understood the
// markup. It never fails: what is no markup after all stays. Where a link leads stands behind its words.
func visible(text string, format gateway.Format) string {
	switch format {
	case gateway.FormatHTML:
		return visibleHTML(text)
	case gateway.FormatMarkdown:
		return visibleMarkdown(text)
	default:
		return text
	}
}

// escaped writes words so that they stand in a text of the format as they are.
func escaped(words string, format gateway.Format) string {
	switch format {
	case gateway.FormatHTML:
		return html.EscapeString(words)
	case gateway.FormatMarkdown:
		return markdownReserved.ReplaceAllString(words, `\$0`)
	default:
		return words
	}
}

// markdownReserved are the characters that MarkdownV2 wants escaped wherever they are not markup.
var markdownReserved = regexp.MustCompile("[_*\\[\\]()~`>#+=|{}.!\\\\-]")

var (
	htmlTag  = regexp.MustCompile(`<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>`)
	htmlHref = regexp.MustCompile(`(?i)\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))`)
)

func visibleHTML(text string) string {
	var out strings.Builder
	var links []openLink
	at := 0
	for _, tag := range htmlTag.FindAllStringSubmatchIndex(text, -1) {
		out.WriteString(html.UnescapeString(text[at:tag[0]]))
		at = tag[1]
		if !strings.EqualFold(text[tag[4]:tag[5]], "a") {
			continue
		}
		if text[tag[2]:tag[3]] == "" {
			address := ""
			if href := htmlHref.FindStringSubmatch(text[tag[6]:tag[7]]); href != nil {
				address = html.UnescapeString(strings.Join(href[1:], "")) // one of the three
			}
			links = append(links, openLink{from: out.Len(), address: address})
		} else if n := len(links); n > 0 {
			links[n-1].close(&out)
			links = links[:n-1]
		}
	}
	out.WriteString(html.UnescapeString(text[at:]))
	return out.String()
}

// openLink is a link whose words began at from.
type openLink struct {
	from    int
	address string
}

// close writes where the link leads, unless its words say so or nobody outside the messenger can go there.
func (l openLink) close(out *strings.Builder) {
	words := strings.TrimSpace(out.String()[l.from:])
	_, bare, _ := strings.Cut(l.address, "://")
	if webAddress(l.address) && words != l.address && words != strings.TrimSuffix(bare, "/") {
		out.WriteString(" (" + l.address + ")")
	}
}

// markdownMarks are the marks that open and close a style, longer ones first.
var markdownMarks = []string{"||", "__", "_", "*", "~"}

// markdownReader takes MarkdownV2 apart. A mark counts only together with its partner.
type markdownReader struct {
	rest   string
	pieces []string       // of the outcome
	open   map[string]int // mark -> the piece that it stands in
	quoted bool           // the line is part of a quotation
	noLink bool           // no link comes any more: nothing is looked for twice
}

func visibleMarkdown(text string) string {
	r := markdownReader{rest: text, open: map[string]int{}}
	lineStart := true
	for r.rest != "" {
		if lineStart && r.quote() {
			lineStart = false
			continue
		}
		lineStart = r.rest[0] == '\n'
		r.next()
	}
	return strings.Join(r.pieces, "")
}

// take moves n bytes of the text into the outcome as they are.
func (r *markdownReader) take(n int) {
	r.pieces, r.rest = append(r.pieces, r.rest[:n]), r.rest[n:]
}

// quote skips the mark of a quotation at the begin of a line, if there is one.
func (r *markdownReader) quote() bool {
	rest, quoted := strings.CutPrefix(strings.TrimPrefix(r.rest, "**"), ">")
	if r.quoted = quoted; quoted {
		r.rest = rest
	}
	return quoted
}

func (r *markdownReader) next() {
	switch c := r.rest[0]; {
	case c == '\\' && len(r.rest) > 1 && r.rest[1] < 127:
		r.rest = r.rest[1:]
		r.take(1)
	case c == '`':
		r.code()
	case !r.noLink && (c == '[' || strings.HasPrefix(r.rest, "![")):
		r.link()
	default:
		for _, mark := range markdownMarks {
			if strings.HasPrefix(r.rest, mark) {
				r.mark(mark)
				return
			}
		}
		n := strings.IndexAny(r.rest[1:], "\\`[!_*~|\n") + 1
		if c == '\n' {
			n = 1
		} else if n == 0 {
			n = len(r.rest)
		}
		r.take(n)
	}
}

// mark takes a mark out together with its partner. The || that ends a long quotation has none.
func (r *markdownReader) mark(mark string) {
	at, opened := r.open[mark]
	after := r.rest[len(mark):]
	switch {
	case opened:
		r.pieces[at], r.rest = "", after
		delete(r.open, mark)
	case mark == "||" && r.quoted && (after == "" || after[0] == '\n'):
		r.rest = after
	default:
		r.open[mark] = len(r.pieces)
		r.take(len(mark))
	}
}

// code takes `code` and ```pre``` without the marks and the name of a language.
func (r *markdownReader) code() {
	mark := "`"
	if strings.HasPrefix(r.rest, "```") {
		mark = "```"
	}
	body, rest, closed := cutUnescaped(r.rest[len(mark):], mark)
	if !closed {
		r.take(len(mark))
		return
	}
	if first, more, lines := strings.Cut(body, "\n"); mark == "```" && lines && !strings.ContainsAny(first, " \t") {
		body = more
	}
	r.pieces, r.rest = append(r.pieces, unescaped(body)), rest
}

// link takes [words](address), with a ! before it for an emoji.
func (r *markdownReader) link() {
	start := strings.IndexByte(r.rest, '[') + 1
	words, after, closed := cutUnescaped(r.rest[start:], "](")
	address, rest, whole := cutUnescaped(after, ")")
	if !closed || !whole {
		r.noLink = true
		r.take(start)
		return
	}
	var out strings.Builder
	out.WriteString(visibleMarkdown(words))
	openLink{address: unescaped(address)}.close(&out)
	r.pieces, r.rest = append(r.pieces, out.String()), rest
}

// cutUnescaped cuts at the first mark that no backslash stands before.
func cutUnescaped(text, mark string) (before, after string, found bool) {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			i++
		} else if strings.HasPrefix(text[i:], mark) {
			return text[:i], text[i+len(mark):], true
		}
	}
	return text, "", false
}

var markdownEscape = regexp.MustCompile(`\\([\x01-\x7e])`)

func unescaped(text string) string { return markdownEscape.ReplaceAllString(text, "$1") }
