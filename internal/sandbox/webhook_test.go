package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
)

type webhookInfo struct {
	URL            string   `json:"url"`
	Pending        int      `json:"pending_update_count"`
	LastErrorDate  int64    `json:"last_error_date"`
	LastError      string   `json:"last_error_message"`
	MaxConnections int      `json:"max_connections"`
	Allowed        []string `json:"allowed_updates"`
}

func (b *bot) info() webhookInfo { return must[webhookInfo](b, "getWebhookInfo", nil) }

// nextText waits for the next delivery and returns the text of its message.
func (r *receiver) nextText(t *testing.T) string {
	t.Helper()
	got := r.next(t)
	var u update
	got.decode(t, &u)
	require.NotNil(t, u.Message)
	return u.Message.Text
}

func TestWebhook(t *testing.T) {
	t.Parallel()

	t.Run("gets updates with its secret, those that waited first", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		b.write(p, "before")
		hook, url := receive(t, nil)
		must[bool](b, "setWebhook", object{"url": url, "secret_token": "s-1_X", "max_connections": 3, "allowed_updates": []string{"message"}})
		got := hook.next(t)
		require.Equal(t, "s-1_X", got.header.Get("X-Telegram-Bot-Api-Secret-Token"))
		require.Equal(t, "application/json", got.header.Get("Content-Type"))
		b.write(p, "after")
		require.Equal(t, "after", hook.nextText(t))
		require.Eventually(t, func() bool { return b.info().Pending == 0 }, patience, tick, "delivered updates do not wait")
		require.Equal(t, webhookInfo{URL: url, MaxConnections: 3, Allowed: []string{"message"}}, b.info())
	})

	t.Run("keeps the order of a chat while other chats go on", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		anna, boris := b.started("Anna", ""), b.started("Boris", "")
		release := make(chan struct{})
		hook, url := receive(t, func(_ int, _ http.ResponseWriter, r received) {
			if strings.Contains(r.body, "slow") {
				<-release
			}
		})
		must[bool](b, "setWebhook", object{"url": url})
		b.write(anna, "slow")
		require.Equal(t, "slow", hook.nextText(t))
		b.write(anna, "second of Anna")
		b.write(boris, "from Boris")
		require.Equal(t, "from Boris", hook.nextText(t))
		close(release)
		require.Equal(t, "second of Anna", hook.nextText(t))
	})

	t.Run("uses no more connections than the bot wants", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		var mu sync.Mutex
		var now, most int
		both := make(chan struct{})
		var open sync.Once
		hook, url := receive(t, func(n int, _ http.ResponseWriter, _ received) {
			mu.Lock()
			now++
			most = max(most, now)
			if now == 2 {
				open.Do(func() { close(both) })
			}
			mu.Unlock()
			if n <= 2 {
				<-both
			}
			mu.Lock()
			now--
			mu.Unlock()
		})
		var people []person
		for i := range 6 {
			people = append(people, b.started(fmt.Sprint("P", i), ""))
		}
		for _, p := range people {
			b.write(p, "hi")
		}
		must[bool](b, "setWebhook", object{"url": url, "max_connections": 2})
		<-both
		for range people {
			hook.next(t)
		}
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, 2, most)
	})

	t.Run("repeats what failed, when the webhook asks for it, and tells why", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		proceed := make(chan struct{})
		hook, url := receive(t, func(n int, w http.ResponseWriter, _ received) {
			switch n {
			case 1:
				w.WriteHeader(http.StatusInternalServerError) // tried again at once
			case 2:
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusServiceUnavailable)
			case 3:
				<-proceed
			}
		})
		must[bool](b, "setWebhook", object{"url": url})
		b.write(p, "again and again")
		b.write(p, "next")
		for range 3 {
			require.Equal(t, "again and again", hook.nextText(t))
		}
		info := b.info()
		require.Equal(t, "Wrong response from the webhook: 503 Service Unavailable", info.LastError)
		require.NotZero(t, info.LastErrorDate)
		require.Equal(t, 2, info.Pending)
		close(proceed)
		require.Equal(t, "next", hook.nextText(t))
	})

	t.Run("tells that nobody listens", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		must[bool](b, "setWebhook", object{"url": "http://127.0.0.1:1/hook"})
		b.write(p, "hi")
		require.Eventually(t, func() bool { return b.info().LastError == "Connection refused" }, patience, tick)
		must[bool](b, "deleteWebhook", object{"drop_pending_updates": false})
		require.Equal(t, []string{"hi"}, texts(b.updates(object{})), "the update was not lost")
	})

	t.Run("drops what waits when asked to", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		b.write(p, "old")
		must[bool](b, "deleteWebhook", object{"drop_pending_updates": true})
		require.Empty(t, b.updates(object{}))
		b.write(p, "old too")
		hook, url := receive(t, nil)
		must[bool](b, "setWebhook", object{"url": url, "drop_pending_updates": "true"})
		b.write(p, "new")
		require.Equal(t, "new", hook.nextText(t))
	})

	t.Run("a new address takes over at once", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		must[bool](b, "setWebhook", object{"url": "http://127.0.0.1:1/hook"})
		b.write(p, "moved")
		hook, url := receive(t, nil)
		must[bool](b, "setWebhook", object{"url": url})
		require.Equal(t, "moved", hook.nextText(t))
		require.Empty(t, b.info().LastError, "a new webhook begins without errors")
	})

	t.Run("executes the method that an answer names", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct{ name, contentType, body string }{
			{"JSON", "application/json", `{"method":"sendMessage","chat_id":CHAT,"text":"from the answer"}`},
			{"urlencoded", "application/x-www-form-urlencoded", "method=SendMessage&chat_id=CHAT&text=from+the+answer"},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				b := start(t, sandbox.Options{}).bot("acme_bot")
				p := b.started("Anna", "")
				_, url := receive(t, func(_ int, w http.ResponseWriter, _ received) {
					w.Header().Set("Content-Type", c.contentType)
					_, _ = fmt.Fprint(w, strings.ReplaceAll(c.body, "CHAT", fmt.Sprint(p.ID)))
				})
				must[bool](b, "setWebhook", object{"url": url})
				b.write(p, "hi")
				require.Eventually(t, func() bool {
					h := b.history(p)
					return h[len(h)-1].Text == "from the answer"
				}, patience, tick)
			})
		}
	})

	t.Run("an answer cannot change the webhook", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		hook, url := receive(t, func(_ int, w http.ResponseWriter, _ received) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, `{"method":"deleteWebhook"}`)
		})
		must[bool](b, "setWebhook", object{"url": url})
		b.write(p, "one")
		hook.next(t)
		b.write(p, "two")
		require.Equal(t, "two", hook.nextText(t), "the first delivery was finished and the webhook is still set")
	})
}
