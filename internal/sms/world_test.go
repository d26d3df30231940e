package sms_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"herald/internal/gateway"
	"herald/internal/sms"
)

// patience bounds every wait for something that must happen; tick is how often it is looked at.
const (
	patience = 20 * time.Second
	tick     = 5 * time.Millisecond
)

// secret is what callbacks are proved with in all tests.
const secret gateway.Secret = "a-secret-of-callbacks-0123456789"

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// sink keeps what it is told.
type sink struct {
	mu      sync.Mutex
	reports []gateway.SMSReport
	replies []gateway.SMSReply
	broken  atomic.Int32 // how many calls fail yet
}

func (s *sink) fails() bool {
	for n := s.broken.Load(); n > 0; n = s.broken.Load() {
		if s.broken.CompareAndSwap(n, n-1) {
			return true
		}
	}
	return false
}

func (s *sink) TakeReport(_ context.Context, r gateway.SMSReport) error {
	if s.fails() {
		return errors.New("the store is away")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, r)
	return nil
}

func (s *sink) TakeReply(_ context.Context, r gateway.SMSReply) error {
	if s.fails() {
		return errors.New("the store is away")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies = append(s.replies, r)
	return nil
}

// final are the final reports about a leg so far.
func (s *sink) final(leg gateway.LegID) []gateway.SMSReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []gateway.SMSReport
	for _, r := range s.reports {
		if r.LegID == leg && r.Status.Final() {
			out = append(out, r)
		}
	}
	return out
}

func (s *sink) from(number string) []gateway.SMSReply {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.replies), func(r gateway.SMSReply) bool { return r.From != number })
}

func (s *sink) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.reports) + len(s.replies)
}

// public is the listener that providers call: the router's handlers, mounted as the product mounts them.
type public struct {
	*httptest.Server
	mu       sync.Mutex
	handlers map[string]http.Handler
	lose     atomic.Int32 // how many answers are lost yet, after the call was served
}

func newPublic(t *testing.T) *public {
	p := &public{handlers: map[string]http.Handler{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *public) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	handler := p.handlers[strings.TrimPrefix(r.URL.Path, "/sms/")]
	p.mu.Unlock()
	if handler == nil {
		http.NotFound(w, r)
		return
	}
	if p.lose.CompareAndSwap(1, 0) {
		handler.ServeHTTP(httptest.NewRecorder(), r)
		reset(w)
		return
	}
	handler.ServeHTTP(w, r)
}

func (p *public) mount(handlers map[string]http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handlers = handlers
}

// mode is what a front does to calls.
type mode string

const (
	pass        mode = "pass"
	hold        mode = "hold"         // the answer waits until the test lets it go
	resetBefore mode = "reset before" // the call does not reach the provider
	resetAfter  mode = "reset after"  // it does, its answer is lost
	slow        mode = "slow"         // it does, its answer comes too late
	page        mode = "page"         // it does, a proxy answers with a page of its own
	busy        mode = "busy"         // a proxy says 503 at once
)

// front stands before a provider and makes the network's trouble.
type front struct {
	*httptest.Server
	to     string
	mu     sync.Mutex
	mode   mode
	letGo  chan struct{}
	closed chan struct{}
}

func newFront(t *testing.T, to string) *front {
	f := &front{to: to, mode: pass, letGo: make(chan struct{}), closed: make(chan struct{})}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		close(f.closed)
		f.Close()
	})
	return f
}

func (f *front) set(m mode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode = m
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	mode := f.mode
	f.mu.Unlock()
	switch mode {
	case resetBefore:
		reset(w)
		return
	case busy:
		http.Error(w, "<html>busy</html>", http.StatusServiceUnavailable)
		return
	}
	status, header, body, err := f.forward(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	switch mode {
	case resetAfter:
		reset(w)
		return
	case page:
		http.Error(w, "<html>the gateway has no answer</html>", http.StatusBadGateway)
		return
	case hold:
		select {
		case <-f.letGo:
		case <-f.closed:
		}
	case slow:
		select {
		case <-r.Context().Done():
		case <-f.closed:
		}
		return
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (f *front) forward(r *http.Request) (int, http.Header, []byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, f.to+r.URL.RequestURI(), strings.NewReader(string(body)))
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header = r.Header.Clone()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, response.Header, answer, err
}

// reset ends the connection with a reset instead of an answer.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// habit is what a phone does with SMS.
type habit string

const (
	on          habit = "on"          // delivered and reported at once
	off         habit = "off"         // waits until it is on
	unreachable habit = "unreachable" // undelivered
	dead        habit = "dead"        // waits until the SMS expires
	stutters    habit = "stutters"    // delivered, reported twice
	silent      habit = "silent"      // delivered, never reported
)

// peer is a provider's side, spoken to over sockets.
type peer interface {
	// config is how to reach it, as a customer would configure it.
	config() sms.ProviderConfig
	// phone sets what a phone does from now on. A phone that was off gets what waits.
	phone(t *testing.T, number string, h habit)
	// heard is what the phone got, oldest first, each text whole.
	heard(t *testing.T, number string) []string
	// write lets a person write an SMS.
	write(t *testing.T, from, to, text string)
}

// world is a provider, its peer, and Herald's side with nothing behind it but a sink.
type world struct {
	peer   peer
	config sms.ProviderConfig
	front  *front
	public *public
	sink   *sink
	router *sms.Router
	ids    *gateway.IDs
}

// newWorld starts a world. start gets the address that the peer is to call for replies.
func newWorld(t *testing.T, start func(t *testing.T, callback string) peer) *world {
	w := &world{public: newPublic(t), sink: &sink{}, ids: gateway.NewIDs(nil, nil)}
	w.peer = start(t, w.public.URL+"/sms/main")
	w.config = w.peer.config()
	w.config.Name = "main"
	w.front = newFront(t, w.config.URL)
	w.config.URL = w.front.URL
	w.router = w.routerOf(t, w.config)
	w.public.mount(w.router.Callbacks(w.sink))
	return w
}

func (w *world) routerOf(t *testing.T, rows ...sms.ProviderConfig) *sms.Router {
	r, err := sms.New(sms.Config{Providers: rows}, sms.Deps{PublicURL: w.public.URL})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

// to returns an SMS to a number.
func (w *world) to(number, text string) gateway.OutgoingSMS {
	return gateway.OutgoingSMS{LegID: w.ids.Leg(), To: number, Text: text}
}

// send submits an SMS that must be taken.
func (w *world) send(t *testing.T, out gateway.OutgoingSMS) gateway.SMSReceipt {
	t.Helper()
	receipt, attempts, err := w.router.SendSMS(t.Context(), out)
	require.NoError(t, err)
	require.Equal(t, []gateway.SMSAttempt{{Provider: "main"}}, attempts)
	return receipt
}

// refused submits an SMS that must not be taken and returns why.
func refused(t *testing.T, r *sms.Router, out gateway.OutgoingSMS) *gateway.DeliveryError {
	t.Helper()
	_, _, err := r.SendSMS(t.Context(), out)
	var refusal *gateway.DeliveryError
	require.ErrorAs(t, err, &refusal)
	return refusal
}

// reported waits for n final reports about a leg.
func (w *world) reported(t *testing.T, leg gateway.LegID, n int) []gateway.SMSReport {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.sink.final(leg)) >= n }, patience, tick, "no report came")
	return w.sink.final(leg)
}

// hears waits until a phone has n SMS.
func (w *world) hears(t *testing.T, number string, n int) []string {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.peer.heard(t, number)) >= n }, patience, tick, "no SMS came")
	return w.peer.heard(t, number)
}
