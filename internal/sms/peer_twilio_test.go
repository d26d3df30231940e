package sms_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"herald/internal/gateway"
	"herald/internal/sms"
)

const (
	twilioAccount = "AC0123456789abcdef0123456789abcdef"
	twilioToken   = "12345-the-auth-token"
)

// twilioPeer speaks Twilio's published Messages API.
type twilioPeer struct {
	*handsets
	*httptest.Server
	callback string
	made     atomic.Int32
}

func startTwilio(t *testing.T, callback string) peer {
	p := &twilioPeer{handsets: newHandsets(t), callback: callback}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", p.create)
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{sid}", p.fetch)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *twilioPeer) config() sms.ProviderConfig {
	return sms.ProviderConfig{Kind: sms.KindTwilio, URL: p.URL, Login: twilioAccount, Password: twilioToken, Sender: "+15005550006"}
}

func (p *twilioPeer) login(w http.ResponseWriter, r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	if user == twilioAccount && password == twilioToken && r.PathValue("account") == twilioAccount {
		return true
	}
	p.fail(w, http.StatusUnauthorized, 20003, "Authenticate")
	return false
}

func (p *twilioPeer) fail(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"code":%d,"message":%q,"more_info":"https://www.twilio.com/docs/errors/%d","status":%d}`, code, message, code, status)
}

func (p *twilioPeer) create(w http.ResponseWriter, r *http.Request) {
	if !p.login(w, r) {
		return
	}
	to, body := r.PostFormValue("To"), r.PostFormValue("Body")
	switch {
	case strings.Trim(to, "+0123456789") != "":
		p.fail(w, http.StatusBadRequest, 21211, "The 'To' number "+to+" is not a valid phone number.")
		return
	case r.PostFormValue("From") != "+15005550006":
		p.fail(w, http.StatusBadRequest, 21212, "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID.")
		return
	}
	sid := fmt.Sprintf("SM%032x", p.made.Add(1))
	w.WriteHeader(http.StatusCreated)
	write(w, map[string]any{
		"sid": sid, "account_sid": twilioAccount, "status": "queued", "num_segments": strconv.Itoa(gateway.SMSSegments(body)), "error_code": nil,
		"to": to, "body": body,
	})
	address := r.PostFormValue("StatusCallback")
	p.carry(&carried{id: sid, to: to, text: body, report: func(c *carried) {
		got, _ := p.find(c.id)
		status, code := twilioFate(got.fate)
		for _, step := range []string{"sent", status} {
			form := url.Values{"MessageSid": {got.id}, "MessageStatus": {step}, "SmsSid": {got.id}, "SmsStatus": {step}, "To": {got.to}, "From": {"+15005550006"}}
			if step == status && code != 0 {
				form.Set("ErrorCode", strconv.Itoa(code))
			}
			p.insist(address, signature(address, form), form)
		}
	}})
}

func twilioFate(f fate) (string, int) {
	switch f {
	case delivered:
		return "delivered", 0
	case undelivered:
		return "undelivered", 30003
	case expired:
		return "failed", 30036
	default:
		return "sent", 0
	}
}

func (p *twilioPeer) fetch(w http.ResponseWriter, r *http.Request) {
	if !p.login(w, r) {
		return
	}
	got, ok := p.find(strings.TrimSuffix(r.PathValue("sid"), ".json"))
	if !ok {
		p.fail(w, http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	status, code := twilioFate(got.fate)
	answer := map[string]any{"sid": got.id, "status": status, "error_code": nil}
	if code != 0 {
		answer["error_code"] = code
	}
	write(w, answer)
}

// signature is how Twilio documents that it signs a call: told a second time, to judge the first.
func signature(address string, form url.Values) http.Header {
	var pairs []string
	for name := range form {
		pairs = append(pairs, name+form.Get(name))
	}
	sort.Strings(pairs)
	mac := hmac.New(sha1.New, []byte(twilioToken))
	_, _ = mac.Write([]byte(address + strings.Join(pairs, "")))
	return http.Header{"X-Twilio-Signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}
}

func (p *twilioPeer) write(_ *testing.T, from, to, text string) {
	sid := fmt.Sprintf("SM%032x", p.made.Add(1))
	form := url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "SmsMessageSid": {sid}, "SmsStatus": {"received"}, "AccountSid": {twilioAccount},
		"From": {from}, "To": {to}, "Body": {text}, "NumMedia": {"0"}, "NumSegments": {"1"},
	}
	p.insist(p.callback, signature(p.callback, form), form)
}
