package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
)

// scripted answers call after call with the given answers and keeps what was asked.
type scripted struct {
	mu      sync.Mutex
	answers []func(w http.ResponseWriter)
	calls   []*http.Request
	bodies  []string
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.bodies = append(s.calls, r), append(s.bodies, string(body))
	s.answers[min(len(s.calls), len(s.answers))-1](w)
}

// asked returns the calls so far.
func (s *scripted) asked() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func problem(status int, code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"type": "/docs#" + code, "title": "T", "status": status, "detail": "D.", "code": code, "field": "to", "request_id": "req_1",
		})
	}
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"id":"msg_1","state":"queued"}`)
}

// cut breaks the connection off in the middle of an answer.
func cut(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func connect(t *testing.T, answers ...func(http.ResponseWriter)) (*client.Client, *scripted) {
	t.Helper()
	s := &scripted{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL+"/", "hk_test", client.WithPause(time.Millisecond))
	require.NoError(t, err)
	return c, s
}

func TestSendIsRepeatedUnderOneKey(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]func(http.ResponseWriter){
		"a connection that broke":         cut,
		"a part that does not answer":     problem(503, "service:unavailable"),
		"a messenger that is down":        problem(502, "messenger:unavailable"),
		"a first request that still runs": problem(409, "idempotency:running"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := connect(t, first, accepted)
			m, err := c.Send(t.Context(), client.NewMessage{To: "@anna", Text: "Hi"})
			require.NoError(t, err)
			require.Equal(t, "msg_1", m.ID)
			require.Len(t, s.asked(), 2)
			require.NotEmpty(t, s.asked()[0].Header.Get("Idempotency-Key"))
			require.Equal(t, s.asked()[0].Header.Get("Idempotency-Key"), s.asked()[1].Header.Get("Idempotency-Key"))
			require.Equal(t, s.bodies[0], s.bodies[1])
			require.Equal(t, "Bearer hk_test", s.asked()[1].Header.Get("Authorization"))
		})
	}
}

func TestWhatIsRefusedIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   string
	}{{422, "text:empty"}, {401, "key:invalid"}, {404, "bot:not_found"}, {409, "bot:exists"}, {422, "idempotency:mismatch"}, {500, "internal"}} {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			caller, s := connect(t, problem(c.status, c.code))
			_, err := caller.Send(t.Context(), client.NewMessage{To: "@anna", Text: "Hi"})
			require.Equal(t, c.code, client.Code(err))
			require.EqualError(t, err, fmt.Sprintf("herald: %d %s at to: D.", c.status, c.code))
			require.Len(t, s.asked(), 1)
		})
	}
}

func TestRepeatingEnds(t *testing.T) {
	t.Parallel()
	c, s := connect(t, cut)
	_, err := c.Send(t.Context(), client.NewMessage{To: "@anna", Text: "Hi"})
	require.Error(t, err)
	require.Empty(t, client.Code(err))
	require.Len(t, s.asked(), 4)
}

func TestRepeatingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	c, s := connect(t, problem(503, "service:unavailable"))
	ctx, cancel := context.WithCancel(t.Context())
	s.answers = []func(http.ResponseWriter){func(w http.ResponseWriter) {
		problem(503, "service:unavailable")(w)
		cancel()
	}}
	_, err := c.Send(ctx, client.NewMessage{To: "@anna", Text: "Hi"})
	require.Error(t, err)
	require.Len(t, s.asked(), 1)
}

func TestAnAnswerOfSomethingElse(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<html>proxy</html>")
	})
	_, err := c.Message(t.Context(), "msg_1")
	require.EqualError(t, err, "herald: 403: the answer is not one of Herald: is this its address?")
}

func TestAnAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	c, s := connect(t, func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, strings.Repeat(" ", 17<<20))
	})
	_, err := c.Bot(t.Context(), "@acme_bot")
	require.ErrorContains(t, err, "too large")
	require.Len(t, s.asked(), 1)
}

func TestParametersThatAreLeftOutAreNotSent(t *testing.T) {
	t.Parallel()
	c, s := connect(t, func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"items":[]}`) })
	for range c.Messages(t.Context(), client.MessageFilter{}) {
		t.Fatal("the list is empty")
	}
	for range c.Subscribers(t.Context(), "@acme_bot", client.SubscriberFilter{Phone: "+380501234567"}) {
		t.Fatal("the list is empty")
	}
	require.Equal(t, "/v1/messages", s.asked()[0].RequestURI)
	require.Equal(t, "/v1/bots/@acme_bot/subscribers?phone=%2B380501234567", s.asked()[1].RequestURI)
	require.NotContains(t, s.asked()[0].Header, "Idempotency-Key")
}

func TestAWalkStopsWhenItsReaderDoes(t *testing.T) {
	t.Parallel()
	c, s := connect(t, func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, `{"items":[{"id":"msg_2"},{"id":"msg_1"}],"next":"more"}`)
	})
	for m, err := range c.Messages(t.Context(), client.MessageFilter{}) {
		require.NoError(t, err)
		require.Equal(t, "msg_2", m.ID)
		break
	}
	require.Len(t, s.asked(), 1)
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "127.0.0.1:8080", "ftp://herald.example", "http://", "::"} {
		_, err := client.New(address, "hk_test")
		require.ErrorContains(t, err, "looks like", address)
	}
	_, err := client.New("http://127.0.0.1:8080", "")
	require.ErrorContains(t, err, "API key")
}

func TestUploadsAreRepeatedFromTheirBeginning(t *testing.T) {
	t.Parallel()
	kept := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"file_1","name":"door.jpg"}`)
	}
	c, s := connect(t, problem(503, "service:unavailable"), kept)
	f, err := c.UploadFile(t.Context(), client.NewFile{Name: "door.jpg", Body: strings.NewReader("a picture"), Key: "order-77"})
	require.NoError(t, err)
	require.Equal(t, "file_1", f.ID)
	asked := s.asked()
	require.Len(t, asked, 2)
	require.Equal(t, "/v1/files?name=door.jpg", asked[1].URL.RequestURI())
	require.Equal(t, []string{"a picture", "a picture"}, s.bodies)
	require.Equal(t, "order-77", asked[1].Header.Get("Idempotency-Key"))
}
