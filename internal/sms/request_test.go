package sms_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/sms"
)

// sent is what a provider of a kind is sent for one SMS: the fields of its form, its JSON or its headers.
func sent(t *testing.T, row sms.ProviderConfig, out gateway.OutgoingSMS) map[string]string {
	t.Helper()
	got := make(chan map[string]string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fields := map[string]string{"path": r.URL.RequestURI()}
		for name, values := range r.Header {
			fields[name] = values[0]
		}
		var object map[string]string
		if json.Unmarshal(body, &object) == nil {
			maps.Copy(fields, object)
		} else if form, err := url.ParseQuery(string(body)); err == nil {
			for name := range form {
				fields[name] = form.Get(name)
			}
		}
		got <- fields
		http.Error(w, "no more", http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	row.URL = server.URL
	refused(t, routerOf(t, row), out)
	return <-got
}

func TestSenderAndValidityReachTheProvider(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind                       sms.Kind
		sender, validity           string // names of the fields
		short, minutes, day, month string // what 1 s, 90 s, 25 h and 30 days become
	}{
		{sms.KindSandbox, "from", "validity", "1s", "1m30s", "25h0m0s", "168h0m0s"},
		{sms.KindSMSC, "sender", "valid", "00:01", "00:02", "24:00", "24:00"},
		{sms.KindKannel, "X-Kannel-From", "X-Kannel-Validity", "1", "2", "1500", "43200"},
		{sms.KindTwilio, "From", "ValidityPeriod", "1", "90", "36000", "36000"},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			row := rowOf(c.kind, "")
			row.Sender = "Default"
			out := gateway.OutgoingSMS{LegID: leg, To: "+380501234567", Text: "hi"}
			for valid, want := range map[time.Duration]string{
				0: "", time.Second: c.short, 90 * time.Second: c.minutes, 25 * time.Hour: c.day, 30 * 24 * time.Hour: c.month,
			} {
				out.ValidFor = valid
				require.Equal(t, want, sent(t, row, out)[c.validity], valid)
			}
			require.Equal(t, "Default", sent(t, row, out)[c.sender])
			out.From = "Named"
			require.Equal(t, "Named", sent(t, row, out)[c.sender])
		})
	}
}

func TestSecretsStayOutOfAddresses(t *testing.T) {
	t.Parallel()
	for _, kind := range []sms.Kind{sms.KindSandbox, sms.KindSMSC, sms.KindKannel, sms.KindTwilio} {
		path := sent(t, rowOf(kind, ""), gateway.OutgoingSMS{LegID: leg, To: "+380501234567", Text: "the code is 1234"})["path"]
		for _, hidden := range []string{"pass-of-acme", secret.Reveal(), "380501234567", "code"} {
			require.NotContains(t, path, hidden, kind)
		}
	}
}

func TestSMSCWithoutLoginSendsAnAPIKey(t *testing.T) {
	t.Parallel()
	row := rowOf(sms.KindSMSC, "")
	row.Login = ""
	got := sent(t, row, gateway.OutgoingSMS{LegID: leg, To: "+380501234567", Text: "hi"})
	require.Equal(t, "pass-of-acme", got["apikey"])
	require.NotContains(t, got, "psw")
}

func TestTwilioLetsAMessagingServicePickTheSender(t *testing.T) {
	t.Parallel()
	row := rowOf(sms.KindTwilio, "")
	row.Sender, row.MessagingService = "", "MG0123456789abcdef0123456789abcdef"
	got := sent(t, row, gateway.OutgoingSMS{LegID: leg, To: "+380501234567", Text: "hi"})
	require.Equal(t, row.MessagingService, got["MessagingServiceSid"])
	require.NotContains(t, got, "From")
	require.Equal(t, "http://127.0.0.1:9/sms/main?leg="+leg, got["StatusCallback"])
}

func TestWhatCannotBeAskedIsTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   sms.Kind
		answer string
	}{
		{sms.KindSandbox, "<html>"},
		{sms.KindSMSC, "<html>"},
		{sms.KindSMSC, `{"error":"authorise error","error_code":2}`},
		{sms.KindTwilio, "<html>"},
	} {
		kind := c.kind
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(c.answer)) }))
		t.Cleanup(server.Close)
		store, got := &pendingStore{}, &sink{}
		for _, id := range []string{"1", "2"} {
			store.add(gateway.SMSPending{LegID: leg, Provider: "main", ProviderID: id, To: "+380501234567"})
		}
		n, err := routerOf(t, rowOf(kind, server.URL)).Poll(t.Context(), store, got, time.Minute)
		require.ErrorContains(t, err, "poll SMS of main", kind)
		require.Zero(t, n)
		require.Zero(t, got.size())
	}
}

func TestForgottenSMSAreLeftAlone(t *testing.T) {
	t.Parallel()
	for _, kind := range []sms.Kind{sms.KindSandbox, sms.KindTwilio} {
		server := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		store := &pendingStore{}
		store.add(gateway.SMSPending{LegID: leg, Provider: "main", ProviderID: "1", To: "+380501234567"})
		n, err := routerOf(t, rowOf(kind, server.URL)).Poll(t.Context(), store, &sink{}, time.Minute)
		require.NoError(t, err, kind)
		require.Zero(t, n)
	}
}
