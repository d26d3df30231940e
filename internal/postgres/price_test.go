package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestTerms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	terms, err := w.Terms(t.Context(), "acc_1")
	require.NoError(t, err)
	require.Zero(t, terms, "none at first")
	_, err = w.Terms(t.Context(), "acc_none")
	require.ErrorIs(t, err, gateway.ErrAccountNotFound)

	// Amounts come back exactly, the largest and the smallest, too.
	first := gateway.PriceList{Currency: "UAH", Prices: []gateway.Price{{Channel: gateway.ChannelSMS, Prefix: "1", Amount: 5}}}
	list := gateway.PriceList{Currency: "EUR", Prices: []gateway.Price{
		{Channel: gateway.ChannelTelegram, Amount: 1}, {Channel: gateway.ChannelSMS, Amount: 1_000_000_000_000_000}, {Channel: gateway.ChannelSMS, Prefix: "380", Amount: 45_000},
	}}
	defaults := gateway.Defaults{
		Cascade: []gateway.PlannedLeg{{Channel: gateway.ChannelTelegram, Until: gateway.UntilRead, Within: time.Minute}, {Channel: gateway.ChannelSMS}},
		TTL:     time.Hour, OnUnknown: gateway.Resend, Between: "09:00-21:00", Timezone: "Europe/Kyiv", MaxPrice: "0.1", Format: gateway.FormatHTML, Silent: true,
	}
	require.NoError(t, w.SetPrices(t.Context(), first, noon))
	require.NoError(t, w.SetPrices(t.Context(), list, noon))
	require.NoError(t, w.SetDefaults(t.Context(), "acc_1", defaults))
	terms, err = w.Terms(t.Context(), "acc_1")
	require.NoError(t, err)
	require.Equal(t, gateway.Terms{Prices: list, Defaults: defaults}, terms, "a list is replaced whole")
	require.ErrorIs(t, w.SetDefaults(t.Context(), "acc_none", defaults), gateway.ErrAccountNotFound)
}

func TestPricesOfAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	most := gateway.Amount(50_000)
	m := gateway.Message{
		ID: w.ids.Message(), AccountID: "acc_1", BotID: "bot_1", Direction: gateway.Out, To: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"},
		Text: "hello", Format: gateway.FormatPlain, Lane: gateway.LaneService, OnUnknown: gateway.Hold, State: gateway.Queued, ExpiresAt: noon.Add(time.Hour),
		CreatedAt: noon, UpdatedAt: noon, MaxPrice: &most, Price: 47_000, Currency: "EUR",
		Between: "09:00-21:00", Timezone: "Europe/Kyiv", TimezoneOf: gateway.ZoneOfAccount,
	}
	noted := m
	noted.Note = "Stored. Something was left out."
	created, err := w.AcceptMessage(t.Context(), noted, []gateway.Leg{
		{ID: w.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilRead, Price: 2_000},
		{ID: w.ids.Leg(), Number: 2, Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted, Price: 45_000},
	}, nil)
	require.NoError(t, err)
	require.True(t, created)
	got, err := w.Message(t.Context(), "acc_1", m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
	events, err := w.Events(t.Context(), "acc_1", m.ID)
	require.NoError(t, err)
	require.Equal(t, noted.Note, events[0].Detail)

	change := func(decide func(gateway.Delivery) gateway.Change) error {
		_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) { return decide(d), nil })
		return err
	}
	opens := noon.Add(time.Hour)
	require.NoError(t, change(func(d gateway.Delivery) gateway.Change {
		leg := d.Leg
		leg.NotBefore = opens
		return gateway.Change{Leg: &leg}
	}))
	require.Error(t, change(func(d gateway.Delivery) gateway.Change {
		leg := d.Leg
		leg.Cost = leg.Price
		return gateway.Change{Leg: &leg}
	}), "what was not accepted is free")
	require.NoError(t, change(func(d gateway.Delivery) gateway.Change {
		require.Equal(t, opens, d.Leg.NotBefore)
		leg := d.Leg
		leg.State, leg.Attempts, leg.PlatformMessageID, leg.SettledAt, leg.Cost = gateway.LegAccepted, 1, 7, noon, leg.Price
		return gateway.Change{Leg: &leg}
	}))
	got, err = w.Message(t.Context(), "acc_1", m.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.Amount(2_000), got.Cost, "what its accepted legs cost")
	legs, err := w.Legs(t.Context(), "acc_1", m.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.Amount(2_000), legs[0].Cost)
	require.Equal(t, gateway.Amount(45_000), legs[1].Price)
	require.Zero(t, legs[1].Cost)
}
