package sms

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"herald/internal/gateway"
)

// sandboxRefusals tells classes by the sandbox operator's codes.
var sandboxRefusals = map[string]gateway.Class{
	"phone:invalid":    gateway.ClassInvalidNumber,
	"sms:text":         gateway.ClassContent,
	"body:too_large":   gateway.ClassContent,
	"sms:too_many":     gateway.ClassUnavailable,
	"phone:too_many":   gateway.ClassUnavailable,
	"internal":         gateway.ClassUnavailable,
	"sms:from":         gateway.ClassDefect,
	"sms:callback_url": gateway.ClassDefect,
	"sms:validity":     gateway.ClassDefect,
	"body:invalid":     gateway.ClassDefect,
}

// sandbox is the SMS operator of Herald's own sandbox.
type sandbox struct {
	desk
	wire   *wire
	url    string
	sender string
}

func newSandbox(p ProviderConfig, d desk) provider {
	return &sandbox{desk: d, wire: newWire(p.Timeout), url: p.URL, sender: cmp.Or(p.Sender, "Herald")}
}

func (s *sandbox) Name() string { return s.name }
func (s *sandbox) close()       { s.wire.close() }

// sandboxMessage is an SMS as the operator's API speaks of it.
type sandboxMessage struct {
	ID       string    `json:"id"`
	Segments int       `json:"segments"`
	Status   string    `json:"status"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
	Error    struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func (s *sandbox) SendSMS(ctx context.Context, sms gateway.OutgoingSMS) (gateway.SMSReceipt, error) {
	order := map[string]string{
		"from": cmp.Or(sms.From, s.sender), "to": sms.To, "text": sms.Text, "callback_url": s.reportAddress(sms.LegID, ""),
	}
	if sms.ValidFor > 0 {
		order["validity"] = min(sms.ValidFor, 168*time.Hour).String()
	}
	raw, err := json.Marshal(order)
	if err != nil {
		return gateway.SMSReceipt{}, defect("encode SMS: %w", err)
	}
	e := s.wire.post(ctx, s.url+"/sms/v1/messages", http.Header{"Content-Type": {"application/json"}}, string(raw))
	var answer sandboxMessage
	switch understood := e.status != 0 && json.Unmarshal(e.body, &answer) == nil; {
	case understood && answer.Error.Code != "":
		class := cmp.Or(sandboxRefusals[answer.Error.Code], gateway.ClassDefect)
		return gateway.SMSReceipt{}, e.refused(class, words(answer.Error.Message, sms.To))
	case !understood || e.status != http.StatusCreated || answer.ID == "":
		return gateway.SMSReceipt{}, e.broken()
	}
	return gateway.SMSReceipt{Provider: s.name, ProviderID: name(answer.ID), Segments: max(answer.Segments, 1)}, nil
}

// sandboxStatus reads the operator's word for the fate of an SMS.
func sandboxStatus(status string) gateway.SMSStatus {
	switch status {
	case "delivered":
		return gateway.SMSDelivered
	case "undelivered":
		return gateway.SMSUndelivered
	case "expired":
		return gateway.SMSExpired
	default:
		return gateway.SMSOnTheWay
	}
}

func (s *sandbox) PollSMS(ctx context.Context, pending []gateway.SMSPending) ([]gateway.SMSReport, error) {
	var reports []gateway.SMSReport
	for _, p := range pending {
		e := s.wire.get(ctx, s.url+"/sms/v1/messages/"+url.PathEscape(p.ProviderID), nil)
		var answer sandboxMessage
		switch {
		case e.status == http.StatusNotFound:
			continue // forgotten: it was restarted
		case e.status != http.StatusOK || json.Unmarshal(e.body, &answer) != nil:
			return reports, e.broken()
		}
		reports = append(reports, gateway.SMSReport{
			Provider: s.name, ProviderID: p.ProviderID, LegID: p.LegID, Status: sandboxStatus(answer.Status), At: s.now().UTC(),
			Detail: name(answer.Status),
		})
	}
	return reports, nil
}

// Callback takes reports at the address that each SMS named, and replies at the address with the secret.
func (s *sandbox) Callback(sink gateway.SMSSink) http.Handler {
	return s.serve(func(w http.ResponseWriter, r *http.Request) error {
		query := r.URL.Query()
		leg, isReport := s.knowsLeg(query)
		if !isReport && !s.knowsSecret(query) {
			return errForged
		}
		raw, err := body(w, r)
		if err != nil {
			return err
		}
		var in sandboxMessage
		if json.Unmarshal(raw, &in) != nil || in.ID == "" {
			return errMalformed
		}
		if isReport {
			return sink.TakeReport(r.Context(), gateway.SMSReport{
				Provider: s.name, ProviderID: name(in.ID), LegID: leg, Status: sandboxStatus(in.Status), At: s.believed(in.At),
				Detail: name(in.Status),
			})
		}
		return sink.TakeReply(r.Context(), gateway.SMSReply{
			Provider: s.name, ProviderID: name(in.ID), From: sender(in.From), To: name(in.To), Text: written(in.Text), At: s.believed(in.At),
		})
	})
}
