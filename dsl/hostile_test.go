package dsl

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hostile are sources made to cost time or memory. Each is refused.
func hostile() map[string]string {
	head := "herald: 1\nlanguage: en\n"
	when := func(expression string) string {
		return head + "rules:\n  - name: a\n    on: message\n    when: '" + expression + "'\n    reply: x\n"
	}
	fill := func(unit string) string { return strings.Repeat(unit, (MaxSource-len(head)-200)/len(unit)) }
	all := map[string]string{
		"nested sums":           when(`let a = 1..2000; sum(a, sum(a, sum(a, #))) > 1`),
		"doubling text":         when(`reduce(1..24, #acc + #acc, "aaaaaaaaaa") != ""`),
		"nested any":            when(`any(1..5000, any(1..5000, any(1..5000, # == 1)))`),
		"nested map":            when(`len(map(split(text, ""), join(map(split(text, ""), text)))) > 1`),
		"powers of split":       when(strings.Repeat(`any(split(text, ""), `, 30) + "true" + strings.Repeat(")", 30)),
		"long sum of texts":     when(strings.Repeat("text + ", 300) + `text == "a"`),
		"deep parentheses":      when(strings.Repeat("(", 2500) + "true" + strings.Repeat(")", 2500)),
		"deep not":              when(strings.Repeat("not ", 1000) + "true"),
		"deep lists":            when(strings.Repeat("[", 1500) + strings.Repeat("]", 1500) + " == nil"),
		"huge pattern":          when(`text matches "` + strings.Repeat(`\\pL`, 60) + `{1000}"`),
		"multiplied pattern":    when(`text matches "((a{30}){30}){30}"`),
		"multiplied classes":    when(`text matches "([\\p{L}\\p{N}\\p{S}]{31}){31}"`),
		"many patterns":         head + "rules:\n" + manyPatterns(),
		"many fine patterns":    head + "rules:\n" + manyFinePatterns(),
		"billion laughs":        head + "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\nrules: *d\n",
		"too large":             head + strings.Repeat("# comment\n", 30_000),
		"one long line":         head + "rules: [" + fill("{a: b}, ") + "]\n",
		"holes without end":     head + "rules:\n  - {name: a, on: message, reply: \"" + fill("{{") + "\"}\n",
		"many holes":            head + "rules:\n  - {name: a, on: message, reply: \"" + fill("{{x}}") + "\"}\n",
		"many holes in texts":   head + "rules:\n" + manyHoles(),
		"long expression":       head + "rules:\n  - {name: a, on: message, when: '" + fill("a or ") + "a'}\n",
		"escapes":               head + "language: \"" + fill(`\u0041`) + "\"\n",
		"many unknown keys":     head + manyKeys("zzz%d: 1\n"),
		"many duplicate keys":   head + fill("a: b\n"),
		"many long keys":        head + fill(strings.Repeat("k", 2000)+": 1\n"),
		"many rules of one key": head + "rules:\n" + fill("- a\n"),
		"lets in a chain":       head + "let:\n" + manyLets(),
		"unused lists":          head + "lists:\n" + manyKeys("  l%d: [a]\n"),
		"rules alike":           head + "rules:\n" + manyAlike(),
	}
	for _, unit := range []string{
		"[", "{", "- ", "? ", "a: ", "a:\n", "#\n", "\n", " \n", "&a ", "*a ", "!t ", "|\n", ">\n", "-\n", "[,", "{a:", "\"", "'",
		"''", "a ", "a\n", "--- a\n", "%A\n", "\t", ": ", ",", "]", "\u2028", "\u00e9", "- - - - - - - - a\n", "a: # c\n", "- #\n\n", "\x00", "\xff",
		"? a\n: b\n", "[a]: b\n", "a: |\n b\n", "a: >\n b\n\n",
	} {
		all[fmt.Sprintf("%q", unit)] = fill(unit)
		all[fmt.Sprintf("x: %q", unit)] = head + "rules:\n  - x: " + fill(unit)
	}
	return all
}

func manyKeys(format string) string {
	var b strings.Builder
	for i := 0; b.Len() < MaxSource-1000; i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func manyLets() string {
	var b strings.Builder
	b.WriteString("  l0: 'text'\n")
	for i := 1; i < MaxLets; i++ {
		fmt.Fprintf(&b, "  l%d: 'l%d + l%d'\n", i, i-1, i-1)
	}
	return b.String()
}

func manyPatterns() string {
	var b strings.Builder
	for i := range 900 {
		fmt.Fprintf(&b, "  - {name: r%d, on: message, when: 'text matches \"(%d[\\\\p{L}\\\\p{N}]{20}){9}\"'}\n", i, i)
	}
	return b.String()
}

// manyFinePatterns are patterns of which each alone would be taken.
func manyFinePatterns() string {
	var b strings.Builder
	for i := 0; b.Len() < MaxSource-6000; i++ {
		fmt.Fprintf(&b, "  - {name: r%d, on: message, tag: x, when: 'false", i)
		for j := range 80 {
			fmt.Fprintf(&b, " or text matches \"[\\p{L}\\p{N}]%dq%d\"", i, j)
		}
		b.WriteString("'}\n")
	}
	return b.String()
}

func manyHoles() string {
	var b strings.Builder
	for i := 0; b.Len() < MaxSource-6000; i++ {
		fmt.Fprintf(&b, "  - {name: r%d, on: message, reply: \"%s\"}\n", i, strings.Repeat("{{x}}", 50))
	}
	return b.String()
}

// manyAlike are as many rules as are taken, whose conditions have to be compared with one another.
func manyAlike() string {
	var b strings.Builder
	for i := range MaxRules {
		fmt.Fprintf(&b, "  - {name: r%d, on: message, when: 'weekday == 1 and (has(text, \"a%d\") or text == \"b%d\" or text == y)', tag: x}\n", i, i, i)
	}
	return b.String()
}

func TestHostileSources(t *testing.T) {
	// One after another, since allocations of the whole program are counted.
	slowest, which := time.Duration(0), ""
	for name, text := range hostile() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, ds := CheckSource(name, []byte(text), Env{})
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if took > slowest {
			slowest, which = took, name
		}
		allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
		require.True(t, ds.Failed(), "%s is refused", name)
		require.LessOrEqual(t, len(ds), maxDiagnostics+1, name)
		require.Less(t, allocated, uint64(64), "%s: MiB allocated", name)
		require.Less(t, took, 5*time.Second, "%s: a very generous bound", name)
	}
	t.Logf("the slowest is %s: %v", which, slowest)
}
