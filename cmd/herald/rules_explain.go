package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"herald/client/wire"
	"herald/dsl"
	"herald/internal/terminal"
	"herald/rules"
)

// RulesExplainCmd explains a decision: of a file about a message that might come, or of a bot about one that came.
type RulesExplainCmd struct {
	File    string `arg:"" optional:"" help:"The rule file; - is standard input."`
	Text    string `placeholder:"TEXT" env:"HERALD_RULES_TEXT" help:"What the person writes; /name is a command."`
	Press   string `placeholder:"DATA" env:"HERALD_RULES_PRESS" help:"The data of the button that the person presses, instead."`
	Event   string `placeholder:"NAME" env:"HERALD_RULES_EVENT" help:"Another event, such as subscribed or read, instead."`
	User    string `placeholder:"FILE" env:"HERALD_RULES_USER" help:"The person: YAML with first_name, lang, phone, tags, fields, messages (default somebody who writes for the first time)."`
	At      string `placeholder:"TIME" env:"HERALD_RULES_AT" help:"When it happens, such as 2026-03-02T10:00:00+02:00 (default now)."`
	Message string `placeholder:"ID" env:"HERALD_RULES_MESSAGE" help:"Instead of a file: why this message was answered as it was."`
	Output
	Remote
}

// Help is shown by herald rules explain --help.
func (RulesExplainCmd) Help() string {
	return `Shows each rule: whether it was tried and why not, and the values of its conditions.

Examples:

    herald rules explain rules.yaml --text "What is the price?"
    herald rules explain rules.yaml --press Prices --user anna.yaml --at 2026-03-02T21:00:00+02:00
    herald rules explain --message msg_06f0qv7d3s9n5x1c8k2m4hwz6t`
}

// Validate is called by the parser.
func (r *RulesExplainCmd) Validate() error {
	given := 0
	for _, what := range []string{r.Text, r.Press, r.Event} {
		if what != "" {
			given++
		}
	}
	switch {
	case (r.File == "") == (r.Message == ""):
		return &exitError{code: exitUsage, text: "name a rule file, or a message with --message"}
	case r.File != "" && given != 1:
		return &exitError{code: exitUsage, text: "say what happens: one of --text, --press and --event"}
	}
	return nil
}

// Run explains.
func (r *RulesExplainCmd) Run(ctx context.Context, c *console) error {
	if r.Message != "" {
		return r.stored(ctx, c)
	}
	source, err := c.readSource(r.File)
	if err != nil {
		return err
	}
	program, _, found := rules.Check(r.File, source, environment())
	if program == nil {
		return Findings{Format: "text"}.write(c, found)
	}
	in, err := r.input(program)
	if err != nil {
		return err
	}
	v, err := program.Explain(ctx, in)
	if err != nil {
		return err
	}
	if r.JSON {
		return c.writeJSON(v)
	}
	explained := explanation{matched: v.Rules, language: v.Incoming}
	for _, t := range v.Trace {
		tried := triedRule{rule: t.Rule, line: t.At.Line, outcome: string(t.Outcome)}
		for _, value := range t.Values {
			tried.values = append(tried.values, [2]string{value.Source, value.Value})
		}
		explained.tried = append(explained.tried, tried)
	}
	for _, f := range v.Failures {
		explained.notes = append(explained.notes, fmt.Sprintf("%s could not be run: %s", f.Rule, f.Message))
	}
	for _, e := range v.Effects {
		if e.Kind != dsl.EffectFired {
			explained.effects = append(explained.effects, effectWords(rules.Line(e)))
		}
	}
	if err := c.explained(explained); err != nil {
		return err
	}
	if r.User == "" && slices.Contains(in.Events, dsl.EventFirstMessage) {
		c.hint("This person writes for the first time; describe another one with --user, a YAML file with messages: 5.")
	}
	return nil
}

// person is a person as a file describes them.
type person struct {
	FirstName string         `yaml:"first_name"`
	LastName  string         `yaml:"last_name"`
	Username  string         `yaml:"username"`
	Lang      string         `yaml:"lang"`
	Phone     string         `yaml:"phone"`
	Tags      []string       `yaml:"tags"`
	Fields    map[string]any `yaml:"fields"`
	Messages  int            `yaml:"messages"`
}

func (r *RulesExplainCmd) input(program *rules.Program) (dsl.Input, error) {
	var p person
	if r.User != "" {
		text, err := os.ReadFile(r.User)
		if err != nil {
			return dsl.Input{}, fmt.Errorf("read the person: %w", err)
		}
		if err := yaml.Unmarshal(text, &p); err != nil {
			return dsl.Input{}, fmt.Errorf("read the person in %s: %w", r.User, err)
		}
	}
	now := time.Now()
	if r.At != "" {
		at, err := time.Parse(time.RFC3339, r.At)
		if err != nil {
			return dsl.Input{}, &exitError{code: exitUsage, text: "--at is a time such as 2026-03-02T10:00:00+02:00"}
		}
		now = at
	}
	for name, value := range p.Fields { // whole numbers are float64 to JSON, and int to YAML
		if n, ok := value.(int); ok {
			p.Fields[name] = float64(n)
		}
	}
	fields, err := program.Typed(p.Fields)
	if err != nil {
		return dsl.Input{}, err
	}
	in := rules.Said(r.Text, r.Press, r.Event, "", p.Messages == 0)
	in.Now, in.Message.ReceivedAt = now, now
	in.Message.Lang = environment().LangOf(in.Text)
	in.User = dsl.User{
		ID: "sub_example", FirstName: p.FirstName, LastName: p.LastName, Username: p.Username, Lang: p.Lang, Phone: p.Phone, Tags: p.Tags,
		Fields: fields, Messages: p.Messages + 1, Since: now,
	}
	in.Bot = dsl.Bot{Name: "example_bot", Platform: "telegram"}
	return in, nil
}

// stored explains a message that came.
func (r *RulesExplainCmd) stored(ctx context.Context, c *console) error {
	api, err := r.client()
	if err != nil {
		return err
	}
	v, err := api.Verdict(ctx, r.Message)
	if err != nil {
		return err
	}
	if r.JSON {
		return c.writeJSON(v)
	}
	explained := explanation{matched: v.Rules, language: v.Incoming, notes: v.Notes}
	if err := c.say(fmt.Sprintf("version %d, %s, %s", v.Version, v.Event, terminal.Moment(v.At, c.Zone))); err != nil {
		return err
	}
	for _, t := range v.Tried {
		tried := triedRule{rule: t.Rule, line: t.Line, outcome: t.Outcome}
		for _, value := range t.Values {
			tried.values = append(tried.values, [2]string{value.Source, value.Value})
		}
		explained.tried = append(explained.tried, tried)
	}
	for _, e := range v.Effects {
		words := effectWords(rules.EffectLine{
			Kind: e.Kind, Name: e.Name, Value: e.Value, Text: e.Text, Translate: e.Translate, Buttons: buttonLines(e.Buttons), Seconds: e.Seconds,
		})
		explained.effects = append(explained.effects, words+became(e.Left, string(e.State), e.TranslationReason))
	}
	return c.explained(explained)
}

func buttonLines(rows [][]wire.Button) (lines [][]rules.ButtonLine) {
	for _, row := range rows {
		line := make([]rules.ButtonLine, len(row))
		for i, b := range row {
			line[i] = rules.ButtonLine{Text: b.Text, Data: b.Data, URL: b.URL}
		}
		lines = append(lines, line)
	}
	return lines
}

// became tells what became of an effect.
func became(left, state, untranslated string) string {
	var words []string
	if left != "" {
		words = append(words, "left out: "+left)
	}
	if state != "" {
		words = append(words, state)
	}
	if untranslated != "" {
		words = append(words, "not translated: "+untranslated)
	}
	if len(words) == 0 {
		return ""
	}
	return "  (" + strings.Join(words, ", ") + ")"
}

func effectWords(e rules.EffectLine) string {
	words := []string{e.Kind}
	for _, word := range []string{e.Name, e.Value} {
		if word != "" {
			words = append(words, word)
		}
	}
	if e.Text != "" {
		words = append(words, fmt.Sprintf("%q", e.Text))
	}
	if buttons := e.ButtonWords(); buttons != "" {
		words = append(words, buttons)
	}
	if e.Translate != "" {
		words = append(words, "in "+e.Translate)
	}
	if e.Seconds > 0 {
		words = append(words, (time.Duration(e.Seconds) * time.Second).String())
	}
	return strings.Join(words, " ")
}

// explanation is a decision as it is told at a terminal.
type explanation struct {
	matched  []string
	language string
	tried    []triedRule
	effects  []string
	notes    []string
}

type triedRule struct {
	rule    string
	line    int
	outcome string
	values  [][2]string
}

func (c *console) explained(e explanation) error {
	var lines []string
	for _, t := range e.tried {
		lines = append(lines, fmt.Sprintf("%4d  %-11s  %s", t.line, t.outcome, t.rule))
		told := map[[2]string]bool{}
		for _, value := range t.values {
			if told[value] {
				continue // a name that stands in several places
			}
			told[value] = true
			lines = append(lines, fmt.Sprintf("                     %s = %s", value[0], value[1]))
		}
	}
	if len(e.matched) == 0 {
		lines = append(lines, "No rule matched.")
	}
	for _, effect := range e.effects {
		lines = append(lines, "   => "+effect)
	}
	if e.language != "" {
		lines = append(lines, "   what was written is translated into "+e.language)
	}
	for _, note := range e.notes {
		lines = append(lines, "   note: "+note)
	}
	for _, line := range lines {
		if err := c.say(terminal.Clean(line)); err != nil {
			return err
		}
	}
	return nil
}
