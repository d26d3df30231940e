package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"herald/internal/bench"
	"herald/internal/bench/match"
)

// BenchRulesCmd measures the rule language.
type BenchRulesCmd struct {
	JSON   string        `name:"json" env:"HERALD_BENCH_JSON" placeholder:"FILE" help:"Also write the figures to this file, as JSON."`
	Rounds int           `env:"HERALD_BENCH_ROUNDS" default:"5" placeholder:"N" help:"How many slices of each contender, by turns (default 5)."`
	Slice  time.Duration `name:"slice" env:"HERALD_BENCH_RULES_SLICE" default:"200ms" placeholder:"SPAN" help:"How long one slice takes (default 200ms)."`
}

// Help is shown by herald bench rules --help.
func (BenchRulesCmd) Help() string {
	return `Makes rule files of 10, 1,000 and 10,000 rules of mixed conditions and measures what one update costs, beside bare
expr that tries the same conditions one after another; also allocations, memory for each rule, and how long it takes to
compile 1,000 rules. In the source folder, make bench-rules does the same with cel-go as one more rival. Figures are
medians over the rounds, one to a line: name, value, unit. Give it a quiet machine.

Examples:

    herald bench rules
    herald bench rules --rounds 9 --json rules.json`
}

// Validate is called by the parser.
func (b *BenchRulesCmd) Validate() error {
	switch {
	case b.Rounds < 1 || b.Rounds > maxBench:
		return fmt.Errorf("--rounds must be from 1 to %d", maxBench)
	case b.Slice < time.Millisecond:
		return fmt.Errorf("--slice must be at least %s", time.Millisecond)
	}
	return nil
}

// Run measures.
func (b *BenchRulesCmd) Run(ctx context.Context, c *console) error {
	figures, err := match.Run(ctx, match.Options{Rounds: b.Rounds, Slice: b.Slice, Progress: c.Err})
	if err != nil {
		return err
	}
	report := bench.Report{At: time.Now().UTC(), Processors: runtime.NumCPU(), Callers: 1, Rounds: b.Rounds, Figures: figures}
	if err := report.WriteLines(c.Out); err != nil || b.JSON == "" {
		return err
	}
	return report.WriteFile(b.JSON)
}
