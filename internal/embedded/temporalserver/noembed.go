//go:build noembed

package temporalserver

import "context"

// Server stands for the Temporal server that this build does not have.
type Server struct{}

// Start returns ErrNotEmbedded.
func Start(context.Context, Options) (*Server, error) { return nil, ErrNotEmbedded }

// Address is empty.
func (*Server) Address() string { return "" }

// Namespace is empty.
func (*Server) Namespace() string { return "" }

// Stop does nothing.
func (*Server) Stop(context.Context) error { return nil }
