package messaging

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestPrice(t *testing.T) {
	t.Parallel()
	list := gateway.PriceList{Currency: "EUR", Prices: []gateway.Price{
		{Channel: gateway.ChannelTelegram, Amount: 2_000}, {Channel: gateway.ChannelSMS, Prefix: "380", Amount: 40_000},
	}}
	unread := func(text string, most string) *gateway.NewMessage {
		cap, fault := parsePrice(most)
		require.Nil(t, fault)
		return &gateway.NewMessage{
			Message: gateway.Message{Text: text, Format: gateway.FormatHTML, MaxPrice: cap},
			Legs: []gateway.Leg{
				{Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilRead}, {Number: 2, Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted},
			},
		}
	}
	t.Run("is what each leg costs, and the most that all may", func(t *testing.T) {
		t.Parallel()
		n := unread("<b>"+strings.Repeat("x", 160)+"</b>", "")
		require.Nil(t, price(n, list, "+380501234567"))
		require.Equal(t, gateway.Amount(2_000), n.Legs[0].Price)
		require.Equal(t, gateway.Amount(40_000), n.Legs[1].Price, "markup is not in the SMS: one segment")
		require.Equal(t, gateway.Amount(42_000), n.Message.Price)
		require.Equal(t, "EUR", n.Message.Currency)
		require.Empty(t, n.Message.Note)

		n = unread(strings.Repeat("x", 161), "")
		require.Nil(t, price(n, list, "+380501234567"))
		require.Equal(t, gateway.Amount(80_000), n.Legs[1].Price)
	})
	t.Run("leaves dearer legs out, and says so", func(t *testing.T) {
		t.Parallel()
		n := unread("x", "0.041999")
		require.Nil(t, price(n, list, "+380501234567"))
		require.Len(t, n.Legs, 1)
		require.Equal(t, gateway.ChannelTelegram, n.Legs[0].Channel)
		require.Equal(t, gateway.Amount(2_000), n.Message.Price)
		require.Contains(t, n.Message.Note, "more than 0.041999 EUR: sms at 0.04 EUR.")
	})
	t.Run("numbers what is left from one on", func(t *testing.T) {
		t.Parallel()
		n := unread("x", "0.01")
		n.Legs[0], n.Legs[1] = n.Legs[1], n.Legs[0]
		require.Nil(t, price(n, list, "+380501234567"))
		require.Len(t, n.Legs, 1)
		require.Equal(t, 1, n.Legs[0].Number)
	})
	t.Run("refuses a message of which no leg is left", func(t *testing.T) {
		t.Parallel()
		fault := price(unread("x", "0.001"), list, "+380501234567")
		require.Equal(t, gateway.CodeOverPrice, fault.Code)
		require.Equal(t, "max_price", fault.Field)
		require.Nil(t, price(unread("x", "0"), gateway.PriceList{}, "+380501234567"), "what is free fits under nothing")
	})
	for _, most := range []string{"-1", "1,5", "cheap", "0.0000001", "+1", " 1"} {
		_, fault := parsePrice(most)
		require.Equal(t, gateway.CodePrice, fault.Code, most)
	}
}

// An SMS to somebody who is named otherwise than by phone is priced when it leaves: only then its number is known.
func TestPriceIsCountedAgainWhenAnSMSLeaves(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	list := &gateway.PriceList{Currency: "EUR", Prices: []gateway.Price{
		{Channel: gateway.ChannelSMS, Amount: 90_000}, {Channel: gateway.ChannelSMS, Prefix: "380", Amount: 40_000},
	}}
	due := func(most string, change func(*gateway.Delivery)) gateway.Delivery {
		return cascade(func(d *gateway.Delivery) {
			limit, fault := parsePrice(most)
			require.Nil(t, fault)
			d.Message.To = gateway.Address{Kind: gateway.AddressUsername, Value: "anna"}
			d.Message.Text, d.Message.Currency, d.Message.MaxPrice, d.Message.Price = "x", "EUR", limit, 92_000
			d.Message.State = gateway.Accepted
			d.Legs[0].State, d.Legs[0].SettledAt, d.Legs[0].Attempts = gateway.LegAccepted, noon.Add(-2*time.Minute), 1
			d.Legs[0].Price, d.Legs[0].Cost, d.Legs[1].Price = 2_000, 2_000, 90_000
			d.Subscriber.Phone, d.Prices = "+380501234567", list
			if change != nil {
				change(d)
			}
		})
	}
	t.Run("by the number that is known by then", func(t *testing.T) {
		t.Parallel()
		d := due("0.042", nil)
		require.True(t, d.Guessed())
		got := policy.begin(d, noon)
		require.True(t, got.call, "0.042 is enough, 0.092 would not have been")
		require.Equal(t, gateway.Amount(40_000), got.change.Leg.Price)
		require.Equal(t, gateway.Amount(42_000), *got.change.Price)
	})
	t.Run("by the text that goes out", func(t *testing.T) {
		t.Parallel()
		d := due("", func(d *gateway.Delivery) {
			d.Message.To = gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}
			d.Message.Translation = gateway.Translated{Text: strings.Repeat("я", 71), At: noon}
		})
		require.True(t, d.Guessed())
		got := policy.begin(d, noon)
		require.True(t, got.call)
		require.Equal(t, gateway.Amount(80_000), got.change.Leg.Price, "two segments")
		require.Equal(t, gateway.Amount(82_000), *got.change.Price)
	})
	t.Run("and is not sent if the message would cost too much", func(t *testing.T) {
		t.Parallel()
		got := policy.begin(due("0.041999", nil), noon)
		require.False(t, got.call)
		require.Equal(t, gateway.LegFailed, got.change.Leg.State)
		require.Equal(t, gateway.ReasonOverPrice, got.change.Leg.Reason)
		require.Empty(t, got.change.State, "what was accepted stands")
		require.Contains(t, got.change.Events[0].Detail, "With the sms leg the message would cost 0.042 EUR, and its sender allows 0.041999 EUR.")

		alone := due("0.039999", func(d *gateway.Delivery) {
			d.Message.State = gateway.Sending
			d.Legs[0].State, d.Legs[0].Reason, d.Legs[0].Cost = gateway.LegFailed, gateway.ReasonBlocked, 0
		})
		got = policy.begin(alone, noon)
		require.Equal(t, gateway.Failed, got.change.State)
		require.Equal(t, gateway.ReasonOverPrice, got.change.Reason)
	})
	t.Run("but keeps its price where nothing was a guess, or the list has another currency now", func(t *testing.T) {
		t.Parallel()
		known := due("", func(d *gateway.Delivery) {
			d.Message.To = gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}
		})
		require.False(t, known.Guessed())
		again := due("", func(d *gateway.Delivery) { d.Legs[1].Attempts = 1 })
		require.False(t, again.Guessed(), "an attempt was made at this price")
		other := due("", func(d *gateway.Delivery) { d.Prices = &gateway.PriceList{Currency: "UAH", Prices: list.Prices} })
		require.Equal(t, gateway.Amount(90_000), policy.begin(other, noon).change.Leg.Price)
	})
	t.Run("so an SMS to an unknown number stays in as long as any number fits", func(t *testing.T) {
		t.Parallel()
		legs := func() []gateway.Leg {
			return []gateway.Leg{{Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}, {Number: 2, Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted}}
		}
		limit := gateway.Amount(50_000)
		n := &gateway.NewMessage{Message: gateway.Message{Text: "x", MaxPrice: &limit}, Legs: legs()}
		require.Nil(t, price(n, *list, ""))
		require.Len(t, n.Legs, 2)
		require.Equal(t, gateway.Amount(90_000), n.Legs[1].Price, "the dearest, until it is known")
		require.Equal(t, limit, n.Message.Price, "it never costs more than its cap")
		limit = 39_999
		n = &gateway.NewMessage{Message: gateway.Message{Text: "x", MaxPrice: &limit}, Legs: legs()}
		require.Nil(t, price(n, *list, ""))
		require.Len(t, n.Legs, 1)
	})
}

func TestCostIsOfWhatWasAccepted(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	d := sending(func(d *gateway.Delivery) { d.Leg.Price = 5 })
	require.Equal(t, gateway.Amount(5), policy.settle(d, 1, gateway.Receipt{PlatformMessageID: 7}, nil, noon).change.Leg.Cost)
	require.Zero(t, policy.settle(d, 1, gateway.Receipt{}, &gateway.DeliveryError{Class: gateway.ClassUnsubscribed}, noon).change.Leg.Cost)
	require.Zero(t, policy.settle(d, 1, gateway.Receipt{}, &gateway.DeliveryError{Class: gateway.ClassUnknown}, noon).change.Leg.Cost)

	late := sending(func(d *gateway.Delivery) {
		d.Leg.Price, d.Message.State, d.Leg.State, d.Leg.Intent = 5, gateway.Unknown, gateway.LegUnknown, time.Time{}
	})
	require.Equal(t, gateway.Amount(5), policy.settle(late, 1, gateway.Receipt{PlatformMessageID: 7}, nil, noon).change.Leg.Cost)
}

func TestDefaultsOfTheAccount(t *testing.T) {
	t.Parallel()
	d := gateway.Defaults{
		Fallback: "sms", TTL: time.Hour, OnUnknown: gateway.Resend, Between: "09:00-21:00", Timezone: "Europe/Kyiv", MaxPrice: "0.1",
		Format: gateway.FormatHTML, Silent: true,
	}
	var open Request
	open.fillFrom(d)
	require.Equal(t, "sms", open.Fallback)
	require.Equal(t, time.Hour, open.TTL)
	require.Equal(t, gateway.Resend, open.OnUnknown)
	require.Equal(t, "09:00-21:00", open.Between)
	require.Equal(t, "Europe/Kyiv", open.Timezone)
	require.Equal(t, gateway.ZoneOfAccount, open.zoneOf)
	require.Equal(t, "0.1", open.MaxPrice)
	require.Equal(t, gateway.FormatHTML, open.Format)
	require.True(t, *open.Silent)

	loud := false
	own := Request{
		Cascade: []CascadeLeg{{Channel: gateway.ChannelTelegram}}, TTL: time.Minute, OnUnknown: gateway.Hold, Between: "10:00-11:00",
		Timezone: "Asia/Tokyo", MaxPrice: "2", Format: gateway.FormatPlain, Silent: &loud,
	}
	filled := own
	filled.fillFrom(d)
	require.Equal(t, own, filled, "a message's own options win")

	code := Request{Lane: gateway.LaneCode}
	code.fillFrom(d)
	require.Zero(t, code.TTL)
	require.Empty(t, code.Between, "a code is for now")
	require.Empty(t, code.OnUnknown)
	require.Equal(t, "sms", code.Fallback)
}
