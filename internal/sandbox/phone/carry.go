package phone

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"herald/internal/sandbox/network"
)

const (
	reportTries   = 5
	reportPause   = time.Second // doubles after each try
	reportTimeout = 10 * time.Second
)

// deliveryReport is what the operator posts to the callback address of an SMS.
type deliveryReport struct {
	ID     string    `json:"id"`
	To     string    `json:"to"`
	Status Status    `json:"status"`
	At     time.Time `json:"at"`
}

// reply is what the operator posts when a person writes an SMS.
type reply struct {
	ID   string    `json:"id"`
	From string    `json:"from"`
	To   string    `json:"to"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// carry brings an SMS to its phone and reports it. answer is closed when the sending program was answered; nil when that
// was long ago.
func (o *Operator) carry(sms *SMS, answer <-chan struct{}) {
	status, report, delay, ok := o.settle(sms)
	if !ok {
		return
	}
	if report != ReportBeforeAnswer && answer != nil {
		select {
		case <-answer:
		case <-o.ctx.Done():
			return
		}
	}
	if report == ReportLate && !o.pause(delay) {
		return
	}
	if report == ReportNever || sms.callback == "" {
		return
	}
	r := deliveryReport{ID: sms.ID, To: sms.To, Status: status, At: o.Clock().UTC()}
	o.post(sms.callback, r)
	if report == ReportTwice {
		o.post(sms.callback, r)
	}
}

// settle waits for the phone and decides the SMS's fate; false when the operator or the phone went away.
func (o *Operator) settle(sms *SMS) (Status, Report, time.Duration, bool) {
	expiry := time.NewTimer(sms.expires.Sub(o.Clock()))
	defer expiry.Stop()
	expired := false
	for {
		o.mu.Lock()
		d := o.devices[sms.To]
		if d == nil || o.byID[sms.ID] != sms {
			o.waiting--
			o.mu.Unlock()
			return "", "", 0, false
		}
		if d.state != Off || expired {
			sms.Status = fate(d, sms, expired)
			status, report, delay := sms.Status, d.report, d.delay
			o.waiting--
			o.announce(sms.To, sms.ID)
			o.mu.Unlock()
			return status, report, delay, true
		}
		woken := d.woken
		o.mu.Unlock()
		select {
		case <-woken:
		case <-expiry.C:
			expired = true
		case <-o.ctx.Done():
			return "", "", 0, false
		}
	}
}

func fate(d *device, sms *SMS, expired bool) Status {
	switch {
	case expired:
		return Expired
	case d.state == Unreachable, d.report == ReportUndelivered, strings.HasPrefix(sms.To, "+888"):
		return Undelivered // +888 are anonymous numbers of Telegram: no operator reaches them
	default:
		return Delivered
	}
}

func (o *Operator) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-o.ctx.Done():
		return false
	}
}

// post sends a value as JSON until it is taken with a 2xx, a few times.
func (o *Operator) post(address string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		return // unreachable: plain structs
	}
	pause := reportPause
	for try := 1; ; try++ {
		err = o.postOnce(address, raw)
		if err == nil {
			return
		}
		if try == reportTries || !o.pause(pause) {
			o.Logger.Warn("sandbox operator gave up a report", "error", err)
			return
		}
		pause *= 2
	}
}

func (o *Operator) postOnce(address string, raw []byte) error {
	ctx, cancel := context.WithTimeout(o.ctx, reportTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("make report request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := o.Client.Do(request)
	if err != nil {
		return fmt.Errorf("post report: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode >= 300 {
		return fmt.Errorf("post report: answer %d", response.StatusCode)
	}
	return nil
}

// Write is a person who writes an SMS. It is posted to the reply address.
func (o *Operator) Write(raw, to, text string) (SMS, error) {
	number, err := normal(raw)
	if err != nil {
		return SMS{}, err
	}
	if err := checkText(text); err != nil {
		return SMS{}, err
	}
	if to == "" || len(to) > 32 {
		return SMS{}, invalid("sms:to", "to must be a number or the name of a sender")
	}
	sms := &SMS{
		ID: newID(), Direction: Out, From: number, To: to, Text: text, Segments: Segments(text), At: o.Clock().UTC(), Status: Sent,
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	d, err := o.device(number)
	if err != nil {
		return SMS{}, err
	}
	if d.state != On {
		return SMS{}, &network.Problem{Kind: network.Conflict, Code: "phone:off", Message: "the phone " + number + " is " + string(d.state)}
	}
	d.keep(sms)
	o.announce(number, sms.ID)
	if address := o.ReplyURL; address != "" {
		o.done.Go(func() { o.post(address, reply{ID: sms.ID, From: number, To: to, Text: text, At: sms.At}) })
	}
	return *sms, nil
}
