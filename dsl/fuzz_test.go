package dsl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// sources are the rule files of all cases, for fuzzing.
func sources(t testing.TB) [][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	require.NoError(t, err)
	var all [][]byte
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		require.NoError(t, err)
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, "rules.yaml") {
				all = append(all, unescape(f.Data))
			}
		}
	}
	shop, err := os.ReadFile("testdata/shop.yaml")
	require.NoError(t, err)
	return append(all, shop)
}

// requireSound checks what holds for every source: there is no panic, places lie in the file, and either there is an
// error or a program, which runs on any update without failing.
func requireSound(t *testing.T, text []byte) {
	t.Helper()
	f, ds := CheckSource("rules.yaml", text, Env{})
	src := newSource(strings.TrimPrefix(string(text), "\ufeff"))
	for _, d := range ds {
		require.True(t, d.Line >= 1 && d.Line <= len(src.lines) || d.Code == CodeLimit, "%s", d)
		require.GreaterOrEqual(t, d.Column, 1)
	}
	if ds.Failed() {
		return
	}
	require.NotNil(t, f)
	p, more := Compile(f, Env{})
	require.False(t, more.Failed(), "checked, but not compiled: %s\n%s", more.Text(), text)
	require.NotNil(t, p)
	for _, in := range someInputs() {
		explanation, err := p.Explain(t.Context(), in)
		require.NoError(t, err, "of\n%s", text)
		for _, tried := range explanation.Trace {
			require.NotEqual(t, Failed, tried.Outcome, "rule %s of\n%s", tried.Rule, text)
		}
	}
}

// largest is an update whose every part has the size that the checker reckons with.
func largest(now time.Time) Input {
	fill := func(characters int) string { return strings.Repeat("їжак 日本 a1 ", characters)[:characters] }
	text := string([]rune(strings.Repeat("їжак 日本 a1 ", MaxText))[:MaxText])
	tags := make([]string, maxTags)
	for i := range tags {
		tags[i] = string([]rune(strings.Repeat("日", MaxTag))[:MaxTag])
	}
	return Input{
		Events: []string{EventMessage, EventButton}, Text: text, Args: text, Button: strings.Repeat("b", MaxButtonData), Now: now,
		User: User{
			ID: fill(100), FirstName: strings.Repeat("Я", 200), LastName: strings.Repeat("Я", 200), Username: "a", Phone: "+380501234567", Lang: "uk",
			Tags: tags, Since: now, Messages: 1 << 30, Fields: map[string]any{"s": strings.Repeat("日", maxFieldText), "n": int64(1 << 60)},
		},
		Last: &Last{Text: text, SentAt: now},
	}
}

// someInputs are updates with everything, with nothing, and with as much as there can be.
func someInputs() []Input {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	all := []Input{largest(now)}
	for _, event := range append([]string{"/start"}, Events...) {
		all = append(all, Input{Events: []string{event}, Now: now}, Input{
			Events: []string{event}, Text: "Hi, order 123456 їжак x", Command: "start", Args: "a b", Button: "Prices", Now: now,
			Message: Message{ID: "1", Kind: "text", Lang: "uk", ReceivedAt: now, FileName: "a.pdf", Location: &Location{Latitude: 1}},
			User: User{
				ID: "1", Username: "anna", FirstName: "Anna", LastName: "K", Lang: "uk", Phone: "+380501234567", PhoneProvedAt: now,
				Tags: []string{"vip", ""}, Since: now, Messages: 3,
				Fields: map[string]any{"order": "1", "a": "x", "b": "y", "count": int64(1), "vip": true},
			},
			Bot: Bot{Name: "shop_bot", Platform: "telegram"}, Last: &Last{Text: "x", SentAt: now, Rule: "a", Label: "b"},
		})
	}
	return all
}

func TestSources(t *testing.T) {
	t.Parallel()
	for _, text := range sources(t) {
		requireSound(t, text)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range sources(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 8_000 {
			requireSound(t, text)
		}
	})
}

func FuzzCheck(f *testing.F) {
	for _, expression := range []string{
		`has(text, "a") and user.phone != nil`, `any(user.tags, # == "a" or len(#) > 2)`, `user.phone ?? "x" matches "[a-z]+"`,
		`join(map(split(text, " "), upper(#)), "-") == "a"`, `int(text) ?? 0 > 5 ? 1 : 2`, `capture(text, "(?P<a>b)")?.a ?? ""`,
		`message.location?.latitude`, `count(1..10, # % 2 == 1) > 2`, `first(user.tags)`, `text[1:3] + string(weekday)`,
		`ago(user.since) / 24 > 3.5 and not (last?.text == "x")`, `format(now, "15:04") + link("https://a.example")`,
		`round(1.5) + abs(-2) + min(1, 2.5)`, `filter(user.tags, # startsWith "a")[0]`, `user.fields.n + 1`, `-2 ** 2`, `1..3 == nil`,
	} {
		f.Add(expression)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		if len(expression) > 500 || strings.ContainsAny(expression, "\n\r") {
			return
		}
		value := doubleQuoted(expression)
		hole := doubleQuoted("{{ " + expression + " }}")
		requireSound(t, []byte("herald: 1\nlanguage: en\nfields: {n: int, s: string}\nlists: {words: [a, b c]}\nrules:\n  - name: a\n    on: [message, button]\n"+
			"    let: {l: "+value+"}\n    continue: true\n    when: "+value+"\n    reply: "+hole+"\n  - {name: b, on: message, when: l2 ?? true, let: {l2: "+value+"}, tag: x}\n"))
		requireSound(t, []byte("herald: 1\nlanguage: en\nfields: {n: int, s: string}\nlists: {words: [a, b c]}\nrules:\n  - {name: a, on: message, reply: "+hole+"}\n"))
		requireSound(t, []byte("herald: 1\nlanguage: en\nfields: {n: int, s: string}\nlists: {words: [a, b c]}\nrules:\n  - {name: a, on: message, when: "+value+"}\n"))
	})
}
