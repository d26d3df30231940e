package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"herald/internal/gateway"
)

// provider is what every file of a provider fills.
type provider interface {
	gateway.SMSProvider
	gateway.SMSCallbacks
	close()
}

// Deps is what a router needs beside its configuration.
type Deps struct {
	// PublicURL is where the internet finds us, such as https://herald.example. Providers are told to call
	// /sms/<name> below it. Empty: only those that have a callback_url call.
	PublicURL string
	// Clock tells the time. Default time.Now.
	Clock gateway.Clock
	// Logger takes what nobody else is told. Default: none.
	Logger *slog.Logger
}

// route is one provider and the numbers that it serves.
type route struct {
	provider provider
	prefixes []string // none: all numbers
	called   bool     // it may call us
	sandbox  bool     // its phones are no real ones
}

// longest is the length of the longest prefix that the number has; no prefixes fit every number with 0, a number that
// the provider does not serve has -1.
func (r route) longest(to string) int {
	if len(r.prefixes) == 0 {
		return 0
	}
	best := -1
	for _, prefix := range r.prefixes {
		if strings.HasPrefix(to, prefix) {
			best = max(best, len(prefix))
		}
	}
	return best
}

// Router submits SMS to the providers of a configuration. Close it when it is done with.
type Router struct {
	routes []route
	now    gateway.Clock
	logger *slog.Logger
}

// New makes the router of a configuration.
func New(c Config, d Deps) (*Router, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	if d.Clock == nil {
		d.Clock = time.Now
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Router{now: d.Clock, logger: d.Logger}
	var faults []error
	for i, p := range c.Providers {
		s, _ := shapeOf(p.Kind)
		address := p.CallbackURL
		if address == "" && d.PublicURL != "" {
			address = strings.TrimRight(d.PublicURL, "/") + "/sms/" + p.Name
		}
		if address == "" && s.needsCallback {
			faults = append(faults, fmt.Errorf("providers[%d].callback_url: is missing, and there is no public address: no report would ever come from %s", i, p.Kind))
			continue
		}
		desk := desk{name: p.Name, address: address, secret: p.CallbackSecret, now: d.Clock, logger: d.Logger}
		r.routes = append(r.routes, route{
			provider: s.build(p, desk), prefixes: p.Prefixes, sandbox: p.Kind == KindSandbox,
			called: address != "" && (!s.callbackOnlyIf || p.CallbackSecret != ""),
		})
	}
	if err := errors.Join(faults...); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Close lets go of connections that wait for the next call.
func (r *Router) Close() {
	for _, route := range r.routes {
		route.provider.close()
	}
}

// choose returns the providers that serve a number: those with the longest prefix first, else in the order of the
// configuration. For a bot of the sandbox these are sandboxes only: people try things there with numbers that somebody
// may have.
func (r *Router) choose(to string, network gateway.Network) []provider {
	fitting := slices.Clone(r.routes)
	fitting = slices.DeleteFunc(fitting, func(c route) bool {
		return c.longest(to) < 0 || network == gateway.NetworkSandbox && !c.sandbox
	})
	slices.SortStableFunc(fitting, func(a, b route) int { return b.longest(to) - a.longest(to) })
	chosen := make([]provider, len(fitting))
	for i, c := range fitting {
		chosen[i] = c.provider
	}
	return chosen
}

// Carries tells whether a provider serves the number for bots of the network.
func (r *Router) Carries(to string, network gateway.Network) bool {
	return len(r.choose(to, network)) > 0
}

// Serving tells whether there is any provider for bots of the network.
func (r *Router) Serving(network gateway.Network) bool {
	return slices.ContainsFunc(r.routes, func(c route) bool { return network != gateway.NetworkSandbox || c.sandbox })
}

// Serves tells whether a provider is configured for a number.
func (r *Router) Serves(to string) bool { return len(r.choose(to, gateway.NetworkReal)) > 0 }

// SendSMS submits an SMS to the first provider that serves its number. The next is asked only if the one before did not
// take it for certain and the trouble was its own. If none took it, the error is the one that is worth another try, if
// there is one, else the last.
func (r *Router) SendSMS(ctx context.Context, sms gateway.OutgoingSMS) (gateway.SMSReceipt, []gateway.SMSAttempt, error) {
	var attempts []gateway.SMSAttempt
	refusal := &gateway.DeliveryError{Class: gateway.ClassNoRoute, Text: "no SMS provider is configured for this number"}
	if !senderForm.MatchString(sms.From) || len(sms.From) > maxSender {
		return gateway.SMSReceipt{}, nil, defect("the sender of an SMS must be at most %d plain characters", maxSender)
	}
	for _, p := range r.choose(sms.To, sms.Network) {
		receipt, err := p.SendSMS(ctx, sms)
		if err == nil {
			return receipt, append(attempts, gateway.SMSAttempt{Provider: p.Name()}), nil
		}
		var facts *gateway.DeliveryError
		if !errors.As(err, &facts) {
			facts = &gateway.DeliveryError{Class: gateway.ClassUnknown, Err: err}
		}
		attempts = append(attempts, gateway.SMSAttempt{Provider: p.Name(), Class: facts.Class, Text: facts.Text})
		if !facts.Class.AnotherMayTake() {
			return gateway.SMSReceipt{}, attempts, facts
		}
		r.logger.WarnContext(ctx, "SMS provider did not take an SMS", "provider", p.Name(), "leg", sms.LegID, "class", facts.Class, "error", facts.Err)
		if !worthAnotherTry(refusal) {
			refusal = facts
		}
		if ctx.Err() != nil {
			break // the next would fail for our own sake
		}
	}
	return gateway.SMSReceipt{}, attempts, refusal
}

// worthAnotherTry tells whether time alone may mend a refusal.
func worthAnotherTry(refusal *gateway.DeliveryError) bool {
	return refusal.Class == gateway.ClassUnavailable || refusal.Class == gateway.ClassThrottled
}

// Callbacks returns the handlers of providers that call us, by their names. Each is to stand at /sms/<name>.
func (r *Router) Callbacks(sink gateway.SMSSink) map[string]http.Handler {
	handlers := map[string]http.Handler{}
	for _, c := range r.routes {
		if c.called {
			handlers[c.provider.Name()] = c.provider.Callback(sink)
		}
	}
	return handlers
}

// ReplyURL is the address to give a provider for what people write: the address that it finds us at, with the secret.
func ReplyURL(address string, secret gateway.Secret) string {
	return address + "?" + url.Values{paramSecret: {secret.Reveal()}}.Encode()
}
