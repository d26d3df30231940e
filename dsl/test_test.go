package dsl

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheTestsOfTheShopHold(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/shop.yaml")
	require.NoError(t, err)
	require.Empty(t, program(t, string(source)).Test(context.Background()))
}

func TestTestsReportWhatDiffers(t *testing.T) {
	t.Parallel()
	p := program(t, `herald: 1
language: en
fields: {order: string, rating: int}
rules:
  - name: prices
    on: [message, button]
    when: has(text, "price") or button == "Prices"
    reply: ["Our prices: 10 UAH", {text: And more, buttons: [[{text: Yes, data: "y"}]]}]
    tag: asked
  - name: yes
    on: button
    when: button == "y"
    set: {order: '"7"', rating: 5}
    reply: Fine
    mute: 1h
  - name: start
    on: /start
    once: true
    reply: "Welcome {{ args }}"
  - name: phone
    on: phone
    reply: "Thank you, {{ user.phone ?? '' }}"
tests:
  - name: right
    user: {first_name: Оля, tags: [vip]}
    steps:
      - user: what is the price
        bot: [Our*10*, And more]
        rule: prices
        tags: [asked, vip]
      - user: {press: "Yes"}
        bot: Fine
        fields: {order: 7, rating: 5}
      - user: price
        silent: true
        rule: prices
      - wait: 61m
      - user: price
        bot: ["*", "*"]
      - user: /start@shop_bot now
        bot: Welcome now
      - user: /start
        rule: none
      - user: {event: phone}
        bot: Thank you, +380*
      - user: {event: phone, phone: "+48501234567"}
        bot: Thank you, +48501234567
      - user: {event: phone}
        bot: Thank you, +48501234567
  - name: wrong
    steps:
      - user: hello
        rule: prices
      - user: price
        bot: ["Our prices: 20 UAH"]
        silent: false
      - user: price
        bot: ["Your*", "*less", "*"]
        tags: [bought]
        rule: none
      - user: {press: "Yes"}
        fields: {rating: 4, order: 7}
      - user: price
        silent: true
      - wait: 2h
      - user: price
        silent: true
`)
	var got []string
	for _, d := range p.Test(context.Background()) {
		require.Equal(t, CodeTestFailed, d.Code)
		require.Equal(t, Error, d.Severity)
		got = append(got, fmt.Sprintf("%d:%d: %s", d.Line, d.Column, d.Message))
	}
	require.Equal(t, []string{
		`53:15: wrong: the rule ` + "`prices` was expected, and none matched; has(text, \"price\") or button == \"Prices\" is false, has(text, \"price\") is false, text is \"hello\", button == \"Prices\" is false",
		`55:15: wrong: the reply is "Our prices: 10 UAH", and "Our prices: 20 UAH" was expected: Our prices: [-2-]{+1+}0 UAH`,
		`55:15: wrong: nothing more was expected, and the bot also said "And more"`,
		`58:15: wrong: the reply is "Our prices: 10 UAH", and "Your*" was expected; it does not begin with "Your"`,
		`58:24: wrong: the reply is "And more", and "*less" was expected; it does not end with "less"`,
		`58:33: wrong: the reply "*" was expected, and the bot said nothing more`,
		`59:16: wrong: the tag ` + "`bought` was expected; the person has asked",
		`60:15: wrong: no rule was expected, and ` + "`prices` matched",
		`62:26: wrong: the field ` + "`rating` is 5, and 4 was expected",
		`66:9: wrong: no reply was expected, and the bot said "Our prices: 10 UAH" and "And more"`,
	}, got)
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"hello", "hello", true},
		{"hello", "hello!", false},
		{"*", "", true},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"a*a", "a", false},
		{"*b*", "abc", true},
		{"*x*", "abc", false},
		{"a*b*c", "a-c-b", false},
		{`5\*5`, "5*5", true},
		{`5\*5`, "505", false},
		{"привіт*", "привіт, Олю", true},
		{"", "", true},
		{"", "x", false},
	} {
		require.Equal(t, test.want, matchesPattern(test.pattern, test.text), "%q in %q", test.pattern, test.text)
	}
}
