package sms_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/sms"
)

// rowOf is a provider of a kind at an address.
func rowOf(kind sms.Kind, address string) sms.ProviderConfig {
	row := sms.ProviderConfig{Name: "main", Kind: kind, URL: address, CallbackURL: "http://127.0.0.1:9/sms/main"}
	switch kind {
	case sms.KindSandbox:
		row.CallbackSecret = secret
	case sms.KindSMSC:
		row.Login, row.Password, row.CallbackSecret = "acme", "pass-of-acme", secret
	case sms.KindKannel:
		row.Login, row.Password, row.CallbackSecret, row.Sender = "acme", "pass-of-acme", secret, "ACME"
	case sms.KindTwilio:
		row.Login, row.Password, row.Sender = twilioAccount, "pass-of-acme", "ACME"
	}
	return row
}

func routerOf(t *testing.T, rows ...sms.ProviderConfig) *sms.Router {
	t.Helper()
	r, err := sms.New(sms.Config{Providers: rows}, sms.Deps{})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

// Every row of every table of refusals, and what is in none.
func TestRefusalsInTheProvidersWords(t *testing.T) {
	t.Parallel()
	smsc := func(code int, text string) string {
		return fmt.Sprintf(`{"error":%q,"error_code":%d,"id":"leg_1"}`, text, code)
	}
	twilio := func(code int, text string) string {
		return fmt.Sprintf(`{"code":%d,"message":%q,"more_info":"","status":400}`, code, text)
	}
	box := func(code, text string) string {
		return fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, text)
	}
	for _, c := range []struct {
		kind   sms.Kind
		status int
		body   string
		class  gateway.Class
	}{
		{sms.KindSandbox, 400, box("phone:invalid", "is no number"), gateway.ClassInvalidNumber},
		{sms.KindSandbox, 400, box("sms:text", "1 to 2000"), gateway.ClassContent},
		{sms.KindSandbox, 400, box("body:too_large", "64 KiB"), gateway.ClassContent},
		{sms.KindSandbox, 507, box("sms:too_many", "too many"), gateway.ClassUnavailable},
		{sms.KindSandbox, 507, box("phone:too_many", "too many"), gateway.ClassUnavailable},
		{sms.KindSandbox, 500, box("internal", "internal error"), gateway.ClassUnavailable},
		{sms.KindSandbox, 400, box("sms:from", "too long"), gateway.ClassDefect},
		{sms.KindSandbox, 400, box("new:thing", "new"), gateway.ClassDefect},
		{sms.KindSandbox, 201, `{"segments":1}`, gateway.ClassUnknown},
		{sms.KindSandbox, 200, `not JSON`, gateway.ClassUnknown},

		{sms.KindSMSC, 200, smsc(1, "parameters error"), gateway.ClassDefect},
		{sms.KindSMSC, 200, smsc(2, "authorise error"), gateway.ClassRevoked},
		{sms.KindSMSC, 200, smsc(3, "no money"), gateway.ClassNoMoney},
		{sms.KindSMSC, 200, smsc(4, "ip is blocked"), gateway.ClassUnavailable},
		{sms.KindSMSC, 200, smsc(5, "invalid date"), gateway.ClassDefect},
		{sms.KindSMSC, 200, smsc(6, "message is denied"), gateway.ClassContent},
		{sms.KindSMSC, 200, smsc(7, "invalid number"), gateway.ClassInvalidNumber},
		{sms.KindSMSC, 200, smsc(8, "can't to deliver"), gateway.ClassUndeliverable},
		{sms.KindSMSC, 200, smsc(9, "duplicate request, wait a minute"), gateway.ClassThrottled},
		{sms.KindSMSC, 200, smsc(99, "something new"), gateway.ClassDefect},
		{sms.KindSMSC, 200, `{"error":"as a string","error_code":"3"}`, gateway.ClassNoMoney},
		{sms.KindSMSC, 200, ``, gateway.ClassUnknown},
		{sms.KindSMSC, 200, `{"cnt":1}`, gateway.ClassUnknown},
		{sms.KindSMSC, 200, `<html>maintenance</html>`, gateway.ClassUnknown},
		{sms.KindSMSC, 500, `oops`, gateway.ClassUnknown},

		{sms.KindKannel, 403, "Authorization failed for sendsms", gateway.ClassRevoked},
		{sms.KindKannel, 400, "Number(s) has/have been denied by white- and/or black-lists.", gateway.ClassInvalidNumber},
		{sms.KindKannel, 400, "Missing receiver number, rejected", gateway.ClassInvalidNumber},
		{sms.KindKannel, 403, "Not routable. Do not try again.", gateway.ClassUndeliverable},
		{sms.KindKannel, 503, "Temporal failure, try again later.", gateway.ClassUnavailable},
		{sms.KindKannel, 400, "Charset or body misformed, rejected", gateway.ClassContent},
		{sms.KindKannel, 400, "Sender missing and no global set, rejected", gateway.ClassDefect},
		{sms.KindKannel, 404, "Unknown request.", gateway.ClassDefect},
		{sms.KindKannel, 202, "<html>of a proxy</html>", gateway.ClassUnknown},
		{sms.KindKannel, 500, "sendsms_request: failed", gateway.ClassUnknown},

		{sms.KindTwilio, 401, twilio(20003, "Authenticate"), gateway.ClassRevoked},
		{sms.KindTwilio, 400, twilio(30002, "Account suspended"), gateway.ClassRevoked},
		{sms.KindTwilio, 429, twilio(20429, "Too Many Requests"), gateway.ClassThrottled},
		{sms.KindTwilio, 400, twilio(21611, "queue is full"), gateway.ClassThrottled},
		{sms.KindTwilio, 400, twilio(21211, "The 'To' number +380501234567 is not valid"), gateway.ClassInvalidNumber},
		{sms.KindTwilio, 400, twilio(21614, "not a mobile number"), gateway.ClassInvalidNumber},
		{sms.KindTwilio, 400, twilio(21610, "unsubscribed recipient"), gateway.ClassUndeliverable},
		{sms.KindTwilio, 400, twilio(21408, "region"), gateway.ClassUndeliverable},
		{sms.KindTwilio, 400, twilio(21617, "too long"), gateway.ClassContent},
		{sms.KindTwilio, 400, twilio(21212, "From"), gateway.ClassDefect},
		{sms.KindTwilio, 500, twilio(20500, "Internal Server Error"), gateway.ClassUnknown},
		{sms.KindTwilio, 503, twilio(20503, "Service unavailable"), gateway.ClassUnavailable},
		{sms.KindTwilio, 200, `{}`, gateway.ClassUnknown},

		{sms.KindSMSC, 302, "", gateway.ClassDefect},
		{sms.KindSMSC, 401, "", gateway.ClassRevoked},
		{sms.KindSMSC, 408, "", gateway.ClassUnavailable},
		{sms.KindSMSC, 429, "", gateway.ClassThrottled},
		{sms.KindSMSC, 502, "", gateway.ClassUnknown},
		{sms.KindSMSC, 503, "", gateway.ClassUnavailable},
		{sms.KindSMSC, 504, "", gateway.ClassUnknown},
	} {
		t.Run(fmt.Sprintf("%s %d %.40s", c.kind, c.status, c.body), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			t.Cleanup(server.Close)
			got := refused(t, routerOf(t, rowOf(c.kind, server.URL)), gateway.OutgoingSMS{LegID: "leg_1", To: "+380501234567", Text: "hi"})
			require.Equal(t, c.class, got.Class)
			require.Equal(t, c.status, got.HTTPStatus)
			require.NotContains(t, got.Text, "380501234567", "words are kept without the number")
			require.LessOrEqual(t, len(got.Text), 300)
			if c.class == gateway.ClassThrottled {
				want := 7 * time.Second
				if c.kind == sms.KindSMSC && c.status == 200 {
					want = time.Minute
				}
				require.Equal(t, want, got.RetryAfter)
			}
		})
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id":"1","cnt":1,"x":"` + strings.Repeat("x", 2<<20) + `"}`))
	}))
	t.Cleanup(server.Close)
	got := refused(t, routerOf(t, rowOf(sms.KindSMSC, server.URL)), gateway.OutgoingSMS{LegID: "leg_1", To: "+380501234567", Text: "hi"})
	require.Equal(t, gateway.ClassUnknown, got.Class)
	require.ErrorContains(t, got.Err, "over 1 MiB")
}

// Secrets and numbers stay out of errors, also where the transport would print the address.
func TestErrorsShowNoSecret(t *testing.T) {
	t.Parallel()
	for _, kind := range []sms.Kind{sms.KindSandbox, sms.KindSMSC, sms.KindKannel, sms.KindTwilio} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reset(w) }))
		t.Cleanup(server.Close)
		row := rowOf(kind, server.URL)
		got := refused(t, routerOf(t, row), gateway.OutgoingSMS{LegID: "leg_1", To: "+380501234567", Text: "the code is 1234"})
		require.NotContains(t, got.Err.Error(), server.URL, "addresses may hold ids and keys")
		shown := fmt.Sprintf("%v %+v %v %+v", got, got, got.Err, row)
		for _, hidden := range []string{"pass-of-acme", secret.Reveal(), "380501234567", "the code"} {
			require.NotContains(t, shown, hidden, kind)
		}
	}
}

func TestParentWhoGaveUpBeforeTheCall(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("nobody shall call") }))
	t.Cleanup(server.Close)
	ctx, cancel := contextOf(t)
	cancel()
	r := routerOf(t, rowOf(sms.KindSMSC, server.URL))
	_, attempts, err := r.SendSMS(ctx, gateway.OutgoingSMS{LegID: "leg_1", To: "+380501234567", Text: "hi"})
	var refusal *gateway.DeliveryError
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, gateway.ClassUnavailable, refusal.Class)
	require.Len(t, attempts, 1)
}
