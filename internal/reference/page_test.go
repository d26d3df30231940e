package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/dsl"
)

// published is the page as readers have it.
func published(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/rules-reference.md")
	require.NoError(t, err)
	return string(text)
}

// blocks are the fenced blocks of the page, with what kind they are of, in their order.
func blocks(t *testing.T) [][2]string {
	t.Helper()
	var all [][2]string
	for _, m := range regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$").FindAllStringSubmatch(published(t), -1) {
		all = append(all, [2]string{m[1], m[2]})
	}
	return all
}

func TestThePageIsUpToDate(t *testing.T) {
	t.Parallel()
	text, err := page()
	require.NoError(t, err)
	require.Equal(t, text, published(t), "run make generate")
}

func TestExpressionsOfThePage(t *testing.T) {
	t.Parallel()
	shown := 0
	for _, b := range blocks(t) {
		if b[0] != "expr" {
			continue
		}
		for line := range strings.Lines(b[1]) {
			expression, want, ok := strings.Cut(strings.TrimSuffix(line, "\n"), arrow)
			require.True(t, ok, line)
			got, err := evaluate(expression)
			require.NoError(t, err)
			require.Equal(t, want, got, expression)
			shown++
		}
	}
	require.Greater(t, shown, 3*len(dsl.Functions()))
}

// TestFilesOfThePage checks and tests each rule file: a block below it is what is said about it.
func TestFilesOfThePage(t *testing.T) {
	t.Parallel()
	all := blocks(t)
	good, faulty := 0, 0
	for i, b := range all {
		switch {
		case b[0] == "text":
			require.Equal(t, "yaml", all[i-1][0], "what is said stands below its file: %s", b[1])
		case b[0] != "yaml":
			require.Equal(t, "expr", b[0], "nothing runs this: %s", b[1])
		case i+1 < len(all) && all[i+1][0] == "text":
			require.Equal(t, all[i+1][1], judge(b[1]))
			faulty++
		default:
			require.Empty(t, judge(b[1]), b[1])
			require.Contains(t, b[1], "tests:", "a file shows that it holds")
			good++
		}
	}
	require.Equal(t, len(dsl.Codes), faulty)
	require.Greater(t, good, 4)
}

// TestThePageNamesEverything fails if something of the language is not on the page.
func TestThePageNamesEverything(t *testing.T) {
	t.Parallel()
	text := published(t)
	for _, m := range dsl.Mappings() {
		for _, k := range m.Keys {
			require.Contains(t, text, "| `"+k.Name+"` | "+k.Doc, m.Name)
		}
	}
	for _, f := range dsl.Functions() {
		require.Contains(t, text, "\n### "+f.Name+"\n\n`"+f.Signature()+"`")
	}
	for _, c := range dsl.Codes {
		require.Contains(t, text, "\n### "+string(c.Code)+"\n")
	}
}

func TestWhatCannotBeShown(t *testing.T) {
	t.Parallel()
	_, err := keys("a rul")
	require.ErrorContains(t, err, "there are no keys of a rul")
	_, err = evaluate("user.langg")
	require.ErrorContains(t, err, "did you mean `lang`?")
	_, err = examples("1 +")
	require.ErrorContains(t, err, "bad-expression")
}
