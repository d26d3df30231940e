package temporalserver

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ErrNotEmbedded is returned by Start in a build with the tag noembed.
var ErrNotEmbedded = errors.New("this build has no embedded Temporal server: use --temporal-address")

// Options say where the server keeps its data and listens. Only DatabaseURL is required.
type Options struct {
	// DatabaseURL is the address of any database of a PostgreSQL server, as `postgres://user:password@host:port/name`.
	// Temporal's two databases are made beside it; the user must be allowed to.
	DatabaseURL string
	// Listen is where clients connect; port 0 picks a free one. Default: 127.0.0.1:0.
	Listen string
	// Namespace is registered when it is missing. Default: herald.
	Namespace string
	// Retention is how long closed workflows stay readable, at least an hour. A change applies to those that close
	// later. Default: 72 hours.
	Retention time.Duration
	// Logger gets Temporal's warnings and errors. Default: none.
	Logger *slog.Logger
	// Progress gets a few words before each step that takes long. Default: none.
	Progress func(step string)
	// StartTimeout bounds Start. Default: 1 minute.
	StartTimeout time.Duration
}

// StartError says that Temporal gave up while starting.
type StartError struct{ Err error }

func (e *StartError) Error() string {
	const longest = 300
	text := strings.Join(strings.Fields(e.Err.Error()), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return fmt.Sprintf("the embedded Temporal did not start: %s (use --temporal-address for a Temporal of your own)", text)
}

func (e *StartError) Unwrap() error { return e.Err }

func (o Options) withDefaults() (Options, error) {
	o.Listen = cmp.Or(o.Listen, "127.0.0.1:0")
	o.Namespace = cmp.Or(o.Namespace, "herald")
	o.Retention = cmp.Or(o.Retention, 72*time.Hour)
	o.StartTimeout = cmp.Or(o.StartTimeout, time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	var faults []error
	if o.Retention < time.Hour {
		faults = append(faults, fmt.Errorf("retention %s is too short: at least one hour", o.Retention))
	}
	if _, _, err := splitAddress(o.Listen); err != nil {
		faults = append(faults, err)
	}
	if u, err := url.Parse(o.DatabaseURL); err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		// The parser's own message would show the password.
		faults = append(faults, errors.New("the database address is no postgres:// URL"))
	}
	return o, errors.Join(faults...)
}

// splitAddress accepts an IP address and a port.
func splitAddress(address string) (ip string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("the Temporal address %q is not host:port", address)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || net.ParseIP(host) == nil {
		return "", 0, fmt.Errorf("the Temporal address %q needs an IP address and a port", address)
	}
	return host, int(number), nil
}
