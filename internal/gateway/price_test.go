package gateway

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAmount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Amount{
		"0": 0, "0.045": 45_000, "1": 1_000_000, "12.5": 12_500_000, "0.000001": 1, "007.10": 7_100_000, "1000000000": maxAmount,
	} {
		got, ok := ParseAmount(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
		again, ok := ParseAmount(got.String())
		require.True(t, ok, text)
		require.Equal(t, got, again, text)
	}
	require.Equal(t, "0.045", Amount(45_000).String())
	require.Equal(t, "12.5", Amount(12_500_000).String())
	require.Equal(t, "3", Amount(3_000_000).String())
	for _, text := range []string{"", "-1", "+1", "1,5", "1.", ".5", "1e3", "0.0000001", "1000000000.000001", "1 ", "٣", "0x1", "99999999999999999999"} {
		_, ok := ParseAmount(text)
		require.False(t, ok, text)
	}
	require.Greater(t, math.MaxInt64/int64(maxAmount), int64(1000), "sums do not overflow")
}

func TestPriceOfALeg(t *testing.T) {
	t.Parallel()
	list := PriceList{Currency: "EUR", Prices: []Price{
		{Channel: ChannelSMS, Prefix: "380", Amount: 40_000},
		{Channel: ChannelSMS, Prefix: "38050", Amount: 30_000},
		{Channel: ChannelSMS, Amount: 90_000},
		{Channel: ChannelSMS, Prefix: "1", Amount: 10_000},
		{Channel: ChannelTelegram, Amount: 1_000},
	}}
	require.Empty(t, list.Check())
	require.Equal(t, Amount(1_000), list.Leg(ChannelTelegram, "+380501234567", 3), "a message of a bot has no segments")
	require.Equal(t, Amount(60_000), list.Leg(ChannelSMS, "+380501234567", 2), "the longest prefix")
	require.Equal(t, Amount(40_000), list.Leg(ChannelSMS, "+380671234567", 1))
	require.Equal(t, Amount(90_000), list.Leg(ChannelSMS, "+4915112345678", 1), "all others")
	require.Equal(t, Amount(180_000), list.Leg(ChannelSMS, "", 2), "a number that is not known yet may be the dearest")
	require.Zero(t, PriceList{}.Leg(ChannelSMS, "+380501234567", 2), "what the list does not name is free")
	require.Zero(t, PriceList{Prices: []Price{{Channel: ChannelSMS, Prefix: "1", Amount: 5}}}.Leg(ChannelSMS, "+380501234567", 2))
}

func TestTotalAndCap(t *testing.T) {
	t.Parallel()
	telegram := Leg{Channel: ChannelTelegram, Until: UntilAccepted, Price: 10}
	read := Leg{Channel: ChannelTelegram, Until: UntilRead, Price: 10}
	sms := Leg{Channel: ChannelSMS, Until: UntilAccepted, Price: 40}
	require.Equal(t, Amount(40), Total([]Leg{telegram, sms}), "either the one or the other is accepted")
	require.Equal(t, Amount(50), Total([]Leg{read, sms}), "both may be")
	require.Zero(t, Total(nil))

	for _, c := range []struct {
		name       string
		legs       []Leg
		most       Amount
		kept, left int
	}{
		{"all within", []Leg{read, sms}, 50, 2, 0},
		{"the last is left out", []Leg{read, sms}, 49, 1, 1},
		{"one that ends it costs no more than the dearest", []Leg{telegram, sms}, 40, 2, 0},
		{"the first is left out and a cheaper one kept", []Leg{sms, telegram}, 15, 1, 1},
		{"none is left", []Leg{read, sms}, 9, 0, 2},
		{"what is free is within nothing", []Leg{{Until: UntilRead}, sms}, 0, 1, 1},
	} {
		kept, left := Within(c.legs, c.most)
		require.Len(t, kept, c.kept, c.name)
		require.Len(t, left, c.left, c.name)
		require.LessOrEqual(t, Total(kept), c.most, c.name)
	}
	require.Equal(t, Amount(10), Cost([]Leg{{Price: 10, Cost: 10}, {Price: 40}}), "what was not accepted is free")
}

func TestPriceListsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, prices := range map[string][]Price{
		"a channel that there is not": {{Channel: "pigeon"}},
		"below zero":                  {{Channel: ChannelSMS, Amount: -1}},
		"the same twice":              {{Channel: ChannelSMS, Prefix: "1"}, {Channel: ChannelSMS, Prefix: "1", Amount: 3}},
		"a prefix of a bot":           {{Channel: ChannelTelegram, Prefix: "1"}},
		"a prefix with a plus":        {{Channel: ChannelSMS, Prefix: "+380"}},
		"a prefix that is too long":   {{Channel: ChannelSMS, Prefix: "1234567890123456"}},
	} {
		require.Len(t, PriceList{Currency: "EUR", Prices: prices}.Check(), 1, name)
	}
	for _, currency := range []string{"", "eur", "EURO", "€"} {
		require.Len(t, PriceList{Currency: currency}.Check(), 1, currency)
	}
	require.Len(t, PriceList{Currency: "EUR", Prices: make([]Price, maxPrices+1)}.Check(), 1)
}
