package postgres_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestKeptTranslations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.CreateAccount(t.Context(), gateway.Account{ID: "acc_2", Name: "two", CreatedAt: noon}))
	key := gateway.TranslationKey{1}
	require.NoError(t, w.KeepTranslation(t.Context(), "acc_1", key, []byte("sealed"), noon))

	sealed, found, err := w.KeptTranslation(t.Context(), "acc_1", key, noon)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, []byte("sealed"), sealed)
	_, found, err = w.KeptTranslation(t.Context(), "acc_2", key, noon)
	require.NoError(t, err)
	require.False(t, found, "another account's")
	_, found, err = w.KeptTranslation(t.Context(), "acc_1", key, noon.Add(time.Second))
	require.NoError(t, err)
	require.False(t, found, "too old")
	require.NoError(t, w.KeepTranslation(t.Context(), "acc_1", key, []byte("newer"), noon.Add(time.Minute)))
	sealed, _, err = w.KeptTranslation(t.Context(), "acc_1", key, noon.Add(time.Second))
	require.NoError(t, err)
	require.Equal(t, []byte("newer"), sealed)
}

func TestTrimmingTranslations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.CreateAccount(t.Context(), gateway.Account{ID: "acc_2", Name: "two", CreatedAt: noon}))
	for i := range 5 {
		require.NoError(t, w.KeepTranslation(t.Context(), "acc_1", gateway.TranslationKey{byte(i)}, []byte("x"), noon.Add(time.Duration(i)*time.Minute)))
	}
	require.NoError(t, w.KeepTranslation(t.Context(), "acc_2", gateway.TranslationKey{9}, []byte("x"), noon.Add(time.Minute)))

	removed, err := w.TrimTranslations(t.Context(), noon.Add(time.Minute), 2)
	require.NoError(t, err)
	require.Equal(t, int64(3), removed, "the old one, and two of the first account's four others")
	for i, want := range []bool{false, false, false, true, true} {
		_, found, err := w.KeptTranslation(t.Context(), "acc_1", gateway.TranslationKey{byte(i)}, noon)
		require.NoError(t, err)
		require.Equal(t, want, found, "translation %d", i)
	}
	_, found, err := w.KeptTranslation(t.Context(), "acc_2", gateway.TranslationKey{9}, noon)
	require.NoError(t, err)
	require.True(t, found, "one account's many do not push out another's")
}

func TestTranslationSecretIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.TranslationSecret(t.Context(), "acc_1", []byte("one"))
	require.NoError(t, err)
	require.Equal(t, []byte("one"), first)
	second, err := w.TranslationSecret(t.Context(), "acc_1", []byte("two"))
	require.NoError(t, err)
	require.Equal(t, []byte("one"), second)
}

func TestTranslationIsCountedByDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spent := gateway.TranslationDay{Day: noon, Calls: 1, Characters: 40, Cost: 800, Currency: "USD"}
	spend := func(day gateway.TranslationDay, limit int64) bool {
		t.Helper()
		ok, err := w.SpendTranslation(t.Context(), "acc_1", day, limit)
		require.NoError(t, err)
		return ok
	}
	require.False(t, spend(spent, 39), "over the limit at once")
	require.True(t, spend(spent, 100))
	require.True(t, spend(spent, 100))
	require.False(t, spend(spent, 100), "the third would be over it")
	require.True(t, spend(spent, 0), "there is no limit")
	tomorrow := spent
	tomorrow.Day = noon.Add(12 * time.Hour)
	require.True(t, spend(tomorrow, 100), "a new day")

	require.NoError(t, w.RefundTranslation(t.Context(), "acc_1", spent))
	require.Error(t, w.RefundTranslation(t.Context(), "acc_1", gateway.TranslationDay{Day: noon.AddDate(0, 0, 5), Currency: "USD"}))
	days, err := w.TranslationDays(t.Context(), "acc_1", noon, noon.AddDate(0, 0, 7))
	require.NoError(t, err)
	midnight := noon.Truncate(24 * time.Hour)
	require.Equal(t, []gateway.TranslationDay{
		{Day: midnight.AddDate(0, 0, 1), Calls: 1, Characters: 40, Cost: 800, Currency: "USD"},
		{Day: midnight, Calls: 2, Characters: 80, Cost: 1600, Currency: "USD"},
	}, days)
	days, err = w.TranslationDays(t.Context(), "acc_2", noon, noon.AddDate(0, 0, 7))
	require.NoError(t, err)
	require.Empty(t, days, "another account")
}

func TestManyCallersNeverPassTheLimitTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			ok, err := w.SpendTranslation(t.Context(), "acc_1", gateway.TranslationDay{Day: noon, Calls: 1, Characters: 30, Currency: "USD"}, 100)
			if err != nil {
				t.Error(err)
			}
			if ok {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(3), taken.Load())
}
