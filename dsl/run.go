package dsl

import (
	"context"
	"fmt"
	"strings"
)

// maxShortBytes bounds names, buttons and other short texts.
const maxShortBytes = 4 * maxShortText

// Run decides about one update. Rules are tried in the order of the file; the first that matches wins, unless it goes on.
// Expressions see the person as they were when the update came, whatever earlier rules ask for.
//
// A rule that fails on this input is left out and reported among the verdict's Failures; the only errors are those of the
// context.
func (p *Program) Run(ctx context.Context, in Input) (Verdict, error) {
	return p.run(ctx, &in, p.index.candidates)
}

// candidates finds the rules that are to be tried, in the order of the file.
type candidates func(s *scope, raised *events) cursor

func (p *Program) run(ctx context.Context, in *Input, find candidates) (Verdict, error) {
	if err := ctx.Err(); err != nil {
		return Verdict{}, err
	}
	bound(in)
	s := p.scopes.Get().(*scope)
	defer p.scopes.Put(s)
	s.begin(ctx, p, in)
	defer s.end()
	raised := raisedBy(in)
	var v Verdict
	found := find(s, &raised)
	for n := 1; ; n++ {
		i, more := found.next()
		if !more {
			break
		}
		if n%64 == 0 {
			if err := ctx.Err(); err != nil {
				return Verdict{}, err
			}
		}
		r := &p.rules[i]
		outcome := s.try(r, &raised, &v)
		if (outcome == Matched || outcome == Muted) && !r.goesOn {
			break
		}
	}
	s.incoming(&v)
	return v, nil
}

// bound cuts what is longer than the checker assumes, so that the cost that was proven for a file holds for every update.
func bound(in *Input) {
	in.Text = cutCharacters(in.Text, MaxText)
	in.Args = cutCharacters(in.Args, MaxText)
	for _, short := range []*string{
		&in.Command, &in.Button, &in.Message.ID, &in.Message.Kind, &in.Message.Lang, &in.Message.ReplyTo, &in.Message.FileName,
		&in.User.ID, &in.User.Username, &in.User.FirstName, &in.User.LastName, &in.User.Lang, &in.User.Phone, &in.Bot.Name,
		&in.Bot.Platform,
	} {
		*short = cut(*short, maxShortBytes)
	}
	if len(in.User.Tags) > maxTags {
		in.User.Tags = in.User.Tags[:maxTags]
	}
	if in.Last != nil && (len(in.Last.Text) > MaxText || len(in.Last.Rule) > maxShortBytes || len(in.Last.Label) > maxShortBytes) {
		last := *in.Last
		last.Text = cutCharacters(last.Text, MaxText)
		last.Rule, last.Label = cut(last.Rule, maxShortBytes), cut(last.Label, maxShortBytes)
		in.Last = &last
	}
}

// cutCharacters shortens a text to a number of characters.
func cutCharacters(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for i := range s {
		if most == 0 {
			return s[:i]
		}
		most--
	}
	return s
}

func raisedBy(in *Input) events {
	var raised events
	for _, name := range in.Events {
		if strings.HasPrefix(name, "/") && len(name) > maxShortBytes {
			continue
		}
		raised.add(name)
	}
	return raised
}

// try runs one rule and adds what it asks for to the verdict.
func (s *scope) try(r *rule, raised *events, v *Verdict) (outcome Outcome) {
	if !r.on.meet(raised) {
		return OtherEvent
	}
	if r.guarded() {
		if outcome := s.guard(r); outcome != "" {
			return outcome
		}
	}
	s.beginRule()
	before := len(v.Effects)
	defer func() {
		if thrown := recover(); thrown != nil {
			v.Effects = v.Effects[:before]
			v.Failures = append(v.Failures, failure(r, thrown))
			outcome = Failed
		}
	}()
	if r.when != nil && !s.holds(r.when(s), r.whenAt) {
		return ConditionFail
	}
	muted := s.in.Muted.After(s.in.Now)
	for i := range r.effects {
		e := &r.effects[i]
		if muted && !e.silent() {
			continue
		}
		v.Effects = append(v.Effects, Effect{Kind: e.kind, Rule: r.name})
		e.make(s, &v.Effects[len(v.Effects)-1])
		if last := v.Effects[len(v.Effects)-1]; (last.Kind == EffectTag || last.Kind == EffectUntag) && last.Name == "" {
			v.Effects = v.Effects[:len(v.Effects)-1] // a hole that came to nothing names no tag
		}
	}
	v.Rules = append(v.Rules, r.name)
	suppressed := muted && r.loud
	// A rule all of whose effects were left out has not fired: the person is to get them when they are no longer muted.
	if r.guarded() && (!suppressed || r.answers) {
		v.Effects = append(v.Effects, Effect{Kind: EffectFired, Rule: r.name, Name: r.name})
	}
	if suppressed {
		v.Suppressed = true
		return Muted
	}
	return Matched
}

// guard tells whether once or every forbids the rule, and which.
func (s *scope) guard(r *rule) Outcome {
	fired, ever := s.in.Fired[r.name]
	switch {
	case !ever:
		return ""
	case r.once:
		return AlreadyOnce
	case r.every > 0 && s.in.Now.Sub(fired) < r.every:
		return TooSoon
	default:
		return ""
	}
}

// failure says what went wrong without what was in the person's message.
func failure(r *rule, thrown any) Failure {
	f, expected := thrown.(fault)
	if !expected {
		return Failure{Rule: r.name, At: r.at, Message: fmt.Sprintf("the rule failed (%T)", thrown)}
	}
	at := f.at.position()
	if at == (Position{}) {
		at = r.at
	}
	return Failure{Rule: r.name, At: at, Message: f.message}
}

// incoming decides about the translation of what the person wrote.
func (s *scope) incoming(v *Verdict) {
	if s.in.Text == "" || len(s.program.incoming) == 0 {
		return
	}
	defer func() {
		if thrown := recover(); thrown != nil {
			v.Failures = append(v.Failures, failure(&rule{name: "translate.incoming", at: s.program.file.Translate.At}, thrown))
		}
	}()
	s.beginRule()
	if to := s.targetOf(s.program.incoming); to != "" && !sameLanguage(to, s.in.Message.Lang) {
		v.Incoming = to
	}
}

// all finds every rule: what the index is held against.
func (p *Program) all(*scope, *events) cursor {
	every := make([]int32, len(p.rules))
	for i := range every {
		every[i] = int32(i)
	}
	return cursor{lists: [][]int32{every}}
}
