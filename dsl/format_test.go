package dsl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
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
func requireFormatted(t *testing.T, text, written []byte) {
	t.Helper()
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
		if written, ds := Format("rules.yaml", text); !ds.Failed() {
			requireFormatted(t, text, written)
		}
	})
}
