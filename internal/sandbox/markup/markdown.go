package markup

import (
	"strings"
	"unicode/utf8"

	"herald/internal/sandbox/wire"
)

// parseMarkdown reads the old Markdown mode: _italic_ *bold* `code` ```pre``` [text](address), without nesting.
func parseMarkdown(text string) (string, []wire.Entity, error) {
	var out builder
	var entities []wire.Entity
	for at := 0; at < len(text); {
		c := text[at]
		if c == '\\' && at+1 < len(text) && strings.IndexByte("_*`[", text[at+1]) >= 0 {
			out.rune(rune(text[at+1]))
			at += 2
			continue
		}
		if strings.IndexByte("_*`[", c) < 0 {
			r, size := utf8.DecodeRuneInString(text[at:])
			out.rune(r)
			at += size
			continue
		}
		begin, mark := at, string(c)
		e := wire.Entity{Offset: out.length, Type: map[byte]string{'_': "italic", '*': "bold", '`': "code", '[': "text_link"}[c]}
		switch {
		case c == '[':
			mark = "]"
		case strings.HasPrefix(text[at:], "```"):
			mark, e.Type = "```", "pre"
		}
		at += len(mark)
		if e.Type == "pre" {
			e.Language, at = codeLanguage(text, at)
		}
		end := strings.Index(text[at:], mark)
		if end < 0 {
			return "", nil, broken("Can't find end of the entity starting at byte offset %d", begin)
		}
		for _, r := range text[at : at+end] {
			out.rune(r)
		}
		at += end + len(mark)
		e.Length = out.length - e.Offset
		if c == '[' {
			var address string
			if at < len(text) && text[at] == '(' {
				stop := strings.IndexByte(text[at:], ')')
				if stop < 0 {
					return "", nil, broken("Can't find end of the entity starting at byte offset %d", begin)
				}
				address = text[at+1 : at+stop]
				at += stop + 1
			}
			linked, ok := link(address, e.Offset, e.Length)
			if !ok {
				continue
			}
			e = linked
		}
		if e.Length > 0 {
			entities = append(entities, e)
		}
	}
	return out.String(), entities, nil
}

// codeLanguage reads the language after ``` when the rest of the line is one word.
func codeLanguage(text string, at int) (string, int) {
	line := strings.IndexAny(text[at:], " \t\r\n`")
	if line > 0 && text[at+line] == '\n' {
		return text[at : at+line], at + line + 1
	}
	if line == 0 && text[at] == '\n' {
		return "", at + 1
	}
	return "", at
}

// reserved are the characters that MarkdownV2 wants escaped wherever they are not markup.
const reserved = "_*[]()~`>#+-=|{}.!"

// v2Mark is an open mark of MarkdownV2.
type v2Mark struct {
	kind   string
	sign   string
	at     int // byte offset
	offset int // UTF-16 offset
}

// v2Names are the names that the official server's errors use.
var v2Names = map[string]string{
	"bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough", "spoiler": "Spoiler",
	"code": "Code", "pre": "Pre", "text_link": "TextUrl", "custom_emoji": "CustomEmoji", "blockquote": "BlockQuote",
}

// v2Parser walks a MarkdownV2 text once.
type v2Parser struct {
	text     string
	at       int
	out      builder
	open     []v2Mark
	entities []wire.Entity
}

func parseMarkdownV2(text string) (string, []wire.Entity, error) {
	p := &v2Parser{text: text}
	for p.at < len(text) {
		if err := p.step(); err != nil {
			return "", nil, err
		}
	}
	p.endQuote(false)
	if n := len(p.open); n > 0 {
		return "", nil, broken("Can't find end of %s entity at byte offset %d", v2Names[p.open[n-1].kind], p.open[n-1].at)
	}
	sortEntities(p.entities)
	return p.out.String(), p.entities, nil
}

// step consumes one character, mark or code block.
func (p *v2Parser) step() error {
	rest := p.text[p.at:]
	lineStart := p.at == 0 || p.text[p.at-1] == '\n'
	if lineStart {
		p.quoteLine(rest)
		rest = p.text[p.at:]
		if rest == "" {
			return nil
		}
	}
	c := rest[0]
	if c == '\\' && len(rest) > 1 && rest[1] > 0 && rest[1] < 127 {
		p.out.rune(rune(rest[1]))
		p.at += 2
		return nil
	}
	if strings.IndexByte(reserved, c) < 0 {
		r, size := utf8.DecodeRuneInString(rest)
		p.out.rune(r)
		p.at += size
		return nil
	}
	switch {
	case c == '`':
		return p.code(rest)
	case c == ']' && p.inside("text_link") >= 0:
		return p.endLink()
	case strings.HasPrefix(rest, "||") && p.inside("blockquote") >= 0 && p.quoteEnds(rest):
		p.endQuote(true)
		p.at += 2
		return nil
	case strings.HasPrefix(rest, "!["):
		return p.begin("custom_emoji", "![")
	case c == '[':
		return p.begin("text_link", "[")
	}
	for _, m := range []struct{ sign, kind string }{
		{"__", "underline"}, {"||", "spoiler"}, {"_", "italic"}, {"*", "bold"}, {"~", "strikethrough"},
	} {
		if strings.HasPrefix(rest, m.sign) {
			return p.toggle(m.kind, m.sign)
		}
	}
	return broken("Character '%c' is reserved and must be escaped with the preceding '\\'", c)
}

func (p *v2Parser) inside(kind string) int {
	for i := len(p.open) - 1; i >= 0; i-- {
		if p.open[i].kind == kind || kind == "text_link" && p.open[i].kind == "custom_emoji" {
			return i
		}
	}
	return -1
}

func (p *v2Parser) begin(kind, sign string) error {
	p.open = append(p.open, v2Mark{kind: kind, sign: sign, at: p.at, offset: p.out.length})
	p.at += len(sign)
	return nil
}

// toggle opens a mark or closes it when it is the innermost one.
func (p *v2Parser) toggle(kind, sign string) error {
	n := len(p.open)
	if n == 0 || p.open[n-1].kind != kind {
		if at := p.inside(kind); at >= 0 {
			inner := p.open[n-1]
			return broken("Can't find end of %s entity at byte offset %d", v2Names[inner.kind], inner.at)
		}
		return p.begin(kind, sign)
	}
	p.close(wire.Entity{Type: kind})
	p.at += len(sign)
	return nil
}

// close ends the innermost mark with the entity e, whose place is filled in.
func (p *v2Parser) close(e wire.Entity) {
	m := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	e.Offset, e.Length = m.offset, p.out.length-m.offset
	if e.Length > 0 {
		p.entities = append(p.entities, e)
	}
}

// code reads `code` and ```pre``` up to the end mark; only \ and ` are escaped inside.
func (p *v2Parser) code(rest string) error {
	begin, mark, e := p.at, "`", wire.Entity{Type: "code", Offset: p.out.length}
	if strings.HasPrefix(rest, "```") {
		mark, e.Type = "```", "pre"
	}
	p.at += len(mark)
	if e.Type == "pre" {
		e.Language, p.at = codeLanguage(p.text, p.at)
	}
	for p.at < len(p.text) {
		rest := p.text[p.at:]
		switch {
		case strings.HasPrefix(rest, mark):
			p.at += len(mark)
			if e.Length = p.out.length - e.Offset; e.Length > 0 {
				p.entities = append(p.entities, e)
			}
			return nil
		case rest[0] == '\\' && len(rest) > 1:
			p.out.rune(rune(rest[1]))
			p.at += 2
		default:
			r, size := utf8.DecodeRuneInString(rest)
			p.out.rune(r)
			p.at += size
		}
	}
	return broken("Can't find end of %s entity at byte offset %d", v2Names[e.Type], begin)
}

// endLink reads ](address) after the text of a link or custom emoji.
func (p *v2Parser) endLink() error {
	m := p.open[len(p.open)-1]
	if m.kind != "text_link" && m.kind != "custom_emoji" {
		return broken("Can't find end of %s entity at byte offset %d", v2Names[m.kind], m.at)
	}
	p.at++
	var address strings.Builder
	if p.at < len(p.text) && p.text[p.at] == '(' {
		p.at++
		for p.at < len(p.text) && p.text[p.at] != ')' {
			if p.text[p.at] == '\\' && p.at+1 < len(p.text) {
				p.at++
			}
			address.WriteByte(p.text[p.at])
			p.at++
		}
		if p.at >= len(p.text) {
			return broken("Can't find end of a URL at byte offset %d", m.at)
		}
		p.at++
	}
	if m.kind == "custom_emoji" {
		id, ok := strings.CutPrefix(address.String(), "tg://emoji?id=")
		if !ok {
			return broken("Custom emoji URL must have scheme tg")
		}
		p.close(wire.Entity{Type: "custom_emoji", CustomEmojiID: id})
		return nil
	}
	linked, ok := link(address.String(), m.offset, p.out.length-m.offset)
	if !ok {
		p.open = p.open[:len(p.open)-1]
		return nil
	}
	p.close(linked)
	return nil
}

// quoteLine opens a block quote at > and ends it at the first line without.
func (p *v2Parser) quoteLine(rest string) {
	quoted := p.inside("blockquote") >= 0
	switch {
	case strings.HasPrefix(rest, ">"):
		if !quoted {
			_ = p.begin("blockquote", ">")
			return
		}
		p.at++
	case strings.HasPrefix(rest, "**>"):
		p.endQuote(false)
		_ = p.begin("blockquote", "**>")
	case quoted:
		p.endQuote(false)
	}
}

// quoteEnds reports whether || at the end of a line closes an expandable block quote.
func (p *v2Parser) quoteEnds(rest string) bool {
	return (rest == "||" || strings.HasPrefix(rest, "||\n")) && p.open[len(p.open)-1].kind == "blockquote"
}

// endQuote closes the block quote when it is the innermost mark.
func (p *v2Parser) endQuote(expandable bool) {
	n := len(p.open)
	if n == 0 || p.open[n-1].kind != "blockquote" {
		return
	}
	kind := "blockquote"
	if expandable {
		kind = "expandable_blockquote"
	}
	p.close(wire.Entity{Type: kind})
}
