package dsl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// scalarTexts are YAML texts in which every kind of scalar hides a letter X whose place is known.
var scalarTexts = map[string]string{
	"plain":                      "a: some X here",
	"plain after wide letters":   "a: їжак 日本 😀 X",
	"plain over lines":           "a: one\n   two  \n   three X",
	"plain over an empty line":   "a: one\n\n\n  two X",
	"single quotes":              "a: 'it''s X'",
	"single quotes over lines":   "a: 'one\n\n   two''  \n  X'",
	"double quotes":              "a: \"say \\\"hi\\\" \\u0041\\x41\\U0001F600\\t\\N X\"",
	"double quotes over lines":   "a: \"one \\\n   two\\n\n\n   \\  three X\"",
	"literal":                    "a: |\n  one\n\n    two\n  X\n",
	"literal with a hint":        "a: |2-\n    one\n  X\n",
	"literal with a comment":     "a: |+ # why\n  one\n  X\n\n\n",
	"literal first lines empty":  "a: |\n\n\n  X\n",
	"folded":                     "a: >\n  one\n  two\n\n  three\n    more\n    X\n  last\n",
	"folded, empty lines":        "a: >-\n\n  one\n\n\n  two X\n",
	"folded after more-indented": "a: >\n  one\n    more\n\n  X\n",
	"carriage returns":           "a: |\r\n  one\r\n\r\n  X\r\n",
	"folded carriage returns":    "a: >\r\n  one\r\n\r\n  X\r\n",
	"plain carriage returns":     "a: one\r\n  two\r\n\r\n  X\r\n",
	"flow":                       "a: [one, 'X', two]",
	"long line":                  "a: " + strings.Repeat("їжак ", 300) + "X",
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for name, text := range scalarTexts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := newSource(text)
			found := 0
			eachScalar(t, src, func(s Scalar) {
				requireTraced(t, s)
				if i := strings.Index(s.Value, "X"); i >= 0 {
					found++
					require.Equal(t, src.position(strings.Index(text, "X")), s.Place(i), "of %q", s.Value)
				}
			})
			require.Equal(t, 1, found)
		})
	}
}

// eachScalar calls a function for each scalar of a YAML text.
func eachScalar(t *testing.T, src *source, each func(Scalar)) {
	t.Helper()
	r := &reader{report: newReport("x", src), src: src}
	var document yaml.Node
	if yaml.Load([]byte(src.text), &document) != nil {
		return
	}
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Anchor == "" && n.Style&yaml.TaggedStyle == 0 && !r.begins(place(n), '!') {
			each(r.scalar(n))
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&document)
}

// requireTraced checks that tracing a scalar finds the value that YAML found, byte by byte.
func requireTraced(t *testing.T, s Scalar) {
	t.Helper()
	tr := s.trace()
	require.Equal(t, s.Value, string(tr.value), "in %q", s.src.text)
	for i := 1; i < len(tr.from); i++ {
		require.LessOrEqual(t, tr.from[i-1], tr.from[i])
	}
}

func FuzzPlace(f *testing.F) {
	for _, text := range scalarTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		src := newSource(text)
		r := &reader{report: newReport("x", src), src: src}
		if len(text) > 2_000 || !r.guard() {
			return
		}
		eachScalar(t, src, func(s Scalar) { requireTraced(t, s) })
	})
}
