package dsl

import (
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/expr-lang/expr"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawer makes random expressions of a kind, from what this language and expr have in common.
type drawer struct{ t *rapid.T }

func (d drawer) choose(options ...func() string) string {
	return options[rapid.IntRange(0, len(options)-1).Draw(d.t, "choice")]()
}

func (d drawer) form(format string, parts ...func(int) string) func(int) string {
	return func(depth int) string {
		args := make([]any, len(parts))
		for i, p := range parts {
			args[i] = p(depth - 1)
		}
		return "(" + fmt.Sprintf(format, args...) + ")"
	}
}

func (d drawer) pick(depth int, leaves []string, forms ...func(int) string) string {
	if depth <= 0 || rapid.IntRange(0, 3).Draw(d.t, "leaf") == 0 {
		return rapid.SampledFrom(leaves).Draw(d.t, "literal")
	}
	return forms[rapid.IntRange(0, len(forms)-1).Draw(d.t, "form")](depth)
}

func (d drawer) number(depth int) string {
	return d.pick(depth, []string{"0", "1", "7", "-3", "2.5", "-0.5", "user.messages", "user.fields.rating", "user.fields.price", "1_000", "0x1F"},
		d.form("%s + %s", d.number, d.number), d.form("%s - %s", d.number, d.number), d.form("%s * %s", d.number, d.number),
		d.form("%s / %s", d.number, d.number), d.form("-%s", d.number), d.form("%s ?? %s", d.number, d.number),
		d.form("%s ? %s : %s", d.truth, d.number, d.number), d.form("min(%s, %s)", d.number, d.number), d.form("abs(%s)", d.number),
		d.form("max(%s, %s, %s)", d.number, d.number, d.number), d.form("round(%s)", d.number), d.form("len(%s)", d.text),
		d.form("len(%s)", d.list), d.form("count(%s, # startsWith 'a')", d.list), d.form("let x = %s; x + x", d.number),
		d.form("int(user.fields.price) - %s", d.number), d.form("float(%s)", d.number), d.form("%s ** 2", d.number), d.form("user.messages %% 3 + %s", d.number),
	)
}

func (d drawer) text(depth int) string {
	return d.pick(depth, []string{`""`, `"a"`, `"abc"`, `"Hello World"`, "text", "button", `'it\'s'`, "`raw`", "user.lang"},
		d.form("%s + %s", d.text, d.text), d.form("lower(%s)", d.text), d.form("upper(%s)", d.text), d.form("trim(%s)", d.text),
		d.form("trim(%s, 'a')", d.text), d.form("join(%s, '-')", d.list), d.form("string(user.messages) + %s", d.text),
		d.form("%s ? %s : %s", d.truth, d.text, d.text), d.form("user.fields.order ?? %s", d.text), d.form("%s[1:3]", d.text),
		d.form("first(%s) ?? %s", d.list, d.text), d.form("last(%s) ?? %s", d.list, d.text), d.form("%s | lower()", d.text),
		d.form("%s[-2:]", d.text), d.form("user?.lang + %s", d.text),
	)
}

func (d drawer) list(depth int) string {
	return d.pick(depth, []string{"user.tags", `["a", "b"]`, `[]`, `["abc", "a", "x"]`},
		d.form("[%s, %s]", d.text, d.text), d.form("split(%s, 'a')", d.text), d.form("filter(%s, # != 'a')", d.list),
		d.form("map(%s, # + 'a')", d.list), d.form("split(%s, 'a', 2)", d.text), d.form("filter(%s, len(#) > %s)", d.list, d.number),
		d.form("%s[0:1]", d.list), d.form("map(%s, string(#index))", d.list), d.form("filter(%s, {let x = #; x in %s})", d.list, d.list),
	)
}

func (d drawer) truth(depth int) string {
	return d.pick(depth, []string{"true", "false", "bot.shared", "user.fields.order == nil", "user.fields.order != nil"},
		d.form("%s and %s", d.truth, d.truth), d.form("%s or %s", d.truth, d.truth), d.form("not %s", d.truth),
		d.form("%s && !%s", d.truth, d.truth), d.form("%s || %s", d.truth, d.truth), d.form("%s == %s", d.number, d.number),
		d.form("%s != %s", d.number, d.number), d.form("%s < %s", d.number, d.number), d.form("%s <= %s", d.text, d.text),
		d.form("%s > %s", d.text, d.text), d.form("%s >= %s", d.number, d.number), d.form("%s == %s", d.text, d.text),
		d.form("%s contains %s", d.text, d.text), d.form("%s startsWith %s", d.text, d.text), d.form("%s endsWith %s", d.text, d.text),
		d.form("%s matches 'a.c|^H'", d.text), d.form("%s in %s", d.text, d.list), d.form("%s not in %s", d.text, d.list),
		d.form("user.messages in 1..%s", func(int) string { return "5" }), d.form("any(%s, # == %s)", d.list, d.text),
		d.form("all(%s, # contains 'a')", d.list), d.form("none(%s, # > %s)", d.list, d.text), d.form("%s == %s", d.list, d.list),
		d.form("%s ? %s : %s", d.truth, d.truth, d.truth), d.form("1 < %s < 5", d.number), d.form("user.fields.order in %s", d.list),
		d.form("user.fields.order contains %s", d.text),
	)
}

// TestMeaningIsThatOfExpr evaluates random expressions here and by expr's own machine.
func TestMeaningIsThatOfExpr(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawer{t}
		depth := rapid.IntRange(1, 4).Draw(t, "depth")
		source := d.choose(
			func() string { return d.truth(depth) }, func() string { return d.number(depth) },
			func() string { return d.text(depth) }, func() string { return d.list(depth) },
		)
		in := Input{
			Events: []string{EventMessage}, Text: pick(t, []string{"", "abc", "Hello", "banana a"}), Button: pick(t, []string{"", "a", "b"}),
			User: User{
				Lang: pick(t, []string{"uk", "en"}), Messages: rapid.IntRange(0, 9).Draw(t, "messages"),
				Tags:   rapid.SliceOfN(rapid.SampledFrom([]string{"a", "abc", "vip"}), 0, 3).Draw(t, "tags"),
				Fields: map[string]any{"rating": rapid.Int64Range(-2, 5).Draw(t, "rating"), "price": rapid.Float64Range(-2, 9).Draw(t, "price")},
			},
		}
		fields := map[string]any{"rating": int(in.User.Fields["rating"].(int64)), "price": in.User.Fields["price"], "order": nil}
		if rapid.Bool().Draw(t, "order") {
			in.User.Fields["order"], fields["order"] = "abc", "abc"
		}
		env := map[string]any{
			"text": in.Text, "button": in.Button, "bot": map[string]any{"shared": false},
			"user": map[string]any{"lang": in.User.Lang, "messages": in.User.Messages, "tags": in.User.Tags, "fields": fields},
		}
		program, err := expr.Compile(source, expr.Env(env), expr.Optimize(false)) // optimized, last(filter(...)) ?? x leaves something behind
		if err != nil {
			return // types that do not fit
		}
		want, err := expr.Run(program, env)
		if err != nil {
			return
		}
		f := &File{
			Name: "x", Fields: []Field{
				{Scalar{Value: "rating"}, Scalar{Value: "int"}}, {Scalar{Value: "price"}, Scalar{Value: "float"}}, {Scalar{Value: "order"}, Scalar{Value: "string"}},
			},
			Rules: []Rule{{
				Name: Scalar{Value: "r"}, On: []Scalar{{Value: EventMessage}},
				Lets: []Let{{Name: Scalar{Value: "it"}, Value: Scalar{Value: source}}}, When: Scalar{Value: "it == it"},
			}},
		}
		p, found := Compile(f, Env{})
		require.Empty(t, found, source)
		s := &scope{}
		s.begin(context.Background(), p, &in)
		var v Verdict
		raised := raisedBy(&in)
		s.try(&p.rules[0], &raised, &v)
		require.Empty(t, v.Failures, "%s is %#v by expr", source, want)
		got := s.lets[p.fileLets].value
		noMinusZero := regexp.MustCompile(`-0\.0\b`).ReplaceAllString
		require.Equal(t, noMinusZero(ofExpr(t, want).literal(time.UTC, 1<<20), "0.0"), noMinusZero(got.literal(time.UTC, 1<<20), "0.0"), "%s\n%+v", source, in)
	})
}

// ofExpr turns a value of expr into one of ours.
func ofExpr(t require.TestingT, v any) value {
	switch v := v.(type) {
	case nil:
		return nilValue
	case bool:
		return boolValue(v)
	case int:
		return intValue(int64(v))
	case float64:
		return floatValue(v)
	case string:
		return stringValue(v)
	case []string:
		return stringsValue(v)
	case []any:
		items := make([]value, len(v))
		for i, item := range v {
			items[i] = ofExpr(t, item)
		}
		return listValue(&items)
	default:
		require.Failf(t, "unknown", "%T", v)
		return nilValue
	}
}
