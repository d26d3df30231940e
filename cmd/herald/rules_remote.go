package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"herald/client"
	"herald/internal/terminal"
)

// RulesPublishCmd publishes a rule file.
type RulesPublishCmd struct {
	File  string `arg:"" help:"The rule file; - is standard input."`
	Bot   string `required:"" placeholder:"BOT" env:"HERALD_BOT" help:"The bot, by @name or id."`
	Note  string `placeholder:"TEXT" env:"HERALD_RULES_NOTE" help:"Why, for those who look at the list of versions."`
	Draft bool   `env:"HERALD_RULES_DRAFT" help:"Store it, and let answer what answers now."`
	Known int    `placeholder:"N" env:"HERALD_RULES_KNOWN" help:"The newest version that you know: refused if there is a newer one."`
	Findings
	Remote
}

// Help is shown by herald rules publish --help.
func (RulesPublishCmd) Help() string {
	return `The file is checked and tested first; a faulty one is refused, and what answers stays. The same file once more makes no other version.`
}

// Run publishes the file.
func (r *RulesPublishCmd) Run(ctx context.Context, c *console) error {
	source, err := c.readSource(r.File)
	if err != nil {
		return err
	}
	api, err := r.client()
	if err != nil {
		return err
	}
	v, err := api.PublishRules(ctx, r.Bot, client.NewRuleVersion{Source: source, Note: r.Note, Draft: r.Draft, Known: r.Known})
	if err != nil {
		return c.refusedFile(err, r.File, r.Findings)
	}
	if v.Active {
		return c.say(fmt.Sprintf("Version %d answers.", v.Version))
	}
	return c.say(fmt.Sprintf("Version %d is stored. Make it answer: herald rules activate %d --bot %s", v.Version, v.Version, r.Bot))
}

// RulesVersionsCmd lists versions.
type RulesVersionsCmd struct {
	Bot string `required:"" placeholder:"BOT" env:"HERALD_BOT" help:"The bot, by @name or id."`
	Paging
	Output
	Remote
}

// Run lists the versions.
func (r *RulesVersionsCmd) Run(ctx context.Context, c *console) error {
	api, err := r.client()
	if err != nil {
		return err
	}
	items, more, err := collect(api.RuleVersions(ctx, r.Bot), r.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if r.JSON {
		return c.writeJSON(items)
	}
	table := terminal.NewTable("version", "answers", "published", "by", "bytes", "note…")
	for _, v := range items {
		answers := ""
		if v.Active {
			answers = "yes"
		}
		by := v.AuthorName
		if by == "" {
			by = v.Author
		}
		table.Add(strconv.Itoa(v.Version), answers, terminal.Moment(v.CreatedAt, c.Zone), by, strconv.Itoa(v.Bytes), v.Note)
	}
	return c.writeTable(table, "No rules yet. Publish a file: herald rules publish rules.yaml --bot "+r.Bot)
}

// RulesShowCmd writes a version.
type RulesShowCmd struct {
	Version int    `arg:"" optional:"" help:"The version; the one that answers if left out."`
	Bot     string `required:"" placeholder:"BOT" env:"HERALD_BOT" help:"The bot, by @name or id."`
	Output
	Remote
}

// Run writes the source, byte for byte.
func (r *RulesShowCmd) Run(ctx context.Context, c *console) error {
	api, err := r.client()
	if err != nil {
		return err
	}
	var v client.RuleVersion
	if r.Version > 0 {
		v, err = api.RuleVersion(ctx, r.Bot, r.Version, 0)
	} else {
		v, err = api.Rules(ctx, r.Bot)
	}
	if err != nil {
		return err
	}
	if r.JSON {
		return c.writeJSON(v)
	}
	_, err = io.WriteString(c.Out, v.Source)
	return err
}

// RulesDiffCmd compares two versions.
type RulesDiffCmd struct {
	From int    `arg:"" help:"The older version."`
	To   int    `arg:"" help:"The newer version."`
	Bot  string `required:"" placeholder:"BOT" env:"HERALD_BOT" help:"The bot, by @name or id."`
	Remote
}

// Run writes what changed.
func (r *RulesDiffCmd) Run(ctx context.Context, c *console) error {
	api, err := r.client()
	if err != nil {
		return err
	}
	v, err := api.RuleVersion(ctx, r.Bot, r.To, r.From)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(strings.TrimSuffix(v.Diff, "\n"), "\n") {
		if err := c.say(terminal.Clean(line)); err != nil {
			return err
		}
	}
	return nil
}

// RulesActivateCmd activates a version.
type RulesActivateCmd struct {
	Version int    `arg:"" help:"The version that shall answer."`
	Bot     string `required:"" placeholder:"BOT" env:"HERALD_BOT" help:"The bot, by @name or id."`
	Remote
}

// Run activates it.
func (r *RulesActivateCmd) Run(ctx context.Context, c *console) error {
	api, err := r.client()
	if err != nil {
		return err
	}
	v, err := api.ActivateRules(ctx, r.Bot, r.Version)
	if err != nil {
		return err
	}
	return c.say(fmt.Sprintf("Version %d answers.", v.Version))
}

// RulesOffCmd switches rules off.
type RulesOffCmd struct {
	Bot string `required:"" placeholder:"BOT" env:"HERALD_BOT" help:"The bot, by @name or id."`
	Remote
}

// Run switches them off.
func (r *RulesOffCmd) Run(ctx context.Context, c *console) error {
	api, err := r.client()
	if err != nil {
		return err
	}
	if err := api.SwitchRulesOff(ctx, r.Bot); err != nil {
		return err
	}
	return c.say("No rules answer. herald rules activate N makes a version answer again.")
}

// RulesBacktestCmd runs recorded messages through a file.
type RulesBacktestCmd struct {
	File  string `arg:"" help:"The rule file; - is standard input."`
	Bot   string `required:"" placeholder:"BOT" env:"HERALD_BOT" help:"The bot, by @name or id."`
	Since string `default:"7d" placeholder:"SPAN" env:"HERALD_RULES_SINCE" help:"How far back, such as 24h or 7d (default 7d, at most 90d)."`
	Findings
	Output
	Remote
}

// Help is shown by herald rules backtest --help.
func (RulesBacktestCmd) Help() string {
	return `Lists each message that would be answered otherwise, and sums up. Nothing is sent and nothing changes. With --json the lines come as the API writes them.`
}

// Run runs the backtest.
func (r *RulesBacktestCmd) Run(ctx context.Context, c *console) error {
	source, err := c.readSource(r.File)
	if err != nil {
		return err
	}
	api, err := r.client()
	if err != nil {
		return err
	}
	for line, err := range api.Backtest(ctx, r.Bot, client.NewBacktest{Source: source, Since: r.Since}) {
		if err != nil {
			return c.refusedFile(err, r.File, r.Findings)
		}
		if err := c.backtested(line, r.JSON); err != nil {
			return err
		}
	}
	return nil
}

func (c *console) backtested(line client.BacktestLine, asJSON bool) error {
	switch {
	case asJSON:
		return c.writeJSON(line)
	case line.Progress != nil && line.Progress.Done > 0:
		c.hint("%d of %d messages", line.Progress.Done, line.Progress.Total)
	case line.Change != nil:
		change := line.Change
		if err := c.say(fmt.Sprintf("%s  %s  %s", terminal.Moment(change.At, c.Zone), change.Message, terminal.Clean(strconv.Quote(change.Text)))); err != nil {
			return err
		}
		for _, side := range []struct {
			sign string
			d    client.BacktestDecision
		}{{"-", change.Was}, {"+", change.Is}} {
			if err := c.decided(side.sign, side.d); err != nil {
				return err
			}
		}
	case line.Summary != nil:
		s := line.Summary
		table := terminal.NewTable("", "answered", "replies", "cost", "translations", "characters", "their cost")
		for _, side := range []struct {
			name string
			f    client.BacktestFigures
		}{{"was", s.Was}, {"is", s.Is}} {
			table.Add(side.name, strconv.Itoa(side.f.Answered), strconv.Itoa(side.f.Replies), priced(side.f.Cost, side.f.Currency),
				strconv.Itoa(side.f.Translations), strconv.Itoa(side.f.Characters), priced(side.f.TranslationCost, side.f.TranslationCurrency))
		}
		if err := table.Write(c.Out); err != nil {
			return err
		}
		words := fmt.Sprintf("%d of %d messages would be answered otherwise.", s.Changed, s.Messages)
		if s.Failures > 0 {
			words += fmt.Sprintf(" A rule could not be run %d times.", s.Failures)
		}
		if s.Incomplete {
			words += " It took too long and was ended: choose a shorter --since."
		}
		return c.say(words)
	}
	return nil
}

func (c *console) decided(sign string, d client.BacktestDecision) error {
	matched := strings.Join(d.Rules, ", ")
	if matched == "" {
		matched = "no rule"
	}
	lines := append([]string{matched}, d.Effects...)
	for _, reply := range d.Replies {
		lines = append(lines, strconv.Quote(reply))
	}
	return c.say("  " + sign + " " + terminal.Clean(strings.Join(lines, " | ")))
}
