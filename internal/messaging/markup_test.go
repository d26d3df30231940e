package messaging

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format     gateway.Format
		text, want string
	}{
		{gateway.FormatPlain, "a <b>b</b> *c* \\.", "a <b>b</b> *c* \\."},
		{gateway.FormatHTML, "Your order is <b>ready</b> &amp; <i>paid</i>: 3 &lt; 4", "Your order is ready & paid: 3 < 4"},
		{gateway.FormatHTML, `See <a href="https://acme.example/?a=1&amp;b=2">the order</a>.`, "See the order (https://acme.example/?a=1&b=2)."},
		{gateway.FormatHTML, `<a href="https://acme.example/">acme.example</a>`, "acme.example"},
		{gateway.FormatHTML, `<a href='tg://user?id=5'>Anna</a>, <a>hello</a>`, "Anna, hello"},
		{gateway.FormatHTML, `<pre><code class="language-go">if a &lt; b {}</code></pre>`, "if a < b {}"},
		{gateway.FormatHTML, "<tg-emoji emoji-id=\"5\">👍</tg-emoji> <b>open", "👍 open"},
		{gateway.FormatHTML, "2 < 3, x<y and <3", "2 < 3, x<y and <3"},
		{gateway.FormatMarkdown, `*Done*\. _Pay_ __now__ ~later~ ||1234||`, "Done. Pay now later 1234"},
		{gateway.FormatMarkdown, `[the order](https://acme.example/a_\(b\)) and [Anna](tg://user?id=5)`, "the order (https://acme.example/a_(b)) and Anna"},
		{gateway.FormatMarkdown, "`a_b*c` and ```go\nx := \\`1\\`\n```", "a_b*c and x := `1`\n"},
		{gateway.FormatMarkdown, "![👍](tg://emoji?id=5) *[bold](https://a.example/x)*", "👍 bold (https://a.example/x)"},
		{gateway.FormatMarkdown, ">a quotation\n>*two*\nno\\>quotation\n**>long\n>end||", "a quotation\ntwo\nno>quotation\nlong\nend"},
		{gateway.FormatMarkdown, `Order a_b costs 3 * 4. Done!`, `Order a_b costs 3 * 4. Done!`},
		{gateway.FormatMarkdown, "an open `code, [words, || and \\", "an open `code, [words, || and \\"},
	} {
		require.Equal(t, c.want, visible(c.text, c.format), "%s: %s", c.format, c.text)
	}
}

func TestWordsThatAreEscapedComeBack(t *testing.T) {
	t.Parallel()
	const words = "https://acme.example/r/a_b-c?d=*&e=<1>#[x](y)`~|{}!\\"
	for _, format := range []gateway.Format{gateway.FormatPlain, gateway.FormatHTML, gateway.FormatMarkdown} {
		require.Equal(t, words, visible(escaped(words, format), format), format)
	}
}

func TestReadLinksInMarkedText(t *testing.T) {
	t.Parallel()
	links := []gateway.ReadLink{{Link: "https://a.example/r/0"}, {Link: "https://a.example/r/1"}}
	m := gateway.Message{Format: gateway.FormatMarkdown, ReadLink: "https://shop.example", Text: "*Order*: [open]({link:https://shop.example/a_b_c})"}
	sent := render(m, links)
	require.Equal(t, `*Order*: [open](https://a\.example/r/1)`+"\n"+`https://a\.example/r/0`, sent)
	require.Equal(t, "Order: open (https://a.example/r/1)\nhttps://a.example/r/0", visible(sent, m.Format))
}

func TestLimitsCountWhatPeopleSee(t *testing.T) {
	t.Parallel()
	long := "<b>" + strings.Repeat("x", MaxText) + "</b>"
	require.Nil(t, (Request{Text: long, Format: gateway.FormatHTML}).checkText())
	require.Equal(t, gateway.CodeTextTooLong, (Request{Text: long, Format: gateway.FormatPlain}).checkText().Code)
	require.Equal(t, gateway.CodeTextTooLong, (Request{Text: strings.Repeat("<b></b>", 5000) + "x", Format: gateway.FormatHTML}).checkText().Code)
	require.Equal(t, gateway.CodeTextEmpty, (Request{Text: "<b> </b>", Format: gateway.FormatHTML}).checkText().Code)
}

func TestMarkupThatNeverCloses(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"[", // many of each, so that whoever looks for the end again and again is slow
		"[a](b", "![", "`", "```", "<a ", "*", "||", "**>"} {
		text := strings.Repeat(part, maxMarkup/len(part))
		require.Less(t, len(visible(text, gateway.FormatMarkdown)), maxMarkup+1)
		require.Less(t, len(visible(text, gateway.FormatHTML)), maxMarkup+1)
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("*a* [b](https://c.example) `d` >e\n||f||")
	f.Add(">")
	f.Add(`<a href="https://c.example">b</a> &amp; <b`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []gateway.Format{gateway.FormatHTML, gateway.FormatMarkdown} {
			if utf8.ValidString(text) && !utf8.ValidString(visible(text, format)) {
				t.Fatalf("%s: %q is no text any more", format, text)
			}
		}
	})
}
