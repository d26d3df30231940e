package messaging

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestWithholding(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	old := func(d *gateway.Delivery) {
		d.Message.Confirmed, d.Message.ConfirmBy = 90*24*time.Hour, gateway.ConfirmContact
		d.Subscriber.Phone, d.Subscriber.PhoneProvedAt = "+380501234567", noon.Add(-91*24*time.Hour)
	}
	t.Run("withholds the text from whoever proved the phone long ago, and has them asked", func(t *testing.T) {
		t.Parallel()
		d := delivery(old)
		got := policy.begin(d, noon)
		require.False(t, got.call)
		require.True(t, got.ask)
		require.Equal(t, gateway.Withheld, got.change.State)
		require.Equal(t, gateway.ReasonUnconfirmed, got.change.Reason)
		require.Equal(t, time.Hour, got.wait, "until it expires")
		checkChange(t, d, got.change)
	})
	t.Run("withholds it from whoever proved none", func(t *testing.T) {
		t.Parallel()
		got := policy.begin(delivery(func(d *gateway.Delivery) { d.Message.Confirmed = time.Hour }), noon)
		require.Equal(t, gateway.Withheld, got.change.State)
	})
	t.Run("sends it at once to whoever proved it lately, and by SMS to the phone itself", func(t *testing.T) {
		t.Parallel()
		fresh := delivery(func(d *gateway.Delivery) { old(d); d.Subscriber.PhoneProvedAt = noon.Add(-89 * 24 * time.Hour) })
		require.True(t, policy.begin(fresh, noon).call)
		bySMS := delivery(func(d *gateway.Delivery) { old(d); d.Leg.Channel = gateway.ChannelSMS })
		require.True(t, policy.begin(bySMS, noon).call)
	})
	withheld := func(d *gateway.Delivery) { old(d); d.Message.State, d.Message.UpdatedAt = gateway.Withheld, noon }
	t.Run("tells once that it waits, and asks again whoever may not have been asked", func(t *testing.T) {
		t.Parallel()
		got := policy.begin(delivery(withheld), noon.Add(time.Minute))
		require.True(t, got.change.Empty())
		require.True(t, got.ask, "a worker may have died before it asked")
		require.Equal(t, 59*time.Minute, got.wait)
	})
	t.Run("sends it once the phone is proved", func(t *testing.T) {
		t.Parallel()
		d := delivery(func(d *gateway.Delivery) { withheld(d); d.Subscriber.PhoneProvedAt = noon.Add(time.Minute) })
		got := policy.begin(d, noon.Add(2*time.Minute))
		require.True(t, got.call)
		require.Equal(t, gateway.Sending, got.change.State)
		require.Empty(t, got.change.Reason)
		checkChange(t, d, got.change)
	})
	t.Run("expires with a reason of its own, and ends when the person is gone", func(t *testing.T) {
		t.Parallel()
		d := delivery(withheld)
		got := policy.begin(d, noon.Add(time.Hour))
		require.Equal(t, gateway.Expired, got.change.State)
		require.Equal(t, gateway.ReasonUnconfirmed, got.change.Reason)
		checkChange(t, d, got.change)
		blocked := delivery(func(d *gateway.Delivery) {
			withheld(d)
			d.Subscriber.Connection, d.Subscriber.Reason = gateway.Disconnected, gateway.ReasonBlocked
		})
		gone := policy.begin(blocked, noon.Add(time.Minute))
		require.Equal(t, gateway.NotSubscribed, gone.change.State)
		checkChange(t, blocked, gone.change)
	})
	t.Run("goes on by SMS when the time of the leg is over, at once if it has none", func(t *testing.T) {
		t.Parallel()
		for _, within := range []time.Duration{0, 5 * time.Minute} {
			d := delivery(func(d *gateway.Delivery) {
				old(d)
				d.Leg.Within = within
				d.Legs = []gateway.Leg{d.Leg, {ID: "leg_2", Number: 2, Channel: gateway.ChannelSMS, State: gateway.LegPending}}
			})
			at := noon
			if within > 0 {
				got := policy.begin(d, noon)
				require.Equal(t, within, got.wait)
				require.Equal(t, gateway.Withheld, got.change.State)
				d.Message.State, d.Message.UpdatedAt, at = gateway.Withheld, noon, noon.Add(within)
			}
			got := policy.begin(d, at)
			require.True(t, got.ask)
			require.Equal(t, gateway.LegFailed, got.change.Leg.State)
			require.Equal(t, gateway.Sending, got.change.State)
			checkChange(t, d, got.change)
		}
	})
}

// Whoever wrote /stop gets nothing but answers to what they write.
func TestWhoStoppedABot(t *testing.T) {
	t.Parallel()
	stopped := func(d *gateway.Delivery) {
		d.Subscriber.Connection, d.Subscriber.Reason = gateway.Disconnected, gateway.ReasonStopped
	}
	got := Policy{}.filled().begin(delivery(stopped), noon)
	require.Equal(t, gateway.NotSubscribed, got.change.State)
	require.Equal(t, gateway.ReasonStopped, got.change.Reason)
	answer := delivery(func(d *gateway.Delivery) { stopped(d); d.Message.Cause = "msg_in" })
	require.True(t, Policy{}.filled().begin(answer, noon).call)
}

func TestCodesThatPeopleWrite(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"1234-5678": "12345678", " 1234 5678 ": "12345678", "12345678": "12345678"} {
		code, ok := CodeIn(text)
		require.True(t, ok, text)
		require.Equal(t, want, code)
	}
	for _, text := range []string{"", "12345", "1234567", "123456789", "1234-567x", "call 12345678", "+12345678", "१२३४५६७८"} {
		_, ok := CodeIn(text)
		require.False(t, ok, text)
	}
	made, err := newCode()
	require.NoError(t, err)
	code, ok := CodeIn(made[:4] + "-" + made[4:])
	require.True(t, ok)
	require.Equal(t, made, code)
	require.Equal(t, HashCode("msg_1", code), HashCode("msg_1", made))
	require.NotEqual(t, HashCode("msg_1", code), HashCode("msg_2", code), "it is good for its ask alone")
}

func TestConfirmationsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Request{
		"below zero": {To: "#1", Text: "x", Confirmed: -1},
		"for ever":   {To: "#1", Text: "x", Confirmed: MaxConfirmed + 1},
		"of a group": {To: "chat:-100", Text: "x", Confirmed: time.Hour},
		"by letter":  {To: "#1", Text: "x", Confirmed: time.Hour, ConfirmBy: "letter"},
	} {
		_, err := r.message(noon)
		require.Error(t, err, name)
	}
	m, err := Request{To: "#1", Text: "x", Confirmed: time.Hour}.message(noon)
	require.NoError(t, err)
	require.Equal(t, gateway.ConfirmContact, m.ConfirmBy)
}
