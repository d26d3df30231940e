package sandbox_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
	"herald/internal/sandbox/botapi"
)

func (w *world) fault(f object) { w.do(http.MethodPost, "/faults", f) }

// callLog is what the tests read of the call log.
type callLog struct {
	Seq         int64  `json:"seq"`
	Method      string `json:"method"`
	ChatID      int64  `json:"chat_id"`
	MessageID   int64  `json:"message_id"`
	OK          bool   `json:"ok"`
	Code        int    `json:"error_code"`
	Description string `json:"description"`
	Fault       string `json:"fault"`
}

func (w *world) lastCall() callLog {
	w.t.Helper()
	calls := control[[]callLog](w, http.MethodGet, "/log?limit=1", nil)
	require.Len(w.t, calls, 1)
	return calls[0]
}

func TestFaults(t *testing.T) {
	t.Parallel()

	t.Run("429 asks to wait, in the body and in the header", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		p := b.started("Anna", "")
		b.fault(object{"kind": "too_many_requests", "bot": "@acme_bot", "method": "sendMessage", "retry_after": 17, "times": 1})
		a := b.call("sendMessage", object{"chat_id": p.ID, "text": "hi"})
		require.Equal(t, "429 Too Many Requests: retry after 17", fmt.Sprint(a.Code, " ", a.Description))
		require.Equal(t, 17, a.Parameters.RetryAfter)
		require.Equal(t, "17", a.Header.Get("Retry-After"))
		require.Equal(t, "too_many_requests", b.lastCall().Fault)
		b.send(p, "happened once only")
		require.Len(t, b.history(p), 2)
	})

	t.Run("server errors come as JSON, proxies' as HTML", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		b.fault(object{"kind": "server_error", "status": 503, "times": 1})
		a := b.call("getMe", nil)
		require.Equal(t, "503 Service Unavailable", fmt.Sprint(a.Code, " ", a.Description))
		b.fault(object{"kind": "html", "times": 1})
		status, body, header := b.request(http.MethodGet, "/bot"+b.Token+"/getMe", "", "")
		require.Equal(t, 502, status)
		require.Equal(t, "text/html", header.Get("Content-Type"))
		require.Contains(t, body, "<h1>502 Bad Gateway</h1>")
	})

	for _, c := range []struct {
		kind    string
		effects int
	}{{"reset_before", 0}, {"reset_after", 1}} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			b := start(t, noLimits()).bot("acme_bot")
			p := b.started("Anna", "")
			before := len(b.history(p))
			b.fault(object{"kind": c.kind, "method": "sendmessage", "times": 1})
			response, err := http.Post(b.url+"/bot"+b.Token+"/sendMessage", "application/json",
				strings.NewReader(fmt.Sprintf(`{"chat_id":%d,"text":"hi"}`, p.ID)))
			if err == nil {
				_ = response.Body.Close()
			}
			require.Error(t, err)
			require.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), err)
			require.Len(t, b.history(p), before+c.effects)
		})
	}

	t.Run("slow answers come late", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		b.fault(object{"kind": "slow", "delay": "60ms", "times": 1})
		begun := time.Now()
		require.True(t, b.call("getMe", nil).OK)
		require.GreaterOrEqual(t, time.Since(begun), 60*time.Millisecond)
	})

	t.Run("updates come twice or turned around", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		p := b.started("Anna", "")
		b.write(p, "a")
		b.write(p, "b")
		b.fault(object{"kind": "duplicate_updates", "times": 1})
		got := b.updates(object{})
		require.Equal(t, []string{"a", "a", "b", "b"}, texts(got))
		require.Equal(t, got[0].ID, got[1].ID)
		b.fault(object{"kind": "disordered_updates", "times": 1})
		require.Equal(t, []string{"b", "a"}, texts(b.updates(object{})))
	})

	t.Run("a webhook gets them twice or turned around, too", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		p := b.started("Anna", "")
		hook, url := receive(t, nil)
		b.fault(object{"kind": "duplicate_updates", "times": 1, "method": "webhook"})
		must[bool](b, "setWebhook", object{"url": url})
		b.write(p, "twice")
		require.Equal(t, "twice", hook.nextText(t))
		require.Equal(t, "twice", hook.nextText(t))
		b.fault(object{"kind": "disordered_updates", "times": 1})
		b.write(p, "first")
		b.write(p, "second")
		require.Equal(t, "second", hook.nextText(t))
		require.Equal(t, "first", hook.nextText(t))
	})

	t.Run("another program polls, or took the webhook", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		b.fault(object{"kind": "two_pollers", "times": 1})
		require.Equal(t, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", b.call("getUpdates", nil).Description)
		fault := control[struct {
			ID string `json:"id"`
		}](b.world, http.MethodPost, "/faults", object{"kind": "stolen_webhook"})
		require.Equal(t, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", b.call("getUpdates", nil).Description)
		require.Equal(t, botapi.StolenURL, b.info().URL)
		b.do(http.MethodDelete, "/faults/"+fault.ID, nil)
		require.Empty(t, b.info().URL)
		require.True(t, b.call("getUpdates", nil).OK)
	})

	t.Run("refusals of a chat come without its state being changed", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		p := b.started("Anna", "")
		group := control[struct {
			ID int64 `json:"id"`
		}](b.world, http.MethodPost, "/groups", object{"title": "G", "people": []int64{p.ID}, "bots": []string{"@acme_bot"}})
		for _, c := range []struct {
			kind, want string
			chat       int64
			parseMode  string
		}{
			{"blocked", "403 Forbidden: bot was blocked by the user", p.ID, ""},
			{"deactivated", "403 Forbidden: user is deactivated", p.ID, ""},
			{"upgraded_group", "400 Bad Request: group chat was upgraded to a supergroup chat", group.ID, ""},
			{"refuse_entities", "400 Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 0", p.ID, "HTML"},
		} {
			b.fault(object{"kind": c.kind, "chat": c.chat, "times": 1})
			message := object{"chat_id": c.chat, "text": "hi", "parse_mode": c.parseMode}
			a := b.call("sendMessage", message)
			require.Equal(t, c.want, fmt.Sprint(a.Code, " ", a.Description))
			if c.kind == "upgraded_group" {
				require.Less(t, a.Parameters.MigrateTo, int64(-1_000_000_000_000))
			}
			require.True(t, b.call("sendMessage", message).OK)
		}
		b.fault(object{"kind": "refuse_entities", "times": 1})
		require.True(t, b.call("sendMessage", object{"chat_id": p.ID, "text": "plain"}).OK, "plain text is not refused")
	})

	t.Run("a fault hits what it names only, and can be removed", func(t *testing.T) {
		t.Parallel()
		w := start(t, noLimits())
		a, b := w.bot("first_bot"), w.bot("second_bot")
		w.fault(object{"kind": "server_error", "bot": a.ID})
		require.Equal(t, 500, a.call("getMe", nil).Code)
		require.True(t, b.call("getMe", nil).OK)
		faults := control[[]struct {
			Happened int `json:"happened"`
		}](w, http.MethodGet, "/faults", nil)
		require.Len(t, faults, 1)
		require.Equal(t, 1, faults[0].Happened)
		w.do(http.MethodDelete, "/faults", nil)
		require.True(t, a.call("getMe", nil).OK)
	})
}

func TestAnotherProgramTakesTheBot(t *testing.T) {
	t.Parallel()
	t.Run("by its webhook", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		b.do(http.MethodPost, "/bots/@acme_bot/steal", object{"how": "webhook", "url": "http://127.0.0.1:1/theirs"})
		require.Equal(t, "http://127.0.0.1:1/theirs", b.info().URL)
		require.Equal(t, 409, b.call("getUpdates", nil).Code)
	})
	t.Run("by polling", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		b.do(http.MethodPost, "/bots/@acme_bot/steal", object{"how": "polling", "seconds": 60})
		require.True(t, b.call("getUpdates", nil).OK, "the newer call wins")
		a := b.call("getUpdates", object{"timeout": 50})
		require.Equal(t, 409, a.Code, "but the thief comes back")
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()

	t.Run("short bursts pass, then a chat gets one message a second", func(t *testing.T) {
		t.Parallel()
		now := newClock()
		b := start(t, sandbox.Options{Clock: now.Now}).bot("acme_bot")
		p := b.started("Anna", "")
		message := object{"chat_id": p.ID, "text": "hi"}
		for range botapi.DefaultLimits().Burst {
			require.True(t, b.call("sendMessage", message).OK)
		}
		a := b.call("sendMessage", message)
		require.Equal(t, "429 Too Many Requests: retry after 1", fmt.Sprint(a.Code, " ", a.Description))
		require.Equal(t, 1, a.Parameters.RetryAfter)
		require.Equal(t, "1", a.Header.Get("Retry-After"))
		now.advance(time.Second)
		require.True(t, b.call("sendMessage", message).OK)
		require.Equal(t, 429, b.call("sendMessage", message).Code)
	})

	t.Run("a group gets twenty a minute", func(t *testing.T) {
		t.Parallel()
		now := newClock()
		b := start(t, sandbox.Options{Clock: now.Now}).bot("acme_bot")
		p := b.person("Anna", "")
		group := control[struct {
			ID int64 `json:"id"`
		}](b.world, http.MethodPost, "/groups", object{"title": "G", "people": []int64{p.ID}, "bots": []int64{b.ID}})
		for range 20 {
			require.True(t, b.call("sendMessage", object{"chat_id": group.ID, "text": "hi"}).OK)
		}
		require.Equal(t, 3, b.call("sendMessage", object{"chat_id": group.ID, "text": "hi"}).Parameters.RetryAfter)
	})

	t.Run("a bot sends thirty a second to all chats together", func(t *testing.T) {
		t.Parallel()
		now := newClock()
		b := start(t, sandbox.Options{Clock: now.Now}).bot("acme_bot")
		refused := 0
		for i := range 31 {
			p := b.started(fmt.Sprint("P", i), "")
			if !b.call("sendMessage", object{"chat_id": p.ID, "text": "hi"}).OK {
				refused++
			}
		}
		require.Equal(t, 1, refused)
	})

	t.Run("can be changed and switched off", func(t *testing.T) {
		t.Parallel()
		now := newClock()
		b := start(t, sandbox.Options{Clock: now.Now}).bot("acme_bot")
		p := b.started("Anna", "")
		b.do(http.MethodPut, "/limits", object{"burst": 1})
		require.True(t, b.call("sendMessage", object{"chat_id": p.ID, "text": "hi"}).OK)
		require.Equal(t, 429, b.call("sendMessage", object{"chat_id": p.ID, "text": "hi"}).Code)
		b.do(http.MethodPut, "/limits", object{"enforce": false})
		for range 100 {
			require.True(t, b.call("sendMessage", object{"chat_id": p.ID, "text": "hi"}).OK)
		}
		status, _, _ := b.request(http.MethodPut, "/control/v1/limits", "application/json", `{"burst":0}`)
		require.Equal(t, 400, status)
	})

	t.Run("refused messages take no slot", func(t *testing.T) {
		t.Parallel()
		now := newClock()
		b := start(t, sandbox.Options{Clock: now.Now}).bot("acme_bot")
		p := b.person("Anna", "")
		for range 50 {
			require.Equal(t, 403, b.call("sendMessage", object{"chat_id": p.ID, "text": "hi"}).Code)
		}
	})
}
