package temporalserver

import (
	"log/slog"
	"time"
)

// Options configures a server.
type Options struct {
	// DatabaseURL reaches a PostgreSQL server whose user may make databases, as postgres://user:password@host:port/any.
	// The server's own databases are temporal and temporal_visibility.
	DatabaseURL string
	// Listen is the loopback address of the frontend. Default 127.0.0.1:0, a free port.
	Listen string
	// Namespace is made if it is missing. Default herald.
	Namespace string
	// Retention is how long closed workflows are kept. Default 72 hours.
	Retention time.Duration
	// Logger takes errors of the server, and at level info its warnings. Default: none.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Namespace == "" {
		o.Namespace = "herald"
	}
	if o.Retention == 0 {
		o.Retention = 72 * time.Hour
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
