package dsl

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestRulesThatAreCalledUnreachableNeverWin holds the warning against what rules do.
func TestRulesThatAreCalledUnreachableNeverWin(t *testing.T) {
	t.Parallel()
	warned, won := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		const head = "herald: 1\nlanguage: en\nlists: {menu: [Prices, Hours], words: [price, cost]}\nrules:\n"
		var b strings.Builder
		b.WriteString(head)
		rules := rapid.IntRange(2, 10).Draw(t, "rules")
		for i := range rules {
			fmt.Fprintf(&b, "  - {name: r%d, on: %s, when: %s, tag: x}\n", i,
				pick(t, []string{"message", "button", "[message, button]", "first_message"}), doubleQuoted(drawValues(t, 2)))
		}
		f, found := CheckSource("rules.yaml", []byte(b.String()), exampleEnv())
		require.False(t, found.Failed(), found.Text())
		unreachable := map[string]bool{}
		for _, d := range found {
			if d.Code == CodeUnreachable {
				unreachable[fmt.Sprint("r", d.Line-strings.Count(head, "\n")-1)] = true
				warned++
			}
		}
		p, more := Compile(f, exampleEnv())
		require.NotNil(t, p, more.Text())
		for range 12 {
			v, err := p.Run(t.Context(), Input{
				Events: drawEvents(t), Now: time.Date(2026, 3, rapid.IntRange(2, 8).Draw(t, "day"), 10, 0, 0, 0, time.UTC),
				Text: pick(t, []string{"", "price", "the cost", "hours price", "x"}), Button: pick(t, []string{"", "Prices", "Hours", "x"}),
			})
			require.NoError(t, err)
			for _, rule := range v.Rules {
				require.False(t, unreachable[rule], "%s wins in\n%s", rule, b.String())
				won++
			}
		}
	})
	require.Positive(t, warned)
	require.Positive(t, won)
}

func drawEvents(t *rapid.T) []string {
	if rapid.Bool().Draw(t, "button") {
		return []string{EventButton}
	}
	return EventsOf(EventMessage, "", rapid.Bool().Draw(t, "first"))
}

// drawValues makes a random condition about a few values.
func drawValues(t *rapid.T, depth int) string {
	if depth > 0 {
		switch rapid.IntRange(0, 4).Draw(t, "node") {
		case 0:
			return "(" + drawValues(t, depth-1) + " and " + drawValues(t, depth-1) + ")"
		case 1:
			return "(" + drawValues(t, depth-1) + " or " + drawValues(t, depth-1) + ")"
		case 2:
			return "not (" + drawValues(t, 0) + ")"
		}
	}
	day := rapid.IntRange(1, 6).Draw(t, "day")
	return pick(t, []string{
		fmt.Sprint("weekday == ", day), fmt.Sprintf("weekday in %d..%d", day, day+1), fmt.Sprintf("%d == weekday", day),
		fmt.Sprintf("weekday in [%d, %d]", day, day+1), `button == "Prices"`, `button in ["Hours", "Prices"]`, "button in menu",
		`has(text, words)`, `has(text, "price")`, `has(text, "cost", "hours")`, `text == "price"`, `text in ["price", "x"]`,
	})
}
