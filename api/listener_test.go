package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	for _, path := range []string{"/", "/docs", "/v1/messages", "/healthz", "/nothing"} {
		response, _ := w.fetched(t, path, nil)
		require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", response.Header.Get("Referrer-Policy"), path)
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.True(t, gateway.HasPrefix(response.Header.Get("X-Request-Id"), "req"), path)
	}
}

func TestAPanicIsAProblemAndIsLoggedWithoutTheRequest(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	engine := newEngine(gateway.NewIDs(nil, nil), slog.New(slog.NewJSONHandler(&log, nil)))
	engine.POST("/boom", func(c *gin.Context) {
		_, _ = io.ReadAll(c.Request.Body)
		panic(errors.New("index out of range"))
	})
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodPost, "/boom?phone=secret-in-query", strings.NewReader("secret-in-body"))
	request.Header.Set("Authorization", "Bearer secret-in-header")
	engine.ServeHTTP(recorder, request)
	require.Equal(t, http.StatusInternalServerError, recorder.Code)
	require.Contains(t, recorder.Body.String(), `"code":"internal"`)
	require.NotContains(t, recorder.Body.String(), "index out of range")
	require.Contains(t, log.String(), "index out of range")
	require.Contains(t, log.String(), recorder.Header().Get("X-Request-Id"))
	require.NotContains(t, log.String(), "secret-in")
}

// A client that writes all of its body before it reads the answer comes to read it, announced length or not.
func TestABodyThatIsTooLargeIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	key := w.newKey(t, w.mine, gateway.ScopeMessagesSend)
	before, body := w.rows("messages"), strings.Repeat("a", 8<<20)
	for name, length := range map[string]string{
		"announced": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body),
		"in chunks": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
	} {
		conn, err := net.Dial("tcp", w.server.Listener.Addr().String())
		require.NoError(t, err, name)
		t.Cleanup(func() { _ = conn.Close() })
		require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
		_, err = fmt.Fprintf(conn, "POST /v1/messages HTTP/1.1\r\nHost: herald\r\nAuthorization: Bearer %s\r\n%s", key, length)
		require.NoError(t, err, name)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, name)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err, name)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode, name)
		require.Contains(t, string(answer), `"code":"request:too_large"`, name)
	}
	require.Equal(t, before, w.rows("messages"), "nothing is stored")
}

// hook is a messenger's webhook as the telegram package has one: it reads what it is given.
type hook struct {
	mu    sync.Mutex
	calls []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil || len(body) > maxBody {
		h.calls = append(h.calls, "too large")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	h.calls = append(h.calls, r.PathValue("bot")+" "+string(body))
}

func TestThePublicListener(t *testing.T) {
	t.Parallel()
	const bot = "bot_00000000000000000000000000"
	for _, test := range []struct {
		name, method, path string
		body               io.Reader
		status             int
		calls              []string
	}{
		{"hands an update on", http.MethodPost, "/telegram/" + bot, strings.NewReader(`{"update_id":1}`), 200, []string{bot + ` {"update_id":1}`}},
		{"takes nothing but POST", http.MethodGet, "/telegram/" + bot, nil, 405, nil},
		{"refuses a body over 1 MiB before anybody reads it", http.MethodPost, "/telegram/" + bot, strings.NewReader(strings.Repeat("x", maxBody+1)), 413, nil},
		{"reads no more than that of a body that does not say its length", http.MethodPost, "/telegram/" + bot, io.MultiReader(strings.NewReader(strings.Repeat("x", 2*maxBody))), 413, []string{"too large"}},
		{"has no index", http.MethodGet, "/", nil, 404, nil},
		{"has no API", http.MethodGet, "/v1/messages", nil, 404, nil},
		{"has no reference", http.MethodGet, "/docs", nil, 404, nil},
		{"has no health", http.MethodGet, "/healthz", nil, 404, nil},
		{"has no metrics", http.MethodGet, "/metrics", nil, 404, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := &hook{}
			server := httptest.NewServer(Public(PublicDeps{Telegram: h, IDs: gateway.NewIDs(nil, nil), Logger: slog.New(slog.DiscardHandler)}))
			defer server.Close()
			request, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.path, test.body)
			require.NoError(t, err)
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, test.status, response.StatusCode)
			require.Equal(t, test.calls, h.calls)
		})
	}
}

func TestAWorkerShowsItsHealthOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	handler := Health(HealthDeps{
		Ready: w.ready, IDs: w.ids, Logger: slog.New(slog.DiscardHandler),
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") }),
	})
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/v1/messages": 404, "/docs": 404, "/": 404} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, want, recorder.Code, path)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Deps{})
	require.ErrorContains(t, err, "is missing")
}
