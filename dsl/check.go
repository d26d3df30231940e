package dsl

import (
	"maps"
	"slices"
)

// Check finds all that is wrong with a file and all that looks wrong. What Parse found is among its diagnostics, so that
// one run tells everything. A file without errors can be compiled, and cannot fail at run time for a reason that could
// have been known.
func Check(f *File, env Env) Diagnostics {
	c := newChecker(f, env)
	c.head()
	c.definitions()
	c.translation()
	for i := range f.Rules {
		c.rule(&f.Rules[i])
	}
	c.tests()
	c.totalCost()
	c.reachable()
	c.buttons()
	c.languages()
	c.unused()
	c.list.Sort()
	return c.list
}

// CheckSource parses and checks a source: the File, nil if the source cannot be looked at, and all that was found.
func CheckSource(name string, text []byte, env Env) (*File, Diagnostics) {
	f, ds := Parse(name, text)
	if f == nil {
		return nil, ds
	}
	return f, Check(f, env)
}

// checker is one run of Check.
type checker struct {
	*report
	file        *File
	syntax      exprSyntax
	functions   map[string]Function
	names       map[string]*binding // that every expression of the file sees
	phrases     map[string]*binding
	fields      map[string]*binding
	rules       []*ruleFacts
	patterns    map[string]*pattern
	patternSize int // of all patterns together
	spent       []expense
	dear        bool // one expression or rule alone is too dear, and says so
	incomplete  bool // an expression could not be read, so that what it uses is not known

	sorted      []string // names, see visible
	named       map[string]bool
	narrowed    map[narrowed]facts
	answerSteps int
}

// binding is what a name stands for.
type binding struct {
	name Scalar
	what string // a word for messages
	typ  Type
	let  *Let
	list *List
	used bool

	// Of a named expression, which is checked when it is first used.
	rule    *ruleFacts // that it belongs to; nil: the file
	checked checked
	state   letState

	// What is found out about it once, see check_fact.go.
	followed   bool
	alias      string
	aliasPaths facts
	sureIf     [2]struct { // it is false, it is true
		known bool
		facts facts
	}
}

type letState int8

const (
	unseen letState = iota
	visiting
	done
)

// ruleFacts is what the checker found out about a rule, for what it says about rules together.
type ruleFacts struct {
	*Rule
	names map[string]*binding // of its own
	when  checked
	spent []expense
	used  []*binding
}

// always tells whether a rule matches whenever one of its events is raised, and ends the search.
func (r *ruleFacts) always() bool {
	return r.unguarded() && (!r.When.Known || r.when.typ.truth == holds)
}

// unguarded tells whether a rule that holds ends the search each time.
func (r *ruleFacts) unguarded() bool {
	return !r.broken && !r.Once && !r.Every.Known && !r.Continue
}

func newChecker(f *File, env Env) *checker {
	src := f.src
	if src == nil {
		src = newSource(string(f.Source))
	}
	c := &checker{
		report: newReport(f.Name, src), file: f, syntax: newExprSyntax(),
		functions: map[string]Function{}, names: map[string]*binding{},
		phrases: map[string]*binding{}, fields: map[string]*binding{}, patterns: map[string]*pattern{},
		narrowed: map[narrowed]facts{},
	}
	for _, d := range f.faults {
		c.add(d.Position, d.Severity, d.Code, d.Message)
	}
	for _, fn := range Functions() {
		c.functions[fn.Name] = fn
	}
	for _, m := range env.names(f) {
		c.names[m.Name] = &binding{what: "a name of the language", typ: m.Type, used: true}
	}
	return c
}

// declare takes a new name that expressions can use, or reports that there is such a name.
func (c *checker) declare(names map[string]*binding, b *binding) {
	name := b.name.Value
	if !c.identifier(b.name, b.what) {
		return
	}
	first := names[name]
	if first == nil {
		first = c.names[name]
	}
	_, isFunction := c.functions[name]
	switch {
	case first != nil && first.name.Known:
		c.errorf(b.name.At, CodeDuplicateName, "`%s` is %s already, from line %d", name, first.what, first.name.At.Line)
	case first != nil:
		c.errorf(b.name.At, CodeDuplicateName, "`%s` is %s; choose another name", name, first.what)
	case isFunction:
		c.errorf(b.name.At, CodeDuplicateName, "`%s` is a function of the language; choose another name", name)
	default:
		names[name] = b
	}
}

// lookup finds what a name stands for in an expression of a rule, or of the file if there is none.
func (c *checker) lookup(name string, rule *ruleFacts) *binding {
	if rule != nil {
		if b := rule.names[name]; b != nil {
			return b
		}
	}
	return c.names[name]
}

// visible returns all names that an expression sees.
func (c *checker) visible(rule *ruleFacts) []string {
	if len(c.sorted) != len(c.names) {
		c.sorted = slices.Sorted(maps.Keys(c.names))
	}
	if rule == nil || len(rule.names) == 0 {
		return c.sorted
	}
	names := slices.AppendSeq(slices.Clone(c.sorted), maps.Keys(rule.names))
	slices.Sort(names)
	return names
}

// let returns the type of a named expression, which is checked the first time that it is asked for.
func (c *checker) let(b *binding, at Position) checked {
	switch b.state {
	case visiting:
		c.errorf(at, CodeUnknownName, "`%s` is defined by itself", b.name.Value)
		return checked{}
	case done:
		return b.checked
	}
	b.state = visiting
	b.checked = c.expression(b.let.Value, b.rule, nil)
	b.state = done
	return b.checked
}
