package dsl

import (
	"regexp"
	"sync"
	"time"

	"github.com/expr-lang/expr/ast"
)

// Program is a rule file made ready to run. It is immutable and safe for concurrent use.
type Program struct {
	file     *File
	env      Env
	zone     *time.Location
	language string

	fields   map[string]Kind
	rules    []rule
	replies  []target
	incoming []target
	index    *index

	fileLets, mostLets, mostLocals int

	scopes sync.Pool
	parts  []part // only of a program that explains

	explaining func() *Program // the same, so that it notes the values of all parts
}

// part is a piece of an expression whose value an explanation shows.
type part struct {
	source string
	at     Position
}

// target is a compiled Target.
type target struct {
	when eval // nil: always
	at   spot
	to   string // empty: the language of the person
}

// Name returns what the file is called in diagnostics.
func (p *Program) Name() string { return p.file.Name }

// Keep returns the terms that are never translated.
func (p *Program) Keep() []string {
	terms := make([]string, len(p.file.Translate.Keep))
	for i, k := range p.file.Translate.Keep {
		terms[i] = k.Value
	}
	return terms
}

// Language returns the language in which the texts of the file are written.
func (p *Program) Language() string { return p.language }

// Compile makes a checked File ready to run. What it cannot compile it reports, and then there is no Program: warnings
// and everything that only a Check can know are not its business.
func Compile(f *File, env Env) (*Program, Diagnostics) {
	p, found := compile(f, env, false)
	if found.Failed() {
		return nil, found
	}
	p.explaining = sync.OnceValue(func() *Program {
		explaining, _ := compile(f, env, true)
		return explaining
	})
	return p, nil
}

// compiler holds what all expressions of a file share.
type compiler struct {
	*report
	syntax    exprSyntax
	functions map[string]Function
	inputs    map[string]func(*scope) value
	objects   map[string]*entity
	lists     map[string]value
	fields    map[string]Kind
	phrases   map[string]texts
	language  string // of the file

	fileLets       map[string]int
	letExpressions []*eval    // by place; those of a rule follow those of the file
	letTrees       []ast.Node // the same

	patterns    map[string]*regexp.Regexp
	phraseWords map[string][]string
	listPhrases map[string][][]string // of has, by list
	shared      map[string]compiled

	nextLocal, mostLocals, mostLets int

	explains bool
	parts    []part
}

// compiled is an expression that may stand in several places.
type compiled struct {
	eval eval
	tree ast.Node
}

func compile(f *File, env Env, explains bool) (*Program, Diagnostics) {
	src := f.src
	if src == nil {
		src = newSource(string(f.Source))
	}
	c := &compiler{
		report: newReport(f.Name, src), syntax: newExprSyntax(), functions: map[string]Function{},
		inputs: env.inputs(), objects: env.objects(), lists: map[string]value{}, fields: map[string]Kind{}, phrases: map[string]texts{},
		fileLets: map[string]int{}, patterns: map[string]*regexp.Regexp{}, phraseWords: map[string][]string{}, listPhrases: map[string][][]string{},
		shared: map[string]compiled{}, language: f.Language.Value, explains: explains,
	}
	c.list = append(c.list, f.faults...)
	for _, fn := range Functions() {
		c.functions[fn.Name] = fn
	}
	p := &Program{file: f, env: env, language: f.Language.Value, fields: c.fields}
	p.zone = c.location(f.Timezone)
	for _, field := range f.Fields {
		c.fields[field.Name.Value] = Kind(field.Type.Value)
	}
	for _, l := range f.Lists {
		words := make([]string, len(l.Words))
		for i, w := range l.Words {
			words[i] = w.Value
		}
		c.lists[l.Name.Value] = stringsValue(words)
	}
	x := expressions{compiler: c}
	c.defineLets(x, f.Lets, c.fileLets)
	p.fileLets = len(c.letExpressions)
	c.mostLets = p.fileLets
	for _, phrase := range f.Phrases {
		c.phrases[phrase.Name.Value] = c.texts(x, phrase.Text, p.language)
	}
	p.replies = c.targets(x, f.Translate.Replies)
	p.incoming = c.targets(x, f.Translate.Incoming)
	fileLocals := c.nextLocal
	builder := newIndexBuilder(c)
	p.rules = make([]rule, len(f.Rules))
	for i := range f.Rules {
		c.nextLocal = fileLocals
		c.letExpressions, c.letTrees = c.letExpressions[:p.fileLets], c.letTrees[:p.fileLets]
		c.rule(x, &f.Rules[i], &p.rules[i], builder)
	}
	p.index = builder.build()
	p.mostLets, p.mostLocals, p.parts = c.mostLets, c.mostLocals, c.parts
	p.scopes.New = func() any { return &scope{} }
	c.list.Sort()
	return p, c.list
}

func (c *compiler) location(zone Scalar) *time.Location {
	if zone.Value == "" {
		return time.UTC
	}
	location, err := time.LoadLocation(zone.Value)
	if err != nil {
		c.errorf(zone.At, CodeBadTimezone, "there is no timezone `%s`", zone.Value)
		return time.UTC
	}
	return location
}

// defineLets gives each named expression its place first, so that they may stand in any order, and then compiles them.
func (c *compiler) defineLets(x expressions, lets []Let, places map[string]int) {
	first := len(c.letExpressions)
	for _, l := range lets {
		places[l.Name.Value] = len(c.letExpressions)
		c.letExpressions = append(c.letExpressions, new(eval))
		c.letTrees = append(c.letTrees, nil)
	}
	c.mostLets = max(c.mostLets, len(c.letExpressions))
	for i, l := range lets {
		if e, tree, ok := x.compile(l.Value); ok {
			*c.letExpressions[first+i], c.letTrees[first+i] = e, tree
		}
	}
}

func (c *compiler) targets(x expressions, targets []Target) []target {
	out := make([]target, len(targets))
	for i, t := range targets {
		out[i] = target{at: spot{source: &t.When}, to: t.To.Value}
		if t.To.Value == "user.lang" {
			out[i].to = ""
		}
		if t.When.Value != "" {
			out[i].when, _, _ = x.compile(t.When)
		}
	}
	return out
}

// once compiles an expression, or finds it among those that see the same names and read the same.
func (x expressions) once(source Scalar) (eval, ast.Node, bool) {
	if len(x.lets) > 0 || x.explains {
		return x.compile(source)
	}
	if known, found := x.shared[source.Value]; found {
		return known.eval, known.tree, true
	}
	e, tree, ok := x.compile(source)
	if ok {
		x.shared[source.Value] = compiled{e, tree}
	}
	return e, tree, ok
}
