package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"herald/internal/accounts"
	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/policy"
	"herald/internal/postgres"
	"herald/internal/seal"
	"herald/internal/sms"
	"herald/internal/telegram"
	"herald/internal/translate"
	"herald/rules"
	"herald/workflows"
)

// App is a running Herald, or a part of one.
type App struct {
	o        Options
	ids      *gateway.IDs
	undo     []func(context.Context) error // ways down, in the order of the starts
	fatal    chan error                    // a part that died by itself
	address  Addresses
	operator gateway.Account

	databaseURL gateway.Secret
	temporal    temporalPart
	store       *postgres.Store
	sealer      *seal.Box
	stale       atomic.Bool // secrets may still be sealed by an earlier key
	telegram    *telegram.Client
	listener    *postgres.Listener
	accounts    *accounts.Service
	starter     *workflows.Starter
	starting    bool // the starter runs
	sandboxURL  string
	smsSecret   gateway.Secret // between the sandbox's phones and this process
	sms         *sms.Router
	translator  *translate.Service
	policy      *policy.Service
	reconfirmer *messaging.Reconfirmer // where the worker runs
	rules       *rules.Engine          // shared by all that runs rule files here

	private, public net.Listener
}

// Addresses are where the parts listen.
type Addresses struct {
	API      string // URL of the private listener
	Public   string // URL of the public listener
	Sandbox  string // URL of the sandbox, its page and its Bot API
	Temporal string // host:port of Temporal's frontend
}

// New checks the options. Nothing runs yet.
func New(o Options) (*App, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	return &App{o: o, ids: gateway.NewIDs(now, nil), fatal: make(chan error, 8)}, nil
}

// now is the clock of everything: UTC, to the microsecond, as PostgreSQL keeps times.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Start brings all parts up. When it fails, what had started is stopped again.
func (a *App) Start(ctx context.Context) error {
	parts := []struct {
		name  string
		wants bool
		start func(context.Context) (detail string, err error)
	}{
		{"data folder", a.o.Data != "", a.startFolder},
		{"addresses", true, a.openListeners},
		{"PostgreSQL", true, a.startDatabase},
		{"schema", true, a.startSchema},
		{"Temporal", true, a.startTemporal},
		{"sandbox", a.o.Sandbox, a.startSandbox},
		{"accounts", true, a.startAccounts},
		{"translation", true, a.startTranslation},
		{"worker", a.o.Worker, a.startWorker},
		{"public listener", a.o.API, a.startPublic},
		{"API", true, a.startPrivate},
		{"intake", a.o.API, a.startIntake},
	}
	for _, part := range parts {
		if !part.wants {
			continue
		}
		begun := time.Now()
		detail, err := part.start(ctx)
		if err != nil {
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
			defer cancel()
			return errors.Join(err, a.Stop(stop))
		}
		if detail != "" {
			a.o.Progress(Progress{Part: part.name, Detail: detail, Took: time.Since(begun)})
		}
	}
	return nil
}

// stopWithin bounds the clean-up of a start that failed.
const stopWithin = 30 * time.Second

// Stop takes the parts down, the last one first.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	for len(a.undo) > 0 {
		last := len(a.undo) - 1
		errs = append(errs, a.undo[last](ctx))
		a.undo = a.undo[:last]
	}
	return errors.Join(errs...)
}

// Died receives when a part ended by itself: the process should stop.
func (a *App) Died() <-chan error { return a.fatal }

// Addresses tells where the parts listen.
func (a *App) Addresses() Addresses { return a.address }

// onStop leaves a way down.
func (a *App) onStop(fn func(context.Context) error) { a.undo = append(a.undo, fn) }

// background runs fn until the app stops.
func (a *App) background(fn func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { fn(ctx) })
	a.onStop(func(stop context.Context) error {
		cancel()
		return inTime(stop, wg.Wait)
	})
}

// inTime waits for a part's end, but no longer than a stop may take.
func inTime(stop context.Context, end func()) error {
	done := make(chan struct{})
	go func() { end(); close(done) }()
	select {
	case <-done:
		return nil
	case <-stop.Done():
		return errors.New("a part did not end in time")
	}
}

// died reports a part that ended by itself.
func (a *App) died(part string, err error) {
	select {
	case a.fatal <- fmt.Errorf("%s ended by itself: %w", part, err):
	default:
	}
}

// holder names this process among all that share a database.
func holder() string {
	var raw [6]byte
	_, _ = rand.Read(raw[:]) // never fails
	host, _ := os.Hostname()
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), hex.EncodeToString(raw[:]))
}

// logger returns the logger of one part.
func (a *App) logger(part string) *slog.Logger { return a.o.Logger.With("part", part) }
