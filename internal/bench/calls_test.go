package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox/controlclient"
)

func TestTraffic(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	seen := &traffic{
		handed: 4,
		accepted: map[address][]time.Time{
			{1, 10}: {at(500), at(0)}, // callers finish in any order
			{1, 11}: {at(100)},
			{2, 10}: {at(200)},
		},
		calls: []controlclient.Call{
			{At: at(20), Bot: 1, ChatID: 10, OK: true},
			{At: at(110), Bot: 1, ChatID: 11, ErrorCode: 429},
			{At: at(1110), Bot: 1, ChatID: 11, OK: true},
			{At: at(530), Bot: 1, ChatID: 10, OK: true},
			{At: at(700), Bot: 1, ChatID: 99, OK: true}, // somebody else's
		},
	}
	require.Equal(t, []time.Duration{20 * time.Millisecond, 30 * time.Millisecond, 1010 * time.Millisecond}, seen.toWire(),
		"each message with its own call; the one to bot 2 has not arrived")
	require.Equal(t, 4, seen.arrived())
	require.Equal(t, 1, seen.refused())
	require.InDelta(t, 3, seen.rate(500*time.Millisecond, time.Second), 1e-9, "from 520 to 1520 ms, without the refused")
	require.Zero(t, (&traffic{}).rate(0, time.Second))
	require.Empty(t, (&traffic{}).toWire())
}

func TestPace(t *testing.T) {
	t.Parallel()

	t.Run("begins each piece whatever the ones before it take", func(t *testing.T) {
		t.Parallel()
		const count = 20
		var here atomic.Int32
		all := make(chan struct{})
		begun := time.Now()
		require.NoError(t, pace(t.Context(), 1000, count, func(ctx context.Context, _ int) error {
			if here.Add(1) == count {
				close(all)
			}
			select {
			case <-all:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
		require.GreaterOrEqual(t, time.Since(begun), (count-1)*time.Millisecond, "not faster than the rate")
	})

	t.Run("ends with the first error", func(t *testing.T) {
		t.Parallel()
		refused := errors.New("refused")
		err := pace(t.Context(), 1, 1000, func(context.Context, int) error { return refused })
		require.ErrorIs(t, err, refused)
	})
}

func TestOptionsAreCheckedAtOnce(t *testing.T) {
	t.Parallel()
	err := Options{Program: "herald", Only: []Part{"nothing"}, Bulk: maxBulk + 1, Callers: -1}.withDefaults().validate()
	require.ErrorContains(t, err, `no part "nothing"`)
	require.ErrorContains(t, err, "bulk")
	require.ErrorContains(t, err, "callers")
	require.NoError(t, Options{Program: "herald"}.withDefaults().validate())
	require.True(t, Options{}.wants(Code))
	require.False(t, Options{Only: []Part{Start}}.wants(Code))
}
