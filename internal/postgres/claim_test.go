package postgres_test

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
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

// What a store gathered is written before its connections end, whosever it is.
func TestKeptAnswersOutliveTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, err := postgres.Open(t.Context(), postgres.Options{URL: w.url, MaxConns: 2, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, w.CreateAccount(t.Context(), gateway.Account{ID: "acc_2", Name: "Two", CreatedAt: noon}))
	claims := []gateway.Claim{
		{AccountID: "acc_1", Key: "k", Suffix: "00000000000000000000000001"},
		{AccountID: "acc_2", Key: "k", Suffix: "00000000000000000000000002"},
	}
	for n, c := range claims {
		_, taken, err := store.Claim(t.Context(), c, noon, noon.Add(-time.Minute))
		require.NoError(t, err)
		require.True(t, taken)
		c.Status, c.Answer = 200+n, []byte(c.AccountID)
		require.NoError(t, store.Complete(t.Context(), c, noon))
	}
	store.Close()
	for n, c := range claims {
		held, taken, err := w.Claim(t.Context(), c, noon.Add(time.Hour), noon.Add(time.Hour))
		require.NoError(t, err)
		require.False(t, taken)
		require.True(t, held.Done)
		require.Equal(t, 200+n, held.Status)
		require.Equal(t, []byte(c.AccountID), held.Answer)
	}
}

// A lost answer is told to the log, and leaves a claim that grows stale.
func TestAnAnswerThatCannotBeKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var log bytes.Buffer
	store, err := postgres.Open(t.Context(), postgres.Options{URL: w.url, MaxConns: 2, Vault: postgrestest.Vault(t), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	defer store.Close()
	c := gateway.Claim{AccountID: "acc_1", Key: "k", Suffix: "00000000000000000000000001"}
	_, _, err = store.Claim(t.Context(), c, noon, noon.Add(-time.Minute))
	require.NoError(t, err)
	conn := postgrestest.Conn(t, w.url)
	_, err = conn.Exec(t.Context(), "ALTER TABLE idempotency_keys RENAME COLUMN answer TO reply")
	require.NoError(t, err)
	require.NoError(t, store.Complete(t.Context(), c, noon))
	store.Close()
	_, err = conn.Exec(t.Context(), "ALTER TABLE idempotency_keys RENAME COLUMN reply TO answer")
	require.NoError(t, err)
	require.Contains(t, log.String(), "keep answers of idempotency keys")
	_, taken, err := w.Claim(t.Context(), c, noon.Add(2*time.Minute), noon.Add(time.Minute))
	require.NoError(t, err)
	require.True(t, taken)
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
