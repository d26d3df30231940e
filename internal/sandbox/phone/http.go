package phone

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"herald/internal/sandbox/network"
)

// maxBody bounds a request, in bytes.
const maxBody = 64 << 10

// answerWait bounds how long an answer is held back so that its report comes first.
const answerWait = 5 * time.Second

func (o *Operator) routes() {
	o.mux.HandleFunc("POST /sms/v1/messages", o.postMessage)
	o.mux.HandleFunc("GET /sms/v1/messages/{id}", o.getMessage)
}

// ServeHTTP answers the operator's API.
func (o *Operator) ServeHTTP(w http.ResponseWriter, r *http.Request) { o.mux.ServeHTTP(w, r) }

// request is an SMS to send. Validity is how long it may wait for a phone that is off; default 24h.
type request struct {
	From        string   `json:"from"`
	To          string   `json:"to"`
	Text        string   `json:"text"`
	CallbackURL string   `json:"callback_url"`
	Validity    Duration `json:"validity"`
}

func (o *Operator) postMessage(w http.ResponseWriter, r *http.Request) {
	in, err := readRequest(r)
	if err != nil {
		fail(w, err)
		return
	}
	answered := make(chan struct{})
	defer close(answered)
	sms, first, err := o.accept(in, answered)
	if err != nil {
		fail(w, err)
		return
	}
	if first != nil {
		ctx, cancel := context.WithTimeout(r.Context(), answerWait)
		defer cancel()
		select {
		case <-first:
		case <-ctx.Done():
		}
	}
	write(w, http.StatusCreated, map[string]any{"id": sms.ID, "segments": sms.Segments, "status": Accepted})
	_ = http.NewResponseController(w).Flush() // the answer is out before its report is
}

func readRequest(r *http.Request) (request, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(raw) > maxBody {
		return request{}, invalid("body:too_large", "the body has more than %d bytes", maxBody)
	}
	var in request
	if err := json.Unmarshal(raw, &in); err != nil {
		return in, invalid("body:invalid", "the body is no JSON of the wanted shape: %v", err)
	}
	if in.To, err = normal(in.To); err != nil {
		return in, err
	}
	if err := checkText(in.Text); err != nil {
		return in, err
	}
	if in.From == "" || len(in.From) > 32 {
		return in, invalid("sms:from", "from must be a number or a name of at most 32 bytes")
	}
	if u, err := url.Parse(in.CallbackURL); in.CallbackURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return in, invalid("sms:callback_url", "callback_url must be an http or https address")
	}
	if in.Validity < 0 || time.Duration(in.Validity) > 7*lifetime {
		return in, invalid("sms:validity", "validity must be at most 168h")
	}
	return in, nil
}

// accept takes an SMS. first is closed when the report was posted, if it must come before the answer.
func (o *Operator) accept(in request, answered <-chan struct{}) (sms *SMS, first <-chan struct{}, err error) {
	now := o.Clock().UTC()
	validity := time.Duration(in.Validity)
	if validity == 0 {
		validity = lifetime
	}
	sms = &SMS{
		ID: newID(), Direction: In, From: in.From, To: in.To, Text: in.Text, Segments: Segments(in.Text), At: now,
		Status: Accepted, callback: in.CallbackURL, expires: now.Add(validity),
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting >= maxWaiting {
		return nil, nil, &network.Problem{Kind: network.Full, Code: "sms:too_many", Message: "too many SMS are on their way"}
	}
	d, err := o.device(in.To)
	if err != nil {
		return nil, nil, err
	}
	d.keep(sms)
	o.index(sms)
	o.waiting++
	o.announce(in.To, sms.ID)
	carried := make(chan struct{})
	o.done.Go(func() {
		defer close(carried)
		o.carry(sms, answered)
	})
	if d.report == ReportBeforeAnswer && d.state != Off {
		first = carried
	}
	return sms, first, nil
}

func (o *Operator) getMessage(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	sms, ok := o.byID[r.PathValue("id")]
	var copied SMS
	if ok {
		copied = *sms
	}
	o.mu.Unlock()
	if !ok {
		fail(w, &network.Problem{Kind: network.NotFound, Code: "sms:not_found", Message: "there is no such SMS"})
		return
	}
	write(w, http.StatusOK, copied)
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // a client that is gone needs no answer
}

func fail(w http.ResponseWriter, err error) {
	status, code, message := http.StatusInternalServerError, "internal", "internal error"
	var p *network.Problem
	if errors.As(err, &p) {
		status, code, message = p.Kind.Status(), p.Code, p.Message
	}
	write(w, status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}
