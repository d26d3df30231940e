package dsl

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the wanted outputs in testdata anew")

// golden runs every archive of a folder: the function makes from its input what must be under `want`.
func golden(t *testing.T, folder, input string, run func(t *testing.T, text []byte) string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			require.NoError(t, err)
			var text []byte
			want := -1
			for i, f := range archive.Files {
				switch f.Name {
				case input:
					text = f.Data
				case "want":
					want = i
				}
			}
			require.NotNil(t, text, "%s has no %s", name, input)
			got := run(t, text)
			if *update {
				if want < 0 {
					archive.Files = append(archive.Files, txtar.File{Name: "want"})
					want = len(archive.Files) - 1
				}
				archive.Files[want].Data = []byte(got)
				require.NoError(t, os.WriteFile(name, txtar.Format(archive), 0o600))
				return
			}
			require.GreaterOrEqual(t, want, 0, "%s has no `want`; run with -update and read it", name)
			require.Equal(t, string(archive.Files[want].Data), got)
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	golden(t, "check", "rules.yaml", func(t *testing.T, text []byte) string {
		f, ds := CheckSource("rules.yaml", unescape(text), Env{})
		require.True(t, f != nil || ds.Failed())
		if f != nil && !ds.Failed() {
			p, more := Compile(f, Env{})
			require.NotNil(t, p, "a file without errors compiles, but: %s", more.Text())
		}
		return ds.Text()
	})
}

// unescape puts characters into a case that an archive cannot show: carriage returns, tabs, bytes that are no text.
func unescape(text []byte) []byte {
	return []byte(strings.NewReplacer("⟨CR⟩", "\r", "⟨TAB⟩", "\t", "⟨BOM⟩", "\ufeff", "⟨LS⟩", "\u2028", "⟨BEL⟩", "\a", "⟨FF⟩", "\xff").Replace(string(text)))
}

// TestEveryCodeHasACase fails if a diagnostic, an event or an effect is not shown by any case.
func TestEveryCodeHasACase(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	require.NoError(t, err)
	var inputs, outputs strings.Builder
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		require.NoError(t, err)
		for _, f := range archive.Files {
			if strings.HasPrefix(f.Name, "want") {
				outputs.Write(f.Data)
			} else {
				inputs.Write(f.Data)
			}
		}
	}
	for _, info := range Codes {
		require.NotEmpty(t, info.Doc)
		if info.Code != CodeTestFailed { // which running the tests of a file shows
			shown := ": " + string(info.Severity) + " " + string(info.Code) + ": "
			require.True(t, strings.Contains(outputs.String(), shown), "no case shows %s", info.Code)
		}
	}
	for _, event := range Events {
		require.True(t, regexp.MustCompile(`on: [^\n]*\b`+event+`\b`).MatchString(inputs.String()), "no case has %s", event)
	}
	for _, k := range ruleKeys.keys {
		require.True(t, regexp.MustCompile(`\b`+k.name+`: `).MatchString(inputs.String()), "no case has %s", k.name)
	}
}

func TestNoGoNames(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	require.NoError(t, err)
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		require.NoError(t, err)
		for _, f := range archive.Files {
			if f.Name == "want" {
				require.NotRegexp(t, `error [a-z-]+: .*(interface|\[\]string|map\[|struct|float64|int64|time\.Time|\bdsl\.|\bast\.|<nil>|%!)`, string(f.Data), name)
			}
		}
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	_, ds := CheckSource("a, b:c.yaml", []byte("herald: 1\nlanguage: en\nrules:\n  - {name: \"日本👍é\", on: mesage, when: 'txt == 1'} #\t100%\n"), Env{})
	require.Equal(t, "2 errors, 0 warnings", ds.Summary())
	require.Equal(t, `a, b:c.yaml:4:24: error unknown-event: there is no event `+"`mesage`; did you mean `message`?"+`
    - {name: "日本👍é", on: mesage, when: 'txt == 1'} #	100%
                            ^
a, b:c.yaml:4:39: error unknown-name: there is no `+"`txt`; did you mean `text`?"+`
    - {name: "日本👍é", on: mesage, when: 'txt == 1'} #	100%
                                           ^
`, ds.Text())
	require.Equal(t, "::error file=a%2C b%3Ac.yaml,line=4,col=24,title=unknown-event::there is no event `mesage`; did you mean `message`?\n"+
		"::error file=a%2C b%3Ac.yaml,line=4,col=39,title=unknown-name::there is no `txt`; did you mean `text`?\n", ds.GitHub())
	require.JSONEq(t, `[{"file": "a, b:c.yaml", "line": 4, "column": 24, "severity": "error", "code": "unknown-event",
		"message": "there is no event `+"`mesage`; did you mean `message`?"+`", "source_column": 1,
		"source": "  - {name: \"日本👍é\", on: mesage, when: 'txt == 1'} #\t100%"}]`, ds[:1].JSON())
	require.Equal(t, "[]\n", Diagnostics(nil).JSON())

	tab := Diagnostic{File: "f", Position: Position{1, 4}, Severity: Warning, Code: CodeUnused, Message: "m", Source: "\ta\tb"}
	require.Equal(t, "f:1:4: warning unused: m\n  \ta\tb\n  \t \t^\n", tab.String(), "tabs keep the caret under its place")
}
