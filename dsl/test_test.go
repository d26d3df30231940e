package dsl

import (
	"context"
	"fmt"
	"os"
	"strings"
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

const expectingRules = `herald: 1
language: en
rules:
  - name: menu
    on: message
    when: has(text, "menu")
    reply:
      - {text: Choose., buttons: [[Prices, {text: Delivery, data: d}], [{text: Site, url: "https://acme.example"}]]}
      - {text: Or ask., buttons: [Ask]}
  - name: person
    on: [message, button]
    when: has(text, "person") or button == "Ask"
    notify: [{to: "@acme_desk", text: "{{ user.name }} asks"}, {to: "#{{ user.id }}", text: Seen.}]
    forward: person
    continue: true
  - name: any button
    on: button
    reply: "You chose {{ button }}."
  - {name: late, on: message, when: last != nil and ago(last.sent_at) > 1, reply: "About {{ last?.text ?? '' }}?"}
  - {name: paid, on: read, when: last?.label == "invoice" and last?.rule == "", tag: saw-invoice, forward: paid}
  - {name: any, on: [message, read, undelivered], forward: "other-{{ event }}"}
tests:
`

func TestTestsSayWhatWasSent(t *testing.T) {
	t.Parallel()
	p := program(t, expectingRules+`  - name: last
    steps:
      - {user: {event: read}, rule: any}
      - sent: {text: Your invoice., label: invoice}
      - {user: {event: read}, rule: paid, tags: saw-invoice}
      - sent: {text: Your invoice., label: invoice, rule: menu}
      - {user: {event: read}, rule: any}
      - {wait: 2h, tags: saw-invoice}
      - {user: hm, bot: "About Your invoice.?"}
      - {user: hm, rule: any}
      - sent: Your order is ready.
      - {user: {event: undelivered}, forward: other-undelivered}
      - wait: 61m
      - {user: hm, bot: "About Your order is ready.?"}
`)
	require.Empty(t, p.Test(t.Context()))
}

func TestTestsExpectButtonsNoticesAndLabels(t *testing.T) {
	t.Parallel()
	p := program(t, expectingRules+`  - name: right
    steps:
      - user: menu
        buttons: [[Prices, Delivery], [Site], [A*]]
        notify: []
        forward: []
      - user: menu
        buttons: [[{data: Prices}, {text: D*, data: d}], {url: "https://*"}, Ask]
      - user: {press: Delivery}
        bot: You chose d.
        buttons: []
      - user: a person
        notify: ["* asks", {to: "#1"}]
        forward: [person, other-message]
      - user: {press: Ask}
        notify: [{to: "@acme_*", text: "* asks"}, Seen.]
        forward: person
  - name: wrong
    steps:
      - user: menu
        buttons: [[Prices], [Delivery]]
        notify: Seen.
        forward: person
      - user: menu
        buttons: [[Price, {text: Delivery, data: x}], {url: "http://*"}, Ask]
      - user: a person
        buttons: [[Ask]]
        notify: [{to: "@acme_boss", text: "*"}, {text: Not seen.}, "*"]
        forward: [people, other-message, more]
      - user: {press: Ask}
        notify: "*"
        forward: []
      - user: hello
        buttons: []
        notify: []
        forward: []
`)
	var got []string
	for _, d := range p.Test(t.Context()) {
		got = append(got, fmt.Sprintf("%d:%d: %s", d.Line, d.Column, d.Message))
	}
	require.Equal(t, []string{
		`43:18: wrong: other buttons were expected; there are [["Prices", "Delivery"], ["Site"], ["Ask"]]`,
		`44:17: wrong: a message to somebody else was expected, and there was nothing`,
		`45:18: wrong: the label "person" was expected, and nothing was forwarded`,
		`47:20: wrong: the button is "Prices", and "Price" was expected: Price{+s+}`,
		"47:50: wrong: `data` of the button \"Delivery\" is \"d\", and \"x\" was expected: [-x-]{+d+}",
		"47:61: wrong: `url` of the button \"Site\" is \"https://acme.example\", and \"http://*\" was expected; it does not begin with \"http://\"",
		`49:18: wrong: other buttons were expected; there are none`,
		`50:23: wrong: its recipient is "@acme_desk", and "@acme_boss" was expected: @acme_[-boss-]{+desk+}`,
		`50:56: wrong: the message to #1 is "Seen.", and "Not seen." was expected: [-Not s-]{+S+}een.`,
		`50:68: wrong: a message to somebody else was expected, and there was nothing more`,
		`51:19: wrong: the label is "person", and "people" was expected: pe[-ople-]{+rson+}`,
		`51:42: wrong: the label "more" was expected, and nothing more was forwarded`,
		`53:17: wrong: no message to #1 was expected, and it is "Seen."`,
		`54:18: wrong: it was also forwarded as "person"`,
		`58:18: wrong: it was also forwarded as "other-message"`,
	}, got)
}

func TestTestsThatAreBrokenOffHaveFailed(t *testing.T) {
	t.Parallel()
	p := program(t, "herald: 1\nlanguage: en\nrules:\n  - {name: a, on: message, reply: x}\ntests:\n  - name: t\n    steps: [{user: hi, bot: x}]\n"+
		"  - name: u\n    steps: [{user: hi, bot: x}]\n")
	require.Empty(t, p.Test(t.Context()))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	found := p.Test(ended)
	require.Len(t, found, 1)
	require.Equal(t, "rules.yaml:6:11: error limit: the tests take too long; they were broken off in `t`\n    - name: t\n            ^", strings.TrimSuffix(found.Text(), "\n"))
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
