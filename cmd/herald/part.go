package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"herald/internal/app"
	"herald/internal/gateway"
)

// stopWithin bounds an orderly stop: longer than a call to a messenger and the writing of its outcome.
const stopWithin = 45 * time.Second

// LogFlags say what a server tells on standard error.
type LogFlags struct {
	LogLevel  slog.Level `help:"Least level that is logged: debug, info, warn or error." default:"warn"`
	LogFormat string     `help:"Form of log lines: text or json." enum:"text,json" default:"text"`
}

func (f LogFlags) logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: f.LogLevel}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// DatabaseFlags reach an outside PostgreSQL.
type DatabaseFlags struct {
	DatabaseURL     string `name:"database-url" help:"Outside PostgreSQL, such as postgres://herald@db.example/herald. The password may stand in PGPASSWORD." placeholder:"URL"`
	DatabaseURLFile string `name:"database-url-file" help:"File that holds the database URL." placeholder:"FILE" type:"path"`
}

func (f DatabaseFlags) url() (gateway.Secret, error) {
	if f.DatabaseURLFile == "" {
		return gateway.Secret(f.DatabaseURL), nil
	}
	if f.DatabaseURL != "" {
		return "", errors.New("give the database's URL or the file that holds it, not both")
	}
	return readSecret(f.DatabaseURLFile, os.Stdin)
}

// required is url for commands that bring no database of their own.
func (f DatabaseFlags) required() (gateway.Secret, error) {
	url, err := f.url()
	if err == nil && url == "" {
		err = errors.New("which database? Give --database-url, or use `herald up`, which brings its own")
	}
	return url, err
}

// KeyFlags name the key that seals secrets in the database.
type KeyFlags struct {
	Key     string `help:"Key of secrets at rest, a keyset in Tink's JSON form." placeholder:"KEYSET"`
	KeyFile string `help:"File with that key, the same for every process; made if it is missing." placeholder:"FILE" type:"path"`
}

// SMSFlags say who carries SMS.
type SMSFlags struct {
	SMSConfig string `name:"sms-config" env:"HERALD_SMS_CONFIG" help:"File that says which SMS providers there are, in YAML; the same for every process. Without one SMS go to the phones of the sandbox, if there is one." placeholder:"FILE" type:"path"`
}

// KeepFlags say how long things are kept.
type KeepFlags struct {
	KeepEvents time.Duration `help:"How long events are kept, such as 720h (default 720h, 30 days)." default:"720h" placeholder:"SPAN"`
}

// ReconfirmFlags say how fast people are asked to prove their phones anew.
type ReconfirmFlags struct {
	ReconfirmSweepEvery time.Duration `help:"How often it is looked whose proof of a phone is older than the owner of the bot wants (default 10m). For the whole installation: the worker that started last decides." default:"10m" placeholder:"SPAN"`
	ReconfirmPerMinute  int           `help:"How many of these people are asked a minute at most, over all bots (default 300)." default:"300" placeholder:"NUMBER"`
}

func (f ReconfirmFlags) reconfirm() (app.ReconfirmOptions, error) {
	if f.ReconfirmSweepEvery < time.Second || f.ReconfirmPerMinute < 1 {
		return app.ReconfirmOptions{}, errors.New("--reconfirm-sweep-every is at least 1s, and --reconfirm-per-minute at least 1")
	}
	return app.ReconfirmOptions{SweepEvery: f.ReconfirmSweepEvery, PerMinute: f.ReconfirmPerMinute}, nil
}

// ReachFlags say how messengers and people reach this installation.
type ReachFlags struct {
	PublicURL   string `name:"public-url" help:"Where people, messengers and SMS providers reach the public listener, such as https://herald.example. Without it bots are polled." placeholder:"URL"`
	LinkURL     string `name:"link-url" help:"Where read links lead, such as https://hld.example: a shorter host that reaches the public listener too (default: the public address)." placeholder:"URL"`
	TelegramURL string `name:"telegram-url" help:"Bot API server of real bots, for those who run their own." placeholder:"URL"`

	WatchEvery time.Duration `help:"How often each bot is looked at, whether its updates still come here (default 1m)." default:"1m" placeholder:"SPAN"`
}

// TemporalFlags reach an outside Temporal.
type TemporalFlags struct {
	TemporalAddress   string `help:"Outside Temporal, host:port. TLS, an API key and the rest come from the SDK's own TEMPORAL_... variables." placeholder:"HOST:PORT"`
	TemporalNamespace string `help:"Its namespace; herald if nothing else is set." placeholder:"NAME"`
}

func (f TemporalFlags) options() *app.TemporalOptions {
	return &app.TemporalOptions{Address: f.TemporalAddress, Namespace: f.TemporalNamespace}
}

// OutsideFlags are what a part takes that runs against outside parts.
type OutsideFlags struct {
	SandboxURL string `name:"sandbox-url" help:"A sandbox that runs elsewhere, for sandbox bots." placeholder:"URL"`

	ReachFlags       `group:"Reaching this installation"`
	SMSFlags         `group:"SMS"`
	TranslationFlags `group:"Translation"`
	KeyFlags         `group:"Secrets at rest"`
	DatabaseFlags    `group:"Outside parts"`
	TemporalFlags    `group:"Outside parts"`
	LogFlags         `group:"Logs"`
}

// part are the options that the flags give, without what the part runs and where it listens.
func (f OutsideFlags) part(out *console) (app.Options, error) {
	url, err := f.required()
	translation, unclear := f.translation()
	return app.Options{
		DatabaseURL: url, Temporal: f.options(), SandboxURL: f.SandboxURL, PublicURL: f.PublicURL, LinkURL: f.LinkURL, TelegramURL: f.TelegramURL, WatchEvery: f.WatchEvery,
		Keyset: gateway.Secret(f.Key), KeyFile: f.KeyFile, SMSConfig: f.SMSConfig, Translation: translation,
		Logger: f.logger(), Progress: progress(out),
	}, errors.Join(err, unclear)
}

// collectAt is by how much, in percent, memory may grow before garbage is collected. At full load collecting took an eighth of
// the processor time of Go's usual 100, and the memory that is in use here is small.
const collectAt = 300

// runPart starts a part of Herald, tells when it is ready, and stops it in order when the context ends.
func runPart(ctx context.Context, o app.Options, ready func(*app.App) error) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	part, err := app.New(o)
	if err != nil {
		return err
	}
	if err := part.Start(ctx); err != nil {
		return err
	}
	err = ready(part)
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-part.Died():
		}
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return errors.Join(err, part.Stop(stop))
}

// progress prints one line for each part that is ready.
func progress(c *console) func(app.Progress) {
	return func(p app.Progress) {
		_, _ = fmt.Fprintf(c.Out, "  %-16s %-52s %6.1f s\n", p.Part, p.Detail, p.Took.Seconds())
	}
}

// selfName is how the reader started this program, to show commands that work for them.
func selfName() string {
	self, err := os.Executable()
	if err != nil || strings.Contains(self, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/herald"
	}
	return os.Args[0]
}
