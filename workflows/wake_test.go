package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/inbox"
	"herald/internal/messaging"
	"herald/internal/telegram"
	"herald/workflows"
)

// StartDelivery starts nothing, but keeps the message for delivers: a test runs the workflow itself.
func (w *world) StartDelivery(account gateway.AccountID, id gateway.MessageID, _ gateway.Lane) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, workflows.DeliverMessageInput{AccountID: account, MessageID: id})
}

// A workflow that waits is woken by whoever changes its message, through the same use cases as in the product.
func TestWaking(t *testing.T) {
	t.Parallel()
	service := func(w *world) *messaging.Service {
		return messaging.New(w.store, w, nil, "https://go.example/r/", w.ids, w.now)
	}
	legState := func(t *testing.T, w *world, id gateway.MessageID, number int) gateway.LegState {
		t.Helper()
		legs, err := w.store.Legs(t.Context(), "acc_1", id)
		require.NoError(t, err)
		return legs[number-1].State
	}
	unread := func() []gateway.Leg {
		return []gateway.Leg{
			{Channel: gateway.ChannelTelegram, Until: gateway.UntilRead, Within: 10 * time.Minute},
			{Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted},
		}
	}

	t.Run("ends at once when the read link is confirmed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.acceptWithLink(t, "secrettoken", unread()...)
		w.env.RegisterDelayedCallback(func() {
			_, err := service(w).ShowLink(t.Context(), "secrettoken")
			require.NoError(t, err)
		}, 30*time.Second)
		w.env.RegisterDelayedCallback(func() {
			_, err := service(w).ConfirmLink(t.Context(), "secrettoken")
			require.NoError(t, err)
			_, err = service(w).ConfirmLink(t.Context(), "secrettoken")
			require.NoError(t, err, "twice is as good as once")
		}, time.Minute)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Read, m.State)
		require.GreaterOrEqual(t, took, time.Minute, "that the link was shown proves nothing")
		require.Less(t, took, 2*time.Minute)
		require.Equal(t, gateway.LegSkipped, legState(t, w, in.MessageID, 2))
	})
	t.Run("ends at once when its sender takes it back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.NotBefore = noon.Add(30 * time.Minute) })
		w.env.RegisterDelayedCallback(func() {
			_, err := service(w).Cancel(t.Context(), "acc_1", in.MessageID)
			require.NoError(t, err)
		}, time.Minute)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Cancelled, m.State)
		require.Less(t, took, 2*time.Minute)
		require.Zero(t, w.copies(t))
	})
	t.Run("goes on at once when a report says that the SMS cannot be delivered", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.To = w.phoneOfAnna(t) },
			gateway.Leg{Channel: gateway.ChannelSMS, Until: gateway.UntilDelivered, Within: 30 * time.Minute},
			gateway.Leg{Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted})
		w.env.RegisterDelayedCallback(func() {
			legs, err := w.store.Legs(t.Context(), "acc_1", in.MessageID)
			require.NoError(t, err)
			w.reported(t, in, legs[0], gateway.SMSUndelivered)
		}, time.Minute)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.Less(t, took, 2*time.Minute)
		require.Equal(t, gateway.LegFailed, legState(t, w, in.MessageID, 1))
		require.Equal(t, gateway.LegAccepted, legState(t, w, in.MessageID, 2))
		require.Equal(t, 1, w.copies(t))
	})
	t.Run("ends at once when the report says that the phone has it, and when the person answers", func(t *testing.T) {
		t.Parallel()
		for until, come := range map[gateway.Until]func(*world, gateway.Leg) error{
			gateway.UntilDelivered: func(w *world, l gateway.Leg) error {
				return w.reports.TakeReport(t.Context(), gateway.SMSReport{Provider: l.Provider, ProviderID: l.ProviderID, Status: gateway.SMSDelivered, At: noon})
			},
			gateway.UntilReplied: func(w *world, _ gateway.Leg) error {
				return w.reports.TakeReply(t.Context(), gateway.SMSReply{Provider: "sandbox", ProviderID: "r", From: "+380507654321", Text: "thanks", At: noon})
			},
		} {
			w := newWorld(t)
			in := w.accept(t, func(m *gateway.Message) { m.To = w.phoneOfAnna(t) },
				gateway.Leg{Channel: gateway.ChannelSMS, Until: until, Within: 30 * time.Minute},
				gateway.Leg{Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted})
			w.env.RegisterDelayedCallback(func() {
				legs, err := w.store.Legs(t.Context(), "acc_1", in.MessageID)
				require.NoError(t, err)
				require.NoError(t, come(w, legs[0]))
			}, time.Minute)
			_, took := w.run(t, in)
			require.Less(t, took, 2*time.Minute, until)
			require.Equal(t, gateway.LegSkipped, legState(t, w, in.MessageID, 2), until)
			require.Zero(t, w.copies(t), until)
		}
	})
	t.Run("ends at once when the person presses a button", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.To = w.phoneOfAnna(t) }, unread()...)
		w.env.RegisterDelayedCallback(func() { w.press(t, in) }, time.Minute)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Read, m.State)
		require.Equal(t, gateway.EvidenceButton, m.Evidence)
		require.Less(t, took, 2*time.Minute)
		require.Equal(t, gateway.LegSkipped, legState(t, w, in.MessageID, 2))
	})
	t.Run("sleeps on when the signal is about nothing that it waits for", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.To = w.phoneOfAnna(t) }, unread()...)
		w.env.RegisterDelayedCallback(func() { w.WakeDelivery("acc_1", in.MessageID); w.WakeDelivery("acc_1", in.MessageID) }, time.Minute)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.GreaterOrEqual(t, took, 10*time.Minute)
		require.Equal(t, gateway.LegAccepted, legState(t, w, in.MessageID, 2))
	})
	t.Run("hears of what happens during an attempt", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.acceptWithLink(t, "secrettoken", unread()...)
		w.perform(w.store, handover{Messenger: w.messenger, during: func() {
			_, err := service(w).ConfirmLink(t.Context(), "secrettoken")
			require.NoError(t, err)
		}})
		m, took := w.run(t, in)
		require.Equal(t, gateway.Read, m.State)
		require.Less(t, took, time.Minute)
		require.Equal(t, gateway.LegSkipped, legState(t, w, in.MessageID, 2))
	})
}

// press lets the inbox process a press of Anna's on a button under the message.
func (w *world) press(t *testing.T, in workflows.DeliverMessageInput) {
	t.Helper()
	legs, err := w.store.Legs(t.Context(), in.AccountID, in.MessageID)
	require.NoError(t, err)
	body := fmt.Sprintf(`{"update_id":9,"callback_query":{"id":"1","from":{"id":%[1]d,"first_name":"Anna"},"data":"yes",
		"message":{"message_id":%[2]d,"date":1772452800,"chat":{"id":%[1]d,"type":"private"}}}}`, w.anna, legs[0].PlatformMessageID)
	_, err = w.store.StoreUpdates(t.Context(), []gateway.RawUpdate{{AccountID: "acc_1", BotID: w.bot.ID, UpdateID: 9, ChatID: w.anna, Body: []byte(body), ReceivedAt: noon}})
	require.NoError(t, err)
	found, err := inbox.New(inbox.Deps{
		Store: w.store, Readers: map[gateway.Platform]gateway.UpdateReader{gateway.Telegram: telegram.Reader{}}, Messenger: w.messenger,
		Waker: w, IDs: w.ids, Now: w.now, Logger: quiet(),
	}).ProcessOne(t.Context())
	require.NoError(t, err)
	require.True(t, found)
}

// acceptWithLink stores a message to Anna's phone whose text has a read link with this token.
func (w *world) acceptWithLink(t *testing.T, token string, legs ...gateway.Leg) workflows.DeliverMessageInput {
	t.Helper()
	w.links = []gateway.ReadLink{{Number: 1, Token: token, Link: "https://go.example/r/" + token, URL: "https://acme.example"}}
	return w.accept(t, func(m *gateway.Message) { m.To, m.Text = w.phoneOfAnna(t), "See {link:https://acme.example}" }, legs...)
}

// A signal that comes while the last step is under way has told what that step saw, or what is over: nobody is to be warned of it.
func TestALateWakingIsNoWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.perform(w.store, handover{Messenger: w.messenger, during: func() { w.env.SignalWorkflow("wake", nil) }})
	m, _ := w.run(t, w.accept(t, nil))
	require.Equal(t, gateway.Accepted, m.State)
	require.Empty(t, w.warned.String())
}
