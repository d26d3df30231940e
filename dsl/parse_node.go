package dsl

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// reader turns nodes of YAML into parts of a File and reports what does not fit.
type reader struct {
	*report
	src *source
}

// key is one key of a mapping in a rule file. Parse, the proposals for misspelt keys, Format and Schema all use it.
type key[T any] struct {
	name     string
	required bool
	doc      string // a sentence for editors and the reference
	shape    shape
	read     func(r *reader, n *yaml.Node, into *T)
}

// object is a mapping with fixed keys.
type object[T any] struct {
	name string // with its article, for messages
	keys []key[T]
}

// names returns the keys in their canonical order.
func (o object[T]) names() []string {
	names := make([]string, len(o.keys))
	for i, k := range o.keys {
		names[i] = k.name
	}
	return names
}

// hints are about keys that people may look for, and that are not there.
var hints = map[string]string{
	"flows":  "dialogs are coming in a later version",
	"start":  "it starts a dialog, and dialogs are coming in a later version",
	"if":     "the condition of a rule is `when`",
	"then":   "effects stand in the rule itself: `reply`, `tag`, `set`, ...",
	"else":   "write a second rule below this one: the first that matches wins",
	"events": "the events of a rule are `on`",
}

func place(n *yaml.Node) Position { return Position{Line: n.Line, Column: n.Column} }

// readObject reads a mapping with fixed keys.
func readObject[T any](r *reader, n *yaml.Node, o object[T], into *T) {
	if !r.isMapping(n, o.name) {
		return
	}
	names := o.names()
	found := map[string]bool{}
	r.pairs(n, func(name Scalar, value *yaml.Node) {
		for _, k := range o.keys {
			if k.name == name.Value {
				found[k.name] = true
				k.read(r, value, into)
				return
			}
		}
		if n.Style&yaml.FlowStyle != 0 && value.Kind == yaml.ScalarNode && value.Tag == "!!null" && value.Value == "" {
			r.errorf(name.At, CodeUnknownKey, "the comma before `%s` ended the value; put a value that has commas into quotes", clip(name.Value))
			return
		}
		message := o.name + " has no key `" + clip(name.Value) + "`"
		near := r.nearest(name.Value, names)
		switch hint := hints[name.Value]; {
		case hint != "":
			message += "; " + hint
		case near != "":
			message += "; did you mean `" + near + "`?"
		default:
			message += "; it can have " + wordList(names)
		}
		r.errorf(name.At, CodeUnknownKey, "%s", message)
	})
	for _, k := range o.keys {
		if k.required && !found[k.name] {
			r.errorf(place(n), CodeMissingKey, "%s needs `%s`: %s", o.name, k.name, k.doc)
		}
	}
}

// pairs calls a function for each key and value, and reports keys that are no texts or stand here twice.
func (r *reader) pairs(n *yaml.Node, each func(name Scalar, value *yaml.Node)) {
	seen := map[string]Position{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			r.errorf(place(k), CodeWrongType, "a key is a word, not %s", kindOf(k))
			continue
		}
		if first, twice := seen[k.Value]; twice {
			r.errorf(place(k), CodeDuplicateName, "`%s` stands here twice; first on line %d", clip(k.Value), first.Line)
			continue
		}
		seen[k.Value] = place(k)
		each(r.scalar(k), n.Content[i+1])
	}
}

// scalar keeps a scalar with its place.
func (r *reader) scalar(n *yaml.Node) Scalar {
	return Scalar{Value: n.Value, At: place(n), Known: true, src: r.src, style: n.Style}
}

// text reads a scalar of any kind as a text: 42 is "42".
func (r *reader) text(n *yaml.Node, what string) Scalar {
	switch {
	case n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode:
		r.errorf(place(n), CodeWrongType, "put a text that begins with {{ into quotes")
	case n.Kind != yaml.ScalarNode:
		r.errorf(place(n), CodeWrongType, "%s is a text, not %s", what, kindOf(n))
	case n.Tag == "!!null":
		r.errorf(place(n), CodeWrongType, "%s has no value", what)
	default:
		return r.scalar(n)
	}
	return Scalar{}
}

// flag reads true or false.
func (r *reader) flag(n *yaml.Node, what string) bool {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" {
		value, err := strconv.ParseBool(strings.ToLower(n.Value))
		if err == nil {
			return value
		}
	}
	r.errorf(place(n), CodeWrongType, "%s is true or false", what)
	return false
}

// length reads a length of time.
func (r *reader) length(n *yaml.Node, what string) Length {
	s := r.text(n, what)
	if !s.Known {
		return Length{}
	}
	d, problem := parseLength(s.Value)
	if problem != "" {
		r.errorf(s.At, CodeBadDuration, "%s: %s", what, problem)
		return Length{}
	}
	return Length{Scalar: s, Duration: d}
}

// isMapping reports a node that is no mapping.
func (r *reader) isMapping(n *yaml.Node, what string) bool {
	if n.Kind == yaml.MappingNode {
		return true
	}
	r.errorf(place(n), CodeWrongType, "%s is written as keys with values, not as %s", what, kindOf(n))
	return false
}

// sequence calls a function for each item of a list, up to a bound.
func (r *reader) sequence(n *yaml.Node, what string, limit int, each func(item *yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.errorf(place(n), CodeWrongType, "%s is a list, not %s", what, kindOf(n))
		return
	}
	r.items(n, what, limit, each)
}

// oneOrList calls a function for the node, or for each of its items if it is a list.
func (r *reader) oneOrList(n *yaml.Node, what string, limit int, each func(item *yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		each(n)
		return
	}
	if len(n.Content) == 0 {
		r.errorf(place(n), CodeWrongType, "%s is an empty list", what)
	}
	r.items(n, what, limit, each)
}

func (r *reader) items(n *yaml.Node, what string, limit int, each func(item *yaml.Node)) {
	for i, item := range n.Content {
		if i == limit {
			r.errorf(place(item), CodeLimit, "%s has %d entries; at most %d are taken", what, len(n.Content), limit)
			return
		}
		each(item)
	}
}

// named calls a function for each entry of a mapping with free names, up to a bound.
func (r *reader) named(n *yaml.Node, what string, limit int, each func(name Scalar, value *yaml.Node)) {
	if !r.isMapping(n, what) {
		return
	}
	count := 0
	r.pairs(n, func(name Scalar, value *yaml.Node) {
		if count++; count == limit+1 {
			r.errorf(name.At, CodeLimit, "%s has %d entries; at most %d are taken", what, len(n.Content)/2, limit)
		}
		if count <= limit {
			each(name, value)
		}
	})
}

// kindOf names what a node is.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return "a text"
}
