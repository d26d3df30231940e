package translate

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What texts of the property tests are made of.
var (
	words = []string{"hello", "your", "order", "привіт", "замовлення", "день", "你好", "مرحبا", "e.g", "it's", "—", "and/or", "a*b"}
	fixed = []string{
		"{{ user.name }}", "{n}", "%s", "https://acme.example/o/1?x=y", "t.me/acme", "mail@acme.example", "482913", "AB-1234",
		"+380 50 123 45 67", "12:30", "@acme_bot", "/start", "#sale", "Acme", "Pro Max", "👋🏽", "👨‍👩‍👧", "1️⃣", "&amp;", "`x = 1`",
		"<b>", "</b>", `<a href="https://a.example">`, "</a>", "{", "}", "<code>a b</code>", "5", "17",
	}
	around  = [][2]string{{"**", "**"}, {"_", "_"}, {"<i>", "</i>"}, {"[", "](https://a.example/x)"}, {"(", ")"}, {"«", "»"}}
	between = []string{" ", " ", " ", "\n", "\n\n", ", ", ". ", "", "  "}
	terms   = []string{"Acme", "Pro Max"}
)

// textGen makes texts of words, locked parts and marks.
func textGen(t *rapid.T) string {
	var b strings.Builder
	for range rapid.IntRange(1, 10).Draw(t, "parts") {
		part := rapid.OneOf(rapid.SampledFrom(words), rapid.SampledFrom(fixed)).Draw(t, "part")
		if rapid.IntRange(0, 4).Draw(t, "mark") == 0 {
			mark := rapid.SampledFrom(around).Draw(t, "around")
			part = mark[0] + part + mark[1]
		}
		b.WriteString(part + rapid.SampledFrom(between).Draw(t, "between"))
	}
	return b.String()
}

// hostile answers as no translator should: it moves, drops, doubles, glues and rewrites.
func hostile(t *rapid.T, text string) string {
	for range rapid.IntRange(0, 4).Draw(t, "tricks") {
		parts := strings.Fields(text)
		switch rapid.IntRange(0, 12).Draw(t, "trick") {
		case 0:
			parts = rapid.Permutation(parts).Draw(t, "order")
			text = strings.Join(parts, " ")
		case 1:
			text = strings.Join(parts, "")
		case 2:
			text = strings.ReplaceAll(text, "{1}", rapid.SampledFrom([]string{"", "{1}{1}", "{ 1 }", "｛1｝", "{١}", "{9}", "1", "{1", "{01}"}).Draw(t, "token"))
		case 3:
			text = strings.ReplaceAll(strings.ReplaceAll(text, "{", " {"), "}", "} ")
		case 4:
			text = strings.ToUpper(text)
		case 5:
			text += rapid.SampledFrom(fixed).Draw(t, "more")
		case 6:
			text = rapid.SampledFrom(fixed).Draw(t, "first") + text
		case 7:
			text = strings.ReplaceAll(text, "\n", " ")
		case 8:
			text = strings.ReplaceAll(text, " ", "\n")
		case 9:
			text = strings.ReplaceAll(text, "{2}", "{1}")
		case 10:
			text = strings.NewReplacer("{1}", "{2}", "{2}", "{1}").Replace(text)
		case 11:
			text = strings.Map(func(r rune) rune {
				if unicode.IsDigit(r) {
					return '7'
				}
				return r
			}, text)
		default:
			text = strings.ReplaceAll(text, "} {", "}{")
		}
	}
	return text
}

// intact holds a translation to what was promised: whatever was locked is there, as often and as it was.
func intact(t require.TestingT, text, translated string) {
	count := func(text string) map[string]int {
		parts := map[string]int{}
		for _, sp := range scan(text, terms, "") {
			if sp.kind.structural() {
				parts[text[sp.start:sp.end]]++
			}
		}
		return parts
	}
	require.Equal(t, count(text), count(translated))
	for _, sp := range scan(text, terms, "") {
		it := text[sp.start:sp.end]
		if sp.kind != kindBreak {
			require.GreaterOrEqual(t, strings.Count(translated, it), strings.Count(text, it), "%q is lost", it)
		}
	}
	require.Equal(t, strings.Count(text, "\n"), strings.Count(translated, "\n"))
	require.True(t, utf8.ValidString(translated))
}

func TestWhateverATranslatorDoesLockedPartsAreIntactOrItIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := textGen(t)
		m := mask(text, terms, "")
		if out, ok := m.restore(hostile(t, m.body)); ok {
			intact(t, text, out)
		}
	})
}

func TestAnHonestTranslatorIsNotRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := textGen(t)
		m := mask(text, terms, "")
		same, ok := m.restore(m.body)
		require.True(t, ok, "%q as %q", text, m.body)
		require.Equal(t, text, same)
		pieces := m.pieces()
		joined, ok := m.restore(m.join(pieces))
		require.True(t, ok)
		require.Equal(t, text, joined)
	})
}

// TestLongTextsOfOneKind holds texts that repeat one beginning thousands of times: what looks for an end at each of them
// would take minutes.
func TestLongTextsOfOneKind(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{
		"[", "](", "`", "{{", "{{{", "}", "<code>", "<!--", "```a", "<a ", "a.bb.", "*a", "1 ", "1.", "a-1", "&", "@", "%d", "www.",
		"_a_", "\n", "👋", "[a](b)", "a_", "\\*", "/a", "**", "a@", "Acme",
	} {
		text := strings.Repeat(unit, maxText/utf8.RuneCountInString(unit))
		m := mask(text, terms, "")
		same, ok := m.restore(m.body)
		require.True(t, ok, unit)
		require.Equal(t, text, same)
	}
}
