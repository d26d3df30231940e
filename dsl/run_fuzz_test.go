package dsl

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRun compiles whatever expression and runs it on whatever text, unchecked: nothing may panic, there is a program or
// an error and never both, and the index agrees with plain evaluation.
func FuzzRun(f *testing.F) {
	for _, source := range []string{
		`has(text, "price", words)`, `like(text, "delivery")`, `find(text, "[0-9]+") != nil`, `text matches "(?i)ord(er|ung)"`,
		`capture(text, "(?P<a>.)")?.a == "x"`, `any(words, text contains #)`, `let x = 1..2000; count(x, any(x, any(x, # > 1)))`,
		`reduce(1..24, #acc + #acc, "aaaaaaaaaa")`, `user?.fields.order[1:-1] ?? "" == ""`, `{"a": [1, {b: 2}]}.a[1].b == 2`,
		`text | lower() | split(" ") | len() > 1`, `1 < 2 < 3 ? now : last`, `it`, `not it`, `"\x00" in text`, `b"x"`, `a.b.c()`,
		`format(now, "2006") == string(1 / 0)`, `int("9") % 0`, `text[5:1]`, `filter(user.tags, {let x = #; #index > 0})`,
	} {
		f.Add(source, "What is the price of order 7?")
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		if len(source) > MaxExpression || len(text) > MaxText {
			return
		}
		s := func(v string) Scalar { return Scalar{Value: v, Known: true} }
		file := &File{
			Name: "fuzz", Language: s("en"), Fields: []Field{{s("order"), s("string")}},
			Lists: []List{{Name: s("words"), Words: []Scalar{s("hello"), s("ціна")}}},
			Lets:  []Let{{s("it"), s(source)}},
			Rules: []Rule{
				{Name: s("a"), On: []Scalar{s(EventMessage)}, When: s(source), Continue: true, Tag: []Scalar{s("{{ it }}")}},
				{Name: s("b"), On: []Scalar{s(EventMessage)}, When: s("not (" + source + ")"), Lets: []Let{{s("x"), s("it")}}, Forward: s("x")},
			},
		}
		p, found := Compile(file, exampleEnv())
		require.Equal(t, p == nil, found.Failed())
		if p == nil {
			return
		}
		in := Input{Events: []string{EventMessage}, Text: text, User: User{Tags: []string{"vip", text}, Fields: map[string]any{"order": text}}}
		indexed, err := p.Run(context.Background(), in)
		require.NoError(t, err)
		plain, err := p.run(context.Background(), &in, p.all)
		require.NoError(t, err)
		require.Equal(t, plain.Effects, indexed.Effects)
		_, err = p.Explain(context.Background(), in)
		require.NoError(t, err)
	})
}
