package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"herald/internal/postgres/crowd"
)

// Parts of People, in the order in which they are measured.
const (
	Sweep   Part = "sweep"   // who is due to prove a phone anew, among many
	Resolve Part = "resolve" // a person by phone, name, id and external id, among few and among many
	Import  Part = "import"  // many people at once, through the API of a Herald
	Polled  Part = "bots"    // many bots that one process polls
)

// PeopleParts are all of them.
func PeopleParts() []Part { return []Part{Sweep, Resolve, Import, Polled} }

// PeopleOptions say what is measured of people. The zero value of a field means its default.
type PeopleOptions struct {
	// Program is the herald to measure.
	Program string
	// People is how many subscribers the large bot has. Default 1,000,000.
	People int
	// Few is how many the small one has. Default 10,000.
	Few int
	// Due is how many people of the large bot are due to prove their phones anew. Default 300.
	Due int
	// Probes is how often a person is looked for by each way in each of the two. Default 1000.
	Probes int
	// Imported is how many people are imported. Default 100,000.
	Imported int
	// Polled is how many bots are polled. Default 200.
	Polled int
	// Only are the parts to measure. Default all.
	Only []Part
	// Progress takes lines about what is going on. Default: nowhere.
	Progress io.Writer
}

func (o PeopleOptions) withDefaults() PeopleOptions {
	for field, otherwise := range map[*int]int{&o.People: 1_000_000, &o.Few: 10_000, &o.Probes: 1000, &o.Due: 300, &o.Imported: 100_000, &o.Polled: 200} {
		if *field == 0 {
			*field = otherwise
		}
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return o
}

func (o PeopleOptions) wants(p Part) bool { return len(o.Only) == 0 || slices.Contains(o.Only, p) }

func (o PeopleOptions) validate() error {
	var errs []error
	if o.Program == "" {
		errs = append(errs, errors.New("which program is measured is not said"))
	}
	for name, value := range map[string]int{"people": o.People, "few people": o.Few} {
		if value < 1 || value > MaxPeople {
			errs = append(errs, fmt.Errorf("the number of %s must be from 1 to %d, not %d", name, MaxPeople, value))
		}
	}
	if o.Probes < 1 || o.Probes > MaxProbes {
		errs = append(errs, fmt.Errorf("the number of probes must be from 1 to %d, not %d", MaxProbes, o.Probes))
	}
	if o.Imported < 1 || o.Imported > MaxImported {
		errs = append(errs, fmt.Errorf("the number of imported people must be from 1 to %d, not %d", MaxImported, o.Imported))
	}
	if o.Polled < 1 || o.Polled > MaxPolled {
		errs = append(errs, fmt.Errorf("the number of polled bots must be from 1 to %d, not %d", MaxPolled, o.Polled))
	}
	if o.Due < 1 || o.Due > o.People {
		errs = append(errs, fmt.Errorf("the number of those who are due must be from 1 to %d, not %d", o.People, o.Due))
	}
	for _, part := range o.Only {
		if !slices.Contains(PeopleParts(), part) {
			errs = append(errs, fmt.Errorf("there is no part %q to measure", part))
		}
	}
	return errors.Join(errs...)
}

// Bounds of what is measured.
const (
	MaxPeople   = crowd.MaxPeople
	MaxProbes   = 100_000 // how often a person is looked for by each way
	MaxImported = 200_000 // as many rows as a file may have
	MaxPolled   = 1000
)

// say writes a line of progress.
func (o PeopleOptions) say(format string, values ...any) {
	fmt.Fprintf(o.Progress, format+"\n", values...)
}

// People measures what bots with many people cost, and many bots. It works in a folder of its own, which it removes.
func People(ctx context.Context, o PeopleOptions) (Report, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return Report{}, err
	}
	report := Report{At: time.Now().UTC(), Processors: runtime.NumCPU(), Callers: 1, Rounds: 1}
	folder, err := os.MkdirTemp("", "herald-bench-")
	if err != nil {
		return report, fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	if err := os.Chmod(folder, 0o711); err != nil { // PostgreSQL runs as its own user where Herald is started by root
		return report, fmt.Errorf("open the folder: %w", err)
	}
	if o.wants(Sweep) || o.wants(Resolve) {
		if err := measureCrowd(ctx, o, &report, filepath.Join(folder, "crowd")); err != nil {
			return report, err
		}
	}
	for _, part := range []struct {
		name    Part
		measure func(context.Context, PeopleOptions, *Report, string) error
	}{{Import, measureImport}, {Polled, measurePolled}} {
		if !o.wants(part.name) {
			continue
		}
		if err := part.measure(ctx, o, &report, folder); err != nil {
			return report, fmt.Errorf("measure %s: %w", part.name, err)
		}
	}
	return report, nil
}

// measureCrowd measures what is asked of a database with many people in a bot, without the rest of a Herald.
func measureCrowd(ctx context.Context, o PeopleOptions, report *Report, folder string) (err error) {
	o.say("starting a database")
	server, err := crowd.Start(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	many, err := server.Base(ctx, "many")
	if err != nil {
		return err
	}
	defer many.Close(ctx)
	if err := o.fill(ctx, many, o.People, o.Due); err != nil {
		return err
	}
	if o.wants(Sweep) {
		if err := measureSweep(ctx, o, report, many); err != nil {
			return fmt.Errorf("measure %s: %w", Sweep, err)
		}
	}
	if o.wants(Resolve) {
		few, err := server.Base(ctx, "few")
		if err != nil {
			return err
		}
		defer few.Close(ctx)
		if err := o.fill(ctx, few, o.Few, 0); err != nil {
			return err
		}
		if err := measureResolve(ctx, o, report, few, many); err != nil {
			return fmt.Errorf("measure %s: %w", Resolve, err)
		}
	}
	return nil
}

func (o PeopleOptions) fill(ctx context.Context, base *crowd.Base, people, overdue int) error {
	o.say("filling a bot with %d people", people)
	begun := time.Now()
	if err := base.Fill(ctx, crowd.Shape{People: people, Due: overdue}); err != nil {
		return err
	}
	o.say("filled in %s", time.Since(begun).Round(time.Millisecond))
	return nil
}
