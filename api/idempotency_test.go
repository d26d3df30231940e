package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

const hello = `{"to":"@anna","text":"Hello"}`

// told is what a caller sees of an answer.
type told struct {
	status     int
	id, code   string
	replayed   bool
	retryAfter string
}

func (w *world) post(t *testing.T, path, idempotencyKey, body string) told {
	t.Helper()
	return w.postAs(t, w.names["key"], path, idempotencyKey, body)
}

func (w *world) postAs(t *testing.T, apiKey, path, idempotencyKey, body string) told {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+apiKey)
	request.Header.Set("Idempotency-Key", idempotencyKey)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var body2 struct{ ID, Code string }
	require.NoError(t, json.Unmarshal(raw, &body2), "%s", raw)
	return told{
		status: response.StatusCode, id: body2.ID, code: body2.Code,
		replayed: response.Header.Get("Idempotent-Replayed") == "true", retryAfter: response.Header.Get("Retry-After"),
	}
}

// kept waits until the answer of the request is stored, which it is a moment after it was given.
func (w *world) kept(t *testing.T, idempotencyKey string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return w.rows("idempotency_keys WHERE done_at IS NOT NULL AND key = '"+idempotencyKey+"'") == 1
	}, 10*time.Second, time.Millisecond)
}

// digest is the SHA-256 that a claim of a POST holds.
func digest(path, body string) [32]byte {
	var framed []byte
	for _, part := range []string{http.MethodPost, path, body} {
		framed = binary.BigEndian.AppendUint64(framed, uint64(len(part)))
		framed = append(framed, part...)
	}
	return sha256.Sum256(framed)
}

func TestRequestsUnderOneKeyAtTheSameTimeAreDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	before := w.counts()
	answers := make([]told, 20)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = w.post(t, "/v1/messages", "one", hello) })
	}
	wg.Wait()
	require.Equal(t, before["messages"]+1, w.counts()["messages"])
	ids := map[string]bool{}
	for _, a := range answers {
		if a.status == http.StatusAccepted {
			ids[a.id] = true
			continue
		}
		require.Equal(t, http.StatusConflict, a.status)
		require.Equal(t, "idempotency:running", a.code)
		require.Equal(t, "1", a.retryAfter)
	}
	require.Len(t, ids, 1)
}

// A process dies after it claimed the key: nobody else may go on for a minute, and then the same message is made.
func TestAClaimOfADeadProcessIsTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	suffix := strings.TrimPrefix(w.ids.New("x"), "x_")
	claim := gateway.Claim{AccountID: w.mine, Key: "died", Request: digest("/v1/messages", hello), Suffix: suffix}
	_, taken, err := w.store.Claim(t.Context(), claim, w.now(), w.now().Add(-claimStale))
	require.NoError(t, err)
	require.True(t, taken)

	w.tick(claimStale - time.Second)
	require.Equal(t, told{status: http.StatusConflict, code: "idempotency:running", retryAfter: "1"}, w.post(t, "/v1/messages", "died", hello))
	w.tick(2 * time.Second)
	require.Equal(t, told{status: http.StatusAccepted, id: "msg_" + suffix}, w.post(t, "/v1/messages", "died", hello))
	require.Equal(t, told{status: http.StatusAccepted, id: "msg_" + suffix, replayed: true}, w.post(t, "/v1/messages", "died", hello))
}

// A process dies after the work and before the answer was kept: the repeat answers with what was made, and makes no more.
func TestWorkThatWasDoneBeforeACrashIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ path, body, table string }{
		"a message": {"/v1/messages", hello, "messages"},
		"a bot":     {"/v1/bots", "", "bots"},
		"a key":     {"/v1/keys", `{"name":"shop"}`, "api_keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, false)
			if c.body == "" {
				c.body = `{"platform":"telegram","token":"` + w.names["free_token"] + `"}`
			}
			first := w.post(t, c.path, "crash", c.body)
			require.Less(t, first.status, 300, first.code)
			w.kept(t, "crash")
			// As if the answer had never been kept: the claim is as it was before.
			require.NoError(t, w.exec(t, "UPDATE idempotency_keys SET done_at = NULL, status = NULL, answer = NULL WHERE key = 'crash'"))
			w.tick(claimStale + time.Second)
			rows := w.rows(c.table)
			second := w.post(t, c.path, "crash", c.body)
			require.Equal(t, first.status, second.status, second.code)
			require.Equal(t, first.id, second.id)
			require.False(t, second.replayed)
			require.Equal(t, rows, w.rows(c.table))
		})
	}
}

// After a fault of ours nobody knows what was done: the next repeat goes on at once, with the same id.
func TestAFaultLeavesTheClaimToTheNextRepeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	require.NoError(t, w.exec(t, "ALTER TABLE outbox RENAME TO gone"))
	failed := w.post(t, "/v1/messages", "fault", hello)
	require.Equal(t, http.StatusInternalServerError, failed.status)
	require.Equal(t, "internal", failed.code)
	var suffix string
	held, taken, err := w.store.Claim(t.Context(), gateway.Claim{AccountID: w.mine, Key: "fault", Request: digest("/v1/messages", hello), Suffix: strings.Repeat("0", 26)}, w.now(), time.Time{})
	require.NoError(t, err)
	require.False(t, taken)
	suffix = held.Suffix
	require.NoError(t, w.exec(t, "ALTER TABLE gone RENAME TO outbox"))
	require.Equal(t, told{status: http.StatusAccepted, id: "msg_" + suffix}, w.post(t, "/v1/messages", "fault", hello))
}

func TestAKeptAnswerIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	require.Equal(t, http.StatusCreated, w.post(t, "/v1/keys", "sealed", `{"name":"shop"}`).status)
	w.kept(t, "sealed")
	require.Equal(t, 1, w.rows("idempotency_keys WHERE key = 'sealed' AND answer IS NOT NULL"))
	require.Zero(t, w.rows(`idempotency_keys WHERE position('secret'::bytea in answer) > 0 OR position('shop'::bytea in answer) > 0`))
}

// A caller who goes away does not take the answer with them: the message was accepted, and the repeat says so.
func TestACallerWhoLeavesGetsTheAnswerLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	before := w.rows("messages")
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.URL+"/v1/messages", strings.NewReader(hello))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+w.names["key"])
	request.Header.Set("Idempotency-Key", "left")
	request.Header.Set("Prefer", "wait=60")
	gone := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			err = response.Body.Close()
		}
		gone <- err
	}()
	require.Eventually(t, func() bool { return w.rows("messages") == before+1 }, 10*time.Second, 10*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	require.Eventually(t, func() bool { return w.rows("idempotency_keys WHERE done_at IS NOT NULL") == 1 }, 10*time.Second, 10*time.Millisecond)
	again := w.post(t, "/v1/messages", "left", hello)
	require.Equal(t, http.StatusAccepted, again.status)
	require.True(t, again.replayed)
	require.Equal(t, before+1, w.rows("messages"))
}

// pause rests my bot, as its owner can; resume ends that.
func (w *world) pause(t *testing.T) {
	t.Helper()
	require.NoError(t, w.exec(t, "UPDATE bots SET state = 'paused' WHERE username = 'acme_bot'"))
}

func (w *world) resume(t *testing.T) {
	t.Helper()
	require.NoError(t, w.exec(t, "UPDATE bots SET state = 'active' WHERE username = 'acme_bot'"))
}

// A message takes its key with it. What is refused before is looked up, and the first request is answered as it was.
func TestAKeyIsKnownThoughTheMessageWouldBeRefusedNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	first := w.post(t, "/v1/messages", "known", hello)
	require.Equal(t, http.StatusAccepted, first.status)
	running := gateway.Claim{
		AccountID: w.mine, Key: "running", Request: digest("/v1/messages", hello), Suffix: strings.TrimPrefix(w.ids.New("x"), "x_"),
	}
	_, taken, err := w.store.Claim(t.Context(), running, w.now(), w.now().Add(-claimStale))
	require.NoError(t, err)
	require.True(t, taken)
	before := w.rows("messages")
	w.pause(t)

	require.Equal(t, told{status: http.StatusAccepted, id: first.id, replayed: true}, w.post(t, "/v1/messages", "known", hello))
	other := `{"to":"@anna","text":"Hello again"}`
	require.Equal(t, told{status: http.StatusUnprocessableEntity, code: "idempotency:mismatch"}, w.post(t, "/v1/messages", "known", other))
	require.Equal(t, told{status: http.StatusConflict, code: "idempotency:running", retryAfter: "1"}, w.post(t, "/v1/messages", "running", hello))
	require.Equal(t, told{status: http.StatusConflict, code: "bot:paused"}, w.post(t, "/v1/messages", "new", hello))
	require.Zero(t, w.rows("idempotency_keys WHERE key = 'new'"), "a refused request leaves its key free")

	w.resume(t)
	require.Equal(t, told{status: http.StatusAccepted, id: first.id, replayed: true}, w.post(t, "/v1/messages", "known", hello))
	require.Equal(t, told{status: http.StatusUnprocessableEntity, code: "idempotency:mismatch"}, w.post(t, "/v1/messages", "known", other))
	require.Equal(t, before, w.rows("messages"))
	require.Equal(t, http.StatusAccepted, w.post(t, "/v1/messages", "new", other).status)
}

// A process dies before it knew whether its message was stored, and then its bot is paused: the message is not sent twice.
func TestAStaleClaimOutlivesARefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	first := w.post(t, "/v1/messages", "stale", hello)
	w.kept(t, "stale")
	require.NoError(t, w.exec(t, "UPDATE idempotency_keys SET done_at = NULL, status = NULL, answer = NULL WHERE key = 'stale'"))
	w.tick(claimStale + time.Second)
	w.pause(t)
	require.Equal(t, told{status: http.StatusConflict, code: "bot:paused"}, w.post(t, "/v1/messages", "stale", hello))
	before := w.rows("messages")
	w.resume(t)
	again := w.post(t, "/v1/messages", "stale", hello)
	require.Equal(t, told{status: http.StatusAccepted, id: first.id}, again)
	require.Equal(t, before, w.rows("messages"))
}

// A database that answers a statement with a lost connection may have stored it: the claim with our suffix is ours.
func TestAClaimThatWasStoredUnseenIsOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	s := &server{claims: w.store, now: w.now}
	suffix := strings.TrimPrefix(w.ids.New("x"), "x_")
	request := func(suffix string) *keyed {
		return &keyed{claim: gateway.Claim{AccountID: w.mine, Key: "lost", Request: digest("/v1/messages", hello), Suffix: suffix}}
	}
	require.True(t, s.take(t.Context(), request(suffix)))
	require.True(t, s.take(t.Context(), request(suffix)))
	other := request(strings.Repeat("0", 26))
	require.False(t, s.take(t.Context(), other))
	require.ErrorIs(t, other.fault, gateway.Fault(gateway.CodeIdempotencyRunning, "", ""))
}
