package phone

import (
	"log/slog"
	"net/http"
	"time"

	"herald/internal/sandbox/network"
)

// Config is what an operator is built from.
type Config struct {
	Network  *network.Network
	ReplyURL string
	Logger   *slog.Logger
	Clock    func() time.Time
}

// Operator is the SMS operator with all phones.
type Operator struct{ Config }

// New returns an operator.
func New(c Config) *Operator { return &Operator{Config: c} }

// ServeHTTP answers the operator's API.
func (o *Operator) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Close ends the operator's work.
func (o *Operator) Close() {}
