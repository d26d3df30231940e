package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"herald/client"
	"herald/dsl"
	"herald/internal/gateway"
	"herald/internal/language"
	"herald/rules"
)

// RulesCmd works on rule files: those on this machine, and those that bots answer by.
type RulesCmd struct {
	Check   RulesCheckCmd   `cmd:"" group:"files" help:"Tell all that is wrong with rule files."`
	Test    RulesTestCmd    `cmd:"" group:"files" help:"Check rule files and run their tests."`
	Fmt     RulesFmtCmd     `cmd:"" group:"files" help:"Give rule files their one layout."`
	Explain RulesExplainCmd `cmd:"" group:"files" help:"Show what a file does with one message, or why a message was answered as it was."`
	Schema  RulesSchemaCmd  `cmd:"" group:"files" help:"Write the JSON Schema of rule files, for editors."`

	Publish  RulesPublishCmd  `cmd:"" group:"bots" help:"Make a rule file answer for a bot."`
	Versions RulesVersionsCmd `cmd:"" group:"bots" help:"List the published versions of a bot's rules."`
	Show     RulesShowCmd     `cmd:"" group:"bots" help:"Write a published version as it is."`
	Diff     RulesDiffCmd     `cmd:"" group:"bots" help:"Tell what changed between two versions."`
	Activate RulesActivateCmd `cmd:"" group:"bots" help:"Make another version answer, such as an older one."`
	Off      RulesOffCmd      `cmd:"" group:"bots" help:"Let no rules answer."`
	Backtest RulesBacktestCmd `cmd:"" group:"bots" help:"Run what people wrote through a file: what would be answered otherwise."`
}

// Help is shown by herald rules --help.
func (RulesCmd) Help() string {
	return `check, test, fmt, explain FILE and schema need no running Herald. A file named - is standard input.

Examples:

    herald rules test rules.yaml
    herald rules check --format github rules/*.yaml
    herald rules explain rules.yaml --text "What is the price?"
    herald rules backtest rules.yaml --bot @acme_bot --since 7d
    herald rules publish rules.yaml --bot @acme_bot --note "Opening hours"
    herald rules explain --message msg_06f0qv7d3s9n5x1c8k2m4hwz6t`
}

// environment is what this machine gives the language.
func environment() dsl.Env {
	return dsl.Env{LangOf: func(text string) string {
		found, _ := language.Detect(text)
		return found
	}}
}

// readSource reads a rule file, at most one byte more than can be published: the check says that it is too long.
func (c *console) readSource(path string) (string, error) {
	reader := c.In
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read rule file: %w", err)
		}
		defer file.Close()
		reader = file
	}
	text, err := io.ReadAll(io.LimitReader(reader, gateway.MaxRules+1))
	if err != nil {
		return "", fmt.Errorf("read rule file %s: %w", path, err)
	}
	return string(text), nil
}

// Findings say how diagnostics are written.
type Findings struct {
	Format string `enum:"text,json,github" default:"text" placeholder:"FORM" env:"HERALD_RULES_FORMAT" help:"How findings are written: text, json, or github for the comments of a pull request (default text)."`
}

// write writes diagnostics and fails if there are errors among them.
func (f Findings) write(c *console, found dsl.Diagnostics) error {
	text := map[string]func() string{"text": found.Text, "json": found.JSON, "github": found.GitHub}[f.Format]()
	if _, err := io.WriteString(c.Out, text); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	if found.Failed() {
		return &exitError{code: exitFailure, text: found.Summary()}
	}
	return nil
}

// RulesCheckCmd checks rule files.
type RulesCheckCmd struct {
	Files []string `arg:"" name:"file" help:"Rule files; - is standard input."`
	Findings
}

// Help is shown by herald rules check --help.
func (RulesCheckCmd) Help() string {
	return `Errors make the exit code 1; warnings do not.`
}

// Run checks the files.
func (r *RulesCheckCmd) Run(c *console) error {
	var all dsl.Diagnostics
	for _, file := range r.Files {
		source, err := c.readSource(file)
		if err != nil {
			return err
		}
		_, _, found := rules.Check(file, source, environment())
		all = append(all, found...)
	}
	if err := r.write(c, all); err != nil {
		return err
	}
	if len(all) == 0 {
		c.hint("%s checked: nothing is wrong.", counted(len(r.Files), "file"))
	} else {
		c.hint("%s.", all.Summary())
	}
	return nil
}

// RulesTestCmd runs the tests of rule files.
type RulesTestCmd struct {
	Files []string `arg:"" name:"file" help:"Rule files; - is standard input."`
	Findings
}

// Help is shown by herald rules test --help.
func (RulesTestCmd) Help() string {
	return `Runs the conversations under tests:. What came otherwise is shown at its place, with the difference, and makes the exit code 1.`
}

// Run checks and tests the files.
func (r *RulesTestCmd) Run(ctx context.Context, c *console) error {
	var all dsl.Diagnostics
	tests := 0
	for _, name := range r.Files {
		source, err := c.readSource(name)
		if err != nil {
			return err
		}
		_, file, found := rules.Test(ctx, name, source, environment())
		if file != nil {
			tests += len(file.Tests)
		}
		all = append(all, found...)
	}
	if err := r.write(c, all); err != nil {
		return err
	}
	c.hint("%s passed.", counted(tests, "test"))
	return ctx.Err()
}

// RulesFmtCmd lays rule files out.
type RulesFmtCmd struct {
	Files []string `arg:"" name:"file" help:"Rule files, written anew in place; - is standard input, and written to standard output."`
	Check bool     `env:"HERALD_RULES_FMT_CHECK" help:"Change nothing: list files that are laid out otherwise, with exit code 1."`
}

// Run formats the files.
func (r *RulesFmtCmd) Run(c *console) error {
	differ := 0
	for _, name := range r.Files {
		source, err := c.readSource(name)
		if err != nil {
			return err
		}
		formatted, found := dsl.Format(name, []byte(source))
		if found.Failed() {
			return Findings{Format: "text"}.write(c, found)
		}
		switch {
		case name == "-" && !r.Check:
			_, err = c.Out.Write(formatted)
		case string(formatted) == source:
		case r.Check:
			differ++
			err = c.say(name)
		default:
			err = os.WriteFile(name, formatted, 0o644)
		}
		if err != nil {
			return fmt.Errorf("write rule file %s: %w", name, err)
		}
	}
	if differ > 0 {
		return &exitError{code: exitFailure, text: fmt.Sprintf("%d of %d files are laid out otherwise; herald rules fmt changes that", differ, len(r.Files))}
	}
	return nil
}

// RulesSchemaCmd writes the JSON Schema of rule files.
type RulesSchemaCmd struct{}

// Run writes the schema.
func (RulesSchemaCmd) Run(c *console) error {
	_, err := c.Out.Write(dsl.Schema())
	return err
}

// refusedFile writes what is wrong with a file that was not published as its check would have.
func (c *console) refusedFile(err error, name string, f Findings) error {
	var refused *client.Error
	if !errors.As(err, &refused) || len(refused.Diagnostics) == 0 {
		return err
	}
	found := make(dsl.Diagnostics, len(refused.Diagnostics))
	for i, d := range refused.Diagnostics {
		found[i] = dsl.Diagnostic{
			File: name, Position: dsl.Position{Line: d.Line, Column: d.Column}, Severity: dsl.Severity(d.Severity), Code: dsl.Code(d.Code),
			Message: d.Message, Source: d.Source,
		}
	}
	return f.write(c, found)
}

// counted writes a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
