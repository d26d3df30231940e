package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

// lends makes acc_1 the operator, who shares bot_1, and adds the customer acc_2 with a bot of its own.
func (w world) lends(t *testing.T) {
	t.Helper()
	conn := postgrestest.Conn(t, w.url)
	for _, statement := range []string{
		`UPDATE accounts SET operator = true WHERE id = 'acc_1'`,
		`UPDATE bots SET shared = true, purpose = 'any' WHERE id = 'bot_1'`,
		`INSERT INTO accounts (id, name, created_at) VALUES ('acc_2', 'b', now())`,
		`INSERT INTO bots (id, account_id, platform, network, platform_id, username, name, sealed_token, webhook_secret, intake, state, created_at, updated_at)
		 VALUES ('bot_2', 'acc_2', 'telegram', 'sandbox', 2, 'c', 'c', 'x', 'x', 'polling', 'active', now(), now())`,
		`INSERT INTO bot_slots (bot_id, account_id) VALUES ('bot_2', 'acc_2')`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
}

// erased erases everything that waits for it at a time, and tells which of these messages say nothing any more.
func (w world) erased(t *testing.T, at time.Time, messages map[string]gateway.Message) (gone []string) {
	t.Helper()
	for more := true; more; {
		var err error
		more, err = w.Erase(t.Context(), at)
		require.NoError(t, err)
	}
	for name, m := range messages {
		found, err := w.Message(t.Context(), m.AccountID, m.ID)
		require.NoError(t, err, "History still has it")
		if found.Text == "" {
			require.Empty(t, found.To.Value, name)
			gone = append(gone, name)
		}
	}
	return gone
}

// texts lets the second leg of a message go out by SMS.
func (w world) texts(t *testing.T, m gateway.Message) {
	t.Helper()
	moves := func(from, to gateway.State) {
		_, err := w.ChangeDelivery(t.Context(), m.AccountID, m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			change := gateway.Change{State: to, Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: from, State: to}}}
			if to == gateway.Accepted {
				leg := d.Legs[1]
				leg.State, leg.Attempts, leg.SettledAt, leg.Provider, leg.ProviderID = gateway.LegAccepted, 1, noon, "sandbox", "sms_"+string(m.ID)
				change.Leg, change.SkipRest = &leg, true
			}
			return change, nil
		})
		require.NoError(t, err)
	}
	moves(gateway.Queued, gateway.Sending)
	moves(gateway.Sending, gateway.Accepted)
}

func TestForgettingAPhone(t *testing.T) {
	t.Parallel()
	const phone, other = "+380501234567", "+380671112233"
	phoned := gateway.Address{Kind: gateway.AddressPhone, Value: phone}
	of := func(account gateway.AccountID, bot gateway.BotID) func(*gateway.Message) {
		return func(m *gateway.Message) { m.AccountID, m.BotID = account, bot }
	}
	asked := time.Now().UTC().Add(time.Minute)

	t.Run("that nobody proved reaches what was sent to it and what it answered, of that account alone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.lends(t)
		texted := w.accept(t, phoned, of("acc_2", "bot_2"))
		sent := map[string]gateway.Message{
			"own":              w.accept(t, phoned, of("acc_2", "bot_2")),
			"by a shared bot":  w.accept(t, phoned, of("acc_2", "bot_1")),
			"by SMS":           texted,
			"to somebody else": w.accept(t, gateway.Address{Kind: gateway.AddressPhone, Value: other}, of("acc_2", "bot_2")),
			"of the operator":  w.accept(t, phoned, of("acc_1", "bot_1")),
		}
		w.texts(t, texted)
		answer := w.ids.Message()
		_, found, err := w.SaveReply(t.Context(), gateway.SMSReply{Provider: "sandbox", ProviderID: "mo_1", From: phone, To: "1", Text: "who are you?", At: noon}, answer, noon)
		require.NoError(t, err)
		require.True(t, found)
		sent["an answer by SMS"] = gateway.Message{ID: answer, AccountID: "acc_2"}

		people, err := w.ForgetPhone(t.Context(), "acc_2", phone, asked)
		require.NoError(t, err)
		require.Empty(t, people, "nobody had proved it")
		require.ElementsMatch(t, []string{"own", "by a shared bot", "by SMS", "an answer by SMS"}, w.erased(t, asked, sent))
		m, err := w.Message(t.Context(), "acc_2", sent["own"].ID)
		require.NoError(t, err)
		require.Equal(t, gateway.Cancelled, m.State, "what had not left is taken back")
		m, err = w.Message(t.Context(), "acc_2", texted.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.Accepted, m.State, "what had stays as it was")
		legs, err := w.Legs(t.Context(), "acc_2", texted.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.LegAccepted, legs[1].State)
		conn := postgrestest.Conn(t, w.url)
		var left int
		require.NoError(t, conn.QueryRow(t.Context(), `
			SELECT (SELECT count(*) FROM sms_replies WHERE phone <> '' OR text <> '') + (SELECT count(*) FROM legs WHERE phone <> '')
			     + (SELECT count(*) FROM forgettings WHERE done_at IS NULL OR addresses <> '{}' OR phones <> '{}')`).Scan(&left))
		require.Zero(t, left)

		people, err = w.ForgetPhone(t.Context(), "acc_1", phone, asked)
		require.NoError(t, err)
		require.Empty(t, people)
		require.Contains(t, w.erased(t, asked, sent), "of the operator", "who shares the bot asks in turn")
	})

	t.Run("forgets whoever has it, and that others had it before", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.starts(t, 1, 42, "Anna", "")
		w.starts(t, 2, 43, "Bert", "")
		w.proves(t, 3, 43, phone)
		toBert := w.accept(t, gateway.Address{Kind: gateway.AddressPlatform, Value: "43"}, nil)
		w.texts(t, toBert)
		w.proves(t, 4, 43, other)
		later := w.accept(t, gateway.Address{Kind: gateway.AddressPlatform, Value: "43"}, nil)
		w.texts(t, later)
		w.proves(t, 5, 42, phone)
		anna, bert := w.person(t, 42), w.person(t, 43)
		people, err := w.ForgetPhone(t.Context(), "acc_1", phone, asked)
		require.NoError(t, err)
		require.Equal(t, []gateway.SubscriberID{anna.ID}, people)
		_, err = w.Subscriber(t.Context(), "acc_1", "bot_1", anna.ID)
		require.ErrorIs(t, err, gateway.ErrSubscriberNotFound)
		seen, err := w.Subscriber(t.Context(), "acc_1", "bot_1", bert.ID)
		require.NoError(t, err)
		require.Equal(t, other, seen.Phone, "whoever had it before stays")
		require.Len(t, seen.Proofs, 1)
		require.Equal(t, other, seen.Proofs[0].Phone)
		sent := map[string]gateway.Message{"to that phone": toBert, "to another": later}
		require.Equal(t, []string{"to that phone"}, w.erased(t, asked, sent), "what went there by SMS")

		people, err = w.ForgetPhone(t.Context(), "acc_1", phone, asked.Add(time.Minute))
		require.NoError(t, err)
		require.Empty(t, people, "once more finds nobody")
		require.Empty(t, w.erased(t, asked.Add(time.Minute), nil))
	})
}
