package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"herald/dsl"
	"herald/internal/gateway"
)

// Explanation is a decision of rules, with all that led to it.
type Explanation struct {
	MessageID gateway.MessageID // empty of a trial
	BotID     gateway.BotID
	Version   int // 0: a draft
	At        time.Time
	Input     dsl.Input
	Rules     []string // that matched
	Notes     []string // why something was left out
	Incoming  string   // the language that what the person wrote is wanted in
	Tried     []dsl.Tried
	Failures  []dsl.Failure
	Effects   []ExplainedEffect
	Exact     bool // made again, it decides what it decided then
}

// ExplainedEffect is an effect, and what became of the message that it made.
type ExplainedEffect struct {
	EffectLine
	Sent *gateway.Message // nil if it made none
}

// Explain tells why rules decided about a message as they did: the stored input goes through the same version again. A
// reply is explained by what it answers.
func (s *Service) Explain(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (Explanation, error) {
	m, err := s.store.Message(ctx, account, id)
	if err != nil {
		return Explanation{}, err
	}
	v, err := s.store.StoredVerdict(ctx, account, id)
	if errors.Is(err, gateway.ErrVerdictNotFound) && m.Cause != "" {
		v, err = s.store.StoredVerdict(ctx, account, m.Cause)
	}
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{MessageID: v.MessageID, BotID: v.BotID, Version: v.Version, At: v.CreatedAt, Rules: v.Rules, Notes: notes(v.Note)}
	if e.Input, err = DecodeInput(v.Input); err != nil {
		return e, err
	}
	if e.Effects, err = s.effects(ctx, account, v); err != nil {
		return e, err
	}
	program, err := s.engine.Program(ctx, account, v.BotID, v.Version)
	var broken *BrokenError
	if errors.As(err, &broken) {
		return e, nil // what was stored is told all the same
	}
	if err != nil {
		return e, err
	}
	again, err := program.Explain(ctx, e.Input)
	if err != nil {
		return e, fmt.Errorf("explain message %s: %w", id, err)
	}
	e.Tried, e.Failures, e.Incoming = again.Trace, again.Failures, again.Incoming
	e.Exact = strings.Join(again.Rules, "\x00") == strings.Join(v.Rules, "\x00")
	return e, nil
}

func (s *Service) effects(ctx context.Context, account gateway.AccountID, v gateway.StoredVerdict) ([]ExplainedEffect, error) {
	var stored []EffectLine
	if err := json.Unmarshal(v.Effects, &stored); err != nil {
		return nil, fmt.Errorf("read effects of message %s: %w", v.MessageID, err)
	}
	answers, err := s.store.Answers(ctx, account, v.MessageID)
	if err != nil {
		return nil, err
	}
	sent := map[gateway.MessageID]*gateway.Message{}
	for i := range answers {
		sent[answers[i].ID] = &answers[i]
	}
	out := make([]ExplainedEffect, len(stored))
	for i, line := range stored {
		out[i] = ExplainedEffect{EffectLine: line, Sent: sent[line.Message]}
	}
	return out, nil
}

func notes(stored string) []string {
	if stored == "" {
		return nil
	}
	return strings.Split(stored, ",")
}

// Trial is one update to be run through rules, without any effect.
type Trial struct {
	Source     string               // a draft
	Version    int                  // or a stored version; neither: the one that answers
	Subscriber gateway.SubscriberID // whose state the rules see; empty: a newcomer, as User says
	Input      dsl.Input
	Values     map[string]any // fields of the person as JSON has them, in place of Input.User.Fields
}

// Try runs one update through a draft or a version, and explains what it would do. Nothing happens.
func (s *Service) Try(ctx context.Context, account gateway.AccountID, bot gateway.Bot, t Trial) (Explanation, error) {
	program, err := s.program(ctx, account, bot.ID, t.Source, t.Version)
	if err != nil {
		return Explanation{}, err
	}
	in := t.Input
	state := gateway.PersonState{Tags: in.User.Tags}
	if t.Subscriber != "" {
		if state, err = s.person(ctx, account, bot.ID, t.Subscriber, program, &in); err != nil {
			return Explanation{}, err
		}
	} else if in.User.Fields, err = program.Typed(t.Values); err != nil {
		return Explanation{}, err
	}
	if in.Now.IsZero() {
		in.Now = s.now()
	}
	in.Bot = dsl.Bot{Name: bot.Username, Platform: string(bot.Platform)}
	if in.Text != "" {
		in.Message.Lang, in.Told = program.env.LangOf(in.Text), true
	}
	verdict, err := program.Explain(ctx, in)
	if err != nil {
		return Explanation{}, fmt.Errorf("try rules: %w", err)
	}
	applied := Apply(state, verdict, true, in.Now)
	e := Explanation{
		BotID: bot.ID, Version: program.Version, At: in.Now, Input: in, Rules: verdict.Rules, Notes: applied.Notes, Incoming: verdict.Incoming,
		Tried: verdict.Trace, Failures: verdict.Failures, Exact: true,
	}
	for _, effect := range applied.Effects {
		if effect.Kind != dsl.EffectFired {
			e.Effects = append(e.Effects, ExplainedEffect{EffectLine: Line(effect)})
		}
	}
	return e, nil
}

// person puts the real person into the input of a trial.
func (s *Service) person(ctx context.Context, account gateway.AccountID, bot gateway.BotID, id gateway.SubscriberID, p *Program, in *dsl.Input) (gateway.PersonState, error) {
	person, err := s.store.Subscriber(ctx, account, bot, id)
	if err != nil {
		return gateway.PersonState{}, err
	}
	talk, err := s.store.Conversation(ctx, account, person)
	if err != nil {
		return gateway.PersonState{}, err
	}
	real := p.Input(Facts{Talk: talk, Own: gateway.OwnEvent{Event: "trial"}, Received: s.now()})
	in.User, in.Last, in.Muted, in.Fired = real.User, real.Last, real.Muted, real.Fired
	if what := in.Events[0]; what == dsl.EventMessage || what == dsl.EventCommand {
		in.Events = dsl.EventsOf(what, in.Command, talk.State.Messages == 0)
		in.User.Messages++
	}
	return talk.State, nil
}

// program is a draft, or a stored version, or the one that answers.
func (s *Service) program(ctx context.Context, account gateway.AccountID, bot gateway.BotID, source string, version int) (*Program, error) {
	if source != "" {
		program, _, found := Check(fileName, source, s.engine.Env())
		if program == nil {
			return nil, &RefusedError{found}
		}
		return program, nil
	}
	if version == 0 {
		active, err := s.store.ActiveRules(ctx, account, bot)
		if err != nil {
			return nil, err
		}
		version = active.Version
	}
	program, err := s.engine.Program(ctx, account, bot, version)
	var broken *BrokenError
	if errors.As(err, &broken) {
		return nil, gateway.Fault(gateway.CodeRulesRefused, "version", "This version does not run on this release: "+broken.Error()+".")
	}
	return program, err
}

// Typed turns values as JSON has them into the types that the file declares.
func (p *Program) Typed(values map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(values))
	for name, value := range values {
		typed, ok := typed(p.fields[name], value)
		if !ok {
			return nil, gateway.Fault(gateway.CodeFieldInvalid, "user.fields."+name, "The rule file keeps no field of this name, or one of another type.")
		}
		out[name] = typed
	}
	return out, nil
}

func typed(kind string, value any) (any, bool) {
	switch v := value.(type) {
	case string:
		if kind == "time" {
			at, err := time.Parse(time.RFC3339, v)
			return at.UTC(), err == nil
		}
		return v, kind == "string"
	case bool:
		return v, kind == "bool"
	case float64:
		if kind == "int" {
			return int64(v), v == float64(int64(v))
		}
		return v, kind == "float"
	default:
		return nil, false
	}
}
