package messaging

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// night is two o'clock in Kyiv.
var night = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func TestByWhoseClock(t *testing.T) {
	t.Parallel()
	message := gateway.Message{Between: "09:00-21:00", Timezone: "Asia/Tokyo", TimezoneOf: gateway.ZoneOfMessage}
	account := message
	account.TimezoneOf = gateway.ZoneOfAccount
	for _, c := range []struct {
		name        string
		who         person
		m           gateway.Message
		zone, words string
	}{
		{"the one set for the person", person{phone: "+380501234567", zone: "America/Lima"}, message, "America/Lima", "set for the person"},
		{"the person's phone's", person{phone: "+380501234567"}, message, "Europe/Kyiv", "person's phone number"},
		{"the message's, where the number tells none", person{phone: "+18005550123"}, message, "Asia/Tokyo", "that the message names"},
		{"the message's, where there is no number", person{}, message, "Asia/Tokyo", "that the message names"},
		{"the account's", person{}, account, "Asia/Tokyo", "in the account's defaults"},
		{"UTC", person{}, gateway.Message{Between: "09:00-21:00"}, "UTC", "neither"},
	} {
		zone, _ := clockOf(c.m, c.who, night)
		require.Equal(t, c.zone, zone.String(), c.name)
		words := hoursWords(c.m, c.who, night)
		require.Contains(t, words, c.zone, c.name)
		require.Contains(t, words, c.words, c.name)
		require.Contains(t, words, "09:00-21:00", c.name)
	}
}

func TestHoursOfTheFirstLeg(t *testing.T) {
	t.Parallel()
	nine := time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC) // in Kyiv
	m, err := Request{To: "+380501234567", Text: "x", Between: "09:00-21:00", Timezone: "Asia/Tokyo", TTL: time.Hour}.message(night)
	require.NoError(t, err)
	require.Equal(t, nine, m.NotBefore, "by the person's clock: in Tokyo it is nine already")
	require.Equal(t, nine.Add(time.Hour), m.ExpiresAt, "it lives from then on")

	m, err = Request{To: "#1", Text: "x", Between: "09:00-21:00", Timezone: "Asia/Tokyo"}.message(night)
	require.NoError(t, err)
	require.Zero(t, m.NotBefore)
}

func TestHoursOfLaterLegs(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	nine := time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)
	// Accepted by the messenger at two minutes to two and not read: the SMS is due in the night.
	unread := func(expires time.Time) gateway.Delivery {
		return cascade(func(d *gateway.Delivery) {
			d.Message.Between, d.Message.State, d.Message.ExpiresAt = "09:00-21:00", gateway.Accepted, expires
			d.Legs[0].State, d.Legs[0].SettledAt, d.Legs[0].Attempts = gateway.LegAccepted, night.Add(-2*time.Minute), 1
			d.Leg = d.Legs[1]
		})
	}
	t.Run("wait until the hours begin, and say why once", func(t *testing.T) {
		t.Parallel()
		d := unread(night.Add(24 * time.Hour))
		got := policy.begin(d, night)
		require.False(t, got.call)
		require.Equal(t, nine.Sub(night), got.wait)
		require.Equal(t, nine, got.change.Leg.NotBefore)
		require.Empty(t, got.change.State, "what was accepted stands")
		require.Equal(t, gateway.EventScheduled, got.change.Events[0].Kind)
		require.Contains(t, got.change.Events[0].Detail, "The next way, sms, waits.")
		require.Contains(t, got.change.Events[0].Detail, "Europe/Kyiv")

		d = after(d, got.change)
		again := policy.begin(d, night.Add(time.Hour))
		require.Empty(t, again.change.Events)
		require.Equal(t, nine.Sub(night)-time.Hour, again.wait)
		require.True(t, policy.begin(d, nine).call)
	})
	t.Run("expire, where the lifetime ends first", func(t *testing.T) {
		t.Parallel()
		expires := night.Add(3 * time.Hour)
		d := unread(expires)
		got := policy.begin(d, night)
		require.Equal(t, 3*time.Hour, got.wait)
		require.Contains(t, got.change.Events[0].Detail, "Its lifetime ends before.")
		end := policy.begin(after(d, got.change), expires)
		require.False(t, end.call)
		require.Equal(t, gateway.LegFailed, end.change.Leg.State)
		require.Empty(t, end.change.State, "what was accepted stands")
	})
	t.Run("are needless when evidence comes while they wait", func(t *testing.T) {
		t.Parallel()
		d := unread(night.Add(24 * time.Hour))
		d = after(d, policy.begin(d, night).change)
		change := d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceButton, At: night.Add(time.Hour)}, 1)
		require.True(t, change.SkipRest)
		require.False(t, policy.begin(after(d, change), nine).call)
	})
	t.Run("are told at once that they cannot be", func(t *testing.T) {
		t.Parallel()
		d := delivery(func(d *gateway.Delivery) {
			d.Message.Between, d.Message.ExpiresAt, d.Subscriber = "09:00-21:00", night.Add(24*time.Hour), nil
		})
		require.Equal(t, gateway.NotSubscribed, policy.begin(d, night).change.State, "nobody waits until nine to hear that")
	})
	t.Run("hold a message back that waited for its turn until the hours had ended", func(t *testing.T) {
		t.Parallel()
		evening := time.Date(2026, 3, 2, 19, 1, 0, 0, time.UTC) // a minute past nine
		d := delivery(func(d *gateway.Delivery) {
			d.Message.Between, d.Message.ExpiresAt, d.Message.State = "09:00-21:00", evening.Add(24*time.Hour), gateway.Sending
			d.Leg.Slot = evening.Add(-time.Second)
		})
		got := policy.begin(d, evening)
		require.False(t, got.call)
		require.Equal(t, 12*time.Hour-time.Minute, got.wait)
		require.Zero(t, got.change.Leg.Slot, "it takes a new turn then")
	})
}
