package sandbox_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
)

func TestGetUpdates(t *testing.T) {
	t.Parallel()

	t.Run("gives updates again until an offset confirms them", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		for i := range 5 {
			b.write(p, fmt.Sprint("text ", i))
		}
		first := b.updates(object{})
		require.Equal(t, []string{"text 0", "text 1", "text 2", "text 3", "text 4"}, texts(first))
		require.Equal(t, texts(first), texts(b.updates(object{"offset": 0})), "nothing was confirmed")
		require.Equal(t, []string{"text 2", "text 3", "text 4"}, texts(b.updates(object{"offset": first[2].ID})))
		require.Equal(t, []string{"text 2"}, texts(b.updates(object{"limit": 1})), "what was confirmed does not come back")
		require.Equal(t, []string{"text 3", "text 4"}, texts(b.updates(object{"offset": -2})), "a negative offset keeps the newest")
		require.Equal(t, []string{"text 3", "text 4"}, texts(b.updates(object{})), "and forgets the others")
		require.Empty(t, b.updates(object{"offset": fmt.Sprint(first[4].ID + 1)}), "numbers may be strings")
	})

	t.Run("numbers updates one after the other", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		b.write(p, "a")
		b.write(p, "b")
		got := b.updates(object{})
		require.Equal(t, got[0].ID+1, got[1].ID)
		require.Equal(t, got[0].Message.ID+1, got[1].Message.ID)
	})

	t.Run("takes limits outside 1..100 as the nearest limit", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		for i := range 102 {
			b.write(p, fmt.Sprint(i))
		}
		require.Len(t, b.updates(object{}), 100)
		require.Len(t, b.updates(object{"limit": 1000}), 100)
		require.Len(t, b.updates(object{"limit": -3}), 1)
		require.Len(t, b.updates(object{"limit": "7"}), 7)
	})

	t.Run("waits for an update", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		got := make(chan answer)
		go func() { got <- b.call("getUpdates", object{"timeout": 30}) }()
		b.awaitPoll()
		b.write(p, "late")
		require.Contains(t, string((<-got).Result), "late")
	})

	t.Run("remembers allowed_updates", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		p := b.started("Anna", "")
		require.Empty(t, b.updates(object{"allowed_updates": []string{"my_chat_member", "unheard_of"}}))
		b.write(p, "not wanted")
		b.do(http.MethodPost, b.chat(p, "block"), nil)
		got := b.updates(object{})
		require.Len(t, got, 1)
		require.NotNil(t, got[0].MyChatMember)
		require.Equal(t, []string{"my_chat_member"}, must[struct {
			Allowed []string `json:"allowed_updates"`
		}](b, "getWebhookInfo", nil).Allowed)
		b.updates(object{"offset": got[0].ID + 1, "allowed_updates": []string{}})
		b.do(http.MethodPost, b.chat(p, "unblock"), nil)
		b.write(p, "wanted again")
		require.Equal(t, []string{"wanted again"}, texts(b.updates(object{})))
	})

	t.Run("ends the older of two calls with 409", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		older := make(chan answer)
		go func() { older <- b.call("getUpdates", object{"timeout": 30}) }()
		b.awaitPoll()
		b.updates(object{})
		a := <-older
		require.Equal(t, 409, a.Status)
		require.Equal(t, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", a.Description)
	})

	t.Run("refuses while a webhook is set, and ends when one is set", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		waiting := make(chan answer)
		go func() { waiting <- b.call("getUpdates", object{"timeout": 30}) }()
		b.awaitPoll()
		must[bool](b, "setWebhook", object{"url": "http://127.0.0.1:1/hook"})
		require.Equal(t, 409, (<-waiting).Status)
		a := b.call("getUpdates", nil)
		require.Equal(t, 409, a.Status)
		require.Equal(t, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", a.Description)
		must[bool](b, "deleteWebhook", nil)
		require.True(t, b.call("getUpdates", nil).OK)
	})

	t.Run("ends with 401 when the token is revoked", func(t *testing.T) {
		t.Parallel()
		b := start(t, sandbox.Options{}).bot("acme_bot")
		old := *b
		waiting := make(chan answer)
		go func() { waiting <- old.call("getUpdates", object{"timeout": 30}) }()
		b.awaitPoll()
		revoked := control[bot](b.world, http.MethodPost, "/bots/@acme_bot/revoke", nil)
		require.NotEqual(t, old.Token, revoked.Token)
		require.Equal(t, 401, (<-waiting).Status)
		require.Equal(t, 401, old.call("getMe", nil).Status)
		b.Token = revoked.Token
		require.True(t, b.call("getMe", nil).OK)
	})
}

// awaitPoll waits until a getUpdates call of the bot waits. The log notes calls when they end, so it asks the bot's
// profile, which tells whether somebody polls.
func (b *bot) awaitPoll() {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		return control[struct {
			Polling bool `json:"polling"`
		}](b.world, http.MethodGet, fmt.Sprint("/bots/", b.ID), nil).Polling
	}, patience, tick)
}

func TestMembership(t *testing.T) {
	t.Parallel()
	b := start(t, sandbox.Options{}).bot("acme_bot")
	p := b.person("Anna", "")
	b.do(http.MethodPost, b.chat(p, "start"), object{"payload": "abc_-1"})
	got := b.updates(object{})
	require.Len(t, got, 1, "starting a bot raises no my_chat_member in a private chat")
	require.Equal(t, "/start abc_-1", got[0].Message.Text)
	require.Equal(t, []entity{{Type: "bot_command", Offset: 0, Length: 6}}, got[0].Message.Entities)

	b.do(http.MethodPost, b.chat(p, "block"), nil)
	b.do(http.MethodPost, b.chat(p, "block"), nil)
	b.do(http.MethodPost, b.chat(p, "start"), nil)
	got = b.updates(object{"offset": got[0].ID + 1})
	require.Len(t, got, 3, "blocking twice is one change; starting unblocks")
	require.Equal(t, []string{"member", "kicked"}, []string{got[0].MyChatMember.Old.Status, got[0].MyChatMember.New.Status})
	require.Equal(t, []string{"kicked", "member"}, []string{got[1].MyChatMember.Old.Status, got[1].MyChatMember.New.Status})
	require.Equal(t, "/start", got[2].Message.Text)
}

func TestStopEndsWaitingCalls(t *testing.T) {
	t.Parallel()
	s, err := sandbox.New(sandbox.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	w := &world{t: t, server: s, url: s.URL()}
	b := w.bot("acme_bot")
	ended := make(chan error)
	go func() {
		response, err := http.Get(w.url + "/bot" + b.Token + "/getUpdates?timeout=50")
		if err == nil {
			_ = response.Body.Close()
		}
		ended <- err
	}()
	b.awaitPoll()
	w.stop()
	require.Error(t, <-ended, "a call that is broken off looks like a lost connection, never like an answer")
}

func TestUpdatesWaitForADay(t *testing.T) {
	t.Parallel()
	now := newClock()
	b := start(t, sandbox.Options{Clock: now.Now}).bot("acme_bot")
	p := b.started("Anna", "")
	b.write(p, "old")
	now.advance(23 * time.Hour)
	b.write(p, "young")
	require.Equal(t, []string{"old", "young"}, texts(b.updates(object{})))
	now.advance(2 * time.Hour)
	require.Equal(t, []string{"young"}, texts(b.updates(object{})))
}
