package dsl

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// demanding are sources that may well be taken, and that would take long if everything in them were looked at from
// everywhere: names of names of names, long lists that are nearly alike, many buttons, many misspelt names.
func demanding() map[string]string {
	const head = "herald: 1\nlanguage: en\n"
	long := strings.Repeat("n", MaxName-5)
	numbered := func(count int, format string) string {
		return repeated(count, func(i int) string { return fmt.Sprintf(format, i, i) })
	}
	words := numbered(2000, "x%[1]d,")
	return map[string]string{
		"names of names": head + "let:\n  l0: 'len(text) > 0'\n" +
			repeated(MaxLets-1, func(i int) string { return fmt.Sprintf("  l%d: 'l%d or l%d or l%d'\n", i+1, i, i, i) }) +
			"rules:\n  - {name: a, on: message, when: l499, tag: x}\n",
		"names of names of buttons": head + "let:\n  l0: 'button == \"a\"'\n" +
			repeated(MaxLets-1, func(i int) string { return fmt.Sprintf("  l%d: 'l%d or l%d or l%d'\n", i+1, i, i, i) }) +
			"rules:\n  - {name: a, on: button, when: l499, reply: {text: x, buttons: [[q, b, c, d]]}}\n",
		"other names for one thing": head + "let:\n  l0: user.phone\n" +
			repeated(MaxLets-1, func(i int) string { return fmt.Sprintf("  l%d: l%d\n", i+1, i) }) +
			"rules:\n" + numbered(MaxRules, "  - {name: r%d, on: message, tag: x, when: 'text == \"%d\""+strings.Repeat(" and l499 != nil", 12)+"'}\n"),
		"what is sure": head + "fields: {" + numbered(MaxFields-1, "f%[1]d: string,") + "}\nlet:\n" +
			numbered(MaxFields-1, "  a%d: 'user.fields.f%d != nil'\n") + "  l0: 'a0 and a1'\n" +
			repeated(300, func(i int) string { return fmt.Sprintf("  l%d: 'l%d and a%d and l%d'\n", i+1, i, i%(MaxFields-1), i) }) +
			"rules:\n" + numbered(MaxRules, "  - {name: r%d, on: message, tag: x, when: 'text == \"%d\""+strings.Repeat(" and l300", 12)+"'}\n"),
		"words of lists alike":  head + manyLists("has(text, l%d)"),
		"values of lists alike": head + manyLists("text in l%d"),
		"a long list in many rules": head + "lists:\n  l: [" + words + "]\nrules:\n" +
			numbered(600, "  - {name: r%d, on: message, tag: x, when: 'text != \"%d\" and has(text, l) and has(text, l)'}\n"),
		"a long list and a word in many rules": head + "lists:\n  l: [" + words + "]\nrules:\n" +
			numbered(600, "  - {name: r%d, on: message, tag: x, when: 'has(text, l, \"%[1]d\") and has(text, l, \"y%[1]d\")'}\n"),
		"buttons and comparisons": head + "rules:\n" + repeated(100, manyButtons) + repeated(90, func(i int) string {
			return fmt.Sprintf("  - {name: c%d, on: button, tag: x, when: 'false%s'}\n", i,
				repeated(80, func(j int) string { return fmt.Sprintf(" or button==\"%d%d\"", i, j) }))
		}),
		"languages": head + "phrases:\n" + repeated(MaxPhrases, func(i int) string {
			return fmt.Sprintf("  p%d: {%s}\n", i, repeated(MaxLanguages-1, func(j int) string {
				return fmt.Sprintf("en-%c%c%c%c: x,", 'A'+i%26, 'a'+(i/26)%26, 'a'+j%26, 'a'+j/26)
			}))
		}) + "rules:\n  - {name: a, on: message, reply: x}\n",
		"misspelt phrases": head + "phrases:\n" + numbered(1500, "  "+long+"%[1]d: x\n") + "rules:\n" +
			numbered(MaxRules, "  - {name: r%d, on: message, reply: {phrase: m"+long+"%d}}\n"),
		"misspelt names": head + "let:\n" + numbered(MaxLets, "  "+long+"%[1]d: 'true'\n") + "rules:\n" +
			numbered(MaxRules, "  - {name: r%d, on: message, tag: x, when: 'm"+long+"%d'}\n"),
		"misspelt rules in tests": head + "rules:\n" + numbered(MaxRules, "  - {name: "+long+"%[1]d, on: message, tag: x}\n") +
			"tests:\n  - name: t\n    steps:\n" + numbered(MaxSteps, "      - {user: a, rule: m"+long+"%[1]d}\n"),
	}
}

// repeated writes something again and again, as long as a file may take it.
func repeated(count int, write func(i int) string) string {
	var b strings.Builder
	for i := 0; i < count && b.Len() < MaxSource/2-6000; i++ {
		b.WriteString(write(i))
	}
	return b.String()
}

// manyLists are rules about long lists that differ in their last word only, so that all words have to be compared.
func manyLists(condition string) string {
	lists := repeated(MaxLists, func(i int) string {
		return fmt.Sprintf("  l%d: [%su%d]\n", i, repeated(99, func(j int) string { return fmt.Sprintf("w%02d, ", j) }), i)
	})
	return "lists:\n" + lists + "rules:\n" + repeated(MaxRules, func(i int) string {
		return fmt.Sprintf("  - {name: r%d, on: message, when: '%s and text != \"x%d\"', tag: y}\n", i, fmt.Sprintf(condition, i%MaxLists), i)
	})
}

func manyButtons(i int) string {
	rows := repeated(12, func(row int) string {
		return "[" + repeated(MaxRowButtons, func(j int) string { return fmt.Sprintf("b%d_%d_%d,", i, row, j) }) + "],"
	})
	return fmt.Sprintf("  - {name: a%d, on: message, when: 'text == \"%d\"', reply: {text: x, buttons: [%s]}}\n", i, i, rows)
}

func TestDemandingSources(t *testing.T) {
	// One after another, since allocations of the whole program are counted.
	slowest, which := time.Duration(0), ""
	for name, text := range demanding() {
		require.Less(t, len(text), MaxSource, name)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		f, ds := CheckSource(name, []byte(text), Env{})
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		require.NotEqual(t, CodeYAML, append(ds, Diagnostic{})[0].Code, "%s is what it is meant to be", name)
		require.Less(t, (after.TotalAlloc-before.TotalAlloc)>>20, uint64(64), "%s: MiB allocated", name)
		if !ds.Failed() {
			p, more := Compile(f, Env{})
			require.NotNil(t, p, "%s: %s", name, more.Text())
			in := largest(start)
			in.Button = "a"
			_, err := p.Explain(t.Context(), in)
			require.NoError(t, err, name)
		}
		require.Less(t, time.Since(start), 10*time.Second, "%s: a very generous bound", name)
		if took > slowest {
			slowest, which = took, name
		}
	}
	t.Logf("the slowest to check is %s: %v", which, slowest)
}
