package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	claim := func(key, suffix string) gateway.Claim {
		return gateway.Claim{AccountID: "acc_1", Key: key, Request: [32]byte{1}, Suffix: suffix}
	}
	const one, two = "00000000000000000000000001", "00000000000000000000000002"
	stale := noon.Add(-time.Minute)

	_, taken, err := w.Claim(t.Context(), claim("k", one), noon, stale)
	require.NoError(t, err)
	require.True(t, taken)

	held, taken, err := w.Claim(t.Context(), claim("k", two), noon, stale)
	require.NoError(t, err)
	require.False(t, taken, "the first request still runs")
	require.Equal(t, one, held.Suffix)

	held, taken, err = w.Claim(t.Context(), claim("k", two), noon.Add(2*time.Minute), noon.Add(time.Minute))
	require.NoError(t, err)
	require.True(t, taken, "its holder is silent for too long")
	require.Equal(t, one, held.Suffix, "and what it makes is the same thing")

	done := claim("k", one)
	done.Status, done.Answer = 202, []byte("sealed")
	require.NoError(t, w.Complete(t.Context(), done, noon))
	held, taken, err = w.Claim(t.Context(), claim("k", two), noon.Add(time.Hour), noon.Add(time.Hour))
	require.NoError(t, err)
	require.False(t, taken)
	require.True(t, held.Done)
	require.Equal(t, 202, held.Status)
	require.Equal(t, []byte("sealed"), held.Answer)

	_, taken, err = w.Claim(t.Context(), claim("refused", one), noon, stale)
	require.NoError(t, err)
	require.True(t, taken)
	require.NoError(t, w.Release(t.Context(), "acc_1", "refused"))
	_, taken, err = w.Claim(t.Context(), claim("refused", two), noon, stale)
	require.NoError(t, err)
	require.True(t, taken, "a refused request gives its key back")
}

func TestOneOfManyRequestsGetsTheClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	winners := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, taken, err := w.Claim(t.Context(), gateway.Claim{AccountID: "acc_1", Key: "k", Suffix: "00000000000000000000000001"}, noon, noon.Add(-time.Minute))
			if err != nil {
				t.Error(err)
			}
			if taken {
				mu.Lock()
				winners++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, winners)
}
