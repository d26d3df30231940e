package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"herald/api/internal/wire"
	"herald/internal/gateway"
)

// HealthDeps are what the private listener of a process without an API works with.
type HealthDeps struct {
	Ready   func(context.Context) map[string]error
	Metrics http.Handler
	IDs     *gateway.IDs
	Logger  *slog.Logger
}

// Health returns the handler of a worker's private listener: health and metrics, nothing else.
func Health(d HealthDeps) http.Handler {
	s := &server{ready: d.Ready, logger: d.Logger}
	engine := newEngine(d.IDs, d.Logger)
	health := wire.NewStrictHandlerWithOptions(s, nil, wire.StrictGinServerOptions{
		RequestErrorHandlerFunc: s.undecodable, HandlerErrorFunc: s.refuse, ResponseErrorHandlerFunc: s.refuse,
	})
	engine.GET("/healthz", health.GetHealth)
	engine.GET("/readyz", health.GetReadiness)
	engine.GET("/metrics", gin.WrapH(d.Metrics))
	return engine
}
