package house

import (
	"fmt"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// names is what documents may speak of.
type names struct {
	files    []string            // tracked, from the repository's root
	targets  []string            // of the Makefile
	code     map[string][]string // our package -> Name and Type.Name, tests left out
	imported []string            // names of packages of others
}

// document is one file of the manual.
type document struct{ path, text string }

// manual returns the documents that the repository's readers get.
func manual(t *testing.T) []document {
	t.Helper()
	var documents []document
	for _, name := range tracked(t) {
		if path.Ext(name) == ".md" {
			documents = append(documents, document{name, readText(t, name)})
		}
	}
	require.NotEmpty(t, documents)
	return documents
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	known := names{files: tracked(t), code: map[string][]string{}}
	for _, row := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(readText(t, "Makefile"), -1) {
		known.targets = append(known.targets, row[1])
	}
	for _, f := range repository(t) {
		if !strings.HasSuffix(f.path, "_test.go") {
			known.code[f.ast.Name.Name] = append(known.code[f.ast.Name.Name], declared(f.ast)...)
		}
		for _, p := range f.imports() {
			known.imported = append(known.imported, path.Base(p))
		}
	}
	documents := manual(t)
	for _, d := range documents {
		t.Run(d.path, func(t *testing.T) {
			t.Parallel()
			report(t, checkLinks(d, documents, known.files))
			report(t, checkMentions(d, known))
		})
	}
}

// TestReadmeMapsEveryFolder holds the README's map of folders against the folders with Go code.
func TestReadmeMapsEveryFolder(t *testing.T) {
	t.Parallel()
	var named []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(readText(t, "README.md"), -1) {
		for _, name := range strings.Split(row[1], ", ") {
			named = append(named, strings.Trim(name, "`"))
		}
	}
	for _, name := range named {
		if info, err := os.Stat(filepath.Join(root, name)); err != nil || !info.IsDir() {
			t.Errorf("README.md: there is no folder %s", name)
		}
	}
	for _, f := range repository(t) {
		if f.pkg != "." && !withinAny(f.pkg, named) {
			t.Errorf("%s: README.md has no row for its folder", f.pkg)
		}
	}
}

// TestRefusalsAreDocumented holds the manual's table of refusals against the one in the code.
func TestRefusalsAreDocumented(t *testing.T) {
	t.Parallel()
	classes := map[string]string{}
	for _, c := range regexp.MustCompile(`(?m)^\tClass(\w+)\s+Class = "(\w+)"`).FindAllStringSubmatch(readText(t, "internal/gateway/delivery.go"), -1) {
		classes[c[1]] = c[2]
	}
	rows := regexp.MustCompile(`\{http\.Status\w+, "([^"]*)", gateway\.Class(\w+)\}`).FindAllStringSubmatch(readText(t, "internal/telegram/refusal.go"), -1)
	require.NotEmpty(t, rows, "the table in refusal.go has another form now")
	lines := strings.Split(readText(t, "docs/message-lifecycle.md"), "\n")
	for _, row := range rows {
		words := `"` + row[1] + `"`
		if row[1] == "" {
			words = "any"
		}
		if !slices.ContainsFunc(lines, func(line string) bool {
			return strings.Contains(line, words) && strings.Contains(line, "| `"+classes[row[2]]+"` |")
		}) {
			t.Errorf("docs/message-lifecycle.md has no row for %s of class %s", words, classes[row[2]])
		}
	}
}

func TestDocumentChecksFindPlantedFaults(t *testing.T) {
	t.Parallel()
	const guide = "# A guide\n\n## What's `new` here?\n"
	known := names{
		files:    []string{"README.md", "docs/guide.md", "api/key.go"},
		targets:  []string{"test"},
		code:     map[string][]string{"api": {"Key", "Key.Check"}},
		imported: []string{"time"},
	}
	for _, c := range []struct{ name, text, want string }{
		{"accepts a link to a file", "[guide](docs/guide.md)", ""},
		{"accepts a link to a folder", "[docs](docs)", ""},
		{"accepts a link to a heading", "[new](docs/guide.md#whats-new-here)", ""},
		{"accepts a link to another host", "[there](https://example.org/x)", ""},
		{"sees a link to nothing", "\n[guide](docs/giude.md)", "README.md:2: the link docs/giude.md leads nowhere"},
		{"sees a link to no heading", "[new](docs/guide.md#old)", "README.md:1: docs/guide.md has no heading old"},
		{"accepts a file by the end of its path", "`api/key.go` and `key.go`", ""},
		{"sees a file that is not there", "`api/kye.go`", "README.md:1: there is no file api/kye.go"},
		{"accepts a type and its method", "`api.Key`, `api.Key.Check`", ""},
		{"sees a name that is not there", "`api.Kye`", "README.md:1: there is no api.Kye"},
		{"sees a method that is not there", "`api.Key.Chekc`", "README.md:1: there is no api.Key.Chekc"},
		{"accepts a name of somebody else's package", "`time.Sleep`", ""},
		{"sees a package that is not there", "`apo.Key`", "README.md:1: there is no apo.Key"},
		{"accepts a target", "run `make test`", ""},
		{"sees a target that is not there", "    make tset   # all tests", "README.md:1: the Makefile has no target tset"},
		{"leaves prose alone", "make sure that Mr. Key", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := document{"README.md", c.text}
			found := append(checkLinks(d, []document{d, {"docs/guide.md", guide}}, known.files), checkMentions(d, known)...)
			require.Equal(t, c.want, strings.Join(found, "\n"))
		})
	}
}

// declared lists the types, functions, constants and variables of a file, and methods as Type.Method.
func declared(tree *ast.File) []string {
	var list []string
	for _, decl := range tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			list = append(list, receiver(d)+d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					list = append(list, s.Name.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						list = append(list, name.Name)
					}
				}
			}
		}
	}
	return list
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	kind := d.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	if ident, ok := kind.(*ast.Ident); ok {
		return ident.Name + "."
	}
	return ""
}

var (
	linkForm    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingForm = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// checkLinks follows the links of a document that stay inside the repository.
func checkLinks(d document, all []document, files []string) []string {
	var findings []string
	eachLine(d, func(line int, text string) {
		for _, link := range linkForm.FindAllStringSubmatch(text, -1) {
			address, heading, _ := strings.Cut(link[1], "#")
			if strings.Contains(address, "://") {
				continue
			}
			target := d.path
			if address != "" {
				target = path.Join(path.Dir(d.path), address)
			}
			if !slices.ContainsFunc(files, func(name string) bool { return within(name, target) }) {
				findings = append(findings, fmt.Sprintf("%s:%d: the link %s leads nowhere", d.path, line, link[1]))
				continue
			}
			if heading != "" && !hasHeading(all, target, heading) {
				findings = append(findings, fmt.Sprintf("%s:%d: %s has no heading %s", d.path, line, target, heading))
			}
		}
	})
	return findings
}

func hasHeading(all []document, target, heading string) bool {
	return slices.ContainsFunc(all, func(d document) bool {
		return d.path == target && slices.ContainsFunc(headingForm.FindAllStringSubmatch(d.text, -1), func(h []string) bool {
			return anchor(h[1]) == heading
		})
	})
}

// anchor is how a heading is named in a link: small letters, digits and hyphens.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		default:
			return -1
		}
	}, heading)
}

var (
	goFileForm = regexp.MustCompile("`([\\w./-]+\\.go)`")
	goNameForm = regexp.MustCompile("`([a-z][a-z0-9]*)\\.([A-Z]\\w*(?:\\.\\w+)?)(?:\\(\\))?`")
	makeForm   = regexp.MustCompile("(?:^    (?:\\$ )?|`)make ([a-z-]+)")
)

// checkMentions looks for files, names of the code and targets of the Makefile that do not exist.
func checkMentions(d document, known names) []string {
	var findings []string
	eachLine(d, func(line int, text string) {
		find := func(format string, what ...any) {
			findings = append(findings, fmt.Sprintf("%s:%d: ", d.path, line)+fmt.Sprintf(format, what...))
		}
		for _, m := range goFileForm.FindAllStringSubmatch(text, -1) {
			if !slices.ContainsFunc(known.files, func(name string) bool { return name == m[1] || strings.HasSuffix(name, "/"+m[1]) }) {
				find("there is no file %s", m[1])
			}
		}
		for _, m := range goNameForm.FindAllStringSubmatch(text, -1) {
			ours, exists := known.code[m[1]]
			if exists && !slices.Contains(ours, m[2]) || !exists && !slices.Contains(known.imported, m[1]) {
				find("there is no %s.%s", m[1], m[2])
			}
		}
		for _, m := range makeForm.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(known.targets, m[1]) {
				find("the Makefile has no target %s", m[1])
			}
		}
	})
	return findings
}

func eachLine(d document, look func(line int, text string)) {
	for i, text := range strings.Split(d.text, "\n") {
		look(i+1, text)
	}
}
