package policy

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"herald/dsl"
	"herald/internal/gateway"
)

// Default is the policy that comes with the program.
//
//go:embed default.yaml
var Default string

// environment is what the expressions of a policy see beside text and the time.
func environment() dsl.Env {
	return dsl.Env{Facts: []dsl.Fact{
		{Name: "lane", Kind: dsl.KindString, Doc: "the lane of the message: code, service or bulk"},
		{Name: "purpose", Kind: dsl.KindString, Doc: "what the bot is for: service, codes, alerts or any"},
		{Name: "links", Kind: dsl.KindInt, Doc: "how many links the text and its buttons have"},
		{Name: "people", Kind: dsl.KindInt, Doc: "how many people the account wrote this same text to today, this one included"},
		{Name: "today", Kind: dsl.KindInt, Doc: "how many messages the account sent by shared bots today, this one included"},
	}}
}

// Program is a policy made ready to run.
type Program struct{ program *dsl.Program }

// Compile checks a policy and its own tests, like a rule file. There is no Program if there are errors.
func Compile(ctx context.Context, name, source string) (*Program, dsl.Diagnostics) {
	if len(source) > gateway.MaxRules {
		return nil, dsl.Diagnostics{{File: name, Severity: dsl.Error, Code: dsl.CodeLimit, Message: "a policy has at most 256 KiB"}}
	}
	file, found := dsl.CheckSource(name, []byte(source), environment())
	if file == nil || found.Failed() {
		return nil, found
	}
	found = append(found, foreign(name, file)...)
	if found.Failed() {
		found.Sort()
		return nil, found
	}
	program, faults := dsl.Compile(file, environment())
	if program == nil {
		return nil, faults
	}
	found = append(found, program.Test(ctx)...)
	found.Sort()
	if found.Failed() {
		return nil, found
	}
	return &Program{program}, found
}

// foreign finds what means nothing in a policy: a rule refuses with the words of its reply, and does nothing else.
func foreign(name string, f *dsl.File) (found dsl.Diagnostics) {
	refuse := func(r dsl.Rule, message string) {
		found = append(found, dsl.Diagnostic{
			File: name, Position: r.Name.At, Severity: dsl.Error, Code: dsl.CodeUnknownKey, Message: "in a policy " + message,
		})
	}
	for _, r := range f.Rules {
		if len(r.Set)+len(r.Tag)+len(r.Untag)+len(r.Notify) > 0 || r.AskPhone != nil || r.Forward.Known || r.Mute.Known {
			refuse(r, "a rule has only a `reply`: the words with which the message is refused")
		}
		if r.Once || r.Every.Known || r.Continue {
			refuse(r, "a rule refuses each time: leave out `once`, `every` and `continue`")
		}
		if len(r.Reply) != 1 {
			refuse(r, "a rule has one `reply`: the words with which the message is refused")
		}
	}
	return found
}

// Facts are what a policy sees of a message.
type Facts struct {
	Text     string // with the words and addresses of its buttons
	Lane     gateway.Lane
	Purpose  gateway.Purpose
	Links    int
	People   int64
	Today    int64
	Language string // of the words of a refusal
}

// refused returns the rule that refuses a message and its words; no rule if none does.
func (p *Program) refused(ctx context.Context, f Facts, now time.Time) (rule, words string, err error) {
	verdict, err := p.program.Run(ctx, dsl.Input{
		Events: []string{dsl.EventMessage}, Text: f.Text, User: dsl.User{Lang: f.Language}, Now: now,
		Facts: map[string]any{
			"lane": string(f.Lane), "purpose": string(f.Purpose), "links": int64(f.Links), "people": f.People, "today": f.Today,
		},
	})
	if err != nil {
		return "", "", fmt.Errorf("run policy: %w", err)
	}
	for _, e := range verdict.Effects {
		if e.Kind == dsl.EffectReply && e.Message != nil {
			return e.Rule, e.Message.Text, nil
		}
	}
	return "", "", nil
}
