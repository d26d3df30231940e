package main

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"

	"herald/dsl"
)

// limitFile holds the bounds and what they are about. The generator runs in its own folder.
const limitFile = "../../dsl/limit.go"

// limits reads the bounds with the comments beside them.
func limits() (string, error) {
	text, err := os.ReadFile(limitFile)
	if err != nil {
		return "", fmt.Errorf("read the bounds: %w", err)
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, limitFile, text, parser.ParseComments)
	if err != nil {
		return "", fmt.Errorf("read the bounds: %w", err)
	}
	checked, err := (&types.Config{}).Check("dsl", files, []*ast.File{file}, nil)
	if err != nil {
		return "", fmt.Errorf("read the bounds: %w", err)
	}
	var rows [][]string
	for _, declaration := range file.Decls {
		constants, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range constants.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || !value.Names[0].IsExported() {
				continue
			}
			constant, ok := checked.Scope().Lookup(value.Names[0].Name).(*types.Const)
			if !ok {
				return "", fmt.Errorf("read the bounds: %s is none", value.Names[0].Name)
			}
			rows = append(rows, []string{constant.Val().ExactString(), strings.TrimSpace(value.Comment.Text())})
		}
	}
	return table([]string{"at most", "of what"}, rows), nil
}

//go:embed diagnostics.txtar
var diagnosticFiles string

// diagnostics shows every code with a file that has it, and what is said about that.
func diagnostics() (string, error) {
	files := map[string]string{}
	for _, part := range strings.Split(diagnosticFiles, "\n-- ")[1:] {
		name, text, _ := strings.Cut(part, " --\n")
		files[name] = strings.TrimRight(text, "\n") + "\n"
	}
	var b strings.Builder
	for _, c := range dsl.Codes {
		text, ok := files[string(c.Code)]
		if !ok {
			return "", fmt.Errorf("there is no example of %s in diagnostics.txtar", c.Code)
		}
		said := judge(text)
		if !strings.Contains(said, " "+string(c.Code)+": ") {
			return "", fmt.Errorf("the example of %s in diagnostics.txtar shows something else: %s", c.Code, said)
		}
		fmt.Fprintf(&b, "### %s\n\n%s: %s\n\n%s\n\n%s\n\n", c.Code, c.Severity, c.Doc, block("yaml", text), block("text", said))
	}
	return strings.TrimRight(b.String(), "\n"), nil
}
