package main

import (
	"context"
	"fmt"
	"os"

	"herald/internal/bench"
)

const maxPeople = 10_000_000

// BenchPeopleCmd measures bots with many people.
type BenchPeopleCmd struct {
	JSON   string       `name:"json" env:"HERALD_BENCH_JSON" placeholder:"FILE" help:"Also write the figures to this file, as JSON."`
	Only   []bench.Part `env:"HERALD_BENCH_PEOPLE_ONLY" enum:"resolve" placeholder:"PART" help:"Measure only these parts, of resolve (default all)."`
	People int          `env:"HERALD_BENCH_PEOPLE" default:"1000000" placeholder:"N" help:"How many people the large bot has (default 1000000)."`
	Few    int          `env:"HERALD_BENCH_FEW" default:"10000" placeholder:"N" help:"How many the small one has (default 10000)."`
	Probes int          `env:"HERALD_BENCH_PROBES" default:"1000" placeholder:"N" help:"How often people are looked for by each way in each of the two (default 1000)."`
}

// Help is shown by herald bench people --help.
func (BenchPeopleCmd) Help() string {
	return `Makes databases with bots that have many people, sealed as Herald seals them, and measures, part by part:

    resolve  the statement that finds and locks whom a message is for, by phone, @name, #id and ext:id, among a million
             people and among ten thousand, by turns; from a connection of its own, so with the way to the database and back

Figures are one to a line: name, value, unit. Where a figure has a bar, a comment says so. Give it a quiet machine.

Examples:

    herald bench people
    herald bench people --only resolve --people 100000 --json people.json`
}

// Validate is called by the parser.
func (b *BenchPeopleCmd) Validate() error {
	switch {
	case b.People < 1 || b.People > maxPeople:
		return fmt.Errorf("--people must be from 1 to %d", maxPeople)
	case b.Few < 1 || b.Few > maxPeople:
		return fmt.Errorf("--few must be from 1 to %d", maxPeople)
	case b.Probes < 1 || b.Probes > bench.MaxProbes:
		return fmt.Errorf("--probes must be from 1 to %d", bench.MaxProbes)
	}
	return nil
}

// Run measures.
func (b *BenchPeopleCmd) Run(ctx context.Context, c *console) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	report, err := bench.People(ctx, bench.PeopleOptions{
		Program: self, Only: b.Only, People: b.People, Few: b.Few, Probes: b.Probes, Progress: c.Err,
	})
	if err != nil {
		return err
	}
	if err := report.WriteLines(c.Out); err != nil || b.JSON == "" {
		return err
	}
	return report.WriteFile(b.JSON)
}
