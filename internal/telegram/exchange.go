package telegram

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// maxAnswer bounds what is read of an answer: the largest that we ask for is 100 updates.
const maxAnswer = 16 << 20

// exchange is what happened on the wire during one call.
type exchange struct {
	left   atomic.Bool // the request's head was written: the server may have acted on it
	status int         // 0 if no answer came
	body   []byte
}

type exchangeKey struct{}

// withExchange returns a context whose call is noted in the returned exchange.
func withExchange(ctx context.Context) (context.Context, *exchange) {
	e := &exchange{}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { e.left.Store(true) },
	})
	return context.WithValue(ctx, exchangeKey{}, e), e
}

// wire is the HTTP client that all calls go through.
type wire struct{ client *http.Client }

// newWire returns a client that keeps enough connections open for many workers: the default of two would open one for
// nearly every call.
func newWire() *wire {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       30 * time.Second, // under any server's own: a connection closed in the face of a call leaves doubt
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 70 * time.Second, // a long poll lasts up to 50 s
		ForceAttemptHTTP2:     true,
	}
	// A redirect is no answer of a Bot API server, and following one would hand the token in our address to whoever it
	// leads to.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &wire{client: &http.Client{Transport: transport, CheckRedirect: stay}}
}

// Do sends the request once: a transport repeats a request whose connection was stale only if it had not left and its
// body can be had again, and ours cannot.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	e, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, errors.New("read answer: it is over 16 MiB")
	}
	e.status, e.body = resp.StatusCode, body
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// withoutURL strips the address from a transport error: it holds the token.
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

func (w *wire) close() { w.client.CloseIdleConnections() }
