package sandbox

import (
	"fmt"
	"log/slog"
	"net"
	"time"

	"herald/internal/sandbox/botapi"
	"herald/internal/sandbox/network"
)

// Options configures a sandbox. The zero Options is a sandbox in memory on a free port of the loopback interface.
type Options struct {
	// Listen is the TCP address to listen on; port 0 picks a free one. Default 127.0.0.1:0. The control API is open to
	// whoever reaches this address: keep it off public networks.
	Listen string
	// StateDir is a folder in which the network is kept, made when it is missing. Empty: in memory only.
	StateDir string
	// Logger takes the sandbox's own messages. Default: none. Calls of bots are in the call log, not here.
	Logger *slog.Logger
	// Clock gives the time of messages, limits and lifetimes. Default time.Now.
	Clock func() time.Time
	// SMSReplyURL receives, by POST, the SMS that people write. Default: they only stand in the phone's list.
	SMSReplyURL string
	// LinkHosts are host names beside loopback addresses that the preview robot and opened links may reach.
	LinkHosts []string
	// Limits are Telegram's limits of sending. Default botapi.DefaultLimits, which are enforced.
	Limits *botapi.Limits
	// Bounds limits what the network holds. Default: see network.Bounds.
	Bounds network.Bounds
}

// withDefaults fills what is not set.
func (o Options) withDefaults() Options {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Limits == nil {
		limits := botapi.DefaultLimits()
		o.Limits = &limits
	}
	return o
}

func (o Options) validate() error {
	if _, _, err := net.SplitHostPort(o.Listen); err != nil {
		return fmt.Errorf("check the sandbox's listen address %q: %w", o.Listen, err)
	}
	if o.Limits.Enforce && !o.Limits.Valid() {
		return fmt.Errorf("check the sandbox's limits: all rates and the burst must be positive")
	}
	return nil
}
