package markup

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"herald/internal/sandbox/wire"
)

// htmlTag is an open tag.
type htmlTag struct {
	name     string
	value    string // href, class, emoji-id
	expand   bool   // an expandable blockquote
	at       int    // byte offset of the tag
	offset   int    // UTF-16 offset of its content
	children int    // tags directly inside
}

// htmlKinds maps tags to entities; those that need more are handled in closeTag.
var htmlKinds = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
	"code": "code", "pre": "pre", "blockquote": "blockquote", "a": "text_link", "tg-emoji": "custom_emoji",
}

// htmlParser walks the text once.
type htmlParser struct {
	text     string
	at       int
	out      builder
	open     []htmlTag
	entities []wire.Entity
}

func parseHTML(text string) (string, []wire.Entity, error) {
	p := &htmlParser{text: text}
	for p.at < len(text) {
		var err error
		switch c := text[p.at]; {
		case c == '&':
			p.reference()
		case c == '<' && strings.HasPrefix(text[p.at:], "</"):
			err = p.closeTag()
		case c == '<':
			err = p.openTag()
		default:
			r, size := utf8.DecodeRuneInString(text[p.at:])
			p.out.rune(r)
			p.at += size
		}
		if err != nil {
			return "", nil, err
		}
	}
	if len(p.open) > 0 {
		return "", nil, broken("Can't find end tag corresponding to start tag \"%s\"", p.open[len(p.open)-1].name)
	}
	sortEntities(p.entities)
	return p.out.String(), p.entities, nil
}

// reference reads &lt; &gt; &amp; &quot; and numeric references; any other & stands for itself.
func (p *htmlParser) reference() {
	end := strings.IndexByte(p.text[p.at:min(len(p.text), p.at+12)], ';')
	if end > 0 {
		raw := p.text[p.at : p.at+end+1]
		switch {
		case raw == "&lt;", raw == "&gt;", raw == "&amp;", raw == "&quot;", strings.HasPrefix(raw, "&#"):
			for _, r := range html.UnescapeString(raw) {
				p.out.rune(r)
			}
			p.at += end + 1
			return
		}
	}
	p.out.rune('&')
	p.at++
}

func (p *htmlParser) openTag() error {
	begin := p.at
	p.at++
	name := strings.ToLower(p.word(" \t\r\n>/"))
	if _, ok := htmlKinds[name]; !ok {
		return broken("Unsupported start tag \"%s\" at byte offset %d", cutBytes(name, 64), begin)
	}
	tag := htmlTag{name: name, at: begin}
	for {
		p.spaces()
		if p.at >= len(p.text) {
			return broken("Unclosed start tag at byte offset %d", begin)
		}
		if p.text[p.at] == '>' {
			p.at++
			break
		}
		attribute := strings.ToLower(p.word(" \t\r\n=>"))
		if attribute == "" {
			return broken("Empty attribute name in the tag \"%s\" at byte offset %d", name, begin)
		}
		p.spaces()
		if p.at >= len(p.text) || p.text[p.at] != '=' {
			tag.expand = tag.expand || name == "blockquote" && attribute == "expandable"
			continue
		}
		p.at++
		p.spaces()
		value, ok := p.value()
		if !ok {
			return broken("Unclosed start tag at byte offset %d", begin)
		}
		if attribute == "href" && name == "a" || attribute == "class" && (name == "span" || name == "code") ||
			attribute == "emoji-id" && name == "tg-emoji" {
			tag.value = value
		}
		tag.expand = tag.expand || name == "blockquote" && attribute == "expandable"
	}
	if name == "span" && tag.value != "tg-spoiler" {
		return broken("Tag \"span\" must have class \"tg-spoiler\" at byte offset %d", begin)
	}
	if n := len(p.open); n > 0 {
		p.open[n-1].children++
	}
	tag.offset = p.out.length
	p.open = append(p.open, tag)
	return nil
}

func (p *htmlParser) closeTag() error {
	begin := p.at
	p.at += 2
	name := strings.ToLower(p.word(" \t\r\n>"))
	p.spaces()
	if p.at >= len(p.text) || p.text[p.at] != '>' {
		return broken("Unclosed end tag at byte offset %d", begin)
	}
	p.at++
	if len(p.open) == 0 {
		return broken("Unexpected end tag at byte offset %d", begin)
	}
	tag := p.open[len(p.open)-1]
	if name != "" && name != tag.name {
		return broken("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, tag.name, cutBytes(name, 64))
	}
	p.open = p.open[:len(p.open)-1]
	p.add(tag)
	return nil
}

// add makes the entity of a closed tag.
func (p *htmlParser) add(tag htmlTag) {
	e := wire.Entity{Type: htmlKinds[tag.name], Offset: tag.offset, Length: p.out.length - tag.offset}
	if e.Length == 0 {
		return
	}
	switch tag.name {
	case "a":
		address := tag.value
		if address == "" {
			address = Slice16(p.out.String(), e.Offset, e.Length)
		}
		linked, ok := link(address, e.Offset, e.Length)
		if !ok {
			return
		}
		e = linked
	case "tg-emoji":
		if _, err := strconv.ParseInt(tag.value, 10, 64); err != nil {
			return
		}
		e.CustomEmojiID = tag.value
	case "blockquote":
		if tag.expand {
			e.Type = "expandable_blockquote"
		}
	case "code":
		e.Language = strings.TrimPrefix(tag.value, "language-")
		if tag.value == e.Language {
			e.Language = ""
		}
	case "pre":
		// <pre><code class="language-x">: one entity with the language.
		if n := len(p.entities); n > 0 && p.entities[n-1].Type == "code" && p.entities[n-1].Offset == e.Offset && p.entities[n-1].Length == e.Length {
			e.Language = p.entities[n-1].Language
			p.entities = p.entities[:n-1]
		}
	}
	if n := len(p.open); e.Type == "code" && (n == 0 || p.open[n-1].name != "pre") {
		e.Language = ""
	}
	p.entities = append(p.entities, e)
}

func (p *htmlParser) word(stops string) string {
	end := strings.IndexAny(p.text[p.at:], stops)
	if end < 0 {
		end = len(p.text) - p.at
	}
	w := p.text[p.at : p.at+end]
	p.at += end
	return w
}

func (p *htmlParser) spaces() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// value reads the value of an attribute, quoted or not.
func (p *htmlParser) value() (string, bool) {
	if p.at >= len(p.text) {
		return "", false
	}
	quote := p.text[p.at]
	if quote != '"' && quote != '\'' {
		return html.UnescapeString(p.word(" \t\r\n>")), true
	}
	end := strings.IndexByte(p.text[p.at+1:], quote)
	if end < 0 {
		return "", false
	}
	v := p.text[p.at+1 : p.at+1+end]
	p.at += end + 2
	return html.UnescapeString(v), true
}

func cutBytes(s string, limit int) string {
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
