//go:build noembed

package temporalserver

import (
	"context"
	"errors"
)

// Server stands for the server that this build does not have.
type Server struct{}

// Start fails: this build leaves the server out.
func Start(context.Context, Options) (*Server, error) {
	return nil, errors.New("this build has no embedded Temporal server: name an outside one with --temporal-address")
}

func (*Server) Address() string            { return "" }
func (*Server) Stop(context.Context) error { return nil }
