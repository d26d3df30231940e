package dsl

import (
	"context"
	"slices"
)

// Explain decides as Run does, and tells of every rule what became of it and what the parts of its expressions were. Those
// values are personal data of whoever wrote: they belong to nobody but the account whose rules these are.
func (p *Program) Explain(ctx context.Context, in Input) (Verdict, error) {
	if err := ctx.Err(); err != nil {
		return Verdict{}, err
	}
	return p.explaining().explain(ctx, &in)
}

func (p *Program) explain(ctx context.Context, in *Input) (Verdict, error) {
	bound(in)
	s := p.scopes.Get().(*scope)
	defer p.scopes.Put(s)
	s.begin(ctx, p, in)
	defer s.end()
	raised := raisedBy(in)
	v := Verdict{Trace: make([]Tried, 0, len(p.rules))}
	decided := false
	for i := range p.rules {
		if err := ctx.Err(); err != nil {
			return Verdict{}, err
		}
		r := &p.rules[i]
		tried := Tried{Rule: r.name, At: r.at, Outcome: NotReached}
		if !decided {
			// Named expressions of the file are evaluated anew for each rule, so that each shows what it saw.
			clear(s.lets)
			s.shown = map[int]value{}
			tried.Outcome = s.try(r, &raised, &v)
			tried.Values = s.values()
			decided = (tried.Outcome == Matched || tried.Outcome == Muted) && !r.goesOn
		}
		v.Trace = append(v.Trace, tried)
	}
	s.incoming(&v)
	return v, nil
}

// values returns what was noted, in the order of the source, the whole before its parts. What was not evaluated has no value: of `a and b`, b is left
// out if a is false.
func (s *scope) values() []Value {
	numbers := make([]int, 0, len(s.shown))
	for number := range s.shown {
		numbers = append(numbers, number)
	}
	parts := s.program.parts
	slices.SortFunc(numbers, func(a, b int) int {
		x, y := parts[a].at, parts[b].at
		switch {
		case x.Line != y.Line:
			return x.Line - y.Line
		case x.Column != y.Column:
			return x.Column - y.Column
		default:
			return a - b
		}
	})
	values := make([]Value, 0, len(numbers))
	for _, number := range numbers {
		v := s.shown[number]
		if v.kind == isSkipped {
			continue
		}
		v.str = s.resolve(v.str)
		values = append(values, Value{
			Source: cut(parts[number].source, maxShown), At: parts[number].at, Value: v.literal(s.program.zone, maxShown),
		})
	}
	return values
}
