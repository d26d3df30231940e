package api

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"herald/api/internal/wire"
	"herald/dsl"
	"herald/internal/gateway"
	"herald/rules"
)

// GetVerdict explains why rules decided about a message as they did.
func (s *server) GetVerdict(ctx context.Context, r wire.GetVerdictRequestObject) (wire.GetVerdictResponseObject, error) {
	if !gateway.HasPrefix(r.Message, "msg") {
		return nil, gateway.ErrMessageNotFound
	}
	e, err := s.rules.Explain(ctx, callerOf(ctx).key.AccountID, gateway.MessageID(r.Message))
	if err != nil {
		return nil, err
	}
	body, err := verdict(e)
	return wire.GetVerdict200JSONResponse(body), err
}

// TryRules tells what rules would decide about one update.
func (s *server) TryRules(ctx context.Context, r wire.TryRulesRequestObject) (wire.TryRulesResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Find(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	trial, err := trialOf(*r.Body)
	if err != nil {
		return nil, err
	}
	e, err := s.rules.Try(ctx, account, bot, trial)
	if err != nil {
		return nil, err
	}
	body, err := verdict(e)
	return wire.TryRules200JSONResponse(body), err
}

// ownEvents are the events that a trial may name: those that neither a text nor a button raises.
var ownEvents = []string{dsl.EventPhone, dsl.EventSubscribed, dsl.EventUnsubscribed, dsl.EventRead, dsl.EventUndelivered, dsl.EventFirstMessage}

func trialOf(b wire.NewTrial) (rules.Trial, error) {
	given := 0
	for _, what := range []string{b.Text, b.Press, b.Event} {
		if what != "" {
			given++
		}
	}
	if given > 1 || given == 0 && b.Kind == "" {
		return rules.Trial{}, gateway.Fault(gateway.CodeRequired, "text", "Give one thing that happens: a text, a press or an event.")
	}
	if b.Event != "" && !slices.Contains(ownEvents, b.Event) {
		return rules.Trial{}, gateway.Fault(gateway.CodeFieldInvalid, "event", "An event is one of: "+strings.Join(ownEvents, ", ")+".")
	}
	if b.Subscriber != "" && !gateway.HasPrefix(b.Subscriber, "sub") {
		return rules.Trial{}, gateway.Fault(gateway.CodeFieldInvalid, "subscriber", "Name the subscriber by id: it begins with sub_.")
	}
	u := b.User
	t := rules.Trial{Source: b.Source, Version: b.Version, Subscriber: gateway.SubscriberID(b.Subscriber), Values: u.Fields}
	t.Input = rules.Said(b.Text, b.Press, b.Event, b.Kind, u.Messages == 0 && b.Subscriber == "")
	t.Input.Now = b.At
	t.Input.User = dsl.User{
		FirstName: u.FirstName, LastName: u.LastName, Username: u.Username, Lang: u.Lang, Phone: u.Phone, Tags: u.Tags, Messages: u.Messages + 1,
	}
	return t, nil
}

func verdict(e rules.Explanation) (wire.Verdict, error) {
	body := wire.Verdict{
		Message: string(e.MessageID), Bot: string(e.BotID), Version: e.Version, At: e.At, Rules: each(e.Rules, func(r string) string { return r }),
		Notes: e.Notes, Incoming: e.Incoming, Exact: e.Exact, Tried: each(e.Tried, triedRule), Effects: each(e.Effects, ruleEffect),
	}
	if len(e.Input.Events) > 0 {
		body.Event = e.Input.Events[0]
	}
	for _, f := range e.Failures {
		for i := range body.Tried {
			if body.Tried[i].Rule == f.Rule {
				body.Tried[i].Failure = f.Message
			}
		}
	}
	raw, err := rules.EncodeInput(e.Input)
	if err == nil {
		err = json.Unmarshal(raw, &body.Input)
	}
	return body, err
}

func triedRule(t dsl.Tried) wire.TriedRule {
	return wire.TriedRule{
		Rule: t.Rule, Line: t.At.Line, Column: t.At.Column, Outcome: string(t.Outcome),
		Values: each(t.Values, func(v dsl.Value) wire.RuleValue {
			return wire.RuleValue{Source: v.Source, Line: v.At.Line, Column: v.At.Column, Value: v.Value}
		}),
	}
}

func ruleEffect(e rules.ExplainedEffect) wire.RuleEffect {
	body := wire.RuleEffect{
		Kind: e.Kind, Rule: e.Rule, Name: e.Name, Value: e.Value, Text: e.Text, Language: e.Language, Translate: e.Translate,
		Seconds: e.Seconds, Message: string(e.Message), Left: e.Left,
	}
	for _, row := range e.Buttons {
		body.Buttons = append(body.Buttons, each(row, func(b rules.ButtonLine) wire.Button {
			return wire.Button{Text: b.Text, Data: b.Data, URL: b.URL}
		}))
	}
	if e.Sent != nil {
		body.State = wire.MessageState(e.Sent.State)
		body.Translation, body.TranslationReason = e.Sent.Translation.Text, string(e.Sent.Translation.Reason)
	}
	return body
}

// Limits of how far back a backtest reaches.
const (
	backtestDays    = 7
	backtestMaxDays = 90
)

// BacktestRules runs recorded messages through a draft.
func (s *server) BacktestRules(ctx context.Context, r wire.BacktestRulesRequestObject) (wire.BacktestRulesResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Find(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	span := backtestDays * 24 * time.Hour
	if r.Body.Since != "" {
		if span = days(r.Body.Since, backtestMaxDays); span <= 0 {
			return nil, gateway.Fault(gateway.CodeFieldInvalid, "since", "How far back is written like 24h or 7d: more than zero and at most 90 days.")
		}
	}
	b := rules.Backtest{Source: r.Body.Source, Version: r.Body.Version, Since: s.now().Add(-span)}
	if err := s.rules.CanBacktest(ctx, account, bot, b); err != nil {
		return nil, err // before the first line, so that it can be told as a problem
	}
	return s.lines(ctx, func(tell func(any) error) error {
		return s.rules.Backtest(ctx, account, bot, b, func(line rules.BacktestLine) error { return tell(backtestLine(line)) })
	}), nil
}
