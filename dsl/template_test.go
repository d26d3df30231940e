package dsl

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTemplate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		texts      []string // pieces, holes in < >
		fault      string
		offset     int
	}{
		{"no hole", "Hello", []string{"Hello"}, "", 0},
		{"a hole", "a {{ b }} c", []string{"a ", "<b>", " c"}, "", 0},
		{"two holes", "{{a}}{{ b }}", []string{"<a>", "<b>"}, "", 0},
		{"braces in quotes", `{{ "}}" + '{{' }}!`, []string{`<"}}" + '{{'>`, "!"}, "", 0},
		{"an escaped quote", `{{ "\"}}" }}`, []string{`<"\"}}">`}, "", 0},
		{"a closure", "{{ count(tags, {# == 1}) }}.", []string{"<count(tags, {# == 1})>", "."}, "", 0},
		{"one brace", "a { b } c", []string{"a { b } c"}, "", 0},
		{"not closed", "a {{ b", []string{"a "}, "the hole that opens here is not closed with }}", 2},
		{"empty", "a {{ }} c", []string{"a ", " c"}, "the hole is empty; write an expression between {{ and }}", 2},
		{"not opened", "a }} c", []string{"a }} c"}, "}} closes a hole that nothing opens; write {{ '}}' }} for the braces themselves", 2},
		{"an open quote", `a {{ "b }} c`, []string{"a ", `<"b>`, " c"}, "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pieces, faults := template(Scalar{Value: test.text, At: Position{1, 1}})
			var texts []string
			for _, p := range pieces {
				if p.hole.Known {
					require.Equal(t, p.hole.Value[:1], test.text[p.hole.At.Column-1:p.hole.At.Column])
					p.text = "<" + p.hole.Value + ">"
				}
				texts = append(texts, p.text)
			}
			require.Equal(t, test.texts, texts)
			if test.fault == "" {
				require.Empty(t, faults)
				return
			}
			require.Equal(t, []templateFault{{test.offset, test.fault}}, faults)
		})
	}
}
