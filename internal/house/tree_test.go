package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	// root is the repository's folder as seen from the folder in which this package's tests run.
	root = "../.."

	// module is the path that all imports of our own packages start with.
	module = "herald"
)

// file is one parsed Go file.
type file struct {
	// path is relative to the repository and has forward slashes.
	path string
	// pkg is the folder of the file, relative to the repository; "." is the root.
	pkg       string
	lines     int
	generated bool
	fset      *token.FileSet
	ast       *ast.File
}

// isTest says whether the file is code for tests: a _test.go file, or a package made for them, whose name ends in
// "test" as postgrestest does.
func (f file) isTest() bool {
	return strings.HasSuffix(f.path, "_test.go") || strings.HasSuffix(path.Base(f.pkg), "test")
}

// at renders a position of the file for a finding.
func (f file) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(pos).Line)
}

// imports returns the import paths of the file, in order.
func (f file) imports() []string {
	paths := make([]string, 0, len(f.ast.Imports))
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser accepts no such literal
		}
		paths = append(paths, p)
	}
	return paths
}

// parse makes a file from source text. Build constraints are not looked at, so every variant of a package is seen.
func parse(name string, src []byte) (file, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, fmt.Errorf("parse %s: %w", name, err)
	}
	return file{
		path:      name,
		pkg:       path.Dir(name),
		lines:     bytes.Count(src, []byte("\n")),
		generated: ast.IsGenerated(tree),
		fset:      fset,
		ast:       tree,
	}, nil
}

// planted parses one made-up file for the test of a check.
func planted(t *testing.T, name, src string) file {
	t.Helper()
	f, err := parse(name, []byte(src))
	require.NoError(t, err)
	return f
}

// goFiles returns every Go file of the module. Folders that the go command skips are skipped too, and so is tools/,
// which is a module of its own.
var goFiles = sync.OnceValues(func() ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			if rel != "." && skippedFolder(rel) {
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := parse(rel, src)
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the repository: %w", err)
	}
	return files, nil
})

func skippedFolder(rel string) bool {
	base := path.Base(rel)
	if base[0] == '.' || base[0] == '_' {
		return true
	}
	return slices.Contains([]string{"testdata", "node_modules", "tools", "bin", "herald-data"}, base)
}

// repository returns the parsed repository and fails the test when it cannot be read.
func repository(t *testing.T) []file {
	t.Helper()
	files, err := goFiles()
	require.NoError(t, err)
	require.Greater(t, len(files), 1, "the repository has Go files beside deps.go")
	return files
}

// within says whether a package or import path lies in a tree: the path itself or anything below it.
func within(p, tree string) bool {
	return p == tree || strings.HasPrefix(p, tree+"/")
}

// withinAny says whether a path lies in one of the trees.
func withinAny(p string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool { return within(p, tree) })
}

// report fails the test with one line for each finding.
func report(t *testing.T, findings []string) {
	t.Helper()
	for _, finding := range findings {
		t.Error(finding)
	}
}
