package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"herald/internal/sandbox"
	"herald/internal/sandbox/botapi"
)

// patience bounds every wait for something that must happen; tick is how often it is looked at.
const (
	patience = 10 * time.Second
	tick     = 5 * time.Millisecond
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// world is a running sandbox, used from outside only.
type world struct {
	t      *testing.T
	server *sandbox.Server
	url    string
}

// noLimits switches Telegram's limits off.
func noLimits() sandbox.Options { return sandbox.Options{Limits: &botapi.Limits{}} }

func start(t *testing.T, o sandbox.Options) *world {
	t.Helper()
	s, err := sandbox.New(o)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	w := &world{t: t, server: s, url: s.URL()}
	t.Cleanup(w.stop)
	return w
}

func (w *world) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(w.t, w.server.Stop(ctx))
}

// request sends a request and returns the status, the body and the headers.
func (w *world) request(method, path, contentType, body string) (int, string, http.Header) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, w.url+path, strings.NewReader(body))
	require.NoError(w.t, err)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(w.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	return response.StatusCode, string(raw), response.Header
}

// control calls the control API, which must agree, and decodes the answer.
func control[T any](w *world, method, path string, in any) T {
	w.t.Helper()
	body := ""
	if in != nil {
		raw, err := json.Marshal(in)
		require.NoError(w.t, err)
		body = string(raw)
	}
	status, raw, _ := w.request(method, "/control/v1"+path, "application/json", body)
	require.Less(w.t, status, 300, "%s %s: %s", method, path, raw)
	var out T
	if raw != "" {
		require.NoError(w.t, json.Unmarshal([]byte(raw), &out))
	}
	return out
}

// do calls the control API for its effect.
func (w *world) do(method, path string, in any) { control[any](w, method, path, in) }

// object is any JSON object.
type object = map[string]any

type person struct {
	ID    int64  `json:"id"`
	Phone string `json:"phone"`
}

func (w *world) person(name, phone string) person {
	return control[person](w, http.MethodPost, "/people", object{"first_name": name, "phone": phone})
}

// bot is a program that has a bot's token.
type bot struct {
	*world
	ID       int64  `json:"id"`
	Username string `json:"username"`
	Token    string `json:"token"`
}

func (w *world) bot(username string) *bot {
	b := control[bot](w, http.MethodPost, "/bots", object{"name": "Acme", "username": username})
	b.world = w
	return &b
}

// started returns a person who started the bot; the bot's queue is empty.
func (b *bot) started(name, phone string) person {
	b.t.Helper()
	p := b.person(name, phone)
	b.do(http.MethodPost, b.chat(p, "start"), nil)
	if updates := b.updates(object{"offset": -1}); len(updates) > 0 {
		b.updates(object{"offset": updates[0].ID + 1})
	}
	return p
}

// chat is the path of an action of a person in the chat with the bot.
func (b *bot) chat(p person, action string) string {
	return fmt.Sprintf("/people/%d/chats/%d/%s", p.ID, b.ID, action)
}

// answer is an answer of the Bot API.
type answer struct {
	Status      int             `json:"-"`
	Header      http.Header     `json:"-"`
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

// call calls a method with a JSON body.
func (b *bot) call(method string, params object) answer {
	b.t.Helper()
	raw, err := json.Marshal(params)
	require.NoError(b.t, err)
	return b.raw(http.MethodPost, method, "application/json", string(raw))
}

// raw calls a method with any body.
func (b *bot) raw(verb, method, contentType, body string) answer {
	b.t.Helper()
	status, raw, header := b.request(verb, "/bot"+b.Token+"/"+method, contentType, body)
	a := answer{}
	require.NoError(b.t, json.Unmarshal([]byte(raw), &a), raw)
	require.Equal(b.t, a.OK, status == http.StatusOK, raw)
	if !a.OK {
		require.Equal(b.t, status, a.Code, "the error code is the HTTP status")
	}
	a.Status, a.Header = status, header
	return a
}

// must calls a method that has to succeed and decodes its result.
func must[T any](b *bot, method string, params object) T {
	b.t.Helper()
	a := b.call(method, params)
	require.True(b.t, a.OK, "%s: %s", method, a.Description)
	var out T
	require.NoError(b.t, json.Unmarshal(a.Result, &out))
	return out
}

type chat struct {
	ID   int64  `json:"id"`
	Type string `json:"type"`
}

type message struct {
	ID       int64    `json:"message_id"`
	Text     string   `json:"text"`
	Caption  string   `json:"caption"`
	Date     int64    `json:"date"`
	EditDate int64    `json:"edit_date"`
	Entities []entity `json:"entities"`
	From     *person  `json:"from"`
	Chat     chat     `json:"chat"`
	Sender   *chat    `json:"sender_chat"`
	Contact  *struct {
		Phone  string `json:"phone_number"`
		UserID int64  `json:"user_id"`
	} `json:"contact"`
	ReplyTo       *message `json:"reply_to_message"`
	ForwardOrigin *struct {
		Type string `json:"type"`
		Chat *chat  `json:"chat"`
	} `json:"forward_origin"`
	ReplyMarkup *struct {
		Rows [][]object `json:"inline_keyboard"`
	} `json:"reply_markup"`
	Photo []struct {
		FileID string `json:"file_id"`
		Width  int    `json:"width"`
	} `json:"photo"`
	Document *struct {
		FileID string `json:"file_id"`
		Name   string `json:"file_name"`
	} `json:"document"`
	MigrateTo   int64  `json:"migrate_to_chat_id"`
	MigrateFrom int64  `json:"migrate_from_chat_id"`
	FileURL     string `json:"file_url"`
	Out         bool   `json:"out"`
}

type entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	URL    string `json:"url"`
}

type update struct {
	ID            int64    `json:"update_id"`
	Message       *message `json:"message"`
	EditedMessage *message `json:"edited_message"`
	Post          *message `json:"channel_post"`
	EditedPost    *message `json:"edited_channel_post"`
	Callback      *struct {
		ID   string `json:"id"`
		Data string `json:"data"`
	} `json:"callback_query"`
	MyChatMember *struct {
		Old struct {
			Status string `json:"status"`
		} `json:"old_chat_member"`
		New struct {
			Status string `json:"status"`
		} `json:"new_chat_member"`
	} `json:"my_chat_member"`
}

func (b *bot) updates(params object) []update { return must[[]update](b, "getUpdates", params) }

func (b *bot) send(p person, text string) message {
	b.t.Helper()
	return must[message](b, "sendMessage", object{"chat_id": p.ID, "text": text})
}

func (b *bot) write(p person, text string) {
	b.t.Helper()
	b.do(http.MethodPost, b.chat(p, "messages"), object{"text": text})
}

// history is what stands in the chat.
func (b *bot) history(p person) []message {
	b.t.Helper()
	return control[[]message](b.world, http.MethodGet, b.chat(p, "messages"), nil)
}

// texts are the texts of updates with messages.
func texts(updates []update) []string {
	out := []string{}
	for _, u := range updates {
		if u.Message != nil {
			out = append(out, u.Message.Text)
		}
	}
	return out
}

// receiver is a webhook or callback that keeps what it got.
type receiver struct {
	requests chan received
}

type received struct {
	header http.Header
	body   string
}

func (r *received) decode(t *testing.T, v any) {
	t.Helper()
	require.NoError(t, json.NewDecoder(bytes.NewBufferString(r.body)).Decode(v))
}

// next waits for the next request.
func (r *receiver) next(t *testing.T) received {
	t.Helper()
	select {
	case got := <-r.requests:
		return got
	case <-time.After(patience):
		require.FailNow(t, "nothing was received")
		return received{}
	}
}

// receive starts a server that keeps what it gets; reply decides the answer to the nth request, counted from 1.
func receive(t *testing.T, reply func(n int, w http.ResponseWriter, r received)) (*receiver, string) {
	t.Helper()
	r := &receiver{requests: make(chan received, 1000)}
	var count atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		raw, _ := io.ReadAll(q.Body)
		got := received{header: q.Header.Clone(), body: string(raw)}
		n := int(count.Add(1))
		r.requests <- got
		if reply != nil {
			reply(n, w, got)
		}
	}))
	t.Cleanup(s.Close)
	return r, s.URL
}
