package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/dsl"
	"herald/internal/language"
	"herald/rules"
)

// folders are the examples, by their rule files.
func folders(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*/rules.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 5)
	for i, file := range files {
		files[i] = filepath.Dir(file)
	}
	return files
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}

// environment is what the program gives the language, too.
func environment() dsl.Env {
	return dsl.Env{LangOf: func(text string) string {
		found, _ := language.Detect(text)
		return found
	}}
}

func TestExamplesAreInOrder(t *testing.T) {
	t.Parallel()
	for _, folder := range folders(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			source := read(t, folder, "rules.yaml")
			_, file, found := rules.Test(t.Context(), "rules.yaml", source, environment())
			require.Empty(t, found, found.Text())
			require.NotEmpty(t, file.Tests)
			formatted, found := dsl.Format("rules.yaml", []byte(source))
			require.Empty(t, found)
			require.Equal(t, string(formatted), source, "herald rules fmt changes it")
		})
	}
}

// TestExamplesShowTheWholeLanguage fails when something of the language is used by none of the examples.
func TestExamplesShowTheWholeLanguage(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, folder := range folders(t) {
		all.WriteString(regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAllString(read(t, folder, "rules.yaml"), ""))
	}
	shows := func(what, pattern string) {
		require.Regexp(t, pattern, all.String(), what)
	}
	for _, mapping := range dsl.Mappings() {
		for _, key := range mapping.Keys {
			shows(mapping.Name+": "+key.Name, `(?m)(^|[\s{,-])`+key.Name+`:`)
		}
	}
	for _, event := range dsl.Events {
		shows(event, `on: (\[[^\]]*)?\b`+event+`\b`)
	}
	for _, f := range dsl.Functions() {
		if f.Own {
			shows(f.Name, `\b`+f.Name+`\(`)
		}
	}
}
