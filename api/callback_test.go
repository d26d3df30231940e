package api

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/sms"
)

// reportSecret is what good callbacks are proved with in this file.
const reportSecret = "a-secret-of-callbacks-0123456789"

// Whoever calls without proof learns nothing, and not one row of the database is another afterwards. The SMS of each
// provider waits for exactly the report that is forged, which a last, good one shows.
func TestForgedCallbacksLeaveTheDatabaseAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	row := func(name string, kind sms.Kind) sms.ProviderConfig {
		return sms.ProviderConfig{
			Name: name, Kind: kind, URL: "http://127.0.0.1:9", CallbackURL: "http://127.0.0.1:9/sms/" + name,
			Login: "acme", Password: "pass-of-acme", Sender: "ACME", CallbackSecret: reportSecret,
		}
	}
	rows := []sms.ProviderConfig{row("box", sms.KindSandbox), row("smsc", sms.KindSMSC), row("kannel", sms.KindKannel), row("twilio", sms.KindTwilio)}
	rows[0].Login, rows[0].Password, rows[0].Sender = "", "", ""
	rows[3].Login, rows[3].CallbackSecret = "AC0123456789abcdef0123456789abcdef", ""
	router, err := sms.New(sms.Config{Providers: rows}, sms.Deps{Clock: w.now})
	require.NoError(t, err)
	t.Cleanup(router.Close)
	reports := messaging.NewReports(w.store, resting{}, w.ids, w.now)
	public := httptest.NewServer(Public(PublicDeps{SMS: router.Callbacks(reports), IDs: w.ids, Logger: slog.New(slog.DiscardHandler)}))
	t.Cleanup(public.Close)

	legs := map[string]gateway.LegID{}
	for _, p := range rows {
		legs[p.Name] = w.smsOf(t, p.Name)
	}
	forged := []struct{ provider, query, body string }{
		{"box", "", `{"id":"id-box","status":"delivered"}`},
		{"box", "leg=LEG&key=AAAAAAAAAAAAAAAAAAAAAA", `{"id":"id-box","status":"delivered"}`},
		{"box", "secret=guess", `{"id":"1","from":"+380501234567","text":"STOP"}`},
		{"smsc", "", "id=LEG&phone=380501234567&status=1&err=0"},
		{"smsc", "", "id=LEG&phone=380501234567&status=1&err=0&md5=" + md5Hex("LEG:380501234567:1:guess")},
		{"smsc", "", "id=9&phone=380501234567&mes=STOP"},
		{"kannel", "leg=LEG&status=1", ""},
		{"kannel", "leg=LEG&status=1&key=" + reportSecret, ""},
		{"kannel", "from=380501234567&text=STOP&id=1&secret=guess", ""},
		{"twilio", "leg=LEG", "MessageSid=id-twilio&MessageStatus=delivered"},
		{"twilio", "", "MessageSid=SM9&From=%2B380501234567&Body=STOP"},
	}
	before := w.dump(t)
	for _, f := range forged {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			leg := string(legs[f.provider])
			address := public.URL + "/sms/" + f.provider + "?" + strings.ReplaceAll(f.query, "LEG", leg)
			request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(strings.ReplaceAll(f.body, "LEG", leg)))
			require.NoError(t, err)
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if f.provider == "twilio" {
				request.Header.Set("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
			}
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, http.StatusUnauthorized, response.StatusCode, "%s %s %s", method, f.provider, f.query)
		}
	}
	require.Equal(t, before, w.dump(t))

	leg := string(legs["smsc"])
	good := url.Values{"id": {leg}, "phone": {"380501234567"}, "status": {"1"}, "err": {"0"}, "md5": {md5Hex(leg + ":380501234567:1:" + reportSecret)}}
	response, err := http.PostForm(public.URL+"/sms/smsc", good) //nolint:noctx // a test
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.NotEqual(t, before, w.dump(t), "a good report is written")
}

// smsOf stores an SMS that this provider took and has not reported yet.
func (w *world) smsOf(t *testing.T, provider string) gateway.LegID {
	t.Helper()
	w.tick(time.Second)
	m, leg := w.ids.Message(), w.ids.Leg()
	_, err := w.store.AcceptMessage(t.Context(), gateway.Message{
		ID: m, AccountID: w.mine, BotID: gateway.BotID(w.names["acme"]), Direction: gateway.Out, Text: "Hi", Format: gateway.FormatPlain,
		To: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}, Lane: gateway.LaneService, OnUnknown: gateway.Hold,
		State: gateway.Queued, CreatedAt: w.now(), UpdatedAt: w.now(), ExpiresAt: w.now().Add(time.Hour),
	}, []gateway.Leg{{ID: leg, Number: 1, Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted}}, nil)
	require.NoError(t, err)
	for _, state := range []gateway.State{gateway.Sending, gateway.Accepted} {
		_, err = w.store.ChangeDelivery(t.Context(), w.mine, m, func(d gateway.Delivery) (gateway.Change, error) {
			l := d.Leg
			if state == gateway.Accepted {
				l.State, l.Provider, l.ProviderID, l.SettledAt, l.Attempts = gateway.LegAccepted, provider, "id-"+provider, w.now(), 1
			}
			return gateway.Change{State: state, Leg: &l, Events: []gateway.Event{{At: w.now(), Kind: gateway.EventState, State: state}}}, nil
		})
		require.NoError(t, err)
	}
	return leg
}

// dump is every row of every table that requests and callbacks can write.
func (w *world) dump(t *testing.T) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for _, table := range append([]string{"sms_reports", "sms_replies", "bot_slots"}, tables...) {
		rows[table] = w.text(t, fmt.Sprintf("SELECT coalesce(string_agg(r::text, E'\n' ORDER BY r::text), '') FROM %s r", table))
	}
	return rows
}

func md5Hex(text string) string { sum := md5.Sum([]byte(text)); return hex.EncodeToString(sum[:]) }
