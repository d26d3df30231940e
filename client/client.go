package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"herald/client/wire"
)

const (
	// defaultTimeout bounds one attempt of a call: a send may wait 60 seconds for its outcome.
	defaultTimeout = 90 * time.Second
	// attempts is how often a call is made at most.
	attempts = 4
	// firstPause is the pause after the first attempt; each one after doubles it.
	firstPause = 200 * time.Millisecond
	// longestPause bounds what the installation may ask to wait between attempts.
	longestPause = 5 * time.Second
	// maxAnswer bounds an answer, in bytes: a page of 200 messages with the longest texts has under 8 MiB.
	maxAnswer = 16 << 20
)

// Client calls one installation with one API key.
type Client struct {
	calls   *wire.Client
	streams *wire.Client // the same without a bound of time: for answers that are read while they are made
	pause   time.Duration
}

// Option changes how a Client works.
type Option func(*settings)

type settings struct {
	http  *http.Client
	pause time.Duration
}

// WithHTTPClient makes calls with h instead of a client of the package's own, which gives up an attempt after 90
// seconds.
func WithHTTPClient(h *http.Client) Option { return func(s *settings) { s.http = h } }

// WithPause sets the pause after a first attempt that did not arrive, instead of 200 ms. Each pause after is twice as
// long.
func WithPause(d time.Duration) Option { return func(s *settings) { s.pause = d } }

// New returns a Client for the installation at baseURL, such as http://127.0.0.1:8081, with an API key (hk_...).
func New(baseURL, key string, options ...Option) (*Client, error) {
	base, err := url.Parse(baseURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("herald: the address of the installation looks like http://127.0.0.1:8081")
	}
	if key == "" {
		return nil, errors.New("herald: an API key is needed")
	}
	s := settings{http: &http.Client{Timeout: defaultTimeout}, pause: firstPause}
	for _, option := range options {
		option(&s)
	}
	calls, err := wire.NewClient(strings.TrimSuffix(baseURL, "/"), wire.WithHTTPClient(s.http), signed(key))
	if err != nil {
		return nil, fmt.Errorf("herald: make client: %w", err)
	}
	patient, streams := *s.http, *calls
	patient.Timeout = 0
	streams.Client = &patient
	return &Client{calls: calls, streams: &streams, pause: s.pause}, nil
}

// signed gives every call the key.
func signed(key string) wire.ClientOption {
	return wire.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("User-Agent", "herald-go")
		return nil
	})
}

// newKey returns a random Idempotency-Key.
func newKey() *string {
	key := uuid.NewString()
	return &key
}

// call makes a call that may be repeated, and reads its answer.
func call[T any](ctx context.Context, c *Client, do func() (*http.Response, error)) (T, error) {
	var answer T
	body, err := c.bytes(ctx, do)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, fmt.Errorf("herald: read answer: %w", err)
	}
	return answer, nil
}

// bytes makes a call and returns the body of its answer, repeating it while that may help.
func (c *Client) bytes(ctx context.Context, do func() (*http.Response, error)) ([]byte, error) {
	pause := c.pause
	for attempt := 1; ; attempt++ {
		body, err := once(do)
		if err == nil || attempt == attempts || !worthRepeating(err) {
			return body, err
		}
		timer := time.NewTimer(max(pause, min(askedPause(err), longestPause)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
		pause *= 2
	}
}

var errTooLarge = errors.New("herald: the answer is too large")

func once(do func() (*http.Response, error)) ([]byte, error) {
	response, err := do()
	if err != nil {
		return nil, fmt.Errorf("herald: call: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("herald: read answer: %w", err)
	case len(body) > maxAnswer:
		return nil, errTooLarge
	case response.StatusCode >= http.StatusBadRequest:
		return nil, problem(response, body)
	}
	return body, nil
}

// worthRepeating tells whether the same call may do better a moment later.
func worthRepeating(err error) bool {
	var refused *Error
	if !errors.As(err, &refused) {
		return !errors.Is(err, errTooLarge) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	switch refused.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return refused.Code == "idempotency:running"
	}
}

func askedPause(err error) time.Duration {
	var refused *Error
	if !errors.As(err, &refused) {
		return 0
	}
	return refused.RetryAfter
}

// Error is a refusal, or a failure that the installation told about.
type Error struct {
	Status     int           // HTTP status
	Code       string        // stable machine word, such as recipient:phone_invalid; empty if something on the way answered
	Title      string        // the code in a few words
	Detail     string        // what is wrong and what to do, for people
	Field      string        // where in the request, such as buttons[0][1].data
	Errors     []FieldError  // all faults, when the request has several
	RequestID  string        // names the request in the installation's log
	RetryAfter time.Duration // when to try again, zero if not said

	Diagnostics []Diagnostic // of a rule file that was refused
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "herald: %d", e.Status)
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.Field != "" {
		b.WriteString(" at " + e.Field)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	return b.String()
}

// Code returns the code of the *Error in err's chain, "" if there is none.
func Code(err error) string {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

func problem(response *http.Response, body []byte) *Error {
	e := &Error{Status: response.StatusCode}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	var p wire.Problem
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(body, &p) != nil {
		e.Detail = "the answer is not one of Herald: is this its address?"
		return e
	}
	e.Diagnostics = p.Diagnostics
	e.Code, e.Title, e.Detail, e.Field, e.Errors, e.RequestID = p.Code, p.Title, p.Detail, p.Field, p.Errors, p.RequestID
	return e
}
