package translate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// show writes a text with its hard locked parts in ⟦⟧ and its soft ones in ‹›.
func show(text string, keep ...string) string {
	var b strings.Builder
	at := 0
	for _, sp := range scan(text, keep, "") {
		b.WriteString(text[at:sp.start])
		left, right := "⟦", "⟧"
		if sp.kind.soft() {
			left, right = "‹", "›"
		}
		b.WriteString(left + text[sp.start:sp.end] + right)
		at = sp.end
	}
	return b.String() + text[at:]
}

func TestWhatIsLocked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want string }{
		{"placeholders", "Hi ⟦{{ user.name }}⟧, ⟦{n}⟧ of ⟦${total}⟧ ⟦%s⟧ ⟦%1$d⟧ ⟦[[x]]⟧"},
		{"a percentage is a number", "⟦50%⟧ discount, %discount"},
		{"a brace alone", "a ⟦{⟧ b"},
		{"links", "See ⟦https://acme.example/prices?a=1&b=2⟧, ⟦www.acme.example⟧ or ⟦t.me/acme⟧."},
		{"a link in brackets", "(⟦https://acme.example/a_(b)⟧)"},
		{"a link with a placeholder", "⟦https://acme.example/{id}/x⟧ and ⟦{link:https://acme.example}⟧"},
		{"addresses of mail", "write to ⟦sales@acme.example⟧!"},
		{"a bare domain", "on ⟦acme.com⟧"},
		{"a sentence without a space is no domain", "Hello.how are you"},
		{"tags and entities", `⟦<b>⟧bold⟦</b>⟧ ⟦<a href="https://a.example">⟧here⟦</a>⟧ ⟦&amp;⟧ a < b`},
		{"code is locked whole", "run ⟦`make test`⟧ or ⟦<code>x = 1</code>⟧"},
		{"marks of Markdown", "⟦**⟧bold⟦**⟧, ⟦_⟧thin⟦_⟧, ⟦[⟧text⟦](https://a.example)⟧, ‹2›"},
		{"no marks", "a * b, a*b"},
		{"escapes", "Done⟦\\!⟧"},
		{"names, commands and topics", "⟦@acme_bot⟧ ⟦/start⟧ ⟦/help@acme_bot⟧ ⟦#sale⟧ and/or"},
		{"codes", "Order ⟦AB-1234⟧, ⟦TTN20450012⟧, ⟦abc123x⟧, ⟦order_id⟧, ⟦№ 17⟧, ⟦АА1234ВВ⟧"},
		{"long numbers, times, days, money", "⟦482913⟧ at ⟦12:30⟧, on ⟦02.03.2026⟧ for ⟦1 200,50 €⟧"},
		{"a phone", "call ⟦+380 50 123-45-67⟧ or ⟦+38 (050) 123⟧"},
		{"short numbers are soft", "‹5› days, ‹20›-го, ‹5›pm"},
		{"line breaks are soft", "a‹\n\n›b"},
		{"emoji", "hi ⟦👋🏽⟧ ⟦👨‍👩‍👧⟧ ⟦🇺🇦⟧ ⟦1️⃣⟧ ⟦❤️⟧"},
		{"terms to keep", "⟦Acme⟧ and ⟦ACME⟧, ⟦Pro Max⟧, Acmes, ⟦Pro⟧"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.NewReplacer("⟦", "", "⟧", "", "‹", "", "›", "").Replace(c.want)
			require.Equal(t, c.want, show(text, "Acme", "Pro", "Pro Max", " "))
		})
	}
}

func TestRestoring(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, body, out, want string }{
		{"as it was", "Hi {{ name }}!", "Hi {1}!", "Привіт, {1}!", "Привіт, {{ name }}!"},
		{"in another order", "{a} of {b}", "{1} of {2}", "З {2} маємо {1}", "З {b} маємо {a}"},
		{"with blanks inside and wide braces", "Code 482913 at https://a.example", "Code {1} at {2}", "｛ 2 ｝ の { 1 }", "https://a.example の 482913"},
		{"with digits of another script", "Hi {a} {b}", "Hi {1} {2}", "مرحبا {١} {٢}", "مرحبا {a} {b}"},
		{"glued to words", "See https://a.example now", "See {1} now", "查看{1}现在", "查看 https://a.example 现在"},
		{"glued to digits", "Order AB-1234 of 5", "Order {1} of 5", "5{1}", "5 AB-1234"},
		{"glued to one another", "@acme_bot or @other_bot", "{1} or {2}", "{1}{2}", "@acme_bot @other_bot"},
		{"blanks between a mark and its word", "a **bold** word", "a {1}bold{2} word", "ein {1} fettes {2} Wort", "ein **fettes** Wort"},
		{"blanks around stay", "\n  Hi {a} \n", "Hi {1}", " Привіт {1}  ", "\n  Привіт {a} \n"},
		{"a pair moved as a whole", "<b>big</b> <i>dog</i>", "{1}big{2} {3}dog{4}", "{3}chien{4} {1}grand{2}", "<i>chien</i> <b>grand</b>"},
		{"a dropped part", "Hi {a}", "Hi {1}", "Привіт", ""},
		{"a doubled part", "Hi {a}", "Hi {1}", "{1} {1}", ""},
		{"one part for another", "👋 hi 👍", "{1} hi {2}", "{1} {1}", ""},
		{"a part that is not there", "Hi {a}", "Hi {1}", "Привіт {1} {2}", ""},
		{"a new placeholder", "Hi {a}", "Hi {1}", "Привіт {1} {user}", ""},
		{"a new link", "Hi {a}", "Hi {1}", "Привіт {1} https://evil.example", ""},
		{"a new tag", "Hi", "Hi", "<b>Привіт", ""},
		{"a new mark", "Hi", "Hi", "*Привіт*", ""},
		{"a pair that closes first", "<b>big</b>", "{1}big{2}", "{2}gros{1}", ""},
		{"pairs that cross", "<b>big</b> <i>dog</i>", "{1}big{2} {3}dog{4}", "{1}gros{3} chien{2} x{4}", ""},
		{"a pair around nothing", "a **bold** word", "a {1}bold{2} word", "ein {1}{2} fettes Wort", ""},
		{"tags without a pair keep their order", "<b>a</i>", "{1}a{2}", "{2}b{1}", ""},
		{"a lost short number", "5 days", "5 days", "п'ять днів", ""},
		{"a kept short number", "5 days", "5 days", "5 днів", "5 днів"},
		{"a lost line break", "a\n\nb", "a\n\nb", "а б", ""},
		{"a kept line break", "a\n\nb", "a\n\nb", "а \n\nб", "а \n\nб"},
		{"a control character", "a", "a", "b\x00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := mask(c.text, nil, "")
			require.Equal(t, c.body, m.body)
			got, ok := m.restore(c.out)
			require.Equal(t, c.want != "", ok, "%q", got)
			if ok {
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestTranslationPieceByPiece(t *testing.T) {
	t.Parallel()
	m := mask(" Hi {{ name }}, take 5 **big** boxes\nsee https://a.example. ", nil, "")
	require.Equal(t, []string{"Hi", ", take", "big", "boxes", "see"}, m.pieces())
	joined := m.join([]string{"Привіт", " , візьми ", "великих", "коробок", "дивись"})
	require.Equal(t, "Привіт {1}, візьми 5 {2}великих{3} коробок\nдивись {4}.", joined)
	got, ok := m.restore(joined)
	require.True(t, ok)
	require.Equal(t, " Привіт {{ name }}, візьми 5 **великих** коробок\nдивись https://a.example. ", got)
}

func TestFormats(t *testing.T) {
	t.Parallel()
	const html, markdown = gateway.FormatHTML, gateway.FormatMarkdown
	for _, c := range []struct {
		name             string
		format           gateway.Format
		text, body, want string // want is the text as it comes back from a translator that adds " <! a.b"
	}{
		{"HTML is decoded, and encoded again", html, "<b>Tom &amp; Jerry</b> &lt;3", "{1}Tom & Jerry{2} <3", "<b>Tom &amp; Jerry</b> &lt;3 &lt;! a.b"},
		{"a brace in HTML stays", html, "a &#123; b", "a {1} b", "a &#123; b &lt;! a.b"},
		{"an address in HTML", html, `<a href="https://a.example/?x=1&amp;y=2">Go</a> https://a.example/?x=1&amp;y=2`, "{1}Go{2} {3}", `<a href="https://a.example/?x=1&amp;y=2">Go</a> https://a.example/?x=1&amp;y=2 &lt;! a.b`},
		{"escapes of Markdown are read, and written again", markdown, `Done\! *Total*: 5\-6`, "Done! {1}Total{2}: {3}", `Done\! *Total*: 5\-6 <\! a\.b`},
		{"a brace in Markdown stays", markdown, `a \{ b`, "a {1} b", `a \{ b <\! a\.b`},
		{"names and codes with escapes", markdown, `@acme\_bot AB\-1234 12\.50 order\_id`, "{1} {2} {3} {4}", ""},
		{"marks within words", markdown, `un*believ*able`, "un{1}believ{2}able", `un*believ*able <\! a\.b`},
		{"a quotation", markdown, ">said\n>so", "{1}said\n{2}so", ">said\n>so <\\! a\\.b"},
		{"a link", markdown, `[all prices](https://a.example/x_y)`, "{1}all prices{2}", `[all prices](https://a.example/x_y) <\! a\.b`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := mask(c.text, nil, c.format)
			require.Equal(t, c.body, m.body)
			same, ok := m.restore(m.body)
			require.True(t, ok)
			require.Equal(t, c.text, same)
			if c.want != "" {
				got, ok := m.restore(m.body + " <! a.b")
				require.True(t, ok)
				require.Equal(t, c.want, got)
			}
		})
	}
}
