package house

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestImportArrows(t *testing.T) {
	t.Parallel()
	report(t, checkArrows(repository(t)))
}

// TestArrowTable keeps the table itself honest: it has no cycle, and names no tree that has no row.
func TestArrowTable(t *testing.T) {
	t.Parallel()
	for _, row := range arrows {
		require.NotEmpty(t, row.because, row.from)
		for _, target := range slices.Concat(row.to, row.tests) {
			_, known := rowOf(target)
			require.True(t, known, "%s may import %s, which has no row", row.from, target)
		}
	}
	for _, row := range arrows {
		require.NotContains(t, reachable(row.from), row.from, "a cycle of arrows through %s", row.from)
	}
	for _, row := range outsiders {
		require.NotEmpty(t, row.because, row.path)
	}
}

func TestArrowCheckFindsPlantedFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, imports string
		want                string // "" is no finding
	}{
		{"lets wiring import an adapter", "internal/app/app.go", "herald/internal/postgres", ""},
		{"lets a use case import the words", "internal/messaging/accept.go", "herald/internal/gateway", ""},
		{"lets packages of one part import one another", "internal/postgres/store.go", "herald/internal/postgres/db", ""},
		{"lets a test of an adapter stand on the real store", "api/messages_test.go", "herald/internal/postgres", ""},
		{"refuses an adapter that imports another", "api/messages.go", "herald/internal/postgres", "api may not import internal/postgres"},
		{"refuses a use case that imports an adapter", "internal/inbox/inbox.go", "herald/internal/telegram", "internal/inbox may not import internal/telegram"},
		{"refuses an arrow that points up", "internal/gateway/port.go", "herald/internal/messaging", "internal/gateway may not import internal/messaging"},
		{"refuses a client that reaches inside", "client/client.go", "herald/internal/gateway", "client may not import internal/gateway"},
		{"refuses the sandbox to know Herald", "internal/sandbox/api.go", "herald/internal/messaging", "internal/sandbox may not import internal/messaging"},
		{"refuses test support in the product", "internal/app/app.go", "herald/internal/postgres/postgrestest", "internal/app may not import internal/postgres/postgrestest: it is for tests"},
		{"asks for a row of a new package", "internal/novelty/novelty.go", "fmt", "internal/novelty has no row in arrows_test.go"},

		{"lets the store import its driver", "internal/postgres/store.go", "github.com/jackc/pgx/v5/pgxpool", ""},
		{"refuses SQL in an adapter of HTTP", "api/api.go", "github.com/jackc/pgx/v5", "api may not import github.com/jackc/pgx/v5"},
		{"refuses Temporal's SDK in a use case", "internal/messaging/accept.go", "go.temporal.io/sdk/client", "internal/messaging may not import go.temporal.io/sdk/client"},
		{"refuses Temporal's server in wiring", "internal/app/up.go", "go.temporal.io/server/temporal", "internal/app may not import go.temporal.io/server/temporal"},
		{"lets the embedded server's test use the SDK", "internal/embedded/temporalserver/server_test.go", "go.temporal.io/sdk/client", ""},
		{"refuses the SDK in the embedded server", "internal/embedded/temporalserver/server.go", "go.temporal.io/sdk/client", "internal/embedded/temporalserver may not import go.temporal.io/sdk/client"},
		{"lets a test import require", "internal/gateway/state_test.go", "github.com/stretchr/testify/require", ""},
		{"refuses assert", "internal/messaging/accept_test.go", "github.com/stretchr/testify/assert", "internal/messaging may not import github.com/stretchr/testify/assert"},
		{"refuses require outside of tests", "internal/messaging/accept.go", "github.com/stretchr/testify/require", "internal/messaging may not import github.com/stretchr/testify/require"},
		{"refuses an outside module in the words", "internal/gateway/id.go", "github.com/google/uuid", "internal/gateway may not import github.com/google/uuid"},
		{"lets the language import its engine", "dsl/compile.go", "github.com/expr-lang/expr/vm", ""},
		{"refuses another module in the language", "dsl/compile.go", "github.com/google/uuid", "dsl may not import github.com/google/uuid"},
		{"tells a module from one with a longer name", "internal/messaging/a.go", "go.temporal.io/sdkother", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := planted(t, test.file, fmt.Sprintf("package p\n\nimport _ %q\n", test.imports))
			got := checkArrows([]file{f})
			if test.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0], test.file+":3: "+test.want)
		})
	}
}

// checkArrows returns every import that the tables do not allow. Findings are grouped by file in the order given.
func checkArrows(files []file) []string {
	var findings []string
	unknown := map[string]bool{}
	for _, f := range files {
		if f.path == "deps.go" {
			continue
		}
		row, known := rowOf(f.pkg)
		if !known {
			if !unknown[f.pkg] {
				unknown[f.pkg] = true
				findings = append(findings, fmt.Sprintf("%s:3: %s has no row in arrows_test.go", f.path, f.pkg))
			}
			continue
		}
		for i, target := range f.imports() {
			reason := ""
			if within(target, module) {
				reason = refuseOwn(f, row, strings.TrimPrefix(target, module+"/"))
			} else {
				reason = refuseOutside(f, target)
			}
			if reason != "" {
				target = strings.TrimPrefix(target, module+"/")
				findings = append(findings, fmt.Sprintf("%s: %s may not import %s: %s", f.at(f.ast.Imports[i].Pos()), f.pkg, target, reason))
			}
		}
	}
	return findings
}

// refuseOwn returns why a file may not import one of our packages, or "".
func refuseOwn(f file, row arrow, target string) string {
	if strings.HasSuffix(target, "test") && !f.isTest() {
		return "it is for tests"
	}
	targetRow, known := rowOf(target)
	if known && targetRow.from == row.from {
		return ""
	}
	if withinAny(target, row.to) || f.isTest() && withinAny(target, row.tests) {
		return ""
	}
	return row.because
}

// refuseOutside returns why a file may not import a package of the standard library or of another module, or "".
func refuseOutside(f file, target string) string {
	row, ruled := outsiderOf(target)
	if ruled {
		if mayImport(f, row) {
			return ""
		}
		return row.because
	}
	for tree, allowed := range closed {
		if within(f.pkg, tree) && !standard(target) && !withinAny(target, allowed) {
			return "this package is closed to other modules"
		}
	}
	return ""
}

func mayImport(f file, row outsider) bool {
	if withinAny(f.pkg, row.in) {
		return true
	}
	return f.isTest() && (slices.Equal(row.tests, everywhere) || withinAny(f.pkg, row.tests))
}

// standard says whether an import path is of the standard library: its first element has no dot.
func standard(target string) bool {
	first, _, _ := strings.Cut(target, "/")
	return !strings.Contains(first, ".")
}

// rowOf returns the longest row that a package falls under. Folders of commands and examples have rows by tree; the
// root's row is for the root alone.
func rowOf(pkg string) (arrow, bool) {
	var best arrow
	found := false
	for _, row := range arrows {
		if within(pkg, row.from) && len(row.from) >= len(best.from) {
			best, found = row, true
		}
	}
	return best, found
}

// outsiderOf returns the longest row that an import path falls under.
func outsiderOf(target string) (outsider, bool) {
	var best outsider
	found := false
	for _, row := range outsiders {
		if within(target, row.path) && len(row.path) >= len(best.path) {
			best, found = row, true
		}
	}
	return best, found
}

// reachable returns all trees that the code of a row may come to import, directly or through others.
func reachable(from string) []string {
	var seen []string
	var visit func(string)
	visit = func(tree string) {
		row, _ := rowOf(tree)
		for _, target := range row.to {
			if !slices.Contains(seen, target) {
				seen = append(seen, target)
				visit(target)
			}
		}
	}
	visit(from)
	return seen
}
