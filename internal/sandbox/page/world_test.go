package page_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
)

// world is a running sandbox, used as programs use it: by its control API, its Bot API and its SMS operator.
type world struct {
	t      *testing.T
	origin string
}

// startSandbox runs a sandbox of its own for the test, in memory.
func startSandbox(t *testing.T) *world {
	t.Helper()
	server, stop := runSandbox(t, sandbox.Options{})
	t.Cleanup(stop)
	return &world{t: t, origin: server.URL()}
}

// runSandbox starts a sandbox and returns it with what stops it.
func runSandbox(t *testing.T, options sandbox.Options) (*sandbox.Server, func()) {
	t.Helper()
	server, err := sandbox.New(options)
	require.NoError(t, err)
	require.NoError(t, server.Start(t.Context()))
	return server, func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, server.Stop(ctx))
	}
}

// reply is an answer of the Bot API.
type reply struct {
	OK          bool            `json:"ok"`
	ErrorCode   int             `json:"error_code"`
	Description string          `json:"description"`
	Result      json.RawMessage `json:"result"`
}

// update is what the stories read of an update.
type update struct {
	ID      int64 `json:"update_id"`
	Message *struct {
		From    struct{ ID int64 } `json:"from"`
		Text    string             `json:"text"`
		Caption string             `json:"caption"`
		Contact *struct {
			PhoneNumber string `json:"phone_number"`
			UserID      int64  `json:"user_id"`
		} `json:"contact"`
	} `json:"message"`
	CallbackQuery *struct {
		ID   string `json:"id"`
		Data string `json:"data"`
	} `json:"callback_query"`
}

func (w *world) send(method, path string, body any) (int, []byte) {
	w.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(w.t, err)
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.origin+path, bytes.NewReader(raw))
	require.NoError(w.t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	require.NoError(w.t, err)
	return response.StatusCode, answer
}

// control calls the control API, which must agree, and decodes its answer.
func control[T any](w *world, method, path string, body any) T {
	w.t.Helper()
	status, raw := w.send(method, "/control/v1"+path, body)
	require.Less(w.t, status, 300, "%s %s: %s", method, path, raw)
	var answer T
	if len(raw) > 0 {
		require.NoError(w.t, json.Unmarshal(raw, &answer))
	}
	return answer
}

// person is somebody on the network.
type person struct {
	ID int64 `json:"id"`
}

func (w *world) person(first, username, phone string) person {
	w.t.Helper()
	return control[person](w, http.MethodPost, "/people", map[string]string{"first_name": first, "username": username, "phone": phone})
}

// sms sends an SMS through the sandbox's operator.
func (w *world) sms(to, text string) {
	w.t.Helper()
	status, raw := w.send(http.MethodPost, "/sms/v1/messages", map[string]string{"from": "ACME", "to": to, "text": text})
	require.Equal(w.t, http.StatusCreated, status, string(raw))
}

// bot is a program behind a bot.
type bot struct {
	world  *world
	Token  string `json:"token"`
	ID     int64  `json:"id"`
	offset int64
}

func (w *world) bot(name, username string) *bot {
	w.t.Helper()
	b := control[bot](w, http.MethodPost, "/bots", map[string]string{"name": name, "username": username})
	b.world = w
	return &b
}

func (b *bot) call(method string, params map[string]any) reply {
	b.world.t.Helper()
	_, raw := b.world.send(http.MethodPost, "/bot"+b.Token+"/"+method, params)
	var answer reply
	require.NoError(b.world.t, json.Unmarshal(raw, &answer))
	return answer
}

// say sends a message, which must be taken.
func (b *bot) say(to person, text string, more map[string]any) {
	b.world.t.Helper()
	params := map[string]any{"chat_id": to.ID, "text": text}
	for name, value := range more {
		params[name] = value
	}
	answer := b.call("sendMessage", params)
	require.True(b.world.t, answer.OK, answer.Description)
}

// next waits for the next update that fits.
func (b *bot) next(fits func(update) bool) update {
	b.world.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		answer := b.call("getUpdates", map[string]any{"offset": b.offset, "timeout": 2})
		require.True(b.world.t, answer.OK, answer.Description)
		var updates []update
		require.NoError(b.world.t, json.Unmarshal(answer.Result, &updates))
		for _, u := range updates {
			b.offset = u.ID + 1
			if fits(u) {
				return u
			}
		}
	}
	require.FailNow(b.world.t, "no such update came to bot "+strconv.FormatInt(b.ID, 10))
	return update{}
}

func (b *bot) nextText() string {
	b.world.t.Helper()
	return b.next(func(u update) bool { return u.Message != nil && u.Message.Text != "" }).Message.Text
}
