package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	temporallog "go.temporal.io/sdk/log"

	"herald/internal/embedded/temporalserver"
	"herald/internal/telegram"

	"herald/internal/gateway"
	"herald/internal/inbox"
	"herald/internal/messaging"
	"herald/internal/postgres"
	"herald/rules"
	"herald/workflows"
)

// namespace is Herald's namespace in an embedded Temporal, and the default of an outside one.
const namespace = "herald"

// TemporalOptions reach an outside Temporal. What is empty comes from the SDK's own environment configuration
// (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS..., TEMPORAL_API_KEY, or its configuration file).
type TemporalOptions struct {
	Address   string
	Namespace string
}

// temporalPart is the connection to Temporal.
type temporalPart struct {
	client client.Client
}

// startTemporal starts the embedded server, or prepares the connection to an outside one: that one may be away now,
// accepting messages works all the same.
func (a *App) startTemporal(ctx context.Context) (string, error) {
	options, err := a.temporalClientOptions(ctx)
	if err != nil {
		return "", err
	}
	options.Logger = temporallog.NewStructuredLogger(slog.New(quieter{a.logger("temporal").Handler()}))
	c, err := client.NewLazyClient(options)
	if err != nil {
		return "", fmt.Errorf("make Temporal client: %w", err)
	}
	a.temporal.client = c
	a.onStop(func(context.Context) error { c.Close(); return nil })
	a.address.Temporal = options.HostPort
	return options.HostPort, nil
}

func (a *App) temporalClientOptions(ctx context.Context) (client.Options, error) {
	if a.o.Temporal == nil {
		server, err := temporalserver.Start(ctx, temporalserver.Options{
			DatabaseURL: a.databaseURL.Reveal(), Namespace: namespace, Logger: a.logger("temporal"),
		})
		if err != nil {
			return client.Options{}, err
		}
		a.onStop(server.Stop)
		// Inside one machine compressing costs more than what it saves.
		return client.Options{HostPort: server.Address(), Namespace: namespace, ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}}}, nil
	}
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return options, fmt.Errorf("read Temporal's environment configuration: %w", err)
	}
	if a.o.Temporal.Address != "" {
		options.HostPort = a.o.Temporal.Address
	}
	if a.o.Temporal.Namespace != "" {
		options.Namespace = a.o.Temporal.Namespace
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	if options.Namespace == "" {
		options.Namespace = namespace
	}
	return options, nil
}

// inboxConns is how many connections to the database the inbox has to itself: two for each update that it has in hand.
const inboxConns = 8

// startWorker runs workflows and the inbox.
func (a *App) startWorker(ctx context.Context) (string, error) {
	// The lazy client would let a worker with a wrong address start and do nothing: ask first.
	if _, err := a.temporal.client.CheckHealth(ctx, nil); err != nil {
		return "", fmt.Errorf("no answer from Temporal at %s: start it, or name another with --temporal-address: %w", a.address.Temporal, err)
	}
	if err := a.startMessengers(); err != nil {
		return "", err
	}
	deliverer := messaging.NewDeliverer(a.store, a.telegram, a.sms, now, a.o.Policy, a.logger("delivery"))
	deliverer.TranslateWith(a.translator)
	a.makeStarter()
	a.starter.AttemptWith(deliverer)
	service := a.messagingService()
	deliverer.AskWith(messaging.NewAsker(a.store, service))
	a.reconfirmer = messaging.NewReconfirmer(a.store, service)
	worker := workflows.NewWorker(a.temporal.client, workflows.NewActivities(deliverer, a.reconfirmer, a.logger("workflow")))
	if err := worker.Start(); err != nil {
		return "", err
	}
	a.onStop(func(ctx context.Context) error {
		worker.Stop() // both finish what they have in hand at the same time
		return inTime(ctx, a.starter.Finish)
	})
	a.startStarter()
	// As webhooks, what comes in has connections of its own. All that the inbox asks for inside its transactions goes over
	// them: deliveries that wait for a person whom such a transaction holds may have all others.
	incoming, err := postgres.Open(ctx, postgres.Options{URL: a.databaseURL, MaxConns: inboxConns, Vault: a.sealer})
	if err != nil {
		return "", err
	}
	a.onStop(func(context.Context) error { incoming.Close(); return nil })
	a.rules = rules.NewEngine(incoming, languageOf)
	a.background(a.warmRules)
	in := inbox.New(inbox.Deps{
		Store: incoming, Readers: map[gateway.Platform]gateway.UpdateReader{gateway.Telegram: telegram.Reader{}},
		Messenger: a.telegram, Wake: a.listener.Inbox(), Waker: a.starter, Reconfirm: a.starter, IDs: a.ids, Now: now, Logger: a.logger("inbox"),
		Engine: a.rules, Composer: a.messagingOver(incoming), Starter: a.starter, SMS: a.sms,
		Translator: a.translator,
	})
	a.background(in.Run)
	editor := messaging.NewEditor(a.store, a.telegram, now, a.o.Policy, a.logger("edits"))
	a.background(func(ctx context.Context) { editor.Run(ctx, a.listener.Edits()) })
	a.background(a.sweep)
	a.background(a.reseal)
	a.background(a.erase)
	a.background(a.watchSMS)
	a.background(a.scheduleSweeps)
	return "workflows and inbox", nil
}

// scheduleAgain is how soon the schedule is tried again that Temporal did not take: messages go out meanwhile.
const scheduleAgain = 15 * time.Second

// scheduleSweeps has Temporal sweep for proofs of phones that are too old.
func (a *App) scheduleSweeps(ctx context.Context) {
	for {
		err := workflows.ScheduleSweeps(ctx, a.temporal.client, a.o.Reconfirm.SweepEvery, a.o.Reconfirm.PerMinute)
		if err == nil || ctx.Err() != nil {
			return
		}
		a.logger("reconfirm").WarnContext(ctx, "scheduling the sweeps for proofs of phones", "again_in", scheduleAgain, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(scheduleAgain):
		}
	}
}

// warmRules compiles rule files as soon as they are activated, so that the next update need not wait for it.
func (a *App) warmRules(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case change := <-a.listener.Rules():
			active, err := a.store.ActiveRules(ctx, change.Account, change.Bot)
			if err == nil {
				_, err = a.rules.Program(ctx, change.Account, change.Bot, active.Version)
			}
			if err != nil && ctx.Err() == nil && !errors.Is(err, gateway.ErrRulesNotFound) {
				a.logger("rules").WarnContext(ctx, "compiling rules that were activated", "bot", change.Bot, "error", err)
			}
		}
	}
}

// startStarter begins accepted messages and drains the outbox: the API and the workers both do, so that
// messages go out while either is away.
func (a *App) startStarter() {
	a.makeStarter()
	if !a.starting {
		a.starting = true
		a.background(a.starter.Run)
	}
}

// makeStarter makes what startStarter runs, for whoever needs it before.
func (a *App) makeStarter() {
	if a.starter == nil {
		a.starter = workflows.NewStarter(a.temporal.client, a.store, now, a.logger("outbox"))
	}
}

// startMessengers makes the clients of messengers and of SMS providers.
func (a *App) startMessengers() error {
	if a.telegram != nil {
		return nil
	}
	servers := map[gateway.Network]string{gateway.NetworkReal: a.o.TelegramURL, gateway.NetworkSandbox: a.sandboxURL}
	if servers[gateway.NetworkReal] == "" {
		servers[gateway.NetworkReal] = telegram.OfficialURL
	}
	if a.sandboxURL == "" {
		servers[gateway.NetworkSandbox] = a.o.SandboxURL
	}
	a.telegram = telegram.NewClient(servers, a.sealer)
	a.onStop(func(context.Context) error { a.telegram.Close(); return nil })
	return a.startSMS()
}

// quieter lets only warnings and errors of the SDK through: it tells about every start of every worker.
type quieter struct{ slog.Handler }

// WithAttrs and WithGroup keep what they make as quiet: the SDK names itself in every logger that it uses.
func (q quieter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quieter{q.Handler.WithAttrs(attrs)}
}

func (q quieter) WithGroup(name string) slog.Handler { return quieter{q.Handler.WithGroup(name)} }

func (q quieter) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
