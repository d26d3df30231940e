package markup_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox/markup"
	"herald/internal/sandbox/wire"
)

// show writes entities as type(text) with what else they carry.
func show(text string, entities []wire.Entity) string {
	var out []string
	for _, e := range entities {
		s := fmt.Sprintf("%s(%s)", e.Type, markup.Slice16(text, e.Offset, e.Length))
		for _, more := range []string{e.URL, e.Language, e.CustomEmojiID} {
			if more != "" {
				s += "=" + more
			}
		}
		if e.User != nil {
			s += fmt.Sprint("=", e.User.ID)
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode            markup.Mode
		in, text, marks string
	}{
		{markup.HTML, "a <b>bold</b> <i>it</i>", "a bold it", "bold(bold) italic(it)"},
		{markup.HTML, "<strong>a</strong><em>b</em><ins>c</ins><del>d</del><u>e</u><s>f</s><strike>g</strike>", "abcdefg", "bold(a) italic(b) underline(c) strikethrough(d) underline(e) strikethrough(f) strikethrough(g)"},
		{markup.HTML, "<b>a<i>b</i></b>", "ab", "bold(ab) italic(b)"},
		{markup.HTML, "1 &lt; 2 &amp;&amp; 3 &gt; 2 &quot;x&quot; &#33; & &copy;", "1 < 2 && 3 > 2 \"x\" ! & &copy;", ""},
		{markup.HTML, `<a href="https://a.example/?x=1&amp;y=2">link</a>`, "link", "text_link(link)=https://a.example/?x=1&y=2"},
		{markup.HTML, `<a href='https://a.example'>link</a>`, "link", "text_link(link)=https://a.example/"},
		{markup.HTML, `<a href="tg://user?id=100001">Anna</a>`, "Anna", "text_mention(Anna)=100001"},
		{markup.HTML, `<a href="javascript:x">no link</a>`, "no link", ""},
		{markup.HTML, `<pre><code class="language-go">x := 1</code></pre>`, "x := 1", "pre(x := 1)=go"},
		{markup.HTML, "<code>a</code><pre>b</pre>", "ab", "code(a) pre(b)"},
		{markup.HTML, `<span class="tg-spoiler">a</span><tg-spoiler>b</tg-spoiler>`, "ab", "spoiler(a) spoiler(b)"},
		{markup.HTML, "<blockquote>a</blockquote><blockquote expandable>b</blockquote>", "ab", "blockquote(a) expandable_blockquote(b)"},
		{markup.HTML, `<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>`, "👍", "custom_emoji(👍)=5368324170671202286"},
		{markup.HTML, "🙂<B>я</B>", "🙂я", "bold(я)"},
		{markup.HTML, "<b></b>x", "x", ""},

		{markup.MarkdownV2, `*bold* _it_ __un__ ~st~ ||sp||`, "bold it un st sp", "bold(bold) italic(it) underline(un) strikethrough(st) spoiler(sp)"},
		{markup.MarkdownV2, `*a _b_*`, "a b", "bold(a b) italic(b)"},
		{markup.MarkdownV2, `1\.2\!`, "1.2!", ""},
		{markup.MarkdownV2, "[a\\.b](https://a.example/x_y\\))", "a.b", "text_link(a.b)=https://a.example/x_y)"},
		{markup.MarkdownV2, "`a*b` ```go\nx := 1\n```", "a*b x := 1\n", "code(a*b) pre(x := 1\n)=go"},
		{markup.MarkdownV2, "![👍](tg://emoji?id=5)", "👍", "custom_emoji(👍)=5"},
		{markup.MarkdownV2, ">one\n>two\nthree", "one\ntwo\nthree", "blockquote(one\ntwo\n)"},
		{markup.MarkdownV2, "**>one\n>two||\nthree", "one\ntwo\nthree", "expandable_blockquote(one\ntwo)"},

		{markup.Markdown, "*bold* _it_ `co` [a](https://a.example/)", "bold it co a", "bold(bold) italic(it) code(co) text_link(a)=https://a.example/"},
		{markup.Markdown, `a\_b 1.2!`, "a_b 1.2!", ""},
		{markup.Plain, "*a* <b>", "*a* <b>", ""},
	} {
		t.Run(string(c.mode)+" "+c.in, func(t *testing.T) {
			t.Parallel()
			text, entities, err := markup.Parse(c.in, c.mode)
			require.NoError(t, err)
			require.Equal(t, c.text, text)
			require.Equal(t, c.marks, show(text, entities))
		})
	}
}

func TestParseRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode     markup.Mode
		in, want string
	}{
		{markup.HTML, "<b>a", `Can't find end tag corresponding to start tag "b"`},
		{markup.HTML, "a</b>", "Unexpected end tag at byte offset 1"},
		{markup.HTML, "<b>a</i>", `Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`},
		{markup.HTML, "яя <x>", `Unsupported start tag "x" at byte offset 5`},
		{markup.HTML, "<b", "Unclosed start tag at byte offset 0"},
		{markup.HTML, "<b>x</b", "Unclosed end tag at byte offset 4"},
		{markup.HTML, "<span>x</span>", `Tag "span" must have class "tg-spoiler" at byte offset 0`},
		{markup.MarkdownV2, "*a", "Can't find end of Bold entity at byte offset 0"},
		{markup.MarkdownV2, "*a _b*", "Can't find end of Italic entity at byte offset 3"},
		{markup.MarkdownV2, "a-b", `Character '-' is reserved and must be escaped with the preceding '\'`},
		{markup.MarkdownV2, "`a", "Can't find end of Code entity at byte offset 0"},
		{markup.MarkdownV2, "```a", "Can't find end of Pre entity at byte offset 0"},
		{markup.MarkdownV2, "[a](b", "Can't find end of a URL at byte offset 0"},
		{markup.Markdown, "a *b", "Can't find end of the entity starting at byte offset 2"},
		{markup.Markdown, "[a](b", "Can't find end of the entity starting at byte offset 0"},
	} {
		t.Run(string(c.mode)+" "+c.in, func(t *testing.T) {
			t.Parallel()
			_, _, err := markup.Parse(c.in, c.mode)
			require.EqualError(t, err, c.want)
		})
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/start abc":                             "bot_command(/start)",
		"see /help@acme_bot, a/b and x/y":        "bot_command(/help@acme_bot)",
		"🙂 https://a.example/x?y=1.":             "url(https://a.example/x?y=1)",
		"acme.com and acme.nothing":              "url(acme.com)",
		"http://127.0.0.1:8080/r/abc!":           "url(http://127.0.0.1:8080/r/abc)",
		"@anna wrote to anna@acme.com":           "mention(@anna) email(anna@acme.com)",
		"#мітка #1 $USD":                         "hashtag(#мітка) cashtag($USD)",
		"call +380 50 123-45-67 now":             "phone_number(+380 50 123-45-67)",
		"no entities here":                       "",
		"a_@anna x#y foo/bar":                    "",
		"(https://a.example/path) and /go, done": "url(https://a.example/path) bot_command(/go)",
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, show(in, markup.Detect(in, nil)))
		})
	}
}

func TestFinish(t *testing.T) {
	t.Parallel()
	text, entities := markup.Finish(" \n a bold.com \n", []wire.Entity{
		{Type: "bold", Offset: 0, Length: 5}, {Type: "code", Offset: 5, Length: 8}, {Type: "italic", Offset: 14, Length: 1},
	})
	require.Equal(t, "a bold.com", text)
	require.Equal(t, "bold(a ) code(bold.com)", show(text, entities), "offsets follow the text; what stood in the cut ends is gone; code is not searched for links")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"<b>a</b>", "*a* _b_", "[a](b)", "```go\nx```", ">q||", "&lt;&#1;", "<a href=\"x\">", "\\", "🙂<i>", "![x](tg://emoji?id=1)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if !utf8.ValidString(in) {
			return
		}
		for _, mode := range []markup.Mode{markup.HTML, markup.Markdown, markup.MarkdownV2, markup.Plain} {
			text, entities, err := markup.Parse(in, mode)
			if err != nil {
				continue
			}
			text, entities = markup.Finish(text, entities)
			total, last := markup.Len16(text), 0
			for _, e := range entities {
				if e.Offset < last || e.Length <= 0 || e.Offset+e.Length > total {
					t.Fatalf("mode %q: entity %+v does not fit into %q", mode, e, text)
				}
				last = e.Offset
			}
		}
	})
}
