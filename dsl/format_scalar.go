package dsl

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// scalar writes a scalar of a block: its first line, and more if it is a block scalar. Quotes stay where they were, or
// change their kind; lines of a value stay lines.
func (p *printer) scalar(n *yaml.Node, indent int) []string {
	switch {
	case n.Tag == "!!null" && n.Value == "":
		return []string{""}
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return p.block(n, indent)
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		if strings.Contains(n.Value, "\n") && blockable(n.Value) {
			return literalBlock(n.Value, indent)
		}
		return []string{doubleQuoted(n.Value)}
	}
	if lines := p.plainLines(n); len(lines) > 1 {
		space := strings.Repeat(" ", indent)
		all := []string{">-"}
		for _, l := range lines {
			if l != "" {
				l = space + l
			}
			all = append(all, l)
		}
		return all
	}
	return []string{n.Value}
}

// flowScalar writes a scalar on one line, as it can stand between brackets and as a key.
func (p *printer) flowScalar(n *yaml.Node) string {
	quoted := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if !quoted && !strings.Contains(n.Value, "\n") {
		return n.Value
	}
	return doubleQuoted(n.Value)
}

// doubleQuoted puts a value into double quotes, or into single ones if that saves escapes.
func doubleQuoted(value string) string {
	if strings.ContainsAny(value, `"\`) && !strings.Contains(value, "'") && !strings.ContainsFunc(value, needsEscape) {
		return "'" + value + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r > 0xffff && needsEscape(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		case needsEscape(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// needsEscape tells whether a character cannot stand in a file as it is, or cannot be seen there.
func needsEscape(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff ||
		r >= 0xd800 && r < 0xe000
}

// blockable tells whether a text can be a literal block as it is.
func blockable(value string) bool {
	if strings.TrimSpace(value) == "" || strings.HasPrefix(value, " ") || strings.HasPrefix(value, "\n") || strings.HasSuffix(value, "\n\n") {
		return false
	}
	for _, line := range strings.Split(value, "\n") {
		if strings.HasSuffix(line, " ") || strings.HasPrefix(line, "\t") || strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && needsEscape(r) }) {
			return false
		}
	}
	return true
}

func literalBlock(value string, indent int) []string {
	head := "|-"
	if strings.HasSuffix(value, "\n") {
		head, value = "|", strings.TrimSuffix(value, "\n")
	}
	lines := []string{head}
	for _, l := range strings.Split(value, "\n") {
		if l != "" {
			l = strings.Repeat(" ", indent) + l
		}
		lines = append(lines, l)
	}
	return lines
}

var blockHead = regexp.MustCompile(`^([|>])([-+0-9]*)`)

// block writes a block scalar with its lines as they were, indented anew.
func (p *printer) block(n *yaml.Node, indent int) []string {
	start := p.src.offset(place(n))
	head := blockHead.FindStringSubmatch(p.src.text[start:])
	if head == nil {
		return []string{doubleQuoted(n.Value)}
	}
	chomping := strings.Trim(head[2], "0123456789")
	ending := len(n.Value) - len(strings.TrimRight(n.Value, "\n"))
	if chomping == "+" && ending < 2 { // empty lines below would count, and there are none
		chomping = []string{"-", ""}[ending]
	}
	s := Scalar{Value: n.Value, At: place(n), src: p.src, style: n.Style}
	t := s.trace()
	from := t.lineAfter(start)
	old := (&tracer{text: p.src.text, at: from}).blockIndent(n.Value)
	first := head[1]
	if hinted := strings.Trim(head[2], "-+"); hinted != "" {
		first += "2" // lines are indented by two: from here on the hint says so
	}
	lines := []string{first + chomping}
	body := p.src.text[min(from, len(p.src.text)):min(max(t.at, from), len(p.src.text))]
	body = strings.TrimRight(strings.ReplaceAll(body, "\r\n", "\n"), "\n")
	for _, l := range strings.Split(body, "\n") {
		l = l[min(old, countSpaces(l)):]
		if l != "" {
			l = strings.Repeat(" ", indent) + l
		}
		lines = append(lines, l)
	}
	if chomping == "+" {
		lines = append(lines, make([]string, ending-1)...)
	}
	return lines
}

// plainLines returns the lines over which a scalar without quotes is written, without their indentation.
func (p *printer) plainLines(n *yaml.Node) []string {
	start := p.src.offset(place(n))
	s := Scalar{Value: n.Value, At: place(n), src: p.src, style: n.Style}
	end := s.trace().at
	var lines []string
	for _, l := range strings.Split(p.src.text[start:max(end, start)], "\n") {
		lines = append(lines, strings.Trim(l, " \t\r"))
	}
	return lines
}
