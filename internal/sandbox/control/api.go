package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"herald/internal/sandbox/botapi"
	"herald/internal/sandbox/fault"
	"herald/internal/sandbox/link"
	"herald/internal/sandbox/network"
	"herald/internal/sandbox/phone"
)

// maxBody bounds a JSON body, in bytes.
const maxBody = 1 << 20

// Config is what the control API is built from. All fields are needed.
type Config struct {
	Network *network.Network
	Faults  *fault.Set
	Robot   *link.Robot
	Bots    *botapi.Server
	Phones  *phone.Operator
	Save    func(context.Context) error // writes the state, if any is kept
	Limits  botapi.Limits               // what a reset goes back to
}

// API serves /control/v1/.
type API struct {
	Config
	mux    *http.ServeMux
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
}

// New returns the control API.
func New(c Config) *API {
	a := &API{Config: c, mux: http.NewServeMux()}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.routes()
	return a
}

// Close ends waiting requests and streams of events.
func (a *API) Close() { a.cancel() }

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !sameOrigin(r) {
		fail(w, &network.Problem{
			Kind: network.Conflict, Code: "request:cross_site", Message: "pages of other sites must not control the sandbox",
		})
		return
	}
	a.mux.ServeHTTP(w, r)
}

// sameOrigin refuses what a foreign web page in the developer's browser sends; programs send no Sec-Fetch-Site.
func sameOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate"
}

// handler answers with a status and a value that is written as JSON; a nil value writes no body.
type handler func(r *http.Request) (int, any, error)

// read adds a route that changes nothing.
func (a *API) read(pattern string, h handler) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.answer(w, r, h, false) })
}

// change adds a route after which the state is written.
func (a *API) change(pattern string, h handler) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.answer(w, r, h, true) })
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, h handler, save bool) {
	status, value, err := h(r)
	if err == nil && save {
		err = a.Save(r.Context())
	}
	if err != nil {
		fail(w, err)
		return
	}
	write(w, status, value)
}

func write(w http.ResponseWriter, status int, value any) {
	if value == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // a client that is gone needs no answer
}

// fail writes {"error": {"code", "message"}}.
func fail(w http.ResponseWriter, err error) {
	code, message, status := "internal", "internal error", http.StatusInternalServerError
	var p *network.Problem
	var r *network.Refusal
	switch {
	case errors.As(err, &p):
		code, message, status = p.Code, p.Message, p.Kind.Status()
	case errors.As(err, &r):
		code, message, status = "bot:refused", r.Description, http.StatusConflict
	}
	write(w, status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}

func invalid(code, format string, args ...any) error {
	return &network.Problem{Kind: network.Invalid, Code: code, Message: fmt.Sprintf(format, args...)}
}

// body reads a JSON body into v and refuses unknown fields. An empty body leaves v as it is.
func body(r *http.Request, v any) error {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(raw) > maxBody {
		return invalid("body:too_large", "the body has more than %d bytes", maxBody)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return invalid("body:invalid", "the body is no JSON of the wanted shape: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return invalid("body:invalid", "the body goes on after its JSON value")
	}
	return nil
}

// number reads a whole number of the query.
func number(r *http.Request, name string, otherwise, low, high int64) (int64, error) {
	raw := r.URL.Query().Get(name)
	if raw == "" {
		return otherwise, nil
	}
	v, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || v < low || v > high {
		return 0, invalid("query:"+name, "%s must be a whole number from %d to %d", name, low, high)
	}
	return v, nil
}

// pathID reads a number of the path.
func pathID(r *http.Request, name string) (int64, error) {
	v, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil {
		return 0, invalid("path:"+name, "%.64q is no id of a %s", r.PathValue(name), name)
	}
	return v, nil
}

func person(r *http.Request) (network.PersonID, error) {
	id, err := pathID(r, "person")
	return network.PersonID(id), err
}

// bot finds the bot of the path by id or @username.
func (a *API) bot(r *http.Request) (network.Bot, error) { return a.Network.Bot(r.PathValue("bot")) }
