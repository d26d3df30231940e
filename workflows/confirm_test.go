package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/inbox"
	"herald/internal/telegram"
	"herald/workflows"
)

const annasPhone = "+380507654321"

// wary wants a proof of Anna's phone that is at most a day old; hers is of noon.
func (w *world) wary(t *testing.T, by gateway.ConfirmBy) func(*gateway.Message) {
	to := w.phoneOfAnna(t)
	return func(m *gateway.Message) {
		m.To, m.Confirmed, m.ConfirmBy = to, 24*time.Hour, by
		m.NotBefore, m.ExpiresAt = noon.Add(48*time.Hour), noon.Add(72*time.Hour)
	}
}

// asks are the messages by which Anna is asked.
func (w *world) asks(t *testing.T) (found []gateway.Message) {
	t.Helper()
	list, err := w.store.Messages(t.Context(), "acc_1", gateway.MessageFilter{Direction: gateway.Out}, gateway.Page{}.Bounded())
	require.NoError(t, err)
	for _, m := range list.Items {
		if m.Rule == "herald:confirm" {
			found = append(found, m)
		}
	}
	return found
}

// writes lets the inbox process what Anna writes or shares.
func (w *world) writes(t *testing.T, update int, content string) {
	t.Helper()
	w.from(t, w.anna, update, content)
}

// from lets the inbox process what somebody writes or shares.
func (w *world) from(t *testing.T, who int64, update int, content string) {
	t.Helper()
	body := fmt.Sprintf(`{"update_id":%[2]d,"message":{"message_id":%[2]d,"date":%[3]d,"chat":{"id":%[1]d,"type":"private"},
		"from":{"id":%[1]d,"first_name":"Anna"},%[4]s}}`, who, update, w.now().Unix(), content)
	_, err := w.store.StoreUpdates(t.Context(), []gateway.RawUpdate{{
		AccountID: "acc_1", BotID: w.bot.ID, UpdateID: int64(update), ChatID: who, Body: []byte(body), ReceivedAt: w.now(),
	}})
	require.NoError(t, err)
	in := inbox.New(inbox.Deps{
		Store: w.store, Readers: map[gateway.Platform]gateway.UpdateReader{gateway.Telegram: telegram.Reader{}}, Messenger: w.messenger,
		Waker: w, Reconfirm: w, IDs: w.ids, Now: w.now, Logger: quiet(),
	})
	found, err := in.ProcessOne(t.Context())
	require.NoError(t, err)
	require.True(t, found)
	for found {
		found, err = in.ProcessOne(t.Context())
		require.NoError(t, err)
	}
}

func (w *world) shares(t *testing.T, update int, phone string) {
	w.writes(t, update, fmt.Sprintf(`"contact":{"phone_number":%q,"first_name":"Anna","user_id":%d}`, phone, w.anna))
}

func (w *world) stateOf(t *testing.T, in workflows.DeliverMessageInput) gateway.State {
	t.Helper()
	m, err := w.store.Message(t.Context(), "acc_1", in.MessageID)
	require.NoError(t, err)
	return m.State
}

func TestWithheldMessages(t *testing.T) {
	t.Parallel()
	t.Run("goes out at once when the person proves the phone again, who is asked once for all messages", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		wary := w.wary(t, gateway.ConfirmContact)
		in, other := w.accept(t, wary), w.accept(t, wary)
		w.env.RegisterDelayedCallback(func() {
			require.Equal(t, gateway.Withheld, w.stateOf(t, in))
			_, err := w.deliverer.Attempt(t.Context(), "acc_1", other.MessageID)
			require.NoError(t, err)
			require.Equal(t, gateway.Withheld, w.stateOf(t, other))
			asks := w.asks(t)
			require.Len(t, asks, 1)
			_, err = w.deliverer.Attempt(t.Context(), "acc_1", asks[0].ID)
			require.NoError(t, err)
			require.Zero(t, w.copies(t))
			w.shares(t, 5, annasPhone)
		}, 48*time.Hour+5*time.Minute)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.Less(t, took, 49*time.Hour)
		require.Equal(t, 1, w.copies(t))
		chat, err := w.network.Messages(t.Context(), w.anna, w.botName)
		require.NoError(t, err)
		require.Contains(t, chat[len(chat)-2].Text, "Never send anybody the login codes that Telegram gives you.")
		_, err = w.deliverer.Attempt(t.Context(), "acc_1", other.MessageID)
		require.NoError(t, err)
		require.Equal(t, 2, w.copies(t), "the other one, too")
	})
	t.Run("expires when the person does not", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		m, took := w.run(t, w.accept(t, w.wary(t, gateway.ConfirmContact)))
		require.Equal(t, gateway.Expired, m.State)
		require.Equal(t, gateway.ReasonUnconfirmed, m.Reason)
		require.GreaterOrEqual(t, took, 72*time.Hour)
		require.Zero(t, w.copies(t))
		require.Len(t, w.asks(t), 1)
	})
	t.Run("reaches nobody when the person proves another phone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, w.wary(t, gateway.ConfirmContact))
		w.env.RegisterDelayedCallback(func() { w.shares(t, 5, "+380671112233") }, 48*time.Hour+5*time.Minute)
		m, took := w.run(t, in)
		require.Equal(t, gateway.NotSubscribed, m.State)
		require.Less(t, took, 49*time.Hour)
		require.Zero(t, w.copies(t))
	})
	t.Run("goes out when the person writes the digits that the SMS brought, and not for others", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, w.wary(t, gateway.ConfirmSMS))
		w.env.RegisterDelayedCallback(func() {
			asks := w.asks(t)
			require.Len(t, asks, 2)
			for _, ask := range asks {
				_, err := w.deliverer.Attempt(t.Context(), "acc_1", ask.ID)
				require.NoError(t, err)
				require.NotRegexp(t, `\d{4}-\d{4}`, ask.Text, "no code is kept")
			}
			phone, err := w.network.Phone(t.Context(), annasPhone)
			require.NoError(t, err)
			require.Len(t, phone.SMS, 1)
			require.Regexp(t, `^\d{4}-\d{4} confirms your phone to the bot @acme_bot\. .* This is not a Telegram login code\.$`, phone.SMS[0].Text)
			code := phone.SMS[0].Text[:9]
			wrong := "0000-0000"
			if code == wrong {
				wrong = "1111-1111"
			}
			w.writes(t, 5, fmt.Sprintf(`"text":%q`, wrong))
			require.Equal(t, gateway.Withheld, w.stateOf(t, in))
			w.writes(t, 6, fmt.Sprintf(`"text":%q`, code))
		}, 48*time.Hour+5*time.Minute)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.Less(t, took, 49*time.Hour)
		anna, err := w.store.Subscribers(t.Context(), "acc_1", w.bot.ID, gateway.SubscriberFilter{Phone: annasPhone}, gateway.Page{}.Bounded())
		require.NoError(t, err)
		require.Equal(t, gateway.ProofSMS, anna.Items[0].PhoneProof)
		whole, err := w.store.Subscriber(t.Context(), "acc_1", w.bot.ID, anna.Items[0].ID)
		require.NoError(t, err)
		require.Len(t, whole.Proofs, 2)
		require.Equal(t, gateway.ProofSMS, whole.Proofs[0].Proof)
		require.Equal(t, noon, whole.Proofs[1].At)
	})
	t.Run("takes a code five times, and not after a quarter of an hour", func(t *testing.T) {
		t.Parallel()
		for name, spoil := range map[string]func(w *world){
			"tries": func(w *world) {
				for n := range gateway.MaxCodeTries {
					w.writes(t, 10+n, `"text":"0000-0000"`)
				}
			},
			"time": func(*world) {},
		} {
			w := newWorld(t)
			in := w.accept(t, w.wary(t, gateway.ConfirmSMS))
			code := ""
			w.env.RegisterDelayedCallback(func() {
				for _, ask := range w.asks(t) {
					_, err := w.deliverer.Attempt(t.Context(), "acc_1", ask.ID)
					require.NoError(t, err)
				}
				phone, err := w.network.Phone(t.Context(), annasPhone)
				require.NoError(t, err)
				code = phone.SMS[0].Text[:9]
				spoil(w)
			}, 48*time.Hour+5*time.Minute)
			late := 48*time.Hour + 6*time.Minute
			if name == "time" {
				late = 48*time.Hour + 21*time.Minute
			}
			w.env.RegisterDelayedCallback(func() { w.writes(t, 20, fmt.Sprintf(`"text":%q`, code)) }, late)
			m, _ := w.run(t, in)
			require.Equal(t, gateway.Expired, m.State, name)
			require.Zero(t, w.copies(t), name)
		}
	})
}
