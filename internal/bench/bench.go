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
)

// Part is a group of figures that is measured by itself.
type Part string

// Parts, in the order in which they are measured.
const (
	Start      Part = "start"      // how soon it is ready, and its memory when idle
	Steady     Part = "steady"     // 50 messages a second on several bots: from accepting to the wire
	OneBot     Part = "one-bot"    // as many messages as one bot may send
	SixBots    Part = "six-bots"   // as many messages as six bots may send
	Code       Part = "code"       // codes while bulk messages wait on the same bot
	Throughput Part = "throughput" // whole messages beside empty workflows, without the messenger's limits
)

// Parts are all parts.
func Parts() []Part { return []Part{Start, Steady, OneBot, SixBots, Code, Throughput} }

// maxBulk is what waits at most; the sandbox's log holds twice as many calls.
const maxBulk = 10_000

// Options say what is measured and how long. The zero value of a field means its default.
type Options struct {
	// Program is the herald to measure.
	Program string
	// Callers is how many send, or start workflows, at the same time. Default 16.
	Callers int
	// Rounds is how many slices of each kind are measured. Default 5.
	Rounds int
	// Slice is how long one slice takes. Default 4 s.
	Slice time.Duration
	// Idle is how long the program rests before its memory is looked at. Default 5 s.
	Idle time.Duration
	// Bots and People (to each bot) share the messages, so that the limits of one chat and one bot are not what is
	// measured: 1 and 30 a second. Defaults 16 and 25.
	Bots, People int
	// Span is how long each part that keeps to the messenger's limits takes. Default 1 min.
	Span time.Duration
	// Bulk is how many messages wait on the bot whose codes are timed. Default 10,000.
	Bulk int
	// Only are the parts to measure. Default all.
	Only []Part
	// Progress takes lines about what is going on. Default: nowhere.
	Progress io.Writer
}

func (o Options) withDefaults() Options {
	set := func(field *int, otherwise int) {
		if *field == 0 {
			*field = otherwise
		}
	}
	set(&o.Callers, 16)
	set(&o.Rounds, 5)
	set(&o.Bots, 16)
	set(&o.People, 25)
	set(&o.Bulk, 10_000)
	if o.Span == 0 {
		o.Span = time.Minute
	}
	if o.Slice == 0 {
		o.Slice = 4 * time.Second
	}
	if o.Idle == 0 {
		o.Idle = 5 * time.Second
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return o
}

func (o Options) wants(p Part) bool { return len(o.Only) == 0 || slices.Contains(o.Only, p) }

func (o Options) validate() error {
	var errs []error
	if o.Program == "" {
		errs = append(errs, errors.New("which program is measured is not said"))
	}
	for name, value := range map[string]int{"callers": o.Callers, "rounds": o.Rounds, "bots": o.Bots, "people": o.People} {
		if value < 1 || value > 1000 {
			errs = append(errs, fmt.Errorf("the number of %s must be from 1 to 1000, not %d", name, value))
		}
	}
	if o.Bulk < 1 || o.Bulk > maxBulk {
		errs = append(errs, fmt.Errorf("the number of bulk messages must be from 1 to %d, not %d", maxBulk, o.Bulk))
	}
	for _, part := range o.Only {
		if !slices.Contains(Parts(), part) {
			errs = append(errs, fmt.Errorf("there is no part %q to measure", part))
		}
	}
	if o.Slice < 0 || o.Idle < 0 || o.Span < 0 {
		errs = append(errs, errors.New("a time to measure must be positive"))
	}
	return errors.Join(errs...)
}

// The bars of the product.
const (
	barReadyEmpty    = "under 20"
	barReadyExisting = "under 8"
	barIdle          = "under 600"
	barRatio         = "at least 0.6"
)

// Run measures everything. It works in a folder of its own, which it removes.
func Run(ctx context.Context, o Options) (Report, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return Report{}, err
	}
	folder, err := os.MkdirTemp("", "herald-bench-")
	if err != nil {
		return Report{}, fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	if err := os.Chmod(folder, 0o711); err != nil { // PostgreSQL runs as its own user where Herald is started by root
		return Report{}, fmt.Errorf("open the folder: %w", err)
	}
	report := Report{At: time.Now().UTC(), Processors: runtime.NumCPU(), Callers: o.Callers, Rounds: o.Rounds}
	data := filepath.Join(folder, "data")

	if o.wants(Start) {
		o.say("starting on an empty folder")
		first, err := start(ctx, o.Program, data)
		if err != nil {
			return report, err
		}
		report.add("ready_empty", first.ready.Seconds(), "s", barReadyEmpty)
		if err := first.stop(); err != nil {
			return report, err
		}
		o.say("starting on the same folder again")
	}
	running, err := start(ctx, o.Program, data)
	if err != nil {
		return report, err
	}
	defer running.stop() // a second stop does nothing
	if o.wants(Start) {
		report.add("ready_existing", running.ready.Seconds(), "s", barReadyExisting)
		if err := measureIdle(ctx, o, &report, running.PID()); err != nil {
			return report, err
		}
	}
	people, err := newWorld(o, running.found)
	if err != nil {
		return report, err
	}
	for _, part := range []struct {
		name    Part
		measure func(context.Context, Options, *Report, *world) error
	}{
		{Steady, measureSteady},
		{OneBot, measureOneBot},
		{SixBots, measureSixBots},
		{Code, measureCode},
		{Throughput, func(ctx context.Context, o Options, report *Report, w *world) error {
			return measureThroughput(ctx, o, report, w, running.found.Temporal)
		}},
	} {
		if !o.wants(part.name) {
			continue
		}
		if err := part.measure(ctx, o, &report, people); err != nil {
			return report, fmt.Errorf("measure %s: %w", part.name, err)
		}
	}
	if err := running.stop(); err != nil {
		return report, err
	}
	return report, nil
}

func measureIdle(ctx context.Context, o Options, report *Report, pid int) error {
	o.say("resting for %s", o.Idle)
	select {
	case <-time.After(o.Idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	used, err := treeMemory("/proc", pid)
	if err != nil {
		return err
	}
	report.add("idle_pss", megabytes(used.PSS), "MB", barIdle)
	report.add("idle_rss", megabytes(used.RSS), "MB", "")
	report.add("idle_herald_rss", megabytes(used.RootRSS), "MB", "")
	report.add("processes", float64(used.Processes), "processes", "")
	return nil
}

func measureThroughput(ctx context.Context, o Options, report *Report, world *world, temporal string) error {
	o.say("making %d bots with %d people each", o.Bots, o.People)
	if err := world.enforce(ctx, false); err != nil {
		return err
	}
	var err error
	if world.chats, err = world.connect(ctx, "full", o.Bots, o.People); err != nil {
		return err
	}
	workflows, err := startWorkflows(temporal)
	if err != nil {
		return err
	}
	defer workflows.stop()

	messages := &series{name: "messages", do: world.send}
	baseline := &series{name: "empty workflows", do: workflows.run}
	accepts := &series{name: "accepts", do: world.hand}
	o.say("warming up")
	for _, s := range []*series{messages, baseline} {
		if err := s.slice(ctx, o.Callers, o.Slice/4); err != nil {
			return err
		}
		s.forget()
	}
	for round := range o.Rounds {
		for _, s := range []*series{messages, baseline} {
			if err := s.slice(ctx, o.Callers, o.Slice); err != nil {
				return err
			}
			o.say("round %d of %d: %.0f %s a second", round+1, o.Rounds, s.lastRate(), s.name)
		}
		if err := accepts.slice(ctx, o.Callers, o.Slice/8); err != nil {
			return err
		}
		longest, err := world.drain(ctx)
		if err != nil {
			return err
		}
		o.say("round %d of %d: %.0f accepts a second, the slowest message of them was taken after %s",
			round+1, o.Rounds, accepts.lastRate(), longest.Round(time.Millisecond))
	}
	report.add("messages_per_second", median(messages.rates), "1/s", "")
	report.add("empty_workflows_per_second", median(baseline.rates), "1/s", "")
	report.add("ratio", median(ratios(messages.rates, baseline.rates)), "messages per empty workflow", barRatio)
	report.add("accepts_per_second", median(accepts.rates), "1/s", "")
	report.addLatencies("message", messages.latencies)
	report.addLatencies("accept", accepts.latencies)
	report.addLatencies("accept_to_accepted", world.times())
	report.addLatencies("empty_workflow", baseline.latencies)
	report.add("messages", float64(len(messages.latencies)+len(accepts.latencies)), "messages", "")
	report.add("late_messages", float64(world.late.Load()), "messages", "0")
	return nil
}

// say writes a line of progress.
func (o Options) say(format string, values ...any) {
	fmt.Fprintf(o.Progress, format+"\n", values...)
}
