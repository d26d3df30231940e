package sms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"herald/internal/gateway"
)

const (
	// maxAnswer bounds what is read of a provider's answer. A hundred statuses of SMSC are about 20 KiB.
	maxAnswer = 1 << 20
	// maxWords bounds the provider's words that are kept, in bytes.
	maxWords = 300
	// leastPause is how long to wait when a refusal names no time; maxPause bounds what it may ask for.
	leastPause = time.Second
	maxPause   = 24 * time.Hour
)

// exchange is what happened on the wire during one call.
type exchange struct {
	left   bool // the request's head was written: the provider may have acted on it
	status int  // 0 if no whole answer came
	header http.Header
	body   []byte
	err    error // without addresses: they hold phones and secrets
}

// wire is the HTTP client of one provider.
type wire struct {
	client  *http.Client
	timeout time.Duration // of one call, from dialling to the end of the answer
}

func newWire(timeout time.Duration) *wire {
	return &wire{timeout: timeout, client: &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxIdleConns:        64,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     15 * time.Second, // under any server's own: a connection closed in the face of a call leaves doubt
			TLSHandshakeTimeout: 10 * time.Second,
			ForceAttemptHTTP2:   true,
		},
		// A redirect would repeat the call, with our login, at an address that nobody configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (w *wire) close() { w.client.CloseIdleConnections() }

// post sends a body once. The transport repeats no POST whose bytes had begun to leave.
func (w *wire) post(ctx context.Context, address string, header http.Header, body string) exchange {
	return w.do(ctx, http.MethodPost, address, header, strings.NewReader(body))
}

// get asks for something. It may be repeated: it changes nothing.
func (w *wire) get(ctx context.Context, address string, header http.Header) exchange {
	return w.do(ctx, http.MethodGet, address, header, nil)
}

func (w *wire) do(ctx context.Context, method, address string, header http.Header, body io.Reader) (e exchange) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	var left atomic.Bool // the transport writes in a goroutine of its own
	defer func() { e.left = left.Load() }()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }})

	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		e.err = errors.New("make request: the provider's address is no address")
		return e
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := w.client.Do(request)
	if err != nil {
		e.err = fmt.Errorf("call provider: %w", withoutURL(err))
		return e
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		e.err = fmt.Errorf("read answer: %w", err)
	case len(raw) > maxAnswer:
		e.err = errors.New("read answer: it is over 1 MiB")
	default:
		e.status, e.header, e.body = response.StatusCode, response.Header, raw
	}
	return e
}

// withoutURL strips the address from a transport error.
func withoutURL(err error) error {
	for {
		inner := errors.Unwrap(err)
		if _, ok := err.(interface{ Timeout() bool }); ok && inner != nil {
			err = inner // *url.Error, the only error here that prints an address
			continue
		}
		return err
	}
}

// broken tells what an exchange means in which the provider itself said nothing that could be understood: by the wire
// and the status alone. An answer below 500 is a refusal by whoever stands at the address; a 503 is one by definition;
// any other 5xx may come from a proxy that gave up waiting for an answer after it had handed the SMS on.
func (e exchange) broken() *gateway.DeliveryError {
	out := &gateway.DeliveryError{HTTPStatus: e.status, Err: e.err}
	if out.Err == nil {
		out.Err = fmt.Errorf("understand answer: HTTP status %d", e.status)
	}
	switch {
	case e.status == 0 && !e.left:
		out.Class = gateway.ClassUnavailable
	case e.status == http.StatusServiceUnavailable, e.status == http.StatusRequestTimeout:
		out.Class = gateway.ClassUnavailable
	case e.status == http.StatusTooManyRequests:
		out.Class, out.RetryAfter = gateway.ClassThrottled, e.retryAfter()
	case e.status == http.StatusUnauthorized, e.status == http.StatusForbidden:
		out.Class = gateway.ClassRevoked
	case e.status >= 300 && e.status < 500:
		out.Class = gateway.ClassDefect
	default:
		out.Class = gateway.ClassUnknown
	}
	return out
}

// refused is a refusal in the provider's own words.
func (e exchange) refused(class gateway.Class, words string) *gateway.DeliveryError {
	out := &gateway.DeliveryError{Class: class, HTTPStatus: e.status, Text: words}
	if class == gateway.ClassThrottled {
		out.RetryAfter = e.retryAfter()
	}
	return out
}

// retryAfter reads the header of that name, in seconds, within bounds.
func (e exchange) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(e.header.Get("Retry-After"))
	if err != nil {
		return leastPause
	}
	return min(max(time.Duration(min(seconds, int(maxPause/time.Second)))*time.Second, leastPause), maxPause)
}

// words are a provider's words, fit to be kept: bounded, on one line, and without the number that they are about.
func words(text, to string) string {
	if number := strings.TrimPrefix(to, "+"); number != "" {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "+"+number, "(the number)"), number, "(the number)")
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxWords {
		text = text[:maxWords]
	}
	return strings.ToValidUTF8(strings.TrimSpace(text), "")
}

// defect is a call that could not even be made.
func defect(format string, args ...any) *gateway.DeliveryError {
	err := fmt.Errorf(format, args...)
	return &gateway.DeliveryError{Class: gateway.ClassDefect, Text: err.Error(), Err: err}
}
