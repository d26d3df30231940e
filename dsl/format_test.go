package dsl

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	golden(t, "format", "rules.yaml", func(t *testing.T, text []byte) string {
		text = unescape(text)
		written, ds := Format("rules.yaml", text)
		if ds.Failed() {
			require.Equal(t, string(text), string(written), "a file that cannot be formatted stays as it is")
			return ds.Text()
		}
		requireFormatted(t, text, written)
		return string(written)
	})
}

// requireFormatted checks what holds for every file: writing it twice changes nothing more, no comment is lost, and what
// is found wrong with it stays the same, but for the places.
func requireFormatted(t require.TestingT, text, written []byte) {
	again, ds := Format("rules.yaml", written)
	require.Empty(t, ds.Text(), "of\n%s", written)
	require.Equal(t, string(written), string(again), "a second time")
	require.ElementsMatch(t, commentsOf(text), commentsOf(written), "of\n%s\nwritten\n%s", text, written)
	require.Equal(t, findings(text), findings(written))
}

func commentsOf(text []byte) []string {
	f, _ := Parse("x", text)
	r := &reader{report: newReport("x", f.src), src: f.src}
	root := r.load()
	w := &noteWalker{src: f.src}
	w.walk(root, false)
	var all []string
	for _, c := range w.comments() {
		all = append(all, c.text)
	}
	return all
}

func findings(text []byte) []string {
	_, ds := CheckSource("x", text, Env{})
	all := []string{}
	for _, d := range ds {
		if d.Code != CodeUnreachable && d.Code != CodeDuplicateName && !strings.Contains(d.Message, "line") {
			all = append(all, string(d.Code)+" "+d.Message)
		}
	}
	slices.Sort(all)
	return all
}

// TestFormatKeepsMeaning formats every source of every case.
func TestFormatKeepsMeaning(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	require.NoError(t, err)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			require.NoError(t, err)
			for _, f := range archive.Files {
				if strings.HasSuffix(f.Name, ".yaml") {
					text := unescape(f.Data)
					if written, ds := Format("rules.yaml", text); !ds.Failed() {
						requireFormatted(t, text, written)
					}
				}
			}
		})
	}
	shop, err := os.ReadFile("testdata/shop.yaml")
	require.NoError(t, err)
	written, ds := Format("shop.yaml", shop)
	require.Empty(t, ds)
	requireFormatted(t, shop, written)
}

func FuzzFormat(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	require.NoError(f, err)
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		require.NoError(f, err)
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".yaml") {
				f.Add(unescape(file.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4_000 {
			return
		}
		if f, ds := Parse("rules.yaml", text); f == nil || ds.Failed() {
			return
		}
		written, ds := Format("rules.yaml", text)
		require.Empty(t, ds.Text(), "of\n%s", text)
		requireFormatted(t, text, written)
	})
}

// TestFormatRandomFiles writes files anew whose styles, comments and empty lines are drawn at random.
func TestFormatRandomFiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := randomFile(rt)
		if f, ds := Parse("rules.yaml", []byte(text)); f == nil || ds.Failed() {
			rt.Fatalf("the generator made\n%s\n%s", text, ds.Text())
		}
		written, ds := Format("rules.yaml", []byte(text))
		if ds.Failed() {
			rt.Fatalf("%s\nof\n%s", ds.Text(), text)
		}
		requireFormatted(rt, []byte(text), written)
	})
}

// randomFile draws a rule file whose form is right.
func randomFile(t *rapid.T) string {
	var b strings.Builder
	number := 0
	comment := func(indent int) {
		for range rapid.IntRange(-2, 2).Draw(t, "comments") {
			number++
			fmt.Fprintf(&b, "%s# %d: a # b: [\n", strings.Repeat(" ", indent), number)
			if rapid.IntRange(0, 3).Draw(t, "gap") == 0 {
				b.WriteString("\n")
			}
		}
	}
	end := func() {
		if rapid.IntRange(0, 3).Draw(t, "beside") == 0 {
			number++
			fmt.Fprintf(&b, " # %d beside", number)
		}
		b.WriteString("\n")
		if rapid.IntRange(0, 4).Draw(t, "empty") == 0 {
			b.WriteString("\n")
		}
	}
	scalar := func(indent int) {
		space := strings.Repeat(" ", indent)
		switch rapid.IntRange(0, 7).Draw(t, "style") {
		case 0:
			b.WriteString("plain words")
		case 1:
			b.WriteString("'it''s # one'")
		case 2:
			b.WriteString(`"a \"b\" \u0457\n c: d"`)
		case 3:
			b.WriteString("plain words\n" + space + "over\n\n" + space + "lines")
		case 4:
			b.WriteString("|\n" + space + "# no comment\n" + space + "  more\n\n" + space + "lines")
		case 5:
			b.WriteString(">-\n" + space + "one\n" + space + "two\n\n" + space + "  three")
		case 6:
			b.WriteString("|+\n" + space + "kept\n\n")
			return
		default:
			b.WriteString(`"one` + "\n" + space + `two \` + "\n" + space + `three"`)
		}
	}
	value := func(indent int, quoted func(int)) {
		b.WriteString(" ")
		before := b.Len()
		quoted(indent)
		// A block scalar ends its line, and takes no comment.
		if text := b.String()[before:]; text[0] == '|' || text[0] == '>' {
			b.WriteString("\n")
			return
		}
		end()
	}
	comment(0)
	b.WriteString("herald: 1")
	end()
	comment(0)
	b.WriteString("language: en")
	end()
	sections := rapid.Permutation([]string{"phrases", "rules", "lists"}).Draw(t, "sections")
	for _, section := range sections {
		comment(0)
		b.WriteString(section + ":")
		end()
		for i := range rapid.IntRange(1, 3).Draw(t, "entries") {
			comment(2)
			switch section {
			case "phrases":
				fmt.Fprintf(&b, "  p%d:", i)
				value(4, scalar)
			case "lists":
				fmt.Fprintf(&b, "  l%d: [a,\n    b,", i)
				end()
				comment(4)
				b.WriteString("    c]")
				end()
			case "rules":
				keys := rapid.Permutation([]string{"name", "on", "when", "reply", "tag"}).Draw(t, "keys")
				for j, k := range keys {
					lead := "    "
					if j == 0 {
						lead = "  - "
					} else {
						comment(4)
					}
					b.WriteString(lead + k + ":")
					switch k {
					case "name":
						fmt.Fprintf(&b, " r%d", i)
						end()
					case "on":
						b.WriteString(rapid.SampledFrom([]string{" message", " [ message,button ]", " [message,\n      button]", "\n      - message\n      - button"}).Draw(t, "on"))
						end()
					case "tag":
						end()
						comment(6)
						b.WriteString("      -")
						value(8, scalar)
					default:
						value(6, scalar)
					}
				}
			}
		}
	}
	comment(0)
	return b.String()
}
