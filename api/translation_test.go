package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/internal/gateway"
)

func TestTranslationUsageOfAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	for account, characters := range map[gateway.AccountID]int64{w.mine: 840, w.theirs: 77} {
		ok, err := w.store.SpendTranslation(t.Context(), account, gateway.TranslationDay{Day: w.now(), Calls: 2, Characters: characters, Cost: 16_800, Currency: "USD"}, 1000)
		require.NoError(t, err)
		require.True(t, ok)
	}
	usage, err := w.client(t).TranslationUsage(t.Context(), time.Time{}, time.Time{})
	require.NoError(t, err)
	require.Equal(t, client.TranslationUsage{
		DailyLimit: 1000, PricePerMillion: "20", Currency: "USD",
		Days: []client.TranslationDay{{Day: "2026-03-01", Calls: 2, Characters: 840, Cost: "0.0168", Currency: "USD"}},
	}, usage)
	usage, err = w.client(t).TranslationUsage(t.Context(), w.now().AddDate(0, 0, -9), w.now().AddDate(0, 0, -1))
	require.NoError(t, err)
	require.Empty(t, usage.Days)

	got, err := w.client(t).TryTranslation(t.Context(), client.NewTranslation{Text: "Hello", To: "uk"})
	require.NoError(t, err)
	require.Equal(t, client.Translation{Text: "Hello", Reason: "off"}, got)
}
