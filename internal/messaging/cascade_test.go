package messaging

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// cascade is a message that goes by Telegram until it is read, within two minutes, and then by SMS.
func cascade(change func(*gateway.Delivery)) gateway.Delivery {
	d := delivery(func(d *gateway.Delivery) {
		d.Legs = []gateway.Leg{
			{ID: "leg_1", Number: 1, Channel: gateway.ChannelTelegram, State: gateway.LegPending, Until: gateway.UntilRead, Within: 2 * time.Minute},
			{ID: "leg_2", Number: 2, Channel: gateway.ChannelSMS, State: gateway.LegPending, Until: gateway.UntilAccepted},
		}
		if change != nil {
			change(d)
		}
		d.Leg = d.Legs[len(d.Legs)-1]
		for i := len(d.Legs) - 1; i >= 0; i-- {
			if d.Legs[i].State == gateway.LegPending {
				d.Leg = d.Legs[i]
			}
		}
	})
	return d
}

// after is the delivery as it stands once the change is written.
func after(d gateway.Delivery, c gateway.Change) gateway.Delivery {
	if c.State != "" {
		d.Message.State, d.Message.Reason = c.State, c.Reason
	}
	if c.Evidence != nil {
		d.Message.Evidence = c.Evidence.Kind
	}
	d.Legs = d.Changed(c, noon)
	d.Leg = d.Legs[len(d.Legs)-1]
	for i := len(d.Legs) - 1; i >= 0; i-- {
		if d.Legs[i].State == gateway.LegPending {
			d.Leg = d.Legs[i]
		}
	}
	return d
}

// unread is the cascade whose first leg was accepted at noon.
func unread(change func(*gateway.Delivery)) gateway.Delivery {
	return cascade(func(d *gateway.Delivery) {
		d.Message.State = gateway.Accepted
		d.Legs[0].State, d.Legs[0].SettledAt, d.Legs[0].Attempts = gateway.LegAccepted, noon, 1
		if change != nil {
			change(d)
		}
	})
}

func TestCascades(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	t.Run("waits for the evidence after the first leg was accepted", func(t *testing.T) {
		t.Parallel()
		d := cascade(func(d *gateway.Delivery) {
			d.Message.State = gateway.Sending
			d.Legs[0].Intent, d.Legs[0].Attempts = noon, 1
		})
		got := policy.settle(d, 1, gateway.Receipt{PlatformMessageID: 7}, nil, noon)
		require.Equal(t, gateway.Accepted, got.change.State)
		require.False(t, got.change.SkipRest)
		require.Equal(t, 2*time.Minute, got.wait)
		now := after(d, got.change)
		require.False(t, got.step(now).Done)
		require.Equal(t, time.Minute, policy.begin(now, noon.Add(time.Minute)).wait)
	})
	t.Run("goes on by SMS when the evidence has not come in time", func(t *testing.T) {
		t.Parallel()
		got := policy.begin(unread(nil), noon.Add(2*time.Minute))
		require.True(t, got.call)
		require.Equal(t, gateway.LegID("leg_2"), got.change.Leg.ID)
		require.Equal(t, gateway.Sending, got.change.State)
		require.Equal(t, gateway.EventNextLeg, got.change.Events[0].Kind)
		require.Equal(t, "It was not read within 2m. The next way is tried: sms.", got.change.Events[0].Detail)
	})
	t.Run("skips the SMS in the transaction in which the evidence comes", func(t *testing.T) {
		t.Parallel()
		for kind, skips := range map[gateway.EvidenceKind]bool{
			gateway.EvidenceLink: true, gateway.EvidenceButton: true, gateway.EvidenceReply: true, gateway.EvidenceReport: false,
		} {
			d := unread(nil)
			got := d.WithEvidence(gateway.Evidence{Kind: kind, At: noon}, 1)
			require.Equal(t, skips, got.SkipRest, kind)
			require.Equal(t, skips, strings.Contains(got.Events[0].Detail, "The next way is not needed: sms."), kind)
			require.Equal(t, skips, !after(d, got).Open(), kind)
		}
	})
	t.Run("takes each evidence once, and weaker evidence not at all", func(t *testing.T) {
		t.Parallel()
		d := unread(func(d *gateway.Delivery) { d.Message.State, d.Message.Evidence = gateway.Read, gateway.EvidenceButton })
		require.True(t, d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceButton, At: noon}, 1).Empty())
		require.True(t, d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceLink, At: noon}, 1).Empty())
		require.Equal(t, gateway.EvidenceReply, d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceReply, At: noon}, 1).Evidence.Kind)
	})
	t.Run("a link that was opened is not enough where an answer is wanted", func(t *testing.T) {
		t.Parallel()
		d := unread(func(d *gateway.Delivery) { d.Legs[0].Until = gateway.UntilReplied })
		require.False(t, d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceLink, At: noon}, 1).SkipRest)
		require.True(t, d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceReply, At: noon}, 1).SkipRest)
	})
	t.Run("does not skip an SMS whose call is under way", func(t *testing.T) {
		t.Parallel()
		d := unread(func(d *gateway.Delivery) {
			d.Message.State = gateway.Sending
			d.Legs[1].Intent, d.Legs[1].Attempts = noon, 1
		})
		got := d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceLink, At: noon}, 1)
		require.Equal(t, gateway.Read, got.State)
		require.True(t, after(d, got).Open(), "its answer is still to come")
		settled := policy.settle(after(d, got), 1, gateway.Receipt{Provider: "p", ProviderID: "1"}, nil, noon)
		require.Empty(t, settled.change.State, "read stands")
		require.Equal(t, gateway.LegAccepted, settled.change.Leg.State)
	})
	t.Run("goes on by SMS at once when the person is not connected", func(t *testing.T) {
		t.Parallel()
		d := cascade(func(d *gateway.Delivery) { d.Subscriber = nil })
		got := policy.begin(d, noon)
		require.False(t, got.call)
		require.Zero(t, got.wait)
		require.Equal(t, gateway.Sending, got.change.State)
		require.Equal(t, gateway.LegFailed, got.change.Leg.State)
		next := policy.begin(after(d, got.change), noon)
		require.True(t, next.call)
		require.Equal(t, gateway.LegID("leg_2"), next.change.Leg.ID)
	})
	t.Run("ends as failed when the SMS was refused and nothing was accepted before", func(t *testing.T) {
		t.Parallel()
		d := cascade(func(d *gateway.Delivery) {
			d.Message.State = gateway.Sending
			d.Legs[0].State = gateway.LegFailed
			d.Legs[1].Intent, d.Legs[1].Attempts = noon, 1
		})
		got := policy.settle(d, 1, gateway.Receipt{}, &gateway.DeliveryError{Class: gateway.ClassInvalidNumber}, noon)
		require.Equal(t, gateway.Failed, got.change.State)
		require.Equal(t, gateway.ReasonUndelivered, got.change.Reason)
	})
	t.Run("stays accepted when the SMS was refused and the messenger had taken it", func(t *testing.T) {
		t.Parallel()
		d := unread(func(d *gateway.Delivery) {
			d.Message.State = gateway.Sending
			d.Legs[1].Intent, d.Legs[1].Attempts = noon, 1
		})
		got := policy.settle(d, 1, gateway.Receipt{}, &gateway.DeliveryError{Class: gateway.ClassNoRoute}, noon)
		require.Equal(t, gateway.Accepted, got.change.State)
		require.False(t, after(d, got.change).Open())
	})
	t.Run("an answer that was lost ends a message that is held, whatever legs it has left", func(t *testing.T) {
		t.Parallel()
		d := cascade(func(d *gateway.Delivery) {
			d.Message.State = gateway.Sending
			d.Legs[0].Intent, d.Legs[0].Attempts = noon, 1
		})
		got := policy.settle(d, 1, gateway.Receipt{}, &gateway.DeliveryError{Class: gateway.ClassUnknown}, noon)
		require.Equal(t, gateway.Unknown, got.change.State)
		require.False(t, after(d, got.change).Open(), "an SMS would be a second copy")
	})
	t.Run("fails without a phone", func(t *testing.T) {
		t.Parallel()
		d := cascade(func(d *gateway.Delivery) {
			d.Message.State, d.Message.To = gateway.Sending, gateway.Address{Kind: gateway.AddressUsername, Value: "anna"}
			d.Legs[0].State = gateway.LegFailed
		})
		require.Equal(t, gateway.ReasonNoPhone, policy.begin(d, noon).change.Reason)
	})
}

func TestReports(t *testing.T) {
	t.Parallel()
	sms := func(state gateway.LegState, message gateway.State) gateway.Delivery {
		return cascade(func(d *gateway.Delivery) {
			d.Message.State = message
			d.Legs[0].State = gateway.LegFailed
			d.Legs[1].State, d.Legs[1].Attempts, d.Legs[1].Provider, d.Legs[1].ProviderID = state, 1, "p", "1"
		})
	}
	report := func(status gateway.SMSStatus) gateway.SMSReport {
		return gateway.SMSReport{Provider: "p", ProviderID: "1", Status: status, At: noon}
	}
	t.Run("delivered", func(t *testing.T) {
		t.Parallel()
		d := sms(gateway.LegAccepted, gateway.Accepted)
		got := reported(d, "leg_2", report(gateway.SMSDelivered), noon)
		require.Equal(t, gateway.Delivered, got.State)
		require.Equal(t, gateway.LegDelivered, got.Leg.State)
		require.True(t, reported(after(d, got), "leg_2", report(gateway.SMSDelivered), noon).Empty(), "a second report changes nothing")
	})
	t.Run("before the answer to the submission", func(t *testing.T) {
		t.Parallel()
		d := sms(gateway.LegPending, gateway.Sending)
		d.Legs[1].Intent = noon
		d.Leg = d.Legs[1]
		got := reported(d, "leg_2", report(gateway.SMSDelivered), noon)
		require.Equal(t, gateway.Delivered, got.State)
		require.Nil(t, got.Leg, "the answer closes the leg")
		settled := Policy{}.filled().settle(after(d, got), 1, gateway.Receipt{Provider: "p", ProviderID: "1"}, nil, noon)
		require.Empty(t, settled.change.State)
		require.Equal(t, gateway.LegAccepted, settled.change.Leg.State)
	})
	t.Run("before a refusal, which then changes nothing of the message", func(t *testing.T) {
		t.Parallel()
		d := sms(gateway.LegPending, gateway.Sending)
		d.Legs[1].Intent, d.Legs[1].Attempts = noon, 1
		d.Leg = d.Legs[1]
		d = after(d, reported(d, "leg_2", report(gateway.SMSDelivered), noon))
		settled := Policy{}.filled().settle(d, 1, gateway.Receipt{}, &gateway.DeliveryError{Class: gateway.ClassNoRoute}, noon)
		require.Empty(t, settled.change.State, "it was delivered")
		require.Equal(t, gateway.LegFailed, settled.change.Leg.State)
		require.Equal(t, gateway.ReasonNoProvider, settled.change.Events[0].Reason)
	})
	t.Run("after the answer was lost", func(t *testing.T) {
		t.Parallel()
		got := reported(sms(gateway.LegUnknown, gateway.Unknown), "leg_2", report(gateway.SMSDelivered), noon)
		require.Equal(t, gateway.Delivered, got.State)
		require.Equal(t, gateway.LegDelivered, got.Leg.State)
	})
	t.Run("undelivered", func(t *testing.T) {
		t.Parallel()
		got := reported(sms(gateway.LegAccepted, gateway.Accepted), "leg_2", report(gateway.SMSUndelivered), noon)
		require.Equal(t, gateway.Failed, got.State)
		require.Equal(t, gateway.ReasonUndelivered, got.Reason)
	})
	t.Run("undelivered after delivered changes nothing", func(t *testing.T) {
		t.Parallel()
		d := sms(gateway.LegDelivered, gateway.Delivered)
		d.Message.Evidence = gateway.EvidenceReport
		require.True(t, reported(d, "leg_2", report(gateway.SMSExpired), noon).Empty())
	})
	t.Run("of a leg that is not this message's", func(t *testing.T) {
		t.Parallel()
		require.True(t, reported(sms(gateway.LegAccepted, gateway.Accepted), "leg_9", report(gateway.SMSDelivered), noon).Empty())
	})
}

func TestScheduling(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	d := delivery(func(d *gateway.Delivery) { d.Message.NotBefore = noon.Add(30 * time.Minute) })
	got := policy.begin(d, noon)
	require.Equal(t, gateway.Scheduled, got.change.State)
	require.Equal(t, 30*time.Minute, got.wait)
	require.True(t, policy.begin(after(d, got.change), noon.Add(30*time.Minute)).call)

	for _, c := range []struct {
		name, sendAt, between, zone string
		want                        time.Time
		code                        gateway.Code
	}{
		{name: "at once"},
		{name: "at a time", sendAt: noon.Add(time.Hour).Format(time.RFC3339), want: noon.Add(time.Hour)},
		{name: "at a time of another zone", sendAt: noon.Add(time.Hour).In(time.FixedZone("", 3*3600)).Format(time.RFC3339), want: noon.Add(time.Hour)},
		{name: "at a time by its own zone's clock, whatever the timezone", sendAt: noon.Add(time.Hour).Format(time.RFC3339), zone: "Asia/Tokyo", want: noon.Add(time.Hour)},
		{name: "at a time by the clock of the timezone", sendAt: noon.Add(3 * time.Hour).Format("2006-01-02T15:04"), zone: "Europe/Kyiv", want: noon.Add(time.Hour)},
		{name: "at a time without a zone, in UTC", sendAt: noon.Add(time.Hour).Format("2006-01-02T15:04:05"), want: noon.Add(time.Hour)},
		{name: "at a time that is moved into the window", sendAt: noon.Add(10 * time.Hour).Format(time.RFC3339), between: "09:00-21:00", want: noon.Add(21 * time.Hour)},
		{name: "a moment ago, by another clock", sendAt: noon.Add(-30 * time.Second).Format(time.RFC3339)},
		{name: "a time that has passed", sendAt: noon.Add(-time.Hour).Format(time.RFC3339), code: gateway.CodeSendAt},
		{name: "a time in years", sendAt: noon.Add(10_000 * time.Hour).Format(time.RFC3339), code: gateway.CodeSendAt},
		{name: "no time", sendAt: "tomorrow", code: gateway.CodeFieldInvalid},
		{name: "a day without a time", sendAt: "2126-03-01", code: gateway.CodeFieldInvalid},
		{name: "a day that does not exist", sendAt: "2126-02-30T09:00", code: gateway.CodeFieldInvalid},
		{name: "the window is open", between: "09:00-21:00"},
		{name: "the window opens later today", between: "13:30-21:00", want: noon.Add(90 * time.Minute)},
		{name: "the window opens tomorrow", between: "09:00-11:00", want: noon.Add(21 * time.Hour)},
		{name: "a window over midnight that is open", between: "22:00-13:00"},
		{name: "a window over midnight that is closed", between: "22:00-06:00", want: noon.Add(10 * time.Hour)},
		{name: "the window of another zone", between: "15:00-16:00", zone: "Europe/Kyiv", want: noon.Add(time.Hour)},
		{name: "a window that never opens", between: "09:00-09:00", code: gateway.CodeFieldInvalid},
		{name: "no window", between: "morning", code: gateway.CodeFieldInvalid},
		{name: "no zone", between: "09:00-21:00", zone: "Mars/Phobos", code: gateway.CodeFieldInvalid},
		{name: "no zone, although nothing needs one", zone: "Mars/Phobos", code: gateway.CodeFieldInvalid},
		{name: "the zone of this machine", zone: "Local", code: gateway.CodeFieldInvalid},
	} {
		m, err := Request{To: "#1", Text: "x", SendAt: c.sendAt, Between: c.between, Timezone: c.zone}.message(noon)
		var faults gateway.Faults
		errors.As(err, &faults)
		if c.code != "" {
			require.Len(t, faults, 1, c.name)
			require.Equal(t, c.code, faults[0].Code, c.name)
			continue
		}
		require.Empty(t, faults, c.name)
		require.Equal(t, c.want, m.NotBefore, c.name)
	}
}

func TestLinksInTexts(t *testing.T) {
	t.Parallel()
	m := gateway.Message{Text: "Order {link:https://a.example/1} or {link:https://a.example/2}", ReadLink: "https://a.example/0"}
	links := []gateway.ReadLink{{Link: "L0"}, {Link: "L1"}, {Link: "L2"}}
	require.Equal(t, "Order L1 or L2\nL0", render(m, links))
	require.Equal(t, "plain", render(gateway.Message{Text: "plain"}, nil))
	for text, ok := range map[string]bool{
		"{link:https://a.example/}": true, "{link:}": false, "{link:javascript:alert(1)}": false, "{link:a.example}": false, "{link: x": true,
	} {
		require.Equal(t, ok, Request{Text: text}.checkLinks() == nil, text)
	}
	require.NotNil(t, Request{ReadLink: "ftp://a.example"}.checkLinks())
}
