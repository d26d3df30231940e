package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"herald/internal/bench"
)

// BenchInboxCmd measures what comes in.
type BenchInboxCmd struct {
	JSON  string        `name:"json" env:"HERALD_BENCH_JSON" placeholder:"FILE" help:"Also write the figures to this file, as JSON."`
	Rate  float64       `env:"HERALD_BENCH_INBOX_RATE" default:"200" placeholder:"N" help:"Webhook calls a second whose answers are timed (default 200)."`
	Span  time.Duration `env:"HERALD_BENCH_INBOX_SPAN" default:"15s" placeholder:"SPAN" help:"For how long (default 15s)."`
	Burst int           `env:"HERALD_BENCH_INBOX_BURST" default:"2000" placeholder:"N" help:"Updates at once whose processing is timed (default 2000)."`
}

// Help is shown by herald bench inbox --help.
func (BenchInboxCmd) Help() string {
	return `Starts a Herald of its own in a temporary folder, with a bot that answers by rules, and measures how soon its webhook
answers at a steady rate, and how many updates a second go through webhook, rules, transaction and accepted reply. Give it
a quiet machine.`
}

// Validate is called by the parser.
func (b *BenchInboxCmd) Validate() error {
	switch {
	case b.Rate <= 0 || b.Rate > maxBench:
		return fmt.Errorf("--rate must be from 1 to %d", maxBench)
	case b.Span < shortestSpan:
		return fmt.Errorf("--span must be at least %s", shortestSpan)
	case b.Burst < 1 || b.Burst > maxBulk:
		return fmt.Errorf("--burst must be from 1 to %d", maxBulk)
	}
	return nil
}

// Run measures.
func (b *BenchInboxCmd) Run(ctx context.Context, c *console) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	report, err := bench.Inbox(ctx, bench.InboxOptions{Program: self, Rate: b.Rate, Span: b.Span, Burst: b.Burst, Progress: c.Err})
	if err != nil {
		return err
	}
	if err := report.WriteLines(c.Out); err != nil || b.JSON == "" {
		return err
	}
	return report.WriteFile(b.JSON)
}
