package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
)

type sms struct {
	ID        string `json:"id"`
	Direction string `json:"direction"`
	From      string `json:"from"`
	To        string `json:"to"`
	Text      string `json:"text"`
	Status    string `json:"status"`
	Segments  int    `json:"segments"`
}

type phone struct {
	Phone  string `json:"phone"`
	Person int64  `json:"person"`
	State  string `json:"state"`
	Report string `json:"report"`
	SMS    []sms  `json:"sms"`
}

const number = "+380501234567"

func (w *world) phone() phone {
	return control[phone](w, http.MethodGet, "/phones/"+number, nil)
}

// sms hands an SMS to the operator.
func (w *world) sms(text, callback string) sms {
	w.t.Helper()
	status, body, _ := w.request(http.MethodPost, "/sms/v1/messages", "application/json",
		fmt.Sprintf(`{"from":"ACME","to":"%s","text":"%s","callback_url":"%s"}`, number, text, callback))
	require.Equal(w.t, http.StatusCreated, status, body)
	var out sms
	(&received{body: body}).decode(w.t, &out)
	return out
}

// fate asks the operator what became of an SMS.
func (w *world) fate(id string) string {
	w.t.Helper()
	status, body, _ := w.request(http.MethodGet, "/sms/v1/messages/"+id, "", "")
	require.Equal(w.t, http.StatusOK, status, body)
	var out sms
	(&received{body: body}).decode(w.t, &out)
	return out.Status
}

func (r *receiver) report(t *testing.T) sms {
	t.Helper()
	got := r.next(t)
	var out sms
	got.decode(t, &out)
	return out
}

func TestPhones(t *testing.T) {
	t.Parallel()

	t.Run("receive SMS, and their delivery is reported", func(t *testing.T) {
		t.Parallel()
		w := start(t, sandbox.Options{})
		p := w.person("Anna", number)
		reports, url := receive(t, nil)
		sent := w.sms("Your code is 1234", url)
		require.Equal(t, 1, sent.Segments)
		report := reports.report(t)
		require.Equal(t, sent.ID, report.ID)
		require.Equal(t, "delivered", report.Status)
		require.Equal(t, number, report.To)
		got := w.phone()
		require.Equal(t, p.ID, got.Person)
		require.Len(t, got.SMS, 1)
		require.Equal(t, "in", got.SMS[0].Direction)
		require.Equal(t, "ACME", got.SMS[0].From)
		require.Equal(t, "Your code is 1234", got.SMS[0].Text)
		require.Equal(t, "delivered", w.fate(sent.ID))
		require.Len(t, control[[]phone](w, http.MethodGet, "/phones", nil), 1)
	})

	t.Run("keep SMS waiting while they are off", func(t *testing.T) {
		t.Parallel()
		w := start(t, sandbox.Options{})
		w.do(http.MethodPatch, "/phones/"+number, object{"state": "off"})
		reports, url := receive(t, nil)
		sent := w.sms("hi", url)
		require.Equal(t, "accepted", w.fate(sent.ID))
		w.do(http.MethodPatch, "/phones/"+number, object{"state": "on"})
		require.Equal(t, "delivered", reports.report(t).Status)
	})

	t.Run("lose SMS that wait too long", func(t *testing.T) {
		t.Parallel()
		w := start(t, sandbox.Options{})
		w.do(http.MethodPatch, "/phones/"+number, object{"state": "off"})
		reports, url := receive(t, nil)
		status, _, _ := w.request(http.MethodPost, "/sms/v1/messages", "application/json",
			fmt.Sprintf(`{"from":"ACME","to":"%s","text":"hi","callback_url":"%s","validity":"10ms"}`, number, url))
		require.Equal(t, http.StatusCreated, status)
		require.Equal(t, "expired", reports.report(t).Status)
	})

	t.Run("out of reach, or told so, they get nothing", func(t *testing.T) {
		t.Parallel()
		w := start(t, sandbox.Options{})
		reports, url := receive(t, nil)
		w.do(http.MethodPatch, "/phones/"+number, object{"state": "unreachable"})
		w.sms("hi", url)
		require.Equal(t, "undelivered", reports.report(t).Status)
		w.do(http.MethodPatch, "/phones/"+number, object{"state": "on", "report": "undelivered"})
		w.sms("hi", url)
		require.Equal(t, "undelivered", reports.report(t).Status)
	})

	t.Run("report late, twice, before the answer, or never", func(t *testing.T) {
		t.Parallel()
		w := start(t, sandbox.Options{})
		answered := make(chan struct{})
		reports, url := receive(t, func(n int, _ http.ResponseWriter, _ received) {
			if n == 4 {
				<-answered
			}
		})
		w.do(http.MethodPatch, "/phones/"+number, object{"report": "late", "report_delay": "20ms"})
		late := w.sms("late", url)
		require.Equal(t, late.ID, reports.report(t).ID)
		w.do(http.MethodPatch, "/phones/"+number, object{"report": "twice"})
		twice := w.sms("twice", url)
		require.Equal(t, twice.ID, reports.report(t).ID)
		require.Equal(t, twice.ID, reports.report(t).ID)
		w.do(http.MethodPatch, "/phones/"+number, object{"report": "before_answer"})
		early := make(chan string)
		go func() {
			got := <-reports.requests
			close(answered) // only now the report is taken, and only then the program is answered
			early <- got.body
		}()
		first := w.sms("early", url)
		require.Contains(t, <-early, first.ID)
		w.do(http.MethodPatch, "/phones/"+number, object{"report": "never"})
		never := w.sms("never", url)
		require.Eventually(t, func() bool { return w.fate(never.ID) == "delivered" }, patience, tick)
		w.do(http.MethodPatch, "/phones/"+number, object{"report": "now"})
		last := w.sms("last", url)
		require.Equal(t, last.ID, reports.report(t).ID, "no report of the one before came")
	})

	t.Run("repeat a report that is not taken", func(t *testing.T) {
		t.Parallel()
		w := start(t, sandbox.Options{})
		reports, url := receive(t, func(n int, w http.ResponseWriter, _ received) {
			if n == 1 {
				w.WriteHeader(http.StatusBadGateway)
			}
		})
		sent := w.sms("hi", url)
		require.Equal(t, sent.ID, reports.report(t).ID)
		require.Equal(t, sent.ID, reports.report(t).ID)
	})

	t.Run("write SMS to the operator", func(t *testing.T) {
		t.Parallel()
		replies, url := receive(t, nil)
		w := start(t, sandbox.Options{SMSReplyURL: url})
		w.do(http.MethodPost, "/phones/"+number+"/sms", object{"to": "ACME", "text": "STOP"})
		got := replies.report(t)
		require.Equal(t, []string{number, "ACME", "STOP"}, []string{got.From, got.To, got.Text})
		require.Equal(t, "out", w.phone().SMS[0].Direction)
		w.do(http.MethodPatch, "/phones/"+number, object{"state": "off"})
		status, _, _ := w.request(http.MethodPost, "/control/v1/phones/"+number+"/sms", "application/json", `{"to":"ACME","text":"x"}`)
		require.Equal(t, http.StatusConflict, status)
	})

	t.Run("move with their owner", func(t *testing.T) {
		t.Parallel()
		w := start(t, sandbox.Options{})
		anna, boris := w.person("Anna", number), w.person("Boris", "")
		w.do(http.MethodPatch, fmt.Sprint("/people/", boris.ID), object{"phone": "+38 (050) 123-45-67"})
		require.Equal(t, boris.ID, w.phone().Person)
		require.Empty(t, control[person](w, http.MethodGet, fmt.Sprint("/people/", anna.ID), nil).Phone)
	})

	t.Run("anonymous numbers get no SMS", func(t *testing.T) {
		t.Parallel()
		w := start(t, sandbox.Options{})
		reports, url := receive(t, nil)
		w.request(http.MethodPost, "/sms/v1/messages", "application/json", `{"from":"A","to":"+88812345678","text":"x","callback_url":"`+url+`"}`)
		require.Equal(t, "undelivered", reports.report(t).Status)
	})

	for name, body := range map[string]string{
		"no number":    `{"from":"A","to":"12","text":"x"}`,
		"no text":      `{"from":"A","to":"+380501234567","text":" "}`,
		"no sender":    `{"to":"+380501234567","text":"x"}`,
		"bad callback": `{"from":"A","to":"+380501234567","text":"x","callback_url":"ftp://x"}`,
		"too long":     `{"from":"A","to":"+380501234567","text":"` + strings.Repeat("a", 3000) + `"}`,
		"broken":       `{`,
	} {
		t.Run("refuse: "+name, func(t *testing.T) {
			t.Parallel()
			w := start(t, sandbox.Options{})
			status, answer, _ := w.request(http.MethodPost, "/sms/v1/messages", "application/json", body)
			require.Equal(t, http.StatusBadRequest, status)
			require.Contains(t, answer, `{"error":{"code":"`)
		})
	}
}
