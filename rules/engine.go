package rules

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"sync"

	"herald/dsl"
	"herald/internal/gateway"
)

// Sources reads stored rule files.
type Sources interface {
	RuleSource(ctx context.Context, account gateway.AccountID, bot gateway.BotID, version int) (string, error)
}

// Program is a rule file made ready to run. It is safe for concurrent use.
type Program struct {
	*dsl.Program
	Version int

	env    dsl.Env
	fields map[string]string // the types of what it keeps about people, by name
}

// Test checks a rule file and runs its own tests. There is no Program if either fails.
func Test(ctx context.Context, name, source string, env dsl.Env) (*Program, *dsl.File, dsl.Diagnostics) {
	program, file, found := Check(name, source, env)
	if program == nil {
		return nil, file, found
	}
	found = append(found, program.Test(ctx)...)
	found.Sort()
	if found.Failed() {
		return nil, file, found
	}
	return program, file, found
}

// Check parses and checks a rule file, and makes it ready to run unless it has errors.
func Check(name, source string, env dsl.Env) (*Program, *dsl.File, dsl.Diagnostics) {
	if len(source) > gateway.MaxRules { // not even read: what it is stays unknown
		return nil, nil, dsl.Diagnostics{{
			File: name, Position: dsl.Position{Line: 1, Column: 1}, Severity: dsl.Error, Code: dsl.CodeLimit,
			Message: "a rule file has at most 256 KiB",
		}}
	}
	file, found := dsl.CheckSource(name, []byte(source), env)
	if file == nil || found.Failed() {
		return nil, file, found
	}
	compiled, more := dsl.Compile(file, env)
	if compiled == nil {
		found = append(found, more...)
		found.Sort()
		return nil, file, found
	}
	return ready(compiled, file, env), file, found
}

func ready(compiled *dsl.Program, file *dsl.File, env dsl.Env) *Program {
	p := &Program{Program: compiled, env: env, fields: map[string]string{}}
	for _, f := range file.Fields {
		p.fields[f.Name.Value] = f.Type.Value
	}
	return p
}

// maxPrograms bounds the rule files that an Engine keeps compiled. One of a thousand rules takes some megabytes.
const maxPrograms = 256

// Engine keeps the rule files that answer, compiled. Versions never change, so what it has is never out of date: which
// version answers comes with each update.
type Engine struct {
	sources Sources
	env     dsl.Env
	most    int // programs at a time

	mu     sync.Mutex
	known  map[programKey]*list.Element
	recent *list.List // of *entry, the last used first
}

type programKey struct {
	account gateway.AccountID
	bot     gateway.BotID
	version int
}

type entry struct {
	key     programKey
	mu      sync.Mutex // held while it is compiled: others wait for the one who does it
	program *Program
	broken  error
}

// NewEngine returns an Engine. langOf finds the language of a text; nil knows none.
func NewEngine(sources Sources, langOf func(text string) string) *Engine {
	if langOf == nil {
		langOf = func(string) string { return "" }
	}
	return &Engine{sources: sources, env: dsl.Env{LangOf: langOf}, most: maxPrograms, known: map[programKey]*list.Element{}, recent: list.New()}
}

// Env is what the engine gives the language.
func (e *Engine) Env() dsl.Env { return e.env }

// BrokenError is a stored rule file that this program cannot run: it was published by another one.
type BrokenError struct {
	Version int
	First   dsl.Diagnostic
}

func (b *BrokenError) Error() string {
	return fmt.Sprintf("version %d of the rules cannot be run by this program: line %d: %s: %s", b.Version, b.First.Line, b.First.Code, b.First.Message)
}

// Program returns a version of a bot's rules, compiled. Its errors are those of the store, which may pass, and BrokenError.
func (e *Engine) Program(ctx context.Context, account gateway.AccountID, bot gateway.BotID, version int) (*Program, error) {
	en := e.entry(programKey{account, bot, version})
	en.mu.Lock()
	defer en.mu.Unlock()
	if en.program != nil || en.broken != nil {
		return en.program, en.broken
	}
	source, err := e.sources.RuleSource(ctx, account, bot, version)
	if err != nil {
		return nil, fmt.Errorf("read version %d of the rules of %s: %w", version, bot, err)
	}
	program, _, found := Check("rules.yaml", source, e.env)
	if program == nil {
		en.broken = &BrokenError{Version: version, First: firstError(found)}
		return nil, en.broken
	}
	program.Version = version
	en.program = program
	return program, nil
}

// entry returns the place of a program, and lets go of those that nobody asked for lately.
func (e *Engine) entry(key programKey) *entry {
	e.mu.Lock()
	defer e.mu.Unlock()
	if at, ok := e.known[key]; ok {
		e.recent.MoveToFront(at)
		return at.Value.(*entry)
	}
	en := &entry{key: key}
	e.known[key] = e.recent.PushFront(en)
	for len(e.known) > e.most {
		last := e.recent.Back()
		e.recent.Remove(last)
		delete(e.known, last.Value.(*entry).key)
	}
	return en
}

func firstError(found dsl.Diagnostics) dsl.Diagnostic {
	for _, d := range found {
		if d.Severity == dsl.Error {
			return d
		}
	}
	return dsl.Diagnostic{Message: "it does not compile"}
}

// Raises are the events from our own side that rules of the file are about.
func Raises(file *dsl.File) []string {
	var raises []string
	for _, event := range []string{gateway.OwnRead, gateway.OwnUndelivered} {
		for _, r := range file.Rules {
			if slices.ContainsFunc(r.On, func(on dsl.Scalar) bool { return on.Value == event }) {
				raises = append(raises, event)
				break
			}
		}
	}
	return raises
}
