package client

import (
	"context"
	"iter"
	"net/http"
	"time"

	"herald/client/wire"
)

// What goes over the wire about rule files, under the names of the API reference.
type (
	NewRuleVersion = wire.NewRuleVersion
	RuleVersion    = wire.RuleVersion
	Diagnostic     = wire.Diagnostic
	NewTrial       = wire.NewTrial
	TrialUser      = wire.TrialUser
	NewBacktest    = wire.NewBacktest
	Verdict        = wire.Verdict
)

// PublishRules checks, tests and stores a rule file as the bot's next version. A faulty one is an *Error with the code
// rules:refused and with Diagnostics.
func (c *Client) PublishRules(ctx context.Context, bot string, r NewRuleVersion) (RuleVersion, error) {
	return call[RuleVersion](ctx, c, func() (*http.Response, error) { return c.calls.PublishRules(ctx, bot, r) })
}

// Rules returns the version that answers.
func (c *Client) Rules(ctx context.Context, bot string) (RuleVersion, error) {
	return call[RuleVersion](ctx, c, func() (*http.Response, error) { return c.calls.GetRules(ctx, bot) })
}

// RuleVersion returns one version; with since above 0 also what changed in it since that one.
func (c *Client) RuleVersion(ctx context.Context, bot string, version, since int) (RuleVersion, error) {
	var params wire.GetRuleVersionParams
	if since > 0 {
		params.Since = &since
	}
	return call[RuleVersion](ctx, c, func() (*http.Response, error) { return c.calls.GetRuleVersion(ctx, bot, version, &params) })
}

// RuleVersions walks the versions of a bot's rule file, newest first, without their sources.
func (c *Client) RuleVersions(ctx context.Context, bot string) iter.Seq2[RuleVersion, error] {
	return walk(func(cursor string) ([]RuleVersion, string, error) {
		list, err := call[wire.RuleVersionList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListRuleVersions(ctx, bot, &wire.ListRuleVersionsParams{Cursor: optional(cursor)})
		})
		return list.Items, list.Next, err
	})
}

// ActivateRules makes a version answer from the next update on.
func (c *Client) ActivateRules(ctx context.Context, bot string, version int) (RuleVersion, error) {
	params := wire.ActivateRulesParams{IdempotencyKey: newKey()}
	return call[RuleVersion](ctx, c, func() (*http.Response, error) { return c.calls.ActivateRules(ctx, bot, version, &params) })
}

// SwitchRulesOff lets no version answer.
func (c *Client) SwitchRulesOff(ctx context.Context, bot string) error {
	_, err := c.bytes(ctx, func() (*http.Response, error) { return c.calls.SwitchRulesOff(ctx, bot) })
	return err
}

// TryRules tells what rules would decide about one update. Nothing happens.
func (c *Client) TryRules(ctx context.Context, bot string, t NewTrial) (Verdict, error) {
	return call[Verdict](ctx, c, func() (*http.Response, error) { return c.calls.TryRules(ctx, bot, &wire.TryRulesParams{}, t) })
}

// Verdict explains why rules decided about a message as they did.
func (c *Client) Verdict(ctx context.Context, message string) (Verdict, error) {
	return call[Verdict](ctx, c, func() (*http.Response, error) { return c.calls.GetVerdict(ctx, message) })
}

// BacktestLine is one line of a backtest: exactly one field is set.
type BacktestLine struct {
	Progress *struct {
		Done  int `json:"done"`
		Total int `json:"total"`
	} `json:"progress,omitempty"`
	Change *struct {
		Message string           `json:"message"`
		At      time.Time        `json:"at"`
		Text    string           `json:"text"`
		Was     BacktestDecision `json:"was"`
		Is      BacktestDecision `json:"is"`
	} `json:"change,omitempty"`
	Summary *struct {
		Messages   int             `json:"messages"`
		Changed    int             `json:"changed"`
		Failures   int             `json:"failures"`
		Was        BacktestFigures `json:"was"`
		Is         BacktestFigures `json:"is"`
		Incomplete bool            `json:"incomplete,omitempty"`
	} `json:"summary,omitempty"`
}

// BacktestDecision is what rules do about one message, in brief.
type BacktestDecision struct {
	Rules   []string `json:"rules"`
	Replies []string `json:"replies"`
	Effects []string `json:"effects,omitempty"`
}

// BacktestFigures are counts of one side.
type BacktestFigures struct {
	Answered     int `json:"answered"`
	Replies      int `json:"replies"`
	Translations int `json:"translations"`
	Characters   int `json:"characters"`

	Cost                string `json:"cost"` // of replies, at today's prices
	Currency            string `json:"currency,omitempty"`
	TranslationCost     string `json:"translation_cost"` // at the translator's price of today
	TranslationCurrency string `json:"translation_currency,omitempty"`
}

// Backtest runs recorded messages through a draft, and hands out what it finds while it finds it.
func (c *Client) Backtest(ctx context.Context, bot string, b NewBacktest) iter.Seq2[BacktestLine, error] {
	return lines[BacktestLine](func() (*http.Response, error) {
		return c.streams.BacktestRules(ctx, bot, &wire.BacktestRulesParams{}, b)
	})
}
