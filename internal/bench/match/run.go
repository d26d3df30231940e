package match

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"herald/dsl"
	"herald/internal/bench/figure"
)

// Options say against whom and how long.
type Options struct {
	// Rivals are who else tries the conditions. Default: bare expr.
	Rivals []Rival
	// Sizes are the numbers of rules. Default 10, 1,000 and 10,000; the bars need these.
	Sizes []int
	// Rounds is how many slices of each contender are measured. Default 5.
	Rounds int
	// Slice is how long one slice takes. Default 200 ms.
	Slice time.Duration
	// Progress takes lines about what is going on. Default: nowhere.
	Progress io.Writer
}

func (o Options) withDefaults() Options {
	if len(o.Rivals) == 0 {
		o.Rivals = []Rival{Expr()}
	}
	if len(o.Sizes) == 0 {
		o.Sizes = []int{10, 1000, 10_000}
	}
	if o.Rounds == 0 {
		o.Rounds = 5
	}
	if o.Slice == 0 {
		o.Slice = 200 * time.Millisecond
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return o
}

func (o Options) validate() error {
	var errs []error
	if o.Rounds < 1 || o.Rounds > 1000 {
		errs = append(errs, fmt.Errorf("the number of rounds must be from 1 to 1000, not %d", o.Rounds))
	}
	if o.Slice < 0 {
		errs = append(errs, errors.New("a time to measure must be positive"))
	}
	for _, size := range o.Sizes {
		if size < 1 || size > 100_000 {
			errs = append(errs, fmt.Errorf("the number of rules must be from 1 to 100,000, not %d", size))
		}
	}
	return errors.Join(errs...)
}

// contender is one side of the comparison with one number of rules.
type contender struct {
	name  string
	size  int
	look  func(*Update) (int, error)
	times []float64 // µs for an update, by round
	count float64   // allocations for an update
}

// Run measures everything.
func Run(ctx context.Context, o Options) ([]figure.Figure, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	var contenders []*contender
	var figures []figure.Figure
	for _, size := range o.Sizes {
		fmt.Fprintf(o.Progress, "preparing %d rules\n", size)
		conditions := Conditions(size)
		ours, memory, err := prepareHerald(ctx, conditions)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, &contender{name: "herald", size: size, look: ours})
		figures = append(figures, figure.New(named("rule_memory", size), memory/float64(size), "bytes", ""))
		for _, rival := range o.Rivals {
			look, err := rival.Prepare(conditions)
			if err != nil {
				return nil, fmt.Errorf("prepare %s: %w", rival.Name, err)
			}
			contenders = append(contenders, &contender{name: rival.Name, size: size, look: look})
		}
	}
	// The sizes of one contender follow one another, because their ratio is what is asked for.
	slices.SortStableFunc(contenders, func(a, b *contender) int { return order(o, a) - order(o, b) })
	for round := range o.Rounds {
		fmt.Fprintf(o.Progress, "round %d of %d\n", round+1, o.Rounds)
		for _, c := range contenders {
			if err := c.slice(ctx, o.Slice); err != nil {
				return nil, err
			}
		}
	}
	figures = append(figures, updateFigures(o, contenders)...)
	compiling, err := measureCompiling(ctx, o)
	return append(figures, compiling...), err
}

// order puts Herald first, then the rivals as they were given.
func order(o Options, c *contender) int {
	return slices.IndexFunc(o.Rivals, func(r Rival) bool { return r.Name == c.name })
}

func named(what string, size int) string { return what + "_" + strconv.Itoa(size) }

// slice looks at the update again and again for so long. All contenders must find the last rule.
func (c *contender) slice(ctx context.Context, long time.Duration) error {
	u := SomeUpdate()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin, done := time.Now(), 0
	for time.Since(begin) < long || done == 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		for range 1 + 100/c.size {
			found, err := c.look(&u)
			if err != nil {
				return err
			}
			if found != c.size-1 {
				return fmt.Errorf("%s found rule %d of %d, not the last one", c.name, found, c.size)
			}
			done++
		}
	}
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	c.times = append(c.times, float64(took)/float64(done)/float64(time.Microsecond))
	c.count = float64(after.Mallocs-before.Mallocs) / float64(done)
	return nil
}

// updateFigures says what an update costs each contender, and compares.
func updateFigures(o Options, contenders []*contender) []figure.Figure {
	times := map[string][]float64{}
	var out []figure.Figure
	for _, c := range contenders {
		times[named(c.name, c.size)] = c.times
		bar := ""
		if c.name == "herald" && c.size == 10_000 {
			bar = "under 20"
		}
		out = append(out, figure.New(named(c.name+"_update", c.size), figure.Median(c.times), "us", bar))
		out = append(out, figure.New(named(c.name+"_allocations", c.size), c.count, "allocations", ""))
	}
	for _, size := range o.Sizes {
		for _, rival := range o.Rivals {
			bar := ""
			switch {
			case rival.Name == "expr" && size == 10:
				bar = "at least 1"
			case rival.Name == "expr" && size == 10_000:
				bar = "at least 100"
			}
			faster := figure.Median(ratios(times[named(rival.Name, size)], times[named("herald", size)]))
			out = append(out, figure.New(named("times_faster_than_"+rival.Name, size), faster, "times", bar))
		}
	}
	if small, large := times["herald_1000"], times["herald_10000"]; len(small) > 0 && len(large) > 0 {
		out = append(out, figure.New("growth_1000_to_10000", figure.Median(ratios(large, small)), "times", "at most 1.5"))
	}
	return out
}

// ratios divides what was measured in the same round.
func ratios(numerators, denominators []float64) []float64 {
	out := make([]float64, min(len(numerators), len(denominators)))
	for i := range out {
		out[i] = numerators[i] / denominators[i]
	}
	return out
}

// file makes a rule file of conditions as plain data: more rules than the text of one file may have.
func file(conditions []Condition) *dsl.File {
	scalar := func(s string) dsl.Scalar { return dsl.Scalar{Value: s, Known: true} }
	f := &dsl.File{Name: "bench", Version: 1, Language: scalar("en"), Timezone: scalar("UTC")}
	for i, c := range conditions {
		f.Rules = append(f.Rules, dsl.Rule{
			Name: scalar(strconv.Itoa(i)), On: []dsl.Scalar{scalar(dsl.EventMessage), scalar(dsl.EventButton)}, When: scalar(c.Herald),
			Reply: []dsl.Reply{{Text: dsl.Texts{{Text: scalar("Answer " + strconv.Itoa(i))}}}},
		})
	}
	return f
}

// prepareHerald compiles the conditions as rules, and measures what the program keeps in memory.
func prepareHerald(ctx context.Context, conditions []Condition) (look func(*Update) (int, error), bytes float64, err error) {
	f := file(conditions)
	before := liveHeap()
	program, found := dsl.Compile(f, dsl.Env{})
	if len(found) > 0 {
		return nil, 0, fmt.Errorf("compile: %s", found[0].Message)
	}
	bytes = float64(liveHeap()) - float64(before)
	return func(u *Update) (int, error) {
		v, err := program.Run(ctx, dsl.Input{
			Events: []string{dsl.EventMessage}, Text: u.Text, Button: u.Button, Now: u.At,
			User: dsl.User{Lang: u.Lang, Tags: u.Tags, Messages: u.Messages},
		})
		if err != nil {
			return 0, err
		}
		if len(v.Rules) == 0 {
			return -1, nil
		}
		return strconv.Atoi(v.Rules[0])
	}, max(bytes, 0), nil
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// compiled is the number of rules whose compilation is timed: as many as a file may have.
const compiled = 1000

// measureCompiling times compiling alone, and all that publishing does: reading, checking, compiling.
func measureCompiling(ctx context.Context, o Options) ([]figure.Figure, error) {
	f := file(Conditions(compiled))
	source := text(Conditions(compiled))
	var compile, publish []float64
	for range o.Rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		begin := time.Now()
		if _, found := dsl.Compile(f, dsl.Env{}); found.Failed() {
			return nil, fmt.Errorf("compile: %s", found[0].Message)
		}
		compile = append(compile, float64(time.Since(begin))/float64(time.Millisecond))
		begin = time.Now()
		read, found := dsl.CheckSource("bench", source, dsl.Env{})
		if found.Failed() {
			return nil, fmt.Errorf("check: %s", found[0].Message)
		}
		if _, found := dsl.Compile(read, dsl.Env{}); found.Failed() {
			return nil, fmt.Errorf("compile: %s", found[0].Message)
		}
		publish = append(publish, float64(time.Since(begin))/float64(time.Millisecond))
	}
	return []figure.Figure{
		figure.New(named("compile", compiled), figure.Median(compile), "ms", "under 300"),
		figure.New(named("read_check_compile", compiled), figure.Median(publish), "ms", ""),
	}, nil
}

// text writes conditions as a rule file.
func text(conditions []Condition) []byte {
	var b strings.Builder
	b.WriteString("herald: 1\nlanguage: en\ntimezone: UTC\nrules:\n")
	for i, c := range conditions {
		fmt.Fprintf(&b, "  - name: rule %d\n    on: [message, button]\n    when: '%s'\n    reply: Answer %d\n", i, c.Herald, i)
	}
	return []byte(b.String())
}
