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
}
