package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"herald/internal/bench"
)

const (
	maxBench      = 1000                   // callers, and rounds
	shortestSlice = 100 * time.Millisecond // shorter ones measure the clock
	shortestSpan  = time.Second
	maxBulk       = 10_000
)

// BenchCmd measures this program.
type BenchCmd struct {
	Whole  BenchWholeCmd  `cmd:"" default:"withargs" help:"Measure a whole Herald: start, memory, throughput."`
	Inbox  BenchInboxCmd  `cmd:"" help:"Measure what comes in: webhook, rules, transaction and reply."`
	Rules  BenchRulesCmd  `cmd:"" help:"Measure rule files: what an update costs with 10, 1,000 and 10,000 rules."`
	People BenchPeopleCmd `cmd:"" help:"Measure bots with a million people."`
}

// Help is shown by herald bench --help.
func (BenchCmd) Help() string {
	return `Without a command it measures a whole Herald; the flags of that: herald bench whole --help.

Examples:

    herald bench
    herald bench --json bench.json --rounds 9
    herald bench inbox
    herald bench rules
    herald bench people`
}

// BenchWholeCmd measures a whole Herald.
type BenchWholeCmd struct {
	JSON    string        `name:"json" env:"HERALD_BENCH_JSON" placeholder:"FILE" help:"Also write the figures to this file, as JSON."`
	Callers int           `env:"HERALD_BENCH_CALLERS" default:"16" placeholder:"N" help:"How many send at the same time (default 16)."`
	Rounds  int           `env:"HERALD_BENCH_ROUNDS" default:"5" placeholder:"N" help:"How many slices of messages and of empty workflows, by turns (default 5)."`
	Slice   time.Duration `env:"HERALD_BENCH_SLICE" default:"4s" placeholder:"SPAN" help:"How long one slice takes (default 4s)."`
	Only    []bench.Part  `env:"HERALD_BENCH_ONLY" enum:"start,steady,one-bot,six-bots,code,throughput" placeholder:"PART" help:"Measure only these parts, of start, steady, one-bot, six-bots, code and throughput (default all)."`
	Span    time.Duration `env:"HERALD_BENCH_SPAN" default:"1m" placeholder:"SPAN" help:"How long steady, one-bot, six-bots and code send (default 1m)."`
	Bulk    int           `env:"HERALD_BENCH_BULK" default:"10000" placeholder:"N" help:"How many bulk messages wait on the bot whose codes are timed (default 10000)."`
}

// Help is shown by herald bench whole --help.
func (BenchWholeCmd) Help() string {
	return `Starts a Herald of its own in a temporary folder and measures, part by part:

    start       how soon it is ready on an empty and on an existing folder, and its memory when idle
    steady      50 messages a second on four bots: how soon they are accepted, and when the messenger gets the call
    one-bot     how many messages a second one bot sends when there are enough, and how many the messenger refuses
    six-bots    the same with six bots
    code        the time of codes from accepting to the wire while 10,000 bulk messages wait on the same bot
    throughput  whole messages, from the API call until the messenger took them, and empty workflows that the same
                Temporal server completes for the same number of callers, by turns

The sandbox enforces the messenger's limits in all but the last, and its own log tells when a call came. Figures are one
to a line: name, value, unit; those of throughput are medians over the rounds. Where a figure has a bar, a comment says
so. Give it a quiet machine. All parts take about eight minutes.

Examples:

    herald bench
    herald bench --json bench.json --rounds 9
    herald bench --only throughput
    herald bench --only one-bot,six-bots --span 20s`
}

// Validate is called by the parser.
func (b *BenchWholeCmd) Validate() error {
	switch {
	case b.Callers < 1 || b.Callers > maxBench:
		return fmt.Errorf("--callers must be from 1 to %d", maxBench)
	case b.Rounds < 1 || b.Rounds > maxBench:
		return fmt.Errorf("--rounds must be from 1 to %d", maxBench)
	case b.Slice < shortestSlice:
		return fmt.Errorf("--slice must be at least %s", shortestSlice)
	case b.Span < shortestSpan:
		return fmt.Errorf("--span must be at least %s", shortestSpan)
	case b.Bulk < 1 || b.Bulk > maxBulk:
		return fmt.Errorf("--bulk must be from 1 to %d", maxBulk)
	}
	return nil
}

// Run measures.
func (b *BenchWholeCmd) Run(ctx context.Context, c *console) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	report, err := bench.Run(ctx, bench.Options{
		Program: self, Callers: b.Callers, Rounds: b.Rounds, Slice: b.Slice, Only: b.Only, Span: b.Span, Bulk: b.Bulk, Progress: c.Err,
	})
	// What was measured before a part failed is worth having.
	err = errors.Join(err, report.WriteLines(c.Out))
	if b.JSON == "" || len(report.Figures) == 0 {
		return err
	}
	return errors.Join(err, report.WriteFile(b.JSON))
}
