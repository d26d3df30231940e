package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"herald/internal/bench"
)

const (
	maxBench      = 1000                   // callers, and rounds
	shortestSlice = 100 * time.Millisecond // shorter ones measure the clock
)

// BenchCmd measures this program.
type BenchCmd struct {
	JSON    string        `name:"json" env:"HERALD_BENCH_JSON" placeholder:"FILE" help:"Also write the figures to this file, as JSON."`
	Callers int           `env:"HERALD_BENCH_CALLERS" default:"16" placeholder:"N" help:"How many send at the same time (default 16)."`
	Rounds  int           `env:"HERALD_BENCH_ROUNDS" default:"5" placeholder:"N" help:"How many slices of messages and of empty workflows, by turns (default 5)."`
	Slice   time.Duration `env:"HERALD_BENCH_SLICE" default:"4s" placeholder:"SPAN" help:"How long one slice takes (default 4s)."`
}

// Help is shown by herald bench --help.
func (BenchCmd) Help() string {
	return `Starts a Herald of its own in a temporary folder and measures: how soon it is ready on an empty and on an existing
folder, its memory when idle, how many whole messages it carries from the API call until the messenger took them, and
how many empty workflows the same Temporal server completes for the same number of callers. Figures are medians over
the rounds, one to a line: name, value, unit. Give it a quiet machine.

Examples:

    herald bench
    herald bench --json bench.json --rounds 9`
}

// Validate is called by the parser.
func (b *BenchCmd) Validate() error {
	switch {
	case b.Callers < 1 || b.Callers > maxBench:
		return fmt.Errorf("--callers must be from 1 to %d", maxBench)
	case b.Rounds < 1 || b.Rounds > maxBench:
		return fmt.Errorf("--rounds must be from 1 to %d", maxBench)
	case b.Slice < shortestSlice:
		return fmt.Errorf("--slice must be at least %s", shortestSlice)
	}
	return nil
}

// Run measures.
func (b *BenchCmd) Run(ctx context.Context, c *console) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	report, err := bench.Run(ctx, bench.Options{
		Program: self, Callers: b.Callers, Rounds: b.Rounds, Slice: b.Slice, Progress: c.Err,
	})
	if err != nil {
		return err
	}
	if err := report.WriteLines(c.Out); err != nil || b.JSON == "" {
		return err
	}
	return report.WriteFile(b.JSON)
}
