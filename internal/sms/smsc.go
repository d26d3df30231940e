package sms

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"herald/internal/gateway"
)

// smscRefusals tells classes by SMSC's error codes. Errors come with HTTP 200.
var smscRefusals = map[int]gateway.Class{
	1: gateway.ClassDefect,
	2: gateway.ClassRevoked,
	3: gateway.ClassNoMoney,
	4: gateway.ClassUnavailable, // our address is blocked for a while after many errors
	5: gateway.ClassDefect,
	6: gateway.ClassContent, // the text or the sender is forbidden
	7: gateway.ClassInvalidNumber,
	8: gateway.ClassUndeliverable,
	9: gateway.ClassThrottled, // the same within a minute, or too many calls at once
}

// smscPause is how long SMSC refuses what it thinks a repetition.
const smscPause = time.Minute

// smsc is SMSC, or a service that speaks its protocol.
type smsc struct {
	desk
	wire     *wire
	url      string
	login    string
	password gateway.Secret
	sender   string
}

func newSMSC(p ProviderConfig, d desk) provider {
	return &smsc{desk: d, wire: newWire(p.Timeout), url: p.URL, login: p.Login, password: p.Password, sender: p.Sender}
}

func (s *smsc) Name() string { return s.name }
func (s *smsc) close()       { s.wire.close() }

// call posts a form with our login.
func (s *smsc) call(ctx context.Context, page string, values url.Values) exchange {
	values.Set("fmt", "3")
	values.Set("charset", "utf-8")
	if s.login == "" {
		values.Set("apikey", s.password.Reveal())
	} else {
		values.Set("login", s.login)
		values.Set("psw", s.password.Reveal())
	}
	return s.wire.post(ctx, s.url+"/sys/"+page, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, values.Encode())
}

// loose is a JSON number or a string: SMSC gives either.
type loose string

func (l *loose) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*l = loose(text)
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return fmt.Errorf("read number or string: %w", err)
	}
	*l = loose(number)
	return nil
}

// number is the value as an integer; -1 where it is none, so that it is not taken for a good one.
func (l loose) number() int {
	n, err := strconv.Atoi(string(l))
	if err != nil {
		return -1
	}
	return n
}

type smscAnswer struct {
	ID        loose  `json:"id"`
	Count     loose  `json:"cnt"`
	Error     string `json:"error"`
	ErrorCode loose  `json:"error_code"`
}

// refusal tells what an error in the protocol's form means; nil if the exchange holds none.
func (s *smsc) refusal(e exchange, to string) *gateway.DeliveryError {
	var answer smscAnswer
	if e.status == 0 || json.Unmarshal(e.body, &answer) != nil || answer.ErrorCode == "" {
		return nil
	}
	out := e.refused(cmp.Or(smscRefusals[answer.ErrorCode.number()], gateway.ClassDefect), words(answer.Error, to))
	if out.Class == gateway.ClassThrottled {
		out.RetryAfter = smscPause
	}
	return out
}

// SendSMS names the SMS by our own reference, so that SMSC's reports do too.
func (s *smsc) SendSMS(ctx context.Context, sms gateway.OutgoingSMS) (gateway.SMSReceipt, error) {
	values := url.Values{"phones": {sms.To}, "mes": {sms.Text}, "id": {string(sms.LegID)}}
	if from := cmp.Or(sms.From, s.sender); from != "" {
		values.Set("sender", from)
	}
	if sms.ValidFor > 0 {
		minutes := min(wholeMinutes(sms.ValidFor), 24*60)
		values.Set("valid", fmt.Sprintf("%02d:%02d", minutes/60, minutes%60))
	}
	e := s.call(ctx, "send.php", values)
	if refusal := s.refusal(e, sms.To); refusal != nil {
		return gateway.SMSReceipt{}, refusal
	}
	var answer smscAnswer
	if e.status != http.StatusOK || json.Unmarshal(e.body, &answer) != nil || answer.ID == "" {
		return gateway.SMSReceipt{}, e.broken()
	}
	segments := answer.Count.number()
	if segments < 1 {
		segments = gateway.SMSSegments(sms.Text)
	}
	return gateway.SMSReceipt{Provider: s.name, ProviderID: name(string(answer.ID)), Segments: segments}, nil
}

// smscStatus reads SMSC's number of a status.
func smscStatus(status int) gateway.SMSStatus {
	switch status {
	case 1, 2, 4: // delivered, read, a link in it clicked
		return gateway.SMSDelivered
	case 3:
		return gateway.SMSExpired
	case 20, 22, 23, 24, 25: // cannot be delivered, wrong number, forbidden, no money, out of reach
		return gateway.SMSUndelivered
	default: // -3 not found, -1 waiting, 0 handed to the operator
		return gateway.SMSOnTheWay
	}
}

type smscState struct {
	ID        loose `json:"id"`
	Status    loose `json:"status"`
	Err       loose `json:"err"`
	Timestamp loose `json:"last_timestamp"`
}

// PollSMS asks about all of them in one call. The comma at the end asks for the form of many also for one.
func (s *smsc) PollSMS(ctx context.Context, pending []gateway.SMSPending) ([]gateway.SMSReport, error) {
	legs := make(map[string]gateway.LegID, len(pending))
	var phones, ids strings.Builder
	for _, p := range pending {
		legs[p.ProviderID] = p.LegID
		phones.WriteString(p.To + ",")
		ids.WriteString(p.ProviderID + ",")
	}
	e := s.call(ctx, "status.php", url.Values{"phone": {phones.String()}, "id": {ids.String()}})
	if refusal := s.refusal(e, ""); refusal != nil {
		return nil, refusal
	}
	var states []smscState
	if e.status != http.StatusOK || json.Unmarshal(bytes.TrimSpace(e.body), &states) != nil {
		return nil, e.broken()
	}
	var reports []gateway.SMSReport
	for _, state := range states {
		leg, ours := legs[string(state.ID)]
		if !ours {
			continue
		}
		reports = append(reports, gateway.SMSReport{
			Provider: s.name, ProviderID: string(state.ID), LegID: leg, Status: smscStatus(state.Status.number()),
			At: s.unix(string(state.Timestamp)), Detail: smscDetail(string(state.Status), string(state.Err)),
		})
	}
	return reports, nil
}

func smscDetail(status, code string) string {
	if code == "" || code == "0" {
		return name("status " + status)
	}
	return name("status " + status + ", err " + code)
}

// Callback takes reports, which SMSC signs, and replies, which it does not: their address must have our secret.
func (s *smsc) Callback(sink gateway.SMSSink) http.Handler {
	return s.serve(func(w http.ResponseWriter, r *http.Request) error {
		values, err := form(w, r)
		if err != nil {
			return err
		}
		if len(values) == 0 {
			values = r.URL.Query() // called by GET
		}
		switch {
		case s.secret == "":
			return errForged
		case values.Get("status") != "":
			if !s.signed(values) {
				return errForged
			}
			leg := gateway.LegID("")
			if id := values.Get("id"); gateway.HasPrefix(id, "leg") {
				leg = gateway.LegID(id)
			}
			return sink.TakeReport(r.Context(), gateway.SMSReport{
				Provider: s.name, ProviderID: name(values.Get("id")), LegID: leg, Status: smscStatus(loose(values.Get("status")).number()),
				At: s.unix(values.Get("ts")), Detail: smscDetail(values.Get("status"), values.Get("err")),
			})
		case !s.knowsSecret(r.URL.Query()):
			return errForged
		case values.Get("id") == "" || values.Get("phone") == "":
			return errMalformed
		}
		return sink.TakeReply(r.Context(), gateway.SMSReply{
			Provider: s.name, ProviderID: name(values.Get("id")), From: sender(values.Get("phone")), To: name(values.Get("to")),
			Text: written(smscText(values.Get("mes"))), At: s.unix(values.Get("ts")),
		})
	})
}

// signed checks the MD5 or SHA-1 of id, phone, status and the secret, joined by colons.
func (s *smsc) signed(values url.Values) bool {
	text := []byte(strings.Join([]string{values.Get("id"), values.Get("phone"), values.Get("status"), s.secret.Reveal()}, ":"))
	if given := values.Get("sha1"); given != "" {
		sum := sha1.Sum(text)
		return same(strings.ToLower(given), hex.EncodeToString(sum[:]))
	}
	sum := md5.Sum(text)
	return same(strings.ToLower(values.Get("md5")), hex.EncodeToString(sum[:]))
}

// smscText reads a text in UTF-8, or else in windows-1251, which SMSC uses where the address does not ask otherwise.
func smscText(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	decoded, err := charmap.Windows1251.NewDecoder().String(text)
	if err != nil {
		return text
	}
	return decoded
}
