package dsl

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// formatWidth is the number of characters after which a list or mapping on one line is written over several.
const formatWidth = 120

// Format writes a rule file in its one layout: keys in the order of the reference, two spaces for each level, one empty
// line between rules, tests and sections. Comments stay with what they stand at, values keep their meaning. A file that Parse
// finds errors in comes back as it is, with them.
func Format(name string, text []byte) ([]byte, Diagnostics) {
	f, ds := Parse(name, text)
	if f == nil || ds.Failed() {
		return text, ds
	}
	r := &reader{report: newReport(name, f.src), src: f.src}
	root := r.load()
	if root == nil || root.Kind != yaml.MappingNode {
		return text, ds
	}
	p := newPrinter(f.src, root)
	lines := p.comments(p.notes.first, 0, false)
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	lines = append(lines, p.mapping(root, "file", 0)...)
	lines = append(lines, p.comments(p.notes.last, 0, len(lines) > 0 && lines[len(lines)-1] != "")...)
	written := []byte(strings.Join(lines, "\n") + "\n")

	again := &reader{src: newSource(string(written))}
	again.report = newReport(name, again.src)
	if other := again.load(); other == nil || !sameNode(root, other) {
		r.errorf(Position{1, 1}, CodeYAML, "this file cannot be written anew without a change of its meaning; it stays as it is")
		return text, r.list
	}
	return written, nil
}

// sameNode tells whether two nodes mean the same, whatever the order of keys.
func sameNode(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind != yaml.MappingNode {
		return slices.EqualFunc(a.Content, b.Content, sameNode)
	}
	byKey := map[string]*yaml.Node{}
	for i := 0; i+1 < len(b.Content); i += 2 {
		byKey[b.Content[i].Value] = b.Content[i+1]
	}
	for i := 0; i+1 < len(a.Content); i += 2 {
		other := byKey[a.Content[i].Value]
		if other == nil || !sameNode(a.Content[i+1], other) {
			return false
		}
	}
	return true
}

// layout says how the mappings of one kind are written.
type layout struct {
	keys     []string          // in their order
	children map[string]string // the kind of mapping under a key
}

// layouts are the kinds of mappings whose keys have an order.
var layouts = map[string]layout{
	"file":      {fileKeys.names(), map[string]string{"translate": "translate", "rules": "rule", "tests": "test"}},
	"translate": {translateKeys.names(), map[string]string{"replies": "target", "incoming": "target"}},
	"target":    {targetKeys.names(), nil},
	"rule":      {ruleKeys.names(), map[string]string{"reply": "reply", "ask_phone": "reply", "notify": "notice"}},
	"reply":     {replyKeys.names(), map[string]string{"buttons": "button"}},
	"button":    {buttonKeys.names(), nil},
	"notice":    {noticeKeys.names(), nil},
	"test":      {testKeys.names(), map[string]string{"steps": "step"}},
	"step": {stepKeys.names(), map[string]string{
		"user": "act", "sent": "sent", "buttons": "wanted button", "notify": "wanted notice",
	}},
	"act":  {actKeys.names(), nil},
	"sent": {sentKeys.names(), nil},

	"wanted button": {wantedButtonKeys.names(), nil},
	"wanted notice": {wantedNoticeKeys.names(), nil},
}

// printer writes nodes of YAML as lines.
type printer struct {
	src   *source
	notes *notes
}

func newPrinter(src *source, root *yaml.Node) *printer {
	return &printer{src: src, notes: collectNotes(src, root)}
}

// pair is an entry of a mapping.
type pair struct{ key, value *yaml.Node }

// pairsInOrder returns the entries of a mapping in the order in which they are written.
func pairsInOrder(n *yaml.Node, kind string) []pair {
	var pairs []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		pairs = append(pairs, pair{n.Content[i], n.Content[i+1]})
	}
	keys := layouts[kind].keys
	rank := func(p pair) int {
		if i := slices.Index(keys, p.key.Value); i >= 0 {
			return i
		}
		return len(keys)
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return rank(a) - rank(b) })
	return pairs
}

// mapping writes a mapping over several lines.
func (p *printer) mapping(n *yaml.Node, kind string, indent int) []string {
	var lines []string
	apart := false // the entry before was a section of its own
	for _, e := range pairsInOrder(n, kind) {
		entry := p.entry(e, kind, indent)
		section := kind == "file" && len(entry) > 1
		note := p.notes.at[e.key]
		first := len(lines) == 0
		if !first && (note.gap || apart || section) && lines[len(lines)-1] != "" {
			lines = append(lines, "")
		}
		lines = append(lines, p.comments(note.above, indent, false)...)
		if note.apart && len(note.above) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, entry...)
		apart = section
	}
	return lines
}

// entry writes one key and its value.
func (p *printer) entry(e pair, kind string, indent int) []string {
	head := strings.Repeat(" ", indent) + p.flowScalar(e.key) + ":"
	beside := p.notes.at[e.key].beside
	child := layouts[kind].children[e.key.Value]
	if e.value.Kind == yaml.ScalarNode {
		lines := p.scalar(e.value, indent+2)
		if lines[0] != "" {
			head += " " + lines[0]
		}
		return append([]string{withComment(head, beside)}, lines[1:]...)
	}
	if flow, ok := p.inline(e.value, child, utf8.RuneCountInString(head)+1); ok {
		return []string{withComment(head+" "+flow, beside)}
	}
	lines := []string{withComment(head, beside)}
	if e.value.Kind == yaml.SequenceNode {
		return append(lines, p.sequence(e.value, child, indent+2)...)
	}
	return append(lines, p.mapping(e.value, child, indent+2)...)
}

// sequence writes a list over several lines, rules and tests apart from one another.
func (p *printer) sequence(n *yaml.Node, kind string, indent int) []string {
	var lines []string
	for i, item := range n.Content {
		note := p.notes.at[item]
		if i > 0 && (note.gap || kind == "rule" || kind == "test") && lines[len(lines)-1] != "" {
			lines = append(lines, "")
		}
		lines = append(lines, p.comments(note.above, indent, false)...)
		if note.apart && len(note.above) > 0 {
			lines = append(lines, "")
		}
		inner := p.item(item, kind, indent+2)
		// Comments above the first key of an item go above its dash.
		for len(inner) > 1 && item.Kind != yaml.ScalarNode && isCommentOrEmpty(inner[0]) {
			lines = append(lines, strings.TrimPrefix(inner[0], "  "))
			inner = inner[1:]
		}
		inner[0] = strings.Repeat(" ", indent) + "- " + inner[0][min(indent+2, len(inner[0])):]
		lines = append(lines, inner...)
	}
	return lines
}

func isCommentOrEmpty(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// item writes one element of a list as if it stood alone, indented.
func (p *printer) item(n *yaml.Node, kind string, indent int) []string {
	beside := p.notes.at[n].beside
	space := strings.Repeat(" ", indent)
	if n.Kind == yaml.ScalarNode {
		lines := p.scalar(n, indent)
		lines[0] = withComment(space+lines[0], beside)
		return lines
	}
	if flow, ok := p.inline(n, kind, indent); ok {
		return []string{withComment(space+flow, beside)}
	}
	var lines []string
	if n.Kind == yaml.SequenceNode {
		lines = p.sequence(n, kind, indent)
	} else {
		lines = p.mapping(n, kind, indent)
	}
	if beside != "" {
		lines = append([]string{space + beside}, lines...)
	}
	return lines
}

// inline writes a list or mapping on one line, if it was written with brackets, has no comment inside, and fits.
func (p *printer) inline(n *yaml.Node, kind string, column int) (string, bool) {
	if len(n.Content) > 0 && (n.Style&yaml.FlowStyle == 0 || p.notes.inside[n]) {
		return "", false
	}
	text, ok := p.flow(n, kind)
	return text, ok && column+utf8.RuneCountInString(text) <= formatWidth || len(n.Content) == 0
}

func (p *printer) flow(n *yaml.Node, kind string) (string, bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		return p.flowScalar(n), !strings.Contains(n.Value, "\n")
	case yaml.SequenceNode:
		parts := make([]string, len(n.Content))
		for i, item := range n.Content {
			text, ok := p.flow(item, kind)
			if !ok {
				return "", false
			}
			parts[i] = text
		}
		return "[" + strings.Join(parts, ", ") + "]", true
	}
	var parts []string
	for _, e := range pairsInOrder(n, kind) {
		value, ok := p.flow(e.value, layouts[kind].children[e.key.Value])
		if !ok {
			return "", false
		}
		text := p.flowScalar(e.key) + ":"
		if value != "" {
			text += " " + value
		}
		parts = append(parts, text)
	}
	return "{" + strings.Join(parts, ", ") + "}", true
}

// comments writes comments on lines of their own.
func (p *printer) comments(all []comment, indent int, after bool) []string {
	var lines []string
	for i, c := range all {
		if c.gap && (i > 0 || after) {
			lines = append(lines, "")
		}
		lines = append(lines, strings.Repeat(" ", indent)+c.text)
	}
	return lines
}

func withComment(line, comment string) string {
	if comment == "" {
		return line
	}
	return line + " " + comment
}
