package dsl

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Parse reads a rule file. It finds all that can be wrong with the form of a file: YAML, keys, kinds of values, sizes.
// The File is nil if the source is no YAML or is too large to be looked at. Otherwise it holds what could be read, also
// beside errors, so that Check can go on and all findings come out of one run.
func Parse(name string, text []byte) (*File, Diagnostics) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if len(text) > MaxSource {
		r := newReport(name, newSource(""))
		r.errorf(Position{1, 1}, CodeLimit, "the file has %d bytes; at most %d are taken", len(text), MaxSource)
		return nil, r.list
	}
	src := newSource(string(text))
	r := &reader{report: newReport(name, src), src: src}
	root := r.load()
	if root == nil {
		r.list.Sort()
		return nil, r.list
	}
	f := &File{Name: name, Source: text}
	readObject(r, root, fileKeys, f)
	r.list.Sort()
	f.src, f.faults = src, r.list
	return f, r.list
}

// load turns the text into one YAML document of the plain kind, or reports why it is none.
func (r *reader) load() *yaml.Node {
	if !r.guard() {
		return nil
	}
	loader, err := yaml.NewLoader(strings.NewReader(r.src.text), yaml.WithV3Defaults(),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(4*MaxNesting))))
	if err != nil {
		r.errorf(Position{1, 1}, CodeYAML, "the file cannot be read as YAML")
		return nil
	}
	var document, second yaml.Node
	if err := loader.Load(&document); err != nil {
		if errors.Is(err, io.EOF) {
			r.errorf(Position{1, 1}, CodeMissingKey, "the file is empty; it begins with `herald: 1`")
		} else {
			r.yamlError(err)
		}
		return nil
	}
	if err := loader.Load(&second); err == nil {
		r.errorf(Position{second.Line, max(second.Column, 1)}, CodeYAML, "a second document begins here; a rule file is one document")
	} else if !errors.Is(err, io.EOF) {
		r.yamlError(err)
		return nil
	}
	root := &document
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	if !r.plain(root, 1) {
		return nil
	}
	return root
}

// guard looks at the text before YAML does: for what YAML would refuse without a place, count as lines that editors do not
// count, or spend too much on.
func (r *reader) guard() bool {
	text := r.src.text
	if len(r.src.lines) > MaxLines {
		r.errorf(Position{MaxLines + 1, 1}, CodeLimit, "the file has %d lines; at most %d are taken", len(r.src.lines), MaxLines)
		return false
	}
	properties := 0
	for i, c := range text {
		switch {
		case c == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd"):
			r.errorf(r.src.position(i), CodeYAML, "this is not UTF-8; save the file in that encoding")
		case c == '\r' && !strings.HasPrefix(text[i+1:], "\n"):
			r.errorf(r.src.position(i), CodeYAML, "a carriage return stands alone here; lines end with a line feed")
		case c == '\u0085' || c == '\u2028' || c == '\u2029':
			r.errorf(r.src.position(i), CodeYAML, "an invisible line separator (U+%04X) stands here; remove it", c)
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' || c >= 0x7f && c < 0xa0 || c == 0xfffe || c == 0xffff:
			r.errorf(r.src.position(i), CodeYAML, "an invisible control character (U+%04X) stands here; remove it", c)
		case c == '\ufeff':
			r.errorf(r.src.position(i), CodeYAML, "a byte order mark stands in the middle of the file; remove it")
		case (c == '&' || c == '*' || c == '!') && (i == 0 || strings.IndexByte(" \t\n[{,", text[i-1]) >= 0):
			properties++
		case (c == '"' || c == '\'') && i > 0 && text[i-1] == byte(c):
			properties++
		}
		if len(r.list) > 20 {
			return false
		}
	}
	if properties > maxProperties {
		r.errorf(Position{1, 1}, CodeLimit, "the file has too many places that look like anchors, aliases, tags or empty texts of YAML")
	}
	return len(r.list) == 0
}

// plain reports what rule files do without: anchors, aliases, tags, and nesting beyond the bound.
func (r *reader) plain(n *yaml.Node, depth int) bool {
	at := place(n)
	switch {
	case depth > MaxNesting:
		r.errorf(at, CodeLimit, "lists and mappings are nested deeper than %d", MaxNesting)
		return false
	case n.Kind == yaml.AliasNode:
		r.errorf(at, CodeYAML, "`*%s` is an alias of YAML, which rule files do without; put a text that begins with * into quotes", n.Value)
		return false
	case n.Anchor != "":
		r.errorf(at, CodeYAML, "`&%s` is an anchor of YAML, which rule files do without; put a text that begins with & into quotes", n.Anchor)
		return false
	case n.Style&yaml.TaggedStyle != 0, r.begins(at, '!'):
		r.errorf(at, CodeYAML, "`%s` is a tag of YAML, which rule files do without; put a text that begins with ! into quotes", n.Tag)
		return false
	}
	for _, child := range n.Content {
		if !r.plain(child, depth+1) {
			return false
		}
	}
	return true
}

// begins tells whether a character stands at a place.
func (r *reader) begins(at Position, c byte) bool {
	i := r.src.offset(at)
	return i < len(r.src.text) && r.src.text[i] == c
}

// yamlError says what YAML did not take in words for people who write rules.
func (r *reader) yamlError(err error) {
	var e *yaml.LoadError
	if !errors.As(err, &e) || e.Mark.Line < 1 {
		r.errorf(Position{1, 1}, CodeYAML, "the file is not valid YAML")
		return
	}
	at := Position{Line: e.Mark.Line, Column: max(e.Mark.Column, 1)}
	at = r.src.position(r.src.offset(at)) // it may be told to lie behind the end
	opened := Position{Line: e.ContextMark.Line, Column: max(e.ContextMark.Column, 1)}
	offset := r.src.offset(at)
	before, rest := strings.TrimRight(r.src.text[:offset], " "), r.src.text[offset:]
	next, _ := utf8.DecodeRuneInString(rest)
	is := func(part string) bool { return strings.Contains(e.Message, part) }
	switch {
	case is("depth"):
		r.errorf(at, CodeLimit, "lists and mappings are nested deeper than %d", MaxNesting)
	case is("did not find expected key") && (strings.HasSuffix(before, `"`) || strings.HasSuffix(before, "'")):
		r.errorf(at, CodeYAML, "text follows a closing quote; put the whole value into quotes, as in '\"vip\" in user.tags'")
	case is("did not find expected key"), is("did not find expected '-' indicator"):
		r.errorf(at, CodeYAML, "this line does not fit the lines above; look at how far it is indented")
	case is("mapping values are not allowed"):
		r.errorf(at, CodeYAML, "a colon and a space stand inside of a value; put the value into quotes")
	case is("cannot start any token") && next == '\t', is("tab character"):
		r.errorf(at, CodeYAML, "a tab indents this line; YAML wants spaces")
	case is("cannot start any token"):
		r.errorf(at, CodeYAML, "a value cannot begin with %c; put it into quotes", next)
	case is("',' or ']'"):
		r.errorf(at, CodeYAML, "a comma or ] is missing; the list begins on line %d, column %d", opened.Line, opened.Column)
	case is("',' or '}'"):
		r.errorf(at, CodeYAML, "a comma or } is missing; the mapping begins on line %d, column %d", opened.Line, opened.Column)
	case is("unexpected end of stream") && opened.Line > 0:
		r.errorf(opened, CodeYAML, "the quote that opens here is not closed")
	case is("unknown escape character"):
		r.errorf(at, CodeYAML, `this is no escape; write \\ for a backslash, or use single quotes`)
	case is("unknown anchor"):
		r.errorf(at, CodeYAML, "an alias of YAML, which rule files do without; put a text that begins with * into quotes")
	case is("block sequence entries"):
		r.errorf(at, CodeYAML, "a list begins on a line of its own")
	case is("could not find expected ':'"):
		r.errorf(at, CodeYAML, "a colon is missing after a key")
	case is("did not find expected node content"):
		r.errorf(at, CodeYAML, "a value is missing, or a bracket stands here that nothing opens")
	default:
		r.errorf(at, CodeYAML, "this is not valid YAML: %s", e.Message)
	}
}
