package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

func TestForgetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const phone = "+380501234567"
	phoned := gateway.Address{Kind: gateway.AddressPhone, Value: phone}
	early := w.accept(t, phoned, nil) // before anybody proved that phone: it reached nobody
	w.starts(t, 1, 42, "Annabel", "payload-of-anna")
	w.proves(t, 2, 42, phone)
	anna := w.person(t, 42)
	_, err := w.ChangeSubscriber(t.Context(), "acc_1", "bot_1", anna.ID, gateway.SubscriberChange{Fields: gateway.Fields{"street": "Elmstreet"}}, func(gateway.Subscriber) error { return nil })
	require.NoError(t, err)
	to := gateway.Address{Kind: gateway.AddressPlatform, Value: "42"}
	text := func(m *gateway.Message) { m.Text, m.Label = "Dear Annabel", "order-1" }
	sent := w.accept(t, to, func(m *gateway.Message) { text(m); m.Price, m.Currency = 45_000, "EUR" })
	_, err = w.ChangeDelivery(t.Context(), "acc_1", sent.ID, func(d gateway.Delivery) (gateway.Change, error) {
		leg := d.Leg
		leg.State, leg.Attempts, leg.PlatformMessageID, leg.ChatID, leg.SettledAt, leg.Price, leg.Cost = gateway.LegAccepted, 1, 7, 42, noon, 45_000, 45_000
		return gateway.Change{State: gateway.Sending, Subscriber: d.Subscriber.ID, Leg: &leg, Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: gateway.Queued, State: gateway.Sending}}}, nil
	})
	require.NoError(t, err)
	called := w.accept(t, to, text)
	w.called(t, called.ID) // its answer is not there yet

	w.store(t, raw(20, 42)) // which nobody has looked at yet

	require.ErrorIs(t, w.Forget(t.Context(), "acc_2", "bot_1", anna.ID, noon), gateway.ErrSubscriberNotFound)
	asked := time.Now().UTC().Add(time.Minute)
	require.NoError(t, w.Forget(t.Context(), "acc_1", "bot_1", anna.ID, asked))
	require.NoError(t, w.Forget(t.Context(), "acc_1", "bot_1", anna.ID, asked), "once more changes nothing")
	_, err = w.Subscriber(t.Context(), "acc_1", "bot_1", anna.ID)
	require.ErrorIs(t, err, gateway.ErrSubscriberNotFound)
	require.Empty(t, w.reached(t, w.accept(t, phoned, nil)), "nobody finds them any more")

	now := asked
	drain := func() {
		for more := true; more; {
			var err error
			more, err = w.Erase(t.Context(), now)
			require.NoError(t, err)
		}
	}
	drain()
	m, err := w.Message(t.Context(), "acc_1", called.ID)
	require.NoError(t, err)
	require.Equal(t, "Dear Annabel", m.Text, "a call that is under way is let end first")
	_, err = w.ChangeDelivery(t.Context(), "acc_1", called.ID, func(d gateway.Delivery) (gateway.Change, error) {
		leg := d.Leg
		leg.State, leg.Intent, leg.PlatformMessageID, leg.SettledAt = gateway.LegAccepted, time.Time{}, 8, noon
		return gateway.Change{State: gateway.Accepted, Leg: &leg, SkipRest: true, Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: gateway.Sending, State: gateway.Accepted}}}, nil
	})
	require.NoError(t, err)
	now = now.Add(time.Hour)
	drain()

	requireSealed(t, w.url, "payload-of-anna")
	conn := postgrestest.Conn(t, w.url)
	var left int
	require.NoError(t, conn.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM messages WHERE subscriber_id = $1 AND (text <> '' OR buttons <> '' OR sealed_address <> '' OR address <> ''))
		     + (SELECT count(*) FROM messages WHERE address_index <> '')
		     + (SELECT count(*) FROM updates WHERE chat_id = 42)
		     + (SELECT count(*) FROM events WHERE subscriber_id = $1 AND (data <> '{}' OR sealed <> ''))
		     + (SELECT count(*) FROM phone_proofs) + (SELECT count(*) FROM subscriber_names) + (SELECT count(*) FROM person_states) + (SELECT count(*) FROM person_tags)
		     + (SELECT count(*) FROM legs WHERE phone <> '' OR chat_id <> 0) + (SELECT count(*) FROM forgettings WHERE done_at IS NULL)`, anna.ID).Scan(&left))
	require.Zero(t, left, "sealed values are gone, too")

	for id, want := range map[gateway.MessageID]gateway.State{early.ID: gateway.Cancelled, sent.ID: gateway.Cancelled, called.ID: gateway.Accepted} {
		m, err := w.Message(t.Context(), "acc_1", id)
		require.NoError(t, err)
		require.Empty(t, m.Text)
		require.Empty(t, m.To.Value)
		require.Equal(t, want, m.State)
		story, err := w.Events(t.Context(), "acc_1", id)
		require.NoError(t, err)
		require.Equal(t, gateway.EventErased, story[len(story)-1].Kind)
	}
	m, err = w.Message(t.Context(), "acc_1", sent.ID)
	require.NoError(t, err)
	require.Equal(t, "order-1", m.Label, "what the sender called it stays")
	require.Equal(t, []gateway.Amount{45_000, 45_000}, []gateway.Amount{m.Price, m.Cost}, "and what it cost")
	require.Equal(t, "EUR", m.Currency)
	legs, err := w.Legs(t.Context(), "acc_1", sent.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.Amount(45_000), legs[0].Cost)
	kinds, _ := w.told(t, gateway.AccountEventFilter{SubscriberID: anna.ID})
	require.Equal(t, gateway.SubscriberForgotten, kinds[len(kinds)-1])

	again := w.starts(t, 9, 42, "Annabel", "")
	require.NotEqual(t, anna.ID, again.ID, "who comes back is somebody new")
	require.Empty(t, again.Phone)
	require.Empty(t, again.Fields)
}
