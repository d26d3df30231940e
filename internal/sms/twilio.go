package sms

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"herald/internal/gateway"
)

// twilioRefusals tells classes by Twilio's error codes. Codes that are not here go by the HTTP status.
var twilioRefusals = map[int]gateway.Class{
	20003: gateway.ClassRevoked,       // the auth token is wrong
	20005: gateway.ClassRevoked,       // the account is not active
	30002: gateway.ClassRevoked,       // the account is suspended
	20429: gateway.ClassThrottled,     // too many requests
	21611: gateway.ClassThrottled,     // the sender's queue is full
	30001: gateway.ClassThrottled,     // the queue is full
	21211: gateway.ClassInvalidNumber, // "To" is no number
	21214: gateway.ClassInvalidNumber, // "To" cannot be reached
	21217: gateway.ClassInvalidNumber, // it does not seem to be one
	21614: gateway.ClassInvalidNumber, // it is no mobile number
	21408: gateway.ClassUndeliverable, // its region is not switched on
	21610: gateway.ClassUndeliverable, // the person wrote STOP
	21612: gateway.ClassUndeliverable, // no way from this sender to there
	21602: gateway.ClassContent,       // no text
	21605: gateway.ClassContent,       // too long
	21617: gateway.ClassContent,       // too long
}

// twilioExpired is the code of an SMS whose validity ended before it was sent.
const twilioExpired = "30036"

// maxTwilioValidity is the longest validity that Twilio takes.
const maxTwilioValidity = 36_000 * time.Second

// twilio is Twilio's Messages API, or a service that speaks it.
type twilio struct {
	desk
	wire    *wire
	url     string
	account string         // its SID
	token   gateway.Secret // proves us to Twilio and signs Twilio's calls to us
	sender  string
	service string // SID of a messaging service, which picks the sender
}

func newTwilio(p ProviderConfig, d desk) provider {
	return &twilio{
		desk: d, wire: newWire(p.Timeout), url: p.URL, account: p.Login, token: p.Password, sender: p.Sender, service: p.MessagingService,
	}
}

func (t *twilio) Name() string { return t.name }
func (t *twilio) close()       { t.wire.close() }

func (t *twilio) messages() string {
	return t.url + "/2010-04-01/Accounts/" + url.PathEscape(t.account) + "/Messages"
}

func (t *twilio) header() http.Header {
	basic := base64.StdEncoding.EncodeToString([]byte(t.account + ":" + t.token.Reveal()))
	return http.Header{
		"Authorization": {"Basic " + basic}, "Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"},
	}
}

// twilioMessage is Twilio's answer: a message or an error.
type twilioMessage struct {
	SID      string `json:"sid"`
	Segments loose  `json:"num_segments"`
	Status   loose  `json:"status"` // a word; in an error the HTTP status
	Failure  *int   `json:"error_code"`
	Code     int    `json:"code"`
	Message  string `json:"message"`
}

func (t *twilio) SendSMS(ctx context.Context, sms gateway.OutgoingSMS) (gateway.SMSReceipt, error) {
	values := url.Values{"To": {sms.To}, "Body": {sms.Text}}
	switch {
	case sms.From != "":
		values.Set("From", sms.From)
	case t.service != "":
		values.Set("MessagingServiceSid", t.service)
	default:
		values.Set("From", t.sender)
	}
	if t.address != "" {
		values.Set("StatusCallback", t.address+"?"+url.Values{paramLeg: {string(sms.LegID)}}.Encode())
	}
	if sms.ValidFor > 0 {
		values.Set("ValidityPeriod", strconv.Itoa(max(int(min(sms.ValidFor, maxTwilioValidity)/time.Second), 1)))
	}
	e := t.wire.post(ctx, t.messages()+".json", t.header(), values.Encode())
	var answer twilioMessage
	understood := e.status != 0 && json.Unmarshal(e.body, &answer) == nil
	switch {
	case understood && answer.Code != 0 && e.status >= 400 && e.status < 500:
		class := cmp.Or(twilioRefusals[answer.Code], e.broken().Class)
		return gateway.SMSReceipt{}, e.refused(class, words(answer.Message, sms.To))
	case !understood || e.status != http.StatusCreated || answer.SID == "":
		return gateway.SMSReceipt{}, e.broken()
	}
	segments := answer.Segments.number()
	if segments < 1 { // a messaging service has not picked the sender yet
		segments = gateway.SMSSegments(sms.Text)
	}
	return gateway.SMSReceipt{Provider: t.name, ProviderID: name(answer.SID), Segments: segments}, nil
}

// twilioStatus reads Twilio's word for the fate of a message.
func twilioStatus(status, code string) gateway.SMSStatus {
	switch status {
	case "delivered", "read":
		return gateway.SMSDelivered
	case "undelivered", "failed", "canceled":
		if code == twilioExpired {
			return gateway.SMSExpired
		}
		return gateway.SMSUndelivered
	default: // accepted, scheduled, queued, sending, sent
		return gateway.SMSOnTheWay
	}
}

func twilioDetail(status, code string) string {
	if code == "" || code == "0" {
		return name(status)
	}
	return name(status + ", error " + code)
}

func (t *twilio) PollSMS(ctx context.Context, pending []gateway.SMSPending) ([]gateway.SMSReport, error) {
	var reports []gateway.SMSReport
	for _, p := range pending {
		e := t.wire.get(ctx, t.messages()+"/"+url.PathEscape(p.ProviderID)+".json", t.header())
		var answer twilioMessage
		switch {
		case e.status == http.StatusNotFound:
			continue
		case e.status != http.StatusOK || json.Unmarshal(e.body, &answer) != nil:
			return reports, e.broken()
		}
		code := ""
		if answer.Failure != nil {
			code = strconv.Itoa(*answer.Failure)
		}
		reports = append(reports, gateway.SMSReport{
			Provider: t.name, ProviderID: p.ProviderID, LegID: p.LegID, Status: twilioStatus(string(answer.Status), code), At: t.now().UTC(),
			Detail: twilioDetail(string(answer.Status), code),
		})
	}
	return reports, nil
}

// Callback takes status callbacks and incoming messages, both signed.
func (t *twilio) Callback(sink gateway.SMSSink) http.Handler {
	return t.serve(func(w http.ResponseWriter, r *http.Request) error {
		if r.Header.Get("X-Twilio-Signature") == "" {
			return errForged
		}
		values, err := form(w, r)
		if err != nil {
			return err
		}
		if !t.signed(r, values) {
			return errForged
		}
		if values.Get("MessageSid") == "" {
			return errMalformed
		}
		// An incoming message has no MessageStatus, its SmsStatus is "received".
		if status := values.Get("MessageStatus"); status != "" && status != "received" {
			return sink.TakeReport(r.Context(), gateway.SMSReport{
				Provider: t.name, ProviderID: name(values.Get("MessageSid")), LegID: gateway.LegID(name(r.URL.Query().Get(paramLeg))),
				Status: twilioStatus(status, values.Get("ErrorCode")), At: t.now().UTC(), Detail: twilioDetail(status, values.Get("ErrorCode")),
			})
		}
		if values.Get("From") == "" {
			return errMalformed
		}
		err = sink.TakeReply(r.Context(), gateway.SMSReply{
			Provider: t.name, ProviderID: name(values.Get("MessageSid")), From: sender(values.Get("From")), To: name(values.Get("To")),
			Text: written(values.Get("Body")), At: t.now().UTC(),
		})
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/xml") // TwiML that says nothing: Twilio would send a text back to the person
		_, _ = w.Write([]byte("<Response/>"))
		return nil
	})
}

// signed checks the HMAC over the address that Twilio called and the fields in the order of their names. The address is
// the one that we are configured to be found at, since a proxy before us may show another. Twilio signs the address with
// its port or without.
func (t *twilio) signed(r *http.Request, values url.Values) bool {
	if t.address == "" {
		return false
	}
	query := ""
	if r.URL.RawQuery != "" {
		query = "?" + r.URL.RawQuery
	}
	given, ok := r.Header.Get("X-Twilio-Signature"), false
	for _, address := range withAndWithoutPort(t.address) {
		if same(given, twilioSignature(t.token, address+query, values)) {
			ok = true
		}
	}
	return ok
}

func twilioSignature(token gateway.Secret, address string, values url.Values) string {
	mac := hmac.New(sha1.New, []byte(token.Reveal()))
	mac.Write([]byte(address))
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		several := slices.Clone(values[name])
		slices.Sort(several)
		for _, value := range slices.Compact(several) {
			mac.Write([]byte(name + value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// withAndWithoutPort returns the two ways to write an address on its scheme's own port, or the only one on another.
func withAndWithoutPort(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	switch u.Port() {
	case "":
		with := *u
		with.Host += ":" + port
		return []string{address, with.String()}
	case port:
		without := *u
		without.Host = strings.TrimSuffix(u.Host, ":"+port)
		return []string{address, without.String()}
	default:
		return []string{address}
	}
}
