package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"herald/client"
	"herald/internal/sandbox/controlclient"
)

// Options say where the story is played.
type Options struct {
	// API is the installation's API. Its key must allow to send and read messages, to add and read bots, and to read
	// subscribers.
	API *client.Client
	// Sandbox is the sandbox of the same installation.
	Sandbox *controlclient.Client
	// Patience is how long a step waits for what it expects. Default 15 s.
	Patience time.Duration
	// Random chooses names and numbers, so that stories do not meet. Default: random.
	Random *rand.Rand
}

func (o Options) withDefaults() Options {
	if o.Patience == 0 {
		o.Patience = 15 * time.Second
	}
	if o.Random == nil {
		o.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return o
}

// Result is one played step.
type Result struct {
	Number   int           `json:"number"` // from 1
	Title    string        `json:"title"`
	At       time.Time     `json:"at"` // when it began
	Took     time.Duration `json:"-"`  // until all of it was checked
	TookMS   float64       `json:"took_ms"`
	OK       bool          `json:"ok"`
	State    string        `json:"state,omitempty"`    // of the message, bot or subscriber that the step is about
	Saw      string        `json:"saw,omitempty"`      // what was seen, in words
	Expected string        `json:"expected,omitempty"` // of a step that did not hold
}

// Report is a played story.
type Report struct {
	OK     bool     `json:"ok"` // every step held
	Bot    string   `json:"bot,omitempty"`
	Person string   `json:"person,omitempty"`
	Steps  []Result `json:"steps"` // up to the first that did not hold
	Left   []string `json:"left,omitempty"`
	TookMS float64  `json:"took_ms"`
}

// Mismatch says that a step saw something else than it had expected.
type Mismatch struct {
	Expected, Saw string
}

func (m *Mismatch) Error() string { return "expected " + m.Expected + ", saw " + m.Saw }

// seen is what a step saw when all is as it should be.
type seen struct {
	state string
	words string
}

// step is one step of the story. Its play function returns a *Mismatch when something is not as it should be.
type step struct {
	title string
	play  func(ctx context.Context, p *play) (seen, error)
}

// play is a story that is being played.
type play struct {
	Options
	suffix string // of all names

	bot      client.Bot
	link     string // of the bot
	payload  string // of the link, as Anna's app understood it
	anna     controlclient.Person
	stranger string         // a phone that nobody here has
	linked   client.Message // a message with a read link
	readLink string         // as it stands in Anna's chat
}

// Titles are the titles of the steps, in order.
func Titles() []string {
	var titles []string
	for _, s := range story() {
		titles = append(titles, s.title)
	}
	return titles
}

// Play plays the story up to the first step that does not hold, and tells about each step when it is over. An error means
// that the context ended; what went wrong in a step stands in the report.
func Play(ctx context.Context, o Options, tell func(Result)) (Report, error) {
	return playSteps(ctx, o, story(), tell)
}

func playSteps(ctx context.Context, o Options, steps []step, tell func(Result)) (Report, error) {
	o = o.withDefaults()
	p := &play{Options: o, suffix: suffix(o.Random), stranger: mobile(o.Random, "67")}
	report := Report{OK: true}
	begun := time.Now()
	for i, s := range steps {
		if !report.OK {
			report.Left = append(report.Left, s.title)
			continue
		}
		result := p.perform(ctx, i+1, s)
		if ctx.Err() != nil {
			return report, fmt.Errorf("play %q: %w", s.title, ctx.Err())
		}
		report.Steps = append(report.Steps, result)
		report.OK = result.OK
		tell(result)
	}
	if p.bot.Username != "" {
		report.Bot = "@" + p.bot.Username
	}
	report.Person = p.anna.FirstName
	report.TookMS = milliseconds(time.Since(begun))
	return report, nil
}

// perform plays one step.
func (p *play) perform(ctx context.Context, number int, s step) Result {
	ctx, cancel := context.WithTimeout(ctx, 2*p.Patience) // a step waits twice at most
	defer cancel()
	r := Result{Number: number, Title: s.title, At: time.Now().UTC()}
	saw, err := s.play(ctx, p)
	r.Took = time.Since(r.At)
	r.TookMS = milliseconds(r.Took)
	var mismatch *Mismatch
	switch {
	case err == nil:
		r.OK, r.State, r.Saw = true, saw.state, saw.words
	case errors.As(err, &mismatch):
		r.Expected, r.Saw = mismatch.Expected, mismatch.Saw
	default:
		r.Expected, r.Saw = "no error", err.Error()
	}
	return r
}

// lookPause is how long await waits between two looks.
const lookPause = 25 * time.Millisecond

// await looks until look is content, or patience ends. Look returns what it saw, in words, and whether that is expected.
func (p *play) await(ctx context.Context, expected string, look func() (saw string, ok bool, err error)) error {
	end := time.NewTimer(p.Patience)
	defer end.Stop()
	ticker := time.NewTicker(lookPause)
	defer ticker.Stop()
	for {
		saw, ok, err := look()
		if err != nil || ok {
			return err
		}
		select {
		case <-ticker.C:
		case <-end.C:
			return &Mismatch{Expected: expected, Saw: saw}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}

// suffix is an ending for names that makes them different from those of other stories.
func suffix(random *rand.Rand) string {
	const signs = "abcdefghijkmnpqrstuvwxyz23456789"
	text := make([]byte, 6)
	for i := range text {
		text[i] = signs[random.IntN(len(signs))]
	}
	return string(text)
}

// mobile is a valid number of a Ukrainian mobile operator.
func mobile(random *rand.Rand, operator string) string {
	return fmt.Sprintf("+380%s%07d", operator, random.IntN(10_000_000))
}
