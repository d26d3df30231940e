package api

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/sandbox/controlclient"
)

// editing is a world in which a message stands in Anna's chat.
type editing struct {
	*world
	people  *controlclient.Client
	editor  *messaging.Editor
	message gateway.MessageID
}

func newEditing(t *testing.T) editing {
	t.Helper()
	w := newWorld(t, false)
	m, err := w.service.Accept(t.Context(), w.mine, messaging.Request{Bot: "@acme_bot", To: "@anna", Text: "At home?"})
	require.NoError(t, err)
	step, err := w.courier.Attempt(t.Context(), w.mine, m.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.Accepted, step.State)
	people, err := controlclient.New(w.sandbox.URL())
	require.NoError(t, err)
	return editing{
		world: w, people: people, message: m.ID,
		editor: messaging.NewEditor(w.store, w.messenger, w.now, messaging.Policy{}, slog.New(slog.DiscardHandler)),
	}
}

// ask asks for another text.
func (e editing) ask(t *testing.T, text string) gateway.Edit {
	t.Helper()
	_, edit, err := e.service.Edit(t.Context(), e.mine, e.message, messaging.EditRequest{Text: &text})
	require.NoError(t, err)
	require.NotNil(t, edit)
	return *edit
}

// attempt lets a worker look at the edit and returns how it stands then.
func (e editing) attempt(t *testing.T, edit gateway.Edit) gateway.Edit {
	t.Helper()
	require.NoError(t, e.editor.Attempt(t.Context(), gateway.EditRef{AccountID: e.mine, MessageID: e.message, ID: edit.ID}))
	last, err := e.store.LastEdit(t.Context(), e.mine, e.message)
	require.NoError(t, err)
	return *last
}

func (e editing) fault(t *testing.T, f controlclient.Fault) {
	t.Helper()
	f.Bot, f.Times = "@acme_bot", 1
	_, err := e.people.AddFault(t.Context(), f)
	require.NoError(t, err)
}

// text is what Anna sees.
func (e editing) text(t *testing.T) string {
	t.Helper()
	messages := e.inChat(t)
	return messages[len(messages)-1].Text
}

// calls are the answers to the bot's calls of a method, in the sandbox's own log.
func (e editing) calls(t *testing.T, method string) (ok, refused int) {
	t.Helper()
	log, err := e.people.Log(t.Context(), 0)
	require.NoError(t, err)
	for _, c := range log {
		switch {
		case c.Method != method:
		case c.OK:
			ok++
		default:
			refused++
		}
	}
	return ok, refused
}

func TestEdits(t *testing.T) {
	t.Parallel()
	t.Run("whose answer was lost are made again, and change nothing", func(t *testing.T) {
		t.Parallel()
		e := newEditing(t)
		edit := e.ask(t, "At home today?")
		e.fault(t, controlclient.Fault{Kind: "reset_after", Method: "editMessageText"})
		edit = e.attempt(t, edit)
		require.Equal(t, gateway.EditPending, edit.State)
		require.Equal(t, "At home today?", e.text(t), "it did arrive")
		e.tick(time.Minute)
		edit = e.attempt(t, edit)
		require.Equal(t, gateway.EditDone, edit.State)
		ok, refused := e.calls(t, "editMessageText")
		require.Equal(t, []int{1, 1}, []int{ok, refused}, "made, and not modified")
		require.Contains(t, e.story(t, e.message), "The change was sent and the answer was lost. It is sent again: a second time changes nothing.")
		require.Contains(t, e.story(t, e.message), "The chat shows the change. It showed that already.")
	})
	t.Run("wait as long as the messenger asks", func(t *testing.T) {
		t.Parallel()
		e := newEditing(t)
		edit := e.ask(t, "At home today?")
		e.fault(t, controlclient.Fault{Kind: "too_many_requests", Method: "editMessageText", RetryAfter: 7})
		edit = e.attempt(t, edit)
		require.Equal(t, e.now().Add(7*time.Second), edit.DueAt)
		due, err := e.store.DueEdits(t.Context(), e.now().Add(6*time.Second), e.now().Add(time.Minute), 10)
		require.NoError(t, err)
		require.Empty(t, due)
		e.tick(8 * time.Second)
		require.Equal(t, gateway.EditDone, e.attempt(t, edit).State)
		require.Equal(t, "At home today?", e.text(t))
	})
	t.Run("take the place of those before them", func(t *testing.T) {
		t.Parallel()
		e := newEditing(t)
		first := e.ask(t, "First")
		second := e.ask(t, "Second")
		require.Equal(t, 2, second.Number)
		e.attempt(t, first)
		require.Equal(t, "At home?", e.text(t), "nobody makes the first one any more")
		require.Equal(t, gateway.EditDone, e.attempt(t, second).State)
		require.Equal(t, "Second", e.text(t))
		require.Equal(t, 1, e.rows("edits WHERE state = 'replaced'"))
	})
	t.Run("come after a call that is under way", func(t *testing.T) {
		t.Parallel()
		e := newEditing(t)
		e.ask(t, "First")
		require.NoError(t, e.exec(t, "UPDATE edits SET intent_at = '2026-03-01T09:30:30Z', attempts = 1"))
		require.True(t, e.ask(t, "Second").DueAt.After(e.now().Add(10*time.Second)))
	})
	t.Run("that cannot be fail, and say so", func(t *testing.T) {
		t.Parallel()
		e := newEditing(t)
		edit := e.ask(t, "At home today?")
		e.fault(t, controlclient.Fault{Kind: "blocked", Method: "editMessageText"})
		edit = e.attempt(t, edit)
		require.Equal(t, gateway.EditFailed, edit.State)
		require.Equal(t, gateway.ReasonBlocked, edit.Reason)
		m, err := e.service.Message(t.Context(), e.mine, e.message)
		require.NoError(t, err)
		require.Equal(t, "At home?", m.Text, "History shows what the chat shows")
		require.True(t, m.EditedAt.IsZero())
		person, err := e.store.Subscriber(t.Context(), e.mine, m.BotID, m.SubscriberID)
		require.NoError(t, err)
		require.Equal(t, gateway.Disconnected, person.Connection)
	})
	t.Run("are asked for once while the same is on its way", func(t *testing.T) {
		t.Parallel()
		e := newEditing(t)
		first := e.ask(t, "At home today?")
		require.Equal(t, first.ID, e.ask(t, "At home today?").ID)
		require.Equal(t, 1, e.rows("edits"))
	})
	t.Run("are not lost with the worker that took them", func(t *testing.T) {
		t.Parallel()
		e := newEditing(t)
		e.ask(t, "At home today?")
		now := e.now()
		due, err := e.store.DueEdits(t.Context(), now, now.Add(30*time.Second), 10)
		require.NoError(t, err)
		require.Len(t, due, 1)
		due, err = e.store.DueEdits(t.Context(), now, now.Add(30*time.Second), 10)
		require.NoError(t, err)
		require.Empty(t, due, "one worker has it")
		due, err = e.store.DueEdits(t.Context(), now.Add(31*time.Second), now.Add(time.Minute), 10)
		require.NoError(t, err)
		require.Len(t, due, 1, "and when it died, another one")
	})
}
