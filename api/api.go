package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"herald/api/internal/wire"
	"herald/internal/accounts"
	"herald/internal/bots"
	"herald/internal/files"
	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/policy"
	"herald/rules"
)

// Deps are what the private listener works with. All but Metrics are needed.
type Deps struct {
	Accounts    *accounts.Service
	Bots        *bots.Service
	Messaging   *messaging.Service
	Rules       *rules.Service
	Policy      *policy.Service
	Files       *files.Service
	Events      gateway.AccountEventStore
	Translation Translation
	Updates     gateway.PendingStore
	Claims      gateway.ClaimStore
	Sealer      gateway.Sealer // for the kept answers of idempotency keys
	// Ready asks every part that requests depend on; a nil error is a part that answers. It must end with its context.
	Ready   func(context.Context) map[string]error
	Metrics http.Handler // of /metrics; nil leaves the address out
	Now     gateway.Clock
	IDs     *gateway.IDs
	Logger  *slog.Logger
}

func (d Deps) check() error {
	for name, missing := range map[string]bool{
		"Accounts": d.Accounts == nil, "Bots": d.Bots == nil, "Messaging": d.Messaging == nil, "Rules": d.Rules == nil, "Policy": d.Policy == nil, "Files": d.Files == nil, "Events": d.Events == nil, "Translation": d.Translation == nil, "Claims": d.Claims == nil, "Updates": d.Updates == nil,
		"Sealer": d.Sealer == nil, "Ready": d.Ready == nil, "Now": d.Now == nil, "IDs": d.IDs == nil, "Logger": d.Logger == nil,
	} {
		if missing {
			return fmt.Errorf("make API: its %s is missing", name)
		}
	}
	return nil
}

// server is the private listener.
type server struct {
	spec        *specification
	accounts    *accounts.Service
	bots        *bots.Service
	messaging   *messaging.Service
	rules       *rules.Service
	policy      *policy.Service
	files       *files.Service
	events      gateway.AccountEventStore
	translation Translation
	updates     gateway.PendingStore
	claims      gateway.ClaimStore
	sealer      gateway.Sealer
	ready       func(context.Context) map[string]error
	now         gateway.Clock
	ids         *gateway.IDs
	logger      *slog.Logger
}

var _ wire.StrictServerInterface = (*server)(nil)

// New returns the handler of the private listener: /v1, the reference page, health and metrics. Time limits of
// connections are set by whoever serves it; a send may wait for its outcome for 60 seconds.
func New(d Deps) (http.Handler, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	spec, err := loadSpecification(specYAML)
	if err != nil {
		return nil, err
	}
	s := &server{
		spec: spec, accounts: d.Accounts, bots: d.Bots, messaging: d.Messaging, rules: d.Rules, policy: d.Policy, files: d.Files, events: d.Events, translation: d.Translation, updates: d.Updates, claims: d.Claims, sealer: d.Sealer,
		ready: d.Ready, now: d.Now, ids: d.IDs, logger: d.Logger,
	}
	engine := newEngine(d.IDs, d.Logger)
	pages, err := newPages(spec)
	if err != nil {
		return nil, err
	}
	pages.mount(engine)
	if d.Metrics != nil {
		engine.GET("/metrics", gin.WrapH(d.Metrics))
	}
	operations := engine.Group("", s.authenticate, s.checkRequest, s.idempotent)
	wire.RegisterHandlersWithOptions(operations, wire.NewStrictHandlerWithOptions(s, []wire.StrictMiddlewareFunc{detach, s.claiming}, wire.StrictGinServerOptions{
		RequestErrorHandlerFunc:  s.undecodable,
		HandlerErrorFunc:         s.refuse,
		ResponseErrorHandlerFunc: s.refuse,
	}), wire.GinServerOptions{
		ErrorHandler: func(c *gin.Context, err error, _ int) { s.undecodable(c, err) },
	})
	return engine, nil
}

// detach gives the operation a context of its own. gin uses its contexts again for other requests, and what an operation
// begins, such as a connection that is still being opened, may ask its context for a value after the answer.
func detach(next wire.StrictHandlerFunc, _ string) wire.StrictHandlerFunc {
	return func(c *gin.Context, request any) (any, error) { return next(c.Copy(), request) }
}

func (s *server) refuse(c *gin.Context, err error) { refuse(c, s.logger, err) }

// undecodable refuses what the checks before let through and the generated decoder does not take: a path with a stray
// percent sign, for one.
func (s *server) undecodable(c *gin.Context, err error) {
	s.refuse(c, &gateway.Error{Code: gateway.CodeBodyInvalid, Message: "The request cannot be read. Check the address, its query and the headers.", Err: err})
}

// operationOf returns the operation that the request was routed to. Routes and operations come from one file, so there
// always is one.
func (s *server) operationOf(c *gin.Context) *operation {
	op, ok := s.spec.operations[c.Request.Method+" "+c.FullPath()]
	if !ok {
		panic(errors.New("a route without an operation: " + c.FullPath()))
	}
	return op
}
