package dsl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// randomExpression draws an expression from the grammar, more often than not of fitting types.
func randomExpression(t *rapid.T, want Kind, depth int) string {
	draw := func(forms ...string) string {
		form := rapid.SampledFrom(forms).Draw(t, "form")
		if depth <= 0 {
			form = forms[0]
		}
		for _, k := range []struct {
			mark string
			kind Kind
		}{{"$s", KindString}, {"$i", KindInt}, {"$b", KindBool}, {"$l", KindList}, {"$t", KindTime}, {"$n", kindNil}, {"$f", KindFloat}} {
			for strings.Contains(form, k.mark) {
				kind := k.kind
				if rapid.IntRange(0, 15).Draw(t, "other") == 0 {
					kind = rapid.SampledFrom([]Kind{KindString, KindInt, KindBool, KindList, KindTime}).Draw(t, "kind")
				}
				form = strings.Replace(form, k.mark, "("+randomExpression(t, kind, depth-1)+")", 1)
			}
		}
		return form
	}
	switch want {
	case KindString:
		return draw("text", `"a b"`, "user.first_name ?? 'x'", "user.name", "command", "$s + $s", "lower($s)", "trim($s)", "join($l, '-')",
			"string($i)", "string($f)", "$b ? $s : $s", "$n ?? $s", "user.fields.s ?? ''", "$s[1:3]", "lang_of($s)", "format($t, '15:04')", "button",
			"last?.text ?? $s", "link('https://a.example')", "capture(text, '(?P<g>[a-z]+)')?.g ?? 'z'", "find($s, '[0-9]+') ?? $s", "clock")
	case KindInt:
		return draw("weekday", "3", "user.messages", "len($s)", "len($l)", "$i + $i", "$i * $i", "$i - $i", "int($s) ?? $i", "$i % 7",
			"count($l, # != '')", "user.fields.n ?? 0", "min($i, $i)", "abs($i)", "-$i", "int($f)")
	case KindFloat:
		return draw("1.5", "ago($t)", "$i / $i", "round($f)", "$i ** 2", "float($s) ?? 0.5", "max($f, $i)")
	case KindBool:
		return draw("bot.shared", "true", "$b and $b", "$b or $b", "not $b", "$i > $i", "$s == $s", "$s contains $s", "$n == nil", "$n != nil and $n contains 'a'",
			"$s in $l", "$i in 1..5", "any($l, # == $s)", "all($l, len(#) > $i)", "none($l, # startsWith 'a')", "has($s, 'a', words)", "like($s, 'order')",
			"$s matches '^[a-z]+'", "$t < $t", "$s < $s", "user.phone != nil and len(user.phone) > 3", "last != nil and last.text == $s", "$b == $b", "$f >= $f")
	case KindList:
		return draw("user.tags", "words", "['a', $s]", "split($s, ' ')", "filter($l, # != '')", "map($l, upper(#))", "map($l, # + $s)", "$l[0:2]")
	case KindTime:
		return draw("now", "user.since", "user.phone_proved_at ?? now", "message.received_at", "last?.sent_at ?? $t")
	}
	return draw("user.phone", "user.username", "find(text, '[a-z]+')", "first($l)", "last($l)", "$l[$i]", "user.fields.s", "user.last_name", "nil")
}

// TestCheckedExpressionsRun holds the checker to its word: what it takes does not fail on any update, and what it takes
// and refuses it does without panic.
func TestCheckedExpressionsRun(t *testing.T) {
	t.Parallel()
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]Kind{KindString, KindInt, KindBool, KindFloat, KindBool}).Draw(rt, "of")
		expression := randomExpression(rt, kind, rapid.IntRange(1, 4).Draw(rt, "depth"))
		use := "reply: " + doubleQuoted("x {{ "+expression+" }}")
		if kind == KindBool {
			use = "when: " + doubleQuoted(expression) + ", tag: x"
		}
		text := fmt.Sprintf("herald: 1\nlanguage: en\nfields: {n: int, s: string}\nlists: {words: [a, b c]}\nrules:\n  - {name: a, on: [message, button], %s}\n", use)
		f, ds := CheckSource("x", []byte(text), Env{})
		if ds.Failed() {
			return
		}
		taken++
		p, ds := Compile(f, Env{})
		if ds.Failed() {
			rt.Fatalf("checked, but not compiled: %s", ds.Text())
		}
		for _, in := range someInputs() {
			v, err := p.Explain(t.Context(), in)
			if err != nil {
				rt.Fatalf("%s: %v", expression, err)
			}
			for _, tried := range v.Trace {
				if tried.Outcome == Failed {
					rt.Fatalf("%s failed on %+v: %+v", expression, in, tried)
				}
			}
		}
	})
	require.Positive(t, taken)
}
