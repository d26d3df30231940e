package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"herald/api"
	"herald/internal/bots"
	"herald/internal/files"
	"herald/internal/messaging"
	"herald/internal/postgres"
	"herald/internal/sandbox"
	"herald/internal/telegram"
	"herald/rules"
)

// Time limits of connections. A send may wait for its outcome for 60 seconds.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 90 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeader         = 64 << 10
	drainTimeout      = 10 * time.Second // of requests under way when the app stops
)

// ListenError is an address that cannot be listened on.
type ListenError struct {
	Flag    string
	Address string
	Err     error
}

func (e *ListenError) Error() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return fmt.Sprintf("%s is in use by another program: stop it, or choose another address with %s (port 0 picks a free one)", e.Address, e.Flag)
	}
	return fmt.Sprintf("cannot listen on %s: choose another address with %s: %v", e.Address, e.Flag, e.Err)
}

func (e *ListenError) Unwrap() error { return e.Err }

// listen opens an address.
func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &ListenError{Flag: flag, Address: address, Err: err}
	}
	return l, nil
}

// openListeners opens the addresses before anything else starts: one that is taken is told at once, and the parts know
// each other's addresses. The sandbox opens its own; here it is only tried.
func (a *App) openListeners(ctx context.Context) (string, error) {
	if a.o.Sandbox {
		l, err := listen(ctx, "--sandbox-listen", a.o.SandboxListen)
		if err != nil {
			return "", err
		}
		if err := l.Close(); err != nil {
			return "", fmt.Errorf("check address %s: %w", a.o.SandboxListen, err)
		}
	}
	for _, address := range []struct {
		wants          bool
		flag, hostPort string
		listener       *net.Listener
		url            *string
	}{
		{true, "--listen", a.o.PrivateListen, &a.private, &a.address.API},
		{a.o.API, "--public-listen", a.o.PublicListen, &a.public, &a.address.Public},
	} {
		if !address.wants {
			continue
		}
		l, err := listen(ctx, address.flag, address.hostPort)
		if err != nil {
			return "", err
		}
		a.onStop(func(context.Context) error { _ = l.Close(); return nil }) // closed already once it was served
		*address.listener, *address.url = l, localURL(l)
	}
	return "", nil
}

// serve answers on l until the app stops, and then lets requests under way finish.
func (a *App) serve(part string, l net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.died(part, err)
		}
	}()
	a.onStop(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, drainTimeout)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			return errors.Join(fmt.Errorf("stop %s: %w", part, err), server.Close())
		}
		return nil
	})
}

// localURL is how programs on this machine reach a listener.
func localURL(l net.Listener) string {
	host, port, _ := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// intakeConns is how many connections to the database webhooks have to themselves.
const intakeConns = 4

// startPublic opens the listener that messengers call.
func (a *App) startPublic(ctx context.Context) (string, error) {
	// Webhooks have connections of their own: messages that wait for their bot's turn may hold all others.
	intake, err := postgres.Open(ctx, postgres.Options{URL: a.databaseURL, MaxConns: intakeConns, Vault: a.sealer})
	if err != nil {
		return "", err
	}
	a.onStop(func(context.Context) error { intake.Close(); return nil })
	if err := a.startMessengers(); err != nil {
		return "", err
	}
	a.startStarter()
	a.serve("the public listener", a.public, api.Public(api.PublicDeps{
		Telegram: telegram.NewWebhook(intake, now, a.logger("webhook")),
		SMS:      a.sms.Callbacks(messaging.NewReports(a.store, a.starter, a.ids, now)),
		Links:    a.messagingService(), IDs: a.ids, Logger: a.logger("public"),
	}))
	return a.address.Public, nil
}

// startPrivate opens the listener of the API; in a worker it shows health and metrics only.
func (a *App) startPrivate(context.Context) (string, error) {
	handler, err := a.privateHandler()
	if err != nil {
		return "", err
	}
	a.serve("the private listener", a.private, handler)
	return a.address.API, nil
}

func (a *App) privateHandler() (http.Handler, error) {
	if !a.o.API {
		return api.Health(api.HealthDeps{Ready: a.ready, Metrics: a.metrics(), IDs: a.ids, Logger: a.logger("health")}), nil
	}
	return api.New(api.Deps{
		Accounts: a.accounts, Bots: a.botService(), Messaging: a.messagingService(), Rules: rules.NewService(a.store, a.rules, a.translator, now), Policy: a.policy, Files: files.New(a.store, a.ids, now), Events: a.store, Updates: a.store, Translation: a.translator, Claims: a.store, Sealer: a.sealer, Ready: a.ready, Metrics: a.metrics(), Now: now, IDs: a.ids, Logger: a.logger("api"),
	})
}

func (a *App) messagingService() *messaging.Service { return a.messagingOver(a.store) }

func (a *App) messagingOver(store *postgres.Store) *messaging.Service {
	linkBase := cmp.Or(a.o.LinkURL, a.reachedAt())
	if linkBase != "" {
		linkBase += "/r/"
	}
	return messaging.New(store, a.starter, a.listener, linkBase, a.ids, now).WithRoutes(a.sms).WithGuard(a.policy)
}

// reachedAt is where people and messengers reach the public listener: on this machine only, if nothing else is said.
func (a *App) reachedAt() string { return cmp.Or(a.o.PublicURL, a.address.Public) }

func (a *App) botService() *bots.Service {
	sandboxURL := a.sandboxURL
	if sandboxURL == "" {
		sandboxURL = a.o.SandboxURL
	}
	return bots.New(bots.Deps{
		Bots: a.store, Subscribers: a.store, Registrar: a.telegram, Sealer: a.sealer, IDs: a.ids, Now: now, Logger: a.logger("bots"),
		Waker: a.starter,
	}, bots.Options{PublicURL: a.o.PublicURL, LocalURL: a.address.Public, SandboxURL: sandboxURL})
}

// ready asks the parts that this process depends on. An API alone takes messages while Temporal is away.
func (a *App) ready(ctx context.Context) map[string]error {
	parts := map[string]error{"postgresql": a.store.Ping(ctx)}
	if a.o.Worker {
		_, parts["temporal"] = a.temporal.client.CheckHealth(ctx, nil)
	}
	return parts
}

// startIntake polls bots and watches over them. All are looked at first: the address of this installation may have
// changed since they were added.
func (a *App) startIntake(context.Context) (string, error) {
	poller := telegram.NewPoller(a.telegram, a.store, holder(), a.listener.Bots(), now, a.logger("polling"))
	a.background(poller.Run)
	a.background(func(ctx context.Context) {
		service := a.botService()
		service.Reconnect(ctx)
		service.Watch(ctx, a.o.WatchEvery)
	})
	return "polling and webhooks", nil
}

// linkHosts are the hosts beside this machine whose links people in the sandbox may open: that of our own read links.
func (a *App) linkHosts() []string {
	var hosts []string
	for _, address := range []string{a.o.PublicURL, a.o.LinkURL} {
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
			hosts = append(hosts, u.Hostname())
		}
	}
	return hosts
}

// startSandbox runs a Telegram network and phones in this process.
func (a *App) startSandbox(ctx context.Context) (string, error) {
	s, err := sandbox.New(sandbox.Options{
		Listen: a.o.SandboxListen, StateDir: a.sandboxFolder(), LinkHosts: a.linkHosts(), SMSReplyURL: a.sandboxReplies(), Logger: a.logger("sandbox"),
	})
	if err != nil {
		return "", err
	}
	if err := s.Start(ctx); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			err = &ListenError{Flag: "--sandbox-listen", Address: a.o.SandboxListen, Err: err}
		}
		return "", err
	}
	a.onStop(s.Stop)
	a.sandboxURL = s.URL()
	a.address.Sandbox = s.URL()
	return a.address.Sandbox, nil
}
