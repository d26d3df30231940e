package dsl

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
)

// Kind is a type of the language as its documentation calls it.
type Kind string

// Kinds of parameters and results.
const (
	KindAny    Kind = "any"
	KindBool   Kind = "bool"
	KindInt    Kind = "int"
	KindFloat  Kind = "float"
	KindNumber Kind = "number" // int or float; as a result: that of the arguments
	KindString Kind = "string"
	KindTime   Kind = "time"
	KindList   Kind = "list"
	KindMap    Kind = "map"
	KindRegex  Kind = "regex" // a pattern, written out
	KindTest   Kind = "test"  // a condition about one element, which is called #
	KindBody   Kind = "body"  // an expression about one element, which is called #
)

// Function is a function that expressions may call. Everything that can be said about it is said here once: the checker,
// the reference and the tests read it.
type Function struct {
	Name     string
	Params   []Param
	Result   Kind
	MaybeNil bool // the result may be nil although no argument is
	Own      bool // of this language; the others are expr's
	Cost     Cost
	Doc      string
	Examples []Example
}

// Param is a parameter of a function.
type Param struct {
	Name     string
	Kind     Kind
	Optional bool
	Repeated bool // the last one; as often as wanted
	Literal  bool // must be written out, so that it is known before any update
}

// Cost is the worst case of one call. The unit is the visit of one node of an expression.
type Cost struct {
	Call    int // always
	PerByte int // for each 64 bytes, begun, of the arguments that are texts
	PerItem int // for each element of the arguments that are lists; a test or body costs itself besides
}

// Example is a call and what comes out, as the language writes it.
type Example struct{ Source, Want string }

// Signature returns how the function is called: has(text string, word string...) bool.
func (f Function) Signature() string {
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, p := range f.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name + " " + string(p.Kind))
		switch {
		case p.Repeated:
			b.WriteString("...")
		case p.Optional:
			b.WriteString("?")
		}
	}
	b.WriteString(") " + string(f.Result))
	if f.MaybeNil {
		b.WriteString("?")
	}
	return b.String()
}

// Arity returns the smallest and the largest number of arguments; the latter is -1 if there is no end.
func (f Function) Arity() (least, most int) {
	for _, p := range f.Params {
		if !p.Optional {
			least++
		}
	}
	if n := len(f.Params); n > 0 && f.Params[n-1].Repeated {
		return least, -1
	}
	return least, len(f.Params)
}

// Functions returns all functions of the language, its own first, each group in the order of the reference.
func Functions() []Function { return slices.Concat(ownFunctions(), exprFunctions()) }

// LookupFunction returns the function of a name.
func LookupFunction(name string) (Function, bool) {
	for _, f := range Functions() {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}

// exprSyntax is the configuration of expr's parser. Names of our own functions are no names of expr's (it has a find of
// its own), and all that the language does not have is an ordinary name that nothing answers to.
type exprSyntax struct{ config *conf.Config }

func newExprSyntax() exprSyntax {
	c := conf.CreateNew()
	c.MaxNodes = MaxNodes
	c.DisableIfOperator = true
	known := map[string]bool{}
	for _, f := range exprFunctions() {
		known[f.Name] = true
	}
	for _, f := range builtin.Builtins {
		if !known[f.Name] {
			c.Disabled[f.Name] = true
			c.Functions[f.Name] = &builtin.Function{Name: f.Name}
		}
	}
	for _, f := range ownFunctions() {
		c.Functions[f.Name] = &builtin.Function{Name: f.Name}
	}
	return exprSyntax{config: c}
}

// parse turns the source of an expression into its tree.
func (s exprSyntax) parse(source string) (ast.Node, error) {
	tree, err := parser.ParseWithConfig(source, s.config)
	if err != nil {
		return nil, err
	}
	return tree.Node, nil
}
