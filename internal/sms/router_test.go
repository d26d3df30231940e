package sms_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/sms"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// fixed is a provider that speaks SMSC's protocol and always answers the same.
func fixed(t *testing.T, name, answer string, prefixes ...string) sms.ProviderConfig {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
	t.Cleanup(server.Close)
	row := rowOf(sms.KindSMSC, server.URL)
	row.Name, row.Prefixes = name, prefixes
	return row
}

const (
	taken   = `{"id":"7","cnt":1}`
	noMoney = `{"error":"no money","error_code":3}`
	blocked = `{"error":"ip is blocked","error_code":4}`
	login   = `{"error":"authorise error","error_code":2}`
	denied  = `{"error":"message is denied","error_code":6}`
	wait    = `{"error":"duplicate request, wait a minute","error_code":9}`
	garbage = `<html>`
)

func TestRouterChooses(t *testing.T) {
	t.Parallel()
	type row struct {
		name, answer string
		prefixes     []string
	}
	for _, c := range []struct {
		name  string
		rows  []row
		to    string
		tried []string
		class gateway.Class // empty: it was taken
	}{
		{"the first that serves all", []row{{"a", taken, nil}, {"b", taken, nil}}, "+380501234567", []string{"a"}, ""},
		{"the longest prefix before the order", []row{
			{"all", taken, nil},
			{"country", taken, []string{"+380"}},
			{"operator", taken, []string{"+4", "+38050"}},
		}, "+380501234567", []string{"operator"}, ""},
		{"by order among equal prefixes", []row{{"a", taken, []string{"+380"}}, {"b", taken, []string{"+380"}}}, "+380501234567", []string{"a"}, ""},
		{"nobody else's prefix", []row{{"a", taken, []string{"+49"}}, {"b", taken, nil}}, "+380501234567", []string{"b"}, ""},
		{"nobody for a number without a way", []row{{"a", taken, []string{"+49"}}}, "+380501234567", nil, gateway.ClassNoRoute},
		{"nobody without providers", nil, "+380501234567", nil, gateway.ClassNoRoute},
		{"the next after one that is blocked, out of money, locked out or busy", []row{
			{"a", blocked, nil},
			{"b", noMoney, nil},
			{"c", login, nil},
			{"d", wait, nil},
			{"e", taken, nil},
			{"f", taken, nil},
		}, "+380501234567", []string{"a", "b", "c", "d", "e"}, ""},
		{"from the longest prefix to the shorter ones", []row{
			{"all", taken, nil},
			{"country", noMoney, []string{"+380"}},
			{"operator", noMoney, []string{"+38050"}},
		}, "+380501234567", []string{"operator", "country", "all"}, ""},
		{"nobody after a refusal of the text", []row{{"a", denied, nil}, {"b", taken, nil}}, "+380501234567", []string{"a"}, gateway.ClassContent},
		{"nobody after an answer that tells nothing", []row{{"a", garbage, nil}, {"b", taken, nil}}, "+380501234567", []string{"a"}, gateway.ClassUnknown},
		{"and tells of all refusals the one that time mends", []row{{"a", blocked, nil}, {"b", noMoney, nil}}, "+380501234567", []string{"a", "b"}, gateway.ClassUnavailable},
		{"or the last", []row{{"a", login, nil}, {"b", noMoney, nil}}, "+380501234567", []string{"a", "b"}, gateway.ClassNoMoney},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var rows []sms.ProviderConfig
			for _, r := range c.rows {
				rows = append(rows, fixed(t, r.name, r.answer, r.prefixes...))
			}
			router := routerOf(t, rows...)
			receipt, attempts, err := router.SendSMS(t.Context(), gateway.OutgoingSMS{LegID: "leg_1", To: c.to, Text: "hi"})
			var tried []string
			for _, a := range attempts {
				tried = append(tried, a.Provider)
			}
			require.Equal(t, c.tried, tried)
			require.Equal(t, len(c.tried) > 0, router.Serves(c.to))
			if c.class == "" {
				require.NoError(t, err)
				require.Equal(t, gateway.SMSReceipt{Provider: c.tried[len(c.tried)-1], ProviderID: "7", Segments: 1}, receipt)
				require.Empty(t, attempts[len(attempts)-1].Class)
				return
			}
			var refusal *gateway.DeliveryError
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, c.class, refusal.Class)
		})
	}
}

func TestRouterKeepsTheSandboxFromRealPhones(t *testing.T) {
	t.Parallel()
	operator := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"id":"1","segments":1,"status":"accepted"}`))
	}))
	t.Cleanup(operator.Close)
	phones := rowOf(sms.KindSandbox, operator.URL)
	phones.Name = "phones"
	for _, c := range []struct {
		name    string
		rows    []sms.ProviderConfig
		network gateway.Network
		want    string
	}{
		{"a real bot goes by order", []sms.ProviderConfig{fixed(t, "real", taken), phones}, gateway.NetworkReal, "real"},
		{"a bot of the sandbox passes by what is real, whatever its prefix", []sms.ProviderConfig{fixed(t, "real", taken, "+380"), phones}, gateway.NetworkSandbox, "phones"},
		{"a bot of the sandbox has nowhere else to go", []sms.ProviderConfig{fixed(t, "real", taken)}, gateway.NetworkSandbox, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			router, err := sms.New(sms.Config{Providers: c.rows}, sms.Deps{PublicURL: "https://herald.example"})
			require.NoError(t, err)
			t.Cleanup(router.Close)
			receipt, _, err := router.SendSMS(t.Context(), gateway.OutgoingSMS{LegID: "leg_1", To: "+380501234567", Text: "Hi", Network: c.network})
			if c.want == "" {
				var facts *gateway.DeliveryError
				require.ErrorAs(t, err, &facts)
				require.Equal(t, gateway.ClassNoRoute, facts.Class)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, receipt.Provider)
		})
	}
}

func TestRouterRefusesASenderThatCouldForgeHeaders(t *testing.T) {
	t.Parallel()
	router := routerOf(t, fixed(t, "a", taken))
	for _, from := range []string{"A\r\nX-Kannel-To: +1", "Ünicode", "much too long a name for a sender"} {
		require.Equal(t, gateway.ClassDefect, refused(t, router, gateway.OutgoingSMS{LegID: "leg_1", From: from, To: "+380501234567", Text: "hi"}).Class)
	}
}

func TestWatchAsksUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 2)
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.FormValue("id")
		if calls.Add(1) == 1 {
			http.Error(w, "oops", http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(`[{"id":"other","status":1},{"id":"9","status":"25","err":13,"last_timestamp":1}]`))
	}))
	t.Cleanup(server.Close)
	router, store, got := routerOf(t, rowOf(sms.KindSMSC, server.URL)), &pendingStore{}, &sink{}
	pending := gateway.SMSPending{LegID: "leg_9", Provider: "main", ProviderID: "9", To: "+380501234567"}
	store.add(pending)
	ctx, cancel := contextOf(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		router.Watch(ctx, store, got, time.Millisecond)
	}()
	require.Equal(t, "9,", <-asked)
	store.add(pending) // due again after the failure
	require.Eventually(t, func() bool { return got.size() == 1 }, patience, tick)
	require.Equal(t, "status 25, err 13", got.reports[0].Detail)
	require.Equal(t, gateway.SMSUndelivered, got.reports[0].Status)
	require.WithinDuration(t, time.Now(), got.reports[0].At, time.Minute, "a time of 1970 is not believed")
	cancel()
	<-done
}

func TestPollAsksInBatches(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		_, _ = w.Write([]byte(`[]`))
	}))
	t.Cleanup(server.Close)
	router, store := routerOf(t, rowOf(sms.KindSMSC, server.URL)), &pendingStore{}
	for range 250 {
		store.add(gateway.SMSPending{LegID: "leg_9", Provider: "main", ProviderID: "9", To: "+380501234567"})
	}
	n, err := router.Poll(t.Context(), store, &sink{}, time.Minute)
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, int32(3), calls.Load())
}
