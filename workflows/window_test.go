package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// Noon is two in the afternoon in Kyiv, where Anna's phone is from.
func TestHours(t *testing.T) {
	t.Parallel()
	unread := func() []gateway.Leg {
		return []gateway.Leg{
			{Channel: gateway.ChannelTelegram, Until: gateway.UntilRead, Within: 8 * time.Hour, Price: 2},
			{Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted, Price: 40},
		}
	}
	t.Run("an SMS that is due in the night waits for the morning", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) {
			m.To, m.Between, m.ExpiresAt = w.phoneOfAnna(t), "09:00-21:00", noon.Add(48*time.Hour)
		}, unread()...)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.InDelta(t, (19 * time.Hour).Seconds(), took.Seconds(), 2, "nine in Kyiv")
		require.Equal(t, gateway.Amount(42), m.Cost)
		require.Contains(t, w.kinds(t, in.MessageID), gateway.EventScheduled)
		phone, err := w.network.Phone(t.Context(), "+380507654321")
		require.NoError(t, err)
		require.Len(t, phone.SMS, 1)
	})
	t.Run("or expires with its message, and what was accepted stands", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		m, took := w.run(t, w.accept(t, func(m *gateway.Message) {
			m.To, m.Between, m.ExpiresAt = w.phoneOfAnna(t), "09:00-21:00", noon.Add(12*time.Hour)
		}, unread()...))
		require.Equal(t, gateway.Accepted, m.State)
		require.InDelta(t, (12 * time.Hour).Seconds(), took.Seconds(), 2)
		require.Equal(t, gateway.Amount(2), m.Cost, "the SMS is free")
		phone, err := w.network.Phone(t.Context(), "+380507654321")
		require.NoError(t, err)
		require.Empty(t, phone.SMS)
	})
	t.Run("a message that nobody scheduled waits for its hours, and expires if they come too late", func(t *testing.T) {
		t.Parallel()
		for lifetime, state := range map[time.Duration]gateway.State{24 * time.Hour: gateway.Accepted, 30 * time.Minute: gateway.Expired} {
			w := newWorld(t)
			in := w.accept(t, func(m *gateway.Message) {
				m.To, m.Between, m.ExpiresAt = w.phoneOfAnna(t), "15:00-16:00", noon.Add(lifetime)
			})
			m, took := w.run(t, in)
			require.Equal(t, state, m.State)
			require.InDelta(t, min(time.Hour, lifetime).Seconds(), took.Seconds(), 2)
			events, err := w.store.Events(t.Context(), "acc_1", in.MessageID)
			require.NoError(t, err)
			require.Equal(t, gateway.Scheduled, events[1].State)
			require.Contains(t, events[1].Detail, "by the clock of Europe/Kyiv, which is the zone of the person's phone number")
		}
	})
	t.Run("the zone that was set for a person counts before that of their phone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		to, zone := w.phoneOfAnna(t), "America/Lima" // seven in the morning
		people, err := w.store.Subscribers(t.Context(), "acc_1", w.bot.ID, gateway.SubscriberFilter{}, gateway.Page{Limit: 1})
		require.NoError(t, err)
		_, err = w.store.ChangeSubscriber(t.Context(), "acc_1", w.bot.ID, people.Items[0].ID, gateway.SubscriberChange{Timezone: &zone}, func(gateway.Subscriber) error { return nil })
		require.NoError(t, err)
		in := w.accept(t, func(m *gateway.Message) { m.To, m.Between, m.ExpiresAt = to, "09:00-21:00", noon.Add(24*time.Hour) })
		m, took := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.InDelta(t, (2 * time.Hour).Seconds(), took.Seconds(), 2)
		events, err := w.store.Events(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		require.Contains(t, events[1].Detail, "by the clock of America/Lima, which is the zone that was set for the person")
	})
}

func TestPriceIsThatOfTheNumber(t *testing.T) {
	t.Parallel()
	list := gateway.PriceList{Currency: "EUR", Prices: []gateway.Price{
		{Channel: gateway.ChannelTelegram, Amount: 2}, {Channel: gateway.ChannelSMS, Amount: 90}, {Channel: gateway.ChannelSMS, Prefix: "380", Amount: 40},
	}}
	for _, c := range []struct {
		name        string
		most        gateway.Amount
		price, cost gateway.Amount
		sms         int
	}{
		{"a phone that was shared after the message was accepted", 45, 42, 42, 1},
		{"an SMS that turns out too dear", 41, 41, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.NoError(t, w.store.SetPrices(t.Context(), list, noon))
			in := w.accept(t, func(m *gateway.Message) { m.Currency, m.MaxPrice, m.Price = "EUR", &c.most, c.most },
				gateway.Leg{Channel: gateway.ChannelTelegram, Until: gateway.UntilRead, Within: time.Minute, Price: 2},
				gateway.Leg{Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted, Price: 90})
			w.phoneOfAnna(t)
			m, _ := w.run(t, in)
			require.Equal(t, gateway.Accepted, m.State)
			require.Equal(t, c.price, m.Price)
			require.Equal(t, c.cost, m.Cost)
			phone, err := w.network.Phone(t.Context(), "+380507654321")
			require.NoError(t, err)
			require.Len(t, phone.SMS, c.sms)
		})
	}
}
