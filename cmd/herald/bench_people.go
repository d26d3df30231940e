package main

import (
	"context"
	"fmt"
	"os"

	"herald/internal/bench"
)

// BenchPeopleCmd measures bots with many people.
type BenchPeopleCmd struct {
	JSON     string       `name:"json" env:"HERALD_BENCH_JSON" placeholder:"FILE" help:"Also write the figures to this file, as JSON."`
	Only     []bench.Part `env:"HERALD_BENCH_PEOPLE_ONLY" enum:"sweep,resolve,import,bots" placeholder:"PART" help:"Measure only these parts, of sweep, resolve, import and bots (default all)."`
	People   int          `env:"HERALD_BENCH_PEOPLE" default:"1000000" placeholder:"N" help:"How many people the large bot has (default 1000000)."`
	Few      int          `env:"HERALD_BENCH_FEW" default:"10000" placeholder:"N" help:"How many the small one has (default 10000)."`
	Due      int          `env:"HERALD_BENCH_DUE" default:"300" placeholder:"N" help:"How many people of the large bot are due to prove their phones anew (default 300)."`
	Probes   int          `env:"HERALD_BENCH_PROBES" default:"1000" placeholder:"N" help:"How often people are looked for by each way in each of the two (default 1000)."`
	Imported int          `env:"HERALD_BENCH_IMPORTED" default:"100000" placeholder:"N" help:"How many people are imported (default 100000)."`
	Polled   int          `env:"HERALD_BENCH_POLLED" default:"200" placeholder:"N" help:"How many bots one process polls (default 200)."`
}

// Help is shown by herald bench people --help.
func (BenchPeopleCmd) Help() string {
	return `Makes databases with bots that have many people, sealed as Herald seals them, and measures, part by part:

    sweep    how many rows of people the database reads to find the 300 of a million whose phones are to be proved anew, by its
             own counters, and how long that takes
    resolve  the statement that finds and locks whom a message is for, by phone, @name, #id and ext:id, among a million
             people and among ten thousand, by turns; from a connection of its own, so with the way to the database and back
    import   how long 100,000 people take through the API of a Herald of its own, and by how much the memory of its process
             grows meanwhile, beside what a tenth of them takes
    bots     the memory of a Herald that polls 200 bots in its sandbox less that of the same without bots, each after a rest

Figures are one to a line: name, value, unit. Where a figure has a bar, a comment says so. Give it a quiet machine.
All parts take about four minutes and 3 GB of disk in the folder for temporary files.

Examples:

    herald bench people
    herald bench people --only resolve --people 100000 --json people.json`
}

// Validate is called by the parser.
func (b *BenchPeopleCmd) Validate() error {
	switch {
	case b.People < 1 || b.People > bench.MaxPeople:
		return fmt.Errorf("--people must be from 1 to %d", bench.MaxPeople)
	case b.Few < 1 || b.Few > bench.MaxPeople:
		return fmt.Errorf("--few must be from 1 to %d", bench.MaxPeople)
	case b.Due < 1 || b.Due > b.People:
		return fmt.Errorf("--due must be from 1 to %d, the number of --people", b.People)
	case b.Imported < 1 || b.Imported > bench.MaxImported:
		return fmt.Errorf("--imported must be from 1 to %d", bench.MaxImported)
	case b.Polled < 1 || b.Polled > bench.MaxPolled:
		return fmt.Errorf("--polled must be from 1 to %d", bench.MaxPolled)
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
		Program: self, Only: b.Only, People: b.People, Few: b.Few, Due: b.Due, Probes: b.Probes, Imported: b.Imported, Polled: b.Polled, Progress: c.Err,
	})
	if err != nil {
		return err
	}
	if err := report.WriteLines(c.Out); err != nil || b.JSON == "" {
		return err
	}
	return report.WriteFile(b.JSON)
}
