package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// TestCrash kills everything without a warning while messages are in every stage of their way, and starts it again. The
// sandbox runs on beside it, as the messenger would.
func TestCrash(t *testing.T) {
	t.Parallel()
	messenger := launch(t, "sandbox", "--listen", "127.0.0.1:0")
	address := messenger.awaitReady(t)
	data := newFolder(t)
	before := up(t, data, "--sandbox-url", address)
	require.Equal(t, address, before.Sandbox, "herald.json names the sandbox that is used")
	require.NoError(t, before.sandbox.SetLimits(t.Context(), controlclient.Limits{
		PerChatPerSecond: 1, PerGroupPerMinute: 1, PerBotPerSecond: 1, Burst: 1,
	}), "nothing but the faults shall delay a message")
	anna, err := before.sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	polled := before.connected(t, "polled_bot", wire.Polling, anna.ID)
	called := before.connected(t, "called_bot", wire.Webhook, anna.ID)
	quick := before.connected(t, "quick_bot", wire.Polling, anna.ID)

	// Messages that wait because the messenger asked to, and one that somebody holds and one that may be sent again, both
	// in the middle of a call.
	fault(t, before, controlclient.Fault{Bot: polled.at(), Method: "sendMessage", Kind: "too_many_requests", RetryAfter: 2})
	var waiting []client.Message
	for n := range 5 {
		waiting = append(waiting, before.send(t, polled, anna.ID, fmt.Sprintf("waiting %d", n), wire.Hold))
	}
	fault(t, before, controlclient.Fault{Bot: called.at(), Method: "sendMessage", Kind: "slow", Delay: patience})
	held := before.send(t, called, anna.ID, "held", wire.Hold)
	again := before.send(t, called, anna.ID, "again", wire.Resend)
	for _, m := range waiting {
		before.awaitEvent(t, m.ID, "throttled")
	}
	before.awaitEvent(t, held.ID, "intent")
	before.awaitEvent(t, again.ID, "intent")

	// Messages that were accepted a moment ago: nobody knows how far each of them came.
	var fresh []client.Message
	for n := range 20 {
		fresh = append(fresh, before.send(t, quick, anna.ID, fmt.Sprintf("fresh %d", n), wire.Hold))
	}
	before.kill9(t)

	// The messenger works again, and Anna writes while nobody is there.
	require.NoError(t, before.sandbox.ClearFaults(t.Context()))
	for _, b := range []bot{polled, called} {
		_, err := before.sandbox.Write(t.Context(), anna.ID, b.at(), "Is anybody there?")
		require.NoError(t, err)
	}

	after := up(t, data, "--sandbox-url", address)
	require.Equal(t, before.APIKey, after.APIKey, "the operator's key stays")
	require.NotEqual(t, before.Public, after.Public, "the public address has changed, so webhooks must follow")

	for _, m := range waiting {
		require.Equal(t, wire.MessageStateAccepted, after.outcome(t, m.ID).State, m.Text)
		require.Equal(t, 1, after.copies(t, anna.ID, polled.at(), m.Text), m.Text)
	}
	for _, m := range fresh {
		ended, copies := after.outcome(t, m.ID), after.copies(t, anna.ID, quick.at(), m.Text)
		if ended.State == wire.MessageStateUnknown {
			require.LessOrEqual(t, copies, 1, "%s was held and must not be sent twice", m.Text)
			continue
		}
		require.Equal(t, wire.MessageStateAccepted, ended.State, "%s: %s", m.Text, ended.Reason)
		require.Equal(t, 1, copies, m.Text)
	}
	ended := after.outcome(t, held.ID)
	require.Equal(t, wire.MessageStateUnknown, ended.State, "a held message whose call was cut off")
	require.Equal(t, "answer_lost", ended.Reason)
	require.Zero(t, after.copies(t, anna.ID, called.at(), held.Text), "the messenger had not shown it yet")
	require.Equal(t, wire.MessageStateAccepted, after.outcome(t, again.ID).State, "a message that may be sent again")
	require.Equal(t, 1, after.copies(t, anna.ID, called.at(), again.Text))

	for _, b := range []bot{polled, called} {
		after.awaitInbound(t, b, "Is anybody there?")
		require.Equal(t, "1", after.count(t, "SELECT count(*) FROM messages WHERE bot_id = $1 AND kind = 'text'", b.ID))
	}
	require.Equal(t, "0", after.count(t, "SELECT count(*) FROM outbox"), "nothing is left to start")

	// A stop that is asked for lets a call under way finish.
	fault(t, after, controlclient.Fault{Bot: quick.at(), Method: "sendMessage", Kind: "slow", Delay: 3 * time.Second, Times: 1})
	late := after.send(t, quick, anna.ID, "under way", wire.Hold)
	after.awaitEvent(t, late.ID, "intent")
	require.Zero(t, after.interrupt(t))
	require.Equal(t, 1, after.copies(t, anna.ID, quick.at(), late.Text))
	last := up(t, data, "--sandbox-url", address)
	require.Equal(t, wire.MessageStateAccepted, last.outcome(t, late.ID).State, "a message whose call was under way at the stop")
	require.Zero(t, last.interrupt(t))
	require.Zero(t, messenger.interrupt(t))
}

// connected makes a bot that one person has started, and that did not greet them.
func (i *installation) connected(t testing.TB, name string, intake client.Intake, person int64) bot {
	t.Helper()
	b, err := i.addBot(t.Context(), name, intake)
	require.NoError(t, err)
	require.NoError(t, i.quiet(t.Context(), b))
	require.NoError(t, i.sandbox.Start(t.Context(), person, b.at(), ""))
	i.subscribed(t, b.ID, client.SubscriberFilter{PlatformID: person})
	return b
}

// send sends a message to somebody's #id without waiting for its outcome.
func (i *installation) send(t testing.TB, from bot, to int64, text string, onUnknown client.OnUnknown) client.Message {
	t.Helper()
	m, err := i.api.Send(t.Context(), client.NewMessage{Bot: from.ID, To: fmt.Sprintf("#%d", to), Text: text, OnUnknown: onUnknown})
	require.NoError(t, err)
	return m
}

// awaitEvent waits until the story of a message has an event of this kind.
func (i *installation) awaitEvent(t testing.TB, id, kind string) {
	t.Helper()
	await(t, patience, kind+" of "+id, func() (bool, string) {
		events, err := i.api.Events(t.Context(), id)
		if err != nil {
			return false, err.Error()
		}
		var saw []string
		for _, e := range events {
			if saw = append(saw, e.Kind); e.Kind == kind {
				return true, ""
			}
		}
		return false, fmt.Sprint(saw)
	})
}

// awaitInbound waits until a text of somebody is in History.
func (i *installation) awaitInbound(t testing.TB, to bot, text string) {
	t.Helper()
	await(t, patience, text, func() (bool, string) {
		for m, err := range i.api.Messages(t.Context(), client.MessageFilter{Bot: to.ID, Direction: wire.In}) {
			if err != nil {
				return false, err.Error()
			}
			if m.Text == text {
				return true, ""
			}
		}
		return false, "it is not there"
	})
}

func fault(t testing.TB, on *installation, f controlclient.Fault) {
	t.Helper()
	_, err := on.sandbox.AddFault(t.Context(), f)
	require.NoError(t, err)
}

// TestCrashBetweenIntentAndOutcome kills everything when the messenger has shown the messages already and their outcome is
// about to be written: locks of ours hold it up. What the sender said beforehand decides, and the messenger's own log tells
// how often each was sent.
func TestCrashBetweenIntentAndOutcome(t *testing.T) {
	t.Parallel()
	messenger := launch(t, "sandbox", "--listen", "127.0.0.1:0")
	address := messenger.awaitReady(t)
	data := newFolder(t)
	before := up(t, data, "--sandbox-url", address)
	bots, sent := map[client.OnUnknown]bot{}, map[client.OnUnknown]client.Message{}
	anna, err := before.sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	database, err := before.databaseURL("herald")
	require.NoError(t, err)
	lock, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), "BEGIN")
	require.NoError(t, err)
	for policy, name := range map[client.OnUnknown]string{wire.Hold: "hold_bot", wire.Resend: "resend_bot"} {
		b := before.connected(t, name, wire.Polling, anna.ID)
		fault(t, before, controlclient.Fault{Bot: b.at(), Method: "sendMessage", Kind: "slow", Delay: 6 * time.Second, Times: 1})
		bots[policy] = b
	}
	for policy, b := range bots { // and all are locked before the first of them can have its answer
		sent[policy] = before.send(t, b, anna.ID, "under "+string(policy), policy)
	}
	for _, m := range sent {
		before.awaitEvent(t, m.ID, "intent")
		_, err = lock.Exec(t.Context(), "SELECT FROM messages WHERE id = $1 FOR UPDATE", m.ID)
		require.NoError(t, err)
	}
	for policy, m := range sent {
		await(t, patience, m.Text, func() (bool, string) {
			return before.copies(t, anna.ID, bots[policy].at(), m.Text) == 1, "it is not in Anna's chat"
		})
	}
	for _, m := range sent {
		require.Equal(t, "pending", before.count(t, "SELECT state FROM legs WHERE message_id = $1", m.ID), "the outcome is not written")
	}
	before.kill9(t)
	_ = lock.Close(t.Context()) // its server is gone

	after := up(t, data, "--sandbox-url", address)
	for policy, want := range map[client.OnUnknown]struct {
		state  client.MessageState
		copies int
	}{
		wire.Hold:   {wire.MessageStateUnknown, 1},
		wire.Resend: {wire.MessageStateAccepted, 2},
	} {
		m, b := sent[policy], bots[policy]
		require.Equal(t, want.state, after.outcome(t, m.ID).State, m.Text)
		require.Equal(t, want.copies, after.copies(t, anna.ID, b.at(), m.Text), m.Text)
		calls, err := after.calls(t.Context(), b.PlatformID, "sendMessage")
		require.NoError(t, err)
		require.Len(t, calls, want.copies, "the messenger's log has no other call")
		for _, c := range calls {
			require.True(t, c.OK)
			require.Equal(t, anna.ID, c.ChatID)
		}
	}
	after.awaitEvent(t, sent[wire.Resend].ID, "in_doubt")
	require.Zero(t, after.interrupt(t))
	require.Zero(t, messenger.interrupt(t))
}
