package dsl

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// vocabulary is small, so that random rules and random updates meet.
var vocabulary = []string{
	"price", "Prices", "ціна", "ЦІНИ", "доставка", "dostavka", "delivery", "delivrey", "п'ять", "п’ять", "价格", "straße", "STRASSE",
	"123456", "7", "person please", "a", "", "👍", "kelvin", "Σίσυφος", "ΣΊΣΥΦΟΣ",
}

func pick(t *rapid.T, from []string) string { return rapid.SampledFrom(from).Draw(t, "pick") }

func quoted(s string) string {
	var b strings.Builder
	writeQuoted(&b, s)
	return b.String()
}

// drawCondition makes a random condition that the language accepts.
func drawCondition(t *rapid.T, depth int) string {
	word := func() string { return quoted(pick(t, vocabulary)) }
	leaves := []func() string{
		func() string {
			if w := pick(t, vocabulary); w != "" {
				return fmt.Sprintf("has(text, %s)", quoted(w))
			}
			return "has(text, words)"
		},
		func() string { return fmt.Sprintf(`has(text, "price", words, %s)`, quoted(pick(t, vocabulary[:5]))) },
		func() string { return `has(lower(text), "price")` },
		func() string { return fmt.Sprintf("like(text, %s)", quoted(pick(t, vocabulary[:8]))) },
		func() string { return fmt.Sprintf("button == %s", word()) },
		func() string { return fmt.Sprintf("%s == text", word()) },
		func() string { return fmt.Sprintf("lower(text) == %s", word()) },
		func() string { return fmt.Sprintf("text in [%s, %s]", word(), word()) },
		func() string { return "button in words" },
		func() string { return fmt.Sprintf("text contains %s", word()) },
		func() string { return fmt.Sprintf("text not contains %s", word()) },
		func() string { return fmt.Sprintf("lower(text) startsWith %s", word()) },
		func() string { return fmt.Sprintf("button endsWith %s", word()) },
		func() string { return `text matches "[0-9]{3,}"` },
		func() string { return `text matches "(?i)(kelvin|σίσυφος|ціна?)"` },
		func() string { return `text matches "^(price|del.very)+x?"` },
		func() string { return `text matches "^(price|ціна)*[0-9]*$"` },
		func() string { return `text matches "(price){0,2}(a|7)?$"` },
		func() string { return `text matches "(?i)^(stra(ß|ss)e|ціни)$"` },
		func() string { return `find(text, "(?:pr)ice|[0-9]+") != nil` },
		func() string { return `capture(text, "(?P<n>[0-9]+)")?.n != nil` },
		func() string { return `int(find(text, "[0-9]+") ?? "0") > 5` },
		func() string { return `(find(text, "pri") ?? button) == "pri"` },
		func() string { return `"vip" in user.tags` },
		func() string { return `"new" not in user.tags` },
		func() string { return `user.lang == "uk"` },
		func() string { return `user.lang != "uk"` },
		func() string { return `user.fields.age == 7` },
		func() string { return `user.fields.age != nil` },
		func() string { return `user.fields.order == "123456"` },
		func() string { return `user.fields.paid ?? false` },
		func() string { return `user.messages == 1.0` },
		func() string { return `weekday in 1..5` },
		func() string { return `weekday == 1` },
		func() string { return `event == "message"` },
		func() string { return `any(words, text contains #)` },
		func() string { return `last?.rule == "r1"` },
		func() string { return `true` },
		func() string { return `false` },
		func() string { return `asked` },
		func() string { return `number != nil` },
		func() string { return `number == "7"` },
		func() string { return `not asked` },
	}
	if depth == 0 {
		return leaves[rapid.IntRange(0, len(leaves)-1).Draw(t, "leaf")]()
	}
	sub := func() string { return "(" + drawCondition(t, depth-1) + ")" }
	switch rapid.IntRange(0, 9).Draw(t, "node") {
	case 0, 1:
		return sub() + " and " + sub()
	case 2, 3:
		return sub() + " or " + sub()
	case 4:
		return "not " + sub()
	case 5:
		return sub() + " ? " + sub() + " : " + sub()
	case 6:
		return sub() + " == " + pick(t, []string{"true", "false"})
	case 7:
		return sub() + " != " + pick(t, []string{"true", "false"})
	case 8:
		return "let x = " + sub() + "; x and " + sub()
	default:
		return drawCondition(t, 0)
	}
}

func drawFile(t *rapid.T) *File {
	s := func(v string) Scalar { return Scalar{Value: v, Known: true} }
	f := &File{
		Name: "random", Version: 1, Language: s("en"),
		Fields: []Field{{s("age"), s("int")}, {s("order"), s("string")}, {s("paid"), s("bool")}},
		Lists:  []List{{Name: s("words"), Words: []Scalar{s("hello"), s("ціна"), s("good day")}}},
		Lets: []Let{
			{s("asked"), s(`has(text, "price", "ціна") or button == "Prices"`)},
			{s("number"), s(`find(text, "[0-9]+")`)},
		},
	}
	on := append(eventNames(), "/start", "/price")
	for i := range rapid.IntRange(1, 12).Draw(t, "rules") {
		r := Rule{
			Name: s(fmt.Sprintf("r%d", i)), Continue: rapid.IntRange(0, 3).Draw(t, "continue") > 0,
			Reply: []Reply{{Text: Texts{{Text: s("reply {{ text }}")}}}},
		}
		for range rapid.IntRange(1, 3).Draw(t, "events") {
			r.On = append(r.On, s(pick(t, on)))
		}
		if rapid.IntRange(0, 4).Draw(t, "when") > 0 {
			r.On = append(r.On, s(EventMessage))
			r.When = s(drawCondition(t, rapid.IntRange(0, 3).Draw(t, "depth")))
		}
		if rapid.Bool().Draw(t, "let") {
			r.Lets = []Let{{s("number"), s(drawCondition(t, 0))}, {s("other"), s("number")}}
		}
		if i%3 == 1 {
			r.Once = true
		}
		f.Rules = append(f.Rules, r)
	}
	return f
}

func drawInput(t *rapid.T) Input {
	in := Input{
		Events: []string{pick(t, eventNames())}, Now: time.Date(2026, 3, rapid.IntRange(1, 9).Draw(t, "day"), 10, 0, 0, 0, time.UTC),
		User: User{Lang: pick(t, []string{"", "uk", "uk-UA", "en"}), Messages: rapid.IntRange(0, 2).Draw(t, "messages")},
	}
	if rapid.Bool().Draw(t, "message") {
		in.Events = EventsOf(EventMessage, "", rapid.Bool().Draw(t, "first"))
	}
	if rapid.IntRange(0, 5).Draw(t, "command") == 0 {
		in.Command = pick(t, []string{"start", "Price", "other"})
		in.Events = EventsOf(EventCommand, in.Command, false)
	}
	var words []string
	for range rapid.IntRange(0, 6).Draw(t, "words") {
		words = append(words, pick(t, vocabulary))
	}
	in.Text = strings.Join(words, pick(t, []string{" ", ", ", ""}))
	if rapid.Bool().Draw(t, "strange") {
		in.Text += rapid.String().Draw(t, "text")
	}
	in.Button = pick(t, append([]string{"hello", "Prices"}, vocabulary...))
	in.User.Tags = rapid.SliceOfN(rapid.SampledFrom([]string{"vip", "new", "x"}), 0, 2).Draw(t, "tags")
	in.User.Fields = map[string]any{}
	if rapid.Bool().Draw(t, "fields") {
		in.User.Fields = map[string]any{"age": rapid.Int64Range(6, 8).Draw(t, "age"), "order": "123456", "paid": true}
	}
	if rapid.Bool().Draw(t, "last") {
		in.Last = &Last{Text: "x", Rule: "r1"}
	}
	if rapid.Bool().Draw(t, "fired") {
		in.Fired = map[string]time.Time{"r1": in.Now}
	}
	return in
}

// TestIndexAgreesWithPlainEvaluation is what the index rests on: with it and without it, a program decides the same.
func TestIndexAgreesWithPlainEvaluation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawFile(t)
		p, found := Compile(f, exampleEnv())
		require.Empty(t, found)
		for range 8 {
			in := drawInput(t)
			same := in
			indexed, err := p.Run(context.Background(), in)
			require.NoError(t, err)
			plain, err := p.run(context.Background(), &same, p.all)
			require.NoError(t, err)
			indexed.Failures, plain.Failures = nil, nil // of rules that cannot hold either way
			require.Equal(t, plain, indexed, "%+v\n%+v", in, whens(f))
		}
	})
}

func whens(f *File) []string {
	var out []string
	for _, r := range f.Rules {
		out = append(out, fmt.Sprint(r.On, " ", r.When.Value, " ", r.Lets))
	}
	return out
}

func TestIndexLeavesRulesOut(t *testing.T) {
	t.Parallel()
	s := func(v string) Scalar { return Scalar{Value: v} }
	tests := []struct{ when, text string }{
		{`has(text, "price")`, "hello"},
		{`has(text, words) and user.lang == "uk"`, "hello"},
		{`like(text, "delivery")`, "hello"},
		{`text contains "price"`, "hello"},
		{`lower(text) startsWith "price"`, "hello"},
		{`button == "Prices"`, "hello"},
		{`text in ["a", "b"]`, "hello"},
		{`asked or number != nil`, "hello"},
		{`text matches "[0-9]{6}"`, "hello"},
		{`text matches "(?i)ord(er|nung) [a-z]+"`, "hello"},
		{`capture(text, "from (?P<a>.*)")?.a != nil`, "hello"},
		{`"vip" in user.tags`, "hello"},
		{`not (text != "price")`, "hello"},
		{`user.lang == "uk" ? has(text, "ціна") : has(text, "price")`, "hello"},
		{`user.fields.order == "1"`, "hello"},
		{`false`, "hello"},
	}
	for _, test := range tests {
		t.Run(test.when, func(t *testing.T) {
			t.Parallel()
			f := &File{
				Name: "x", Language: s("en"), Fields: []Field{{s("order"), s("string")}},
				Lists: []List{{Name: s("words"), Words: []Scalar{s("one"), s("two words")}}},
				Lets:  []Let{{s("asked"), s(`has(text, "price") or button == "Prices"`)}, {s("number"), s(`find(text, "[0-9]+")`)}},
				Rules: []Rule{{Name: s("r"), On: []Scalar{s(EventMessage)}, When: s(test.when), Forward: s("x")}},
			}
			p, found := Compile(f, Env{})
			require.Empty(t, found)
			in := Input{Events: []string{EventMessage}, Text: test.text, User: User{Lang: "en"}}
			sc := &scope{}
			sc.begin(context.Background(), p, &in)
			raised := raisedBy(&in)
			candidates := p.index.candidates(sc, &raised)
			_, more := candidates.next()
			require.False(t, more, "the rule is tried although it cannot hold")
		})
	}
}
