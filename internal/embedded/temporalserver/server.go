//go:build !noembed

package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// Server is a running Temporal server.
type Server struct {
	options  Options
	layout   layout
	temporal temporal.Server

	settled  *atomic.Bool // shared with the logger
	stopOnce sync.Once
	stopped  chan struct{}
	stopErr  error
}

// Start starts the server and returns when workflows of the namespace can be started. Its errors are single lines, a
// *[StartError] where Temporal gave up.
func Start(ctx context.Context, options Options) (*Server, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	database, err := parseDatabaseURL(o.DatabaseURL)
	if err != nil {
		return nil, err
	}
	o.Progress("preparing Temporal's databases")
	settled := new(atomic.Bool)
	log := logger{out: o.Logger, settled: settled}
	if err := setUpSchemas(ctx, database, log); err != nil {
		return nil, &StartError{Err: databaseRefusal(err)}
	}
	if err := createNamespace(database, o); err != nil {
		return nil, &StartError{Err: err}
	}
	o.Progress("starting Temporal")
	s := &Server{options: o, settled: settled, stopped: make(chan struct{})}
	if err := s.launch(database, log); err != nil {
		return nil, &StartError{Err: err}
	}
	if err := s.awaitReady(ctx); err != nil {
		return nil, &StartError{Err: errors.Join(err, s.Stop(context.WithoutCancel(ctx)))}
	}
	s.settled.Store(true)
	return s, nil
}

// launch starts the services, again when a free port was taken in between.
func (s *Server) launch(database databaseAddress, log logger) error {
	const attempts = 5
	ip, port, err := splitAddress(s.options.Listen)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		if s.layout, err = newLayout(ip, port); err != nil {
			return err
		}
		err = s.run(serverConfig(s.layout, database), log)
		if err == nil || attempt == attempts || !strings.Contains(err.Error(), "address already in use") {
			return err
		}
	}
}

// run makes and starts the server, and turns what Temporal would end the process for into an error.
func (s *Server) run(cfg *config.Config, log logger) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			fatal, ok := reason.(fatalError)
			if !ok {
				panic(reason)
			}
			err = fatal.err
		}
	}()
	s.temporal, err = temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(s.layout.staticHosts()),
		temporal.WithDynamicConfigClient(dynamicSettings()),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithLogger(log),
	)
	if err != nil {
		return fmt.Errorf("make server: %w", err)
	}
	if err := s.temporal.Start(); err != nil {
		return errors.Join(fmt.Errorf("start server: %w", err), s.temporal.Stop())
	}
	return nil
}

// Address is where clients connect, as host:port.
func (s *Server) Address() string { return s.layout.address(primitives.FrontendService) }

// Namespace is the namespace that Start made ready.
func (s *Server) Namespace() string { return s.options.Namespace }

// Stop stops the services and waits for them until ctx ends. It may be called more than once. Workflows go on at the
// next Start.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		s.settled.Store(false)
		go func() {
			defer close(s.stopped)
			s.stopErr = s.temporal.Stop()
		}()
	})
	select {
	case <-s.stopped:
		return s.stopErr
	case <-ctx.Done():
		return fmt.Errorf("stop Temporal: %w", ctx.Err())
	}
}
