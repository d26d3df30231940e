package sms_test

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/sms"
)

// desk is the handler of one provider that is found at a public address, and its sink.
func deskOf(t *testing.T, kind sms.Kind) (http.Handler, *sink) {
	t.Helper()
	row := rowOf(kind, "http://127.0.0.1:9")
	row.CallbackURL = "https://herald.example/sms/main"
	if kind == sms.KindTwilio {
		row.Password = twilioToken
	}
	got := &sink{}
	handler := routerOf(t, row).Callbacks(got)["main"]
	require.NotNil(t, handler)
	return handler, got
}

// call calls a handler and returns its status.
func call(t *testing.T, h http.Handler, method, query, body string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, "/sms/main?"+query, strings.NewReader(body))
	for name, values := range header {
		request.Header[name] = values
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	return answer
}

const leg = "leg_01hzzzzzzzzzzzzzzzzzzzzzzz"

func smscForm(overrides ...string) string {
	form := url.Values{"id": {leg}, "phone": {"380501234567"}, "status": {"1"}, "err": {"0"}}
	for i := 0; i < len(overrides); i += 2 {
		form.Set(overrides[i], overrides[i+1])
	}
	return form.Encode()
}

func md5Of(text string) string { sum := md5.Sum([]byte(text)); return hex.EncodeToString(sum[:]) }

func sha1Of(text string) string { sum := sha1.Sum([]byte(text)); return hex.EncodeToString(sum[:]) }

func TestForgedCallbacksChangeNothing(t *testing.T) {
	t.Parallel()
	signed := ":" + secret.Reveal()
	form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}}
	good := signature("https://herald.example/sms/main?leg="+leg, form)
	for _, c := range []struct {
		name        string
		kind        sms.Kind
		query, body string
		header      http.Header
	}{
		{"sandbox: nothing", sms.KindSandbox, "", `{"id":"1","status":"delivered"}`, nil},
		{"sandbox: a key of somebody's own", sms.KindSandbox, "leg=" + leg + "&key=AAAAAAAAAAAAAAAAAAAAAA", `{"id":"1","status":"delivered"}`, nil},
		{"sandbox: another secret", sms.KindSandbox, "secret=guess", `{"id":"1","from":"+380501234567","text":"x"}`, nil},
		{"kannel: nothing", sms.KindKannel, "leg=" + leg + "&status=1", "", nil},
		{"kannel: an empty key", sms.KindKannel, "leg=" + leg + "&key=&status=1", "", nil},
		{"kannel: a reply with no secret", sms.KindKannel, "from=380501234567&text=x&id=1", "", nil},
		{"kannel: the secret of replies for a report", sms.KindKannel, "leg=" + leg + "&key=" + secret.Reveal() + "&status=1", "", nil},
		{"smsc: no signature", sms.KindSMSC, "", smscForm(), nil},
		{"smsc: a signature of another status", sms.KindSMSC, "", smscForm("md5", md5Of(leg+":380501234567:20"+signed)), nil},
		{"smsc: a signature of another SMS", sms.KindSMSC, "", smscForm("md5", md5Of("7:380501234567:1"+signed)), nil},
		{"smsc: a signature with an empty secret", sms.KindSMSC, "", smscForm("md5", md5Of(leg+":380501234567:1:")), nil},
		{"smsc: a wrong SHA-1 beside a good MD5", sms.KindSMSC, "", smscForm("sha1", "00", "md5", md5Of(leg+":380501234567:1"+signed)), nil},
		{"smsc: the secret of replies for a report", sms.KindSMSC, "secret=" + secret.Reveal(), smscForm(), nil},
		{"smsc: a reply with no secret", sms.KindSMSC, "", "id=1&phone=380501234567&mes=x", nil},
		{"smsc: a reply with the secret in the body", sms.KindSMSC, "", "id=1&phone=380501234567&mes=x&secret=" + secret.Reveal(), nil},
		{"twilio: no signature", sms.KindTwilio, "leg=" + leg, form.Encode(), nil},
		{"twilio: a signature of another leg", sms.KindTwilio, "leg=leg_other", form.Encode(), good},
		{"twilio: a signature of another status", sms.KindTwilio, "leg=" + leg, "MessageSid=SM1&MessageStatus=failed", good},
		{"twilio: one field more than was signed", sms.KindTwilio, "leg=" + leg, form.Encode() + "&ErrorCode=30003", good},
		{"twilio: a second value of a field that was signed", sms.KindTwilio, "leg=" + leg, form.Encode() + "&MessageStatus=failed", good},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			handler, got := deskOf(t, c.kind)
			for _, method := range []string{http.MethodPost, http.MethodGet} {
				answer := call(t, handler, method, c.query, c.body, c.header)
				require.Equal(t, http.StatusUnauthorized, answer.Code)
				require.Zero(t, got.size())
				require.NotContains(t, answer.Body.String(), secret.Reveal())
			}
		})
	}
}

func TestGoodCallbacksAreTaken(t *testing.T) {
	t.Parallel()
	status := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"undelivered"}, "ErrorCode": {"30003"}}
	written := url.Values{"MessageSid": {"SM2"}, "SmsStatus": {"received"}, "From": {"+380501234567"}, "To": {"+15005550006"}, "Body": {"hi"}}
	for _, c := range []struct {
		name        string
		kind        sms.Kind
		query, body string
		header      http.Header
		report      gateway.SMSReport
		reply       gateway.SMSReply
	}{
		{
			name: "smsc by MD5 in capitals", kind: sms.KindSMSC,
			body:   smscForm("md5", strings.ToUpper(md5Of(leg+":380501234567:1:"+secret.Reveal()))),
			report: gateway.SMSReport{ProviderID: leg, Status: gateway.SMSDelivered, Detail: "status 1"},
		},
		{
			name: "smsc by SHA-1, of an SMS that is not ours by name", kind: sms.KindSMSC,
			body:   smscForm("id", "77", "status", "22", "err", "249", "sha1", sha1Of("77:380501234567:22:"+secret.Reveal())),
			report: gateway.SMSReport{ProviderID: "77", Status: gateway.SMSUndelivered, Detail: "status 22, err 249"},
		},
		{
			name: "smsc by GET", kind: sms.KindSMSC, query: smscForm("status", "-1", "md5", md5Of(leg+":380501234567:-1:"+secret.Reveal())),
			report: gateway.SMSReport{ProviderID: leg, Status: gateway.SMSOnTheWay, Detail: "status -1"},
		},
		{
			name: "twilio with the port in the signed address", kind: sms.KindTwilio, query: "leg=" + leg, body: status.Encode(),
			header: signature("https://herald.example:443/sms/main?leg="+leg, status),
			report: gateway.SMSReport{ProviderID: "SM1", LegID: leg, Status: gateway.SMSUndelivered, Detail: "undelivered, error 30003"},
		},
		{
			name: "twilio, what a person wrote", kind: sms.KindTwilio, body: written.Encode(),
			header: signature("https://herald.example/sms/main", written),
			reply:  gateway.SMSReply{ProviderID: "SM2", From: "+380501234567", To: "+15005550006", Text: "hi"},
		},
		{
			name: "kannel, what a service wrote that is no phone", kind: sms.KindKannel,
			query: "secret=" + secret.Reveal() + "&from=MyBank&to=4567&text=%FFbad&id=5&charset=UTF-8",
			reply: gateway.SMSReply{ProviderID: "5", From: "MyBank", To: "4567", Text: "�bad"},
		},
		{
			name: "sandbox, what a person wrote", kind: sms.KindSandbox, query: "secret=" + secret.Reveal(),
			body:  `{"id":"sms_1","from":"+380501234567","to":"ACME","text":"hi","at":"2999-01-01T00:00:00Z"}`,
			reply: gateway.SMSReply{ProviderID: "sms_1", From: "+380501234567", To: "ACME", Text: "hi"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			handler, got := deskOf(t, c.kind)
			method := http.MethodPost
			if c.body == "" {
				method = http.MethodGet
			}
			require.Equal(t, http.StatusOK, call(t, handler, method, c.query, c.body, c.header).Code)
			require.Equal(t, 1, got.size())
			for _, r := range got.reports {
				require.WithinDuration(t, time.Now(), r.At, time.Minute)
				c.report.Provider, c.report.At = "main", r.At
				if c.report.ProviderID == leg {
					c.report.LegID = leg
				}
				require.Equal(t, c.report, r)
			}
			for _, r := range got.replies {
				require.WithinDuration(t, time.Now(), r.At, time.Minute)
				c.reply.Provider, c.reply.At = "main", r.At
				require.Equal(t, c.reply, r)
			}
		})
	}
}

func TestCallbacksAnswer(t *testing.T) {
	t.Parallel()
	good := "secret=" + secret.Reveal() + "&from=380501234567&text=x&id=1"
	t.Run("503 while the store is away, and nothing of why", func(t *testing.T) {
		t.Parallel()
		handler, got := deskOf(t, sms.KindKannel)
		got.broken.Store(1)
		answer := call(t, handler, http.MethodGet, good, "", nil)
		require.Equal(t, http.StatusServiceUnavailable, answer.Code)
		require.NotContains(t, answer.Body.String(), "store is away")
		require.Equal(t, http.StatusOK, call(t, handler, http.MethodGet, good, "", nil).Code)
		require.Equal(t, 1, got.size())
	})
	t.Run("nothing to a person through Kannel", func(t *testing.T) {
		t.Parallel()
		handler, _ := deskOf(t, sms.KindKannel)
		require.Empty(t, call(t, handler, http.MethodGet, good, "", nil).Body.String())
	})
	t.Run("405 to other methods", func(t *testing.T) {
		t.Parallel()
		handler, got := deskOf(t, sms.KindKannel)
		require.Equal(t, http.StatusMethodNotAllowed, call(t, handler, http.MethodDelete, good, "", nil).Code)
		require.Zero(t, got.size())
	})
	t.Run("413 to bodies over 128 KiB, before anything is parsed", func(t *testing.T) {
		t.Parallel()
		for _, kind := range []sms.Kind{sms.KindSandbox, sms.KindSMSC, sms.KindTwilio} {
			handler, got := deskOf(t, kind)
			header := http.Header{"X-Twilio-Signature": {"x"}}
			require.Equal(t, http.StatusRequestEntityTooLarge, call(t, handler, http.MethodPost, "secret="+secret.Reveal(), strings.Repeat("a", 129<<10), header).Code)
			require.Zero(t, got.size())
		}
	})
	t.Run("400 to a caller who proved who it is and says nothing", func(t *testing.T) {
		t.Parallel()
		for kind, body := range map[sms.Kind]string{sms.KindSandbox: `{`, sms.KindKannel: ``, sms.KindSMSC: `mes=x`} {
			handler, got := deskOf(t, kind)
			require.Equal(t, http.StatusBadRequest, call(t, handler, http.MethodPost, "secret="+secret.Reveal(), body, nil).Code, kind)
			require.Zero(t, got.size())
		}
	})
}

// A report's address proves one SMS of one provider only.
func TestReportAddressIsOfOneSMS(t *testing.T) {
	t.Parallel()
	addresses := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addresses <- r.Header.Get("X-Kannel-Dlr-Url")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "0: Accepted for delivery")
	}))
	t.Cleanup(server.Close)
	row := rowOf(sms.KindKannel, server.URL)
	other := row
	other.Name = "other"
	router, got := routerOf(t, row, other), &sink{}
	_, _, err := router.SendSMS(t.Context(), gateway.OutgoingSMS{LegID: leg, To: "+380501234567", Text: "hi"})
	require.NoError(t, err)
	address := <-addresses
	require.NotContains(t, address, secret.Reveal())
	require.True(t, strings.HasSuffix(address, "&status=%d&answer=%A&at=%T"), address)
	query := strings.NewReplacer("%d", "1", "%A", "", "%T", "").Replace(strings.SplitN(address, "?", 2)[1])

	handlers := router.Callbacks(got)
	require.Equal(t, http.StatusUnauthorized, call(t, handlers["other"], http.MethodGet, query, "", nil).Code)
	require.Equal(t, http.StatusUnauthorized, call(t, handlers["main"], http.MethodGet, strings.Replace(query, "leg_01", "leg_02", 1), "", nil).Code)
	require.Zero(t, got.size())
	require.Equal(t, http.StatusOK, call(t, handlers["main"], http.MethodGet, query, "", nil).Code)
	require.Equal(t, gateway.LegID(leg), got.reports[0].LegID)
}

func TestProvidersThatCannotProveThemselvesHaveNoCallback(t *testing.T) {
	t.Parallel()
	row := rowOf(sms.KindSMSC, "http://127.0.0.1:9")
	row.CallbackSecret = ""
	require.Empty(t, routerOf(t, row).Callbacks(&sink{}))
}

func FuzzCallbacks(f *testing.F) {
	f.Add("secret="+secret.Reveal()+"&from=380501234567&text=x&charset=UTF-16BE", `{"id":"1"}`, "sig")
	f.Add("leg="+leg+"&key=x&status=2&answer=id:1+stat:EXPIRED", smscForm("md5", "x"), "")
	f.Add("%zz", "%zz", "x")
	f.Fuzz(func(t *testing.T, query, body, signature string) {
		for _, kind := range []sms.Kind{sms.KindSandbox, sms.KindSMSC, sms.KindKannel, sms.KindTwilio} {
			handler, got := deskOf(t, kind)
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sms/main", strings.NewReader(body))
			request.URL.RawQuery = query
			request.Header.Set("X-Twilio-Signature", signature)
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			require.Equal(t, answer.Code == http.StatusOK, got.size() == 1, "success is answered exactly when something was stored")
			for _, r := range got.replies {
				require.LessOrEqual(t, len(r.From)+len(r.To)+len(r.ProviderID), 3*128)
			}
		}
	})
}
