package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store(t, raw(1, 1), raw(2, 2))
	_, err := w.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) { return gateway.Verdict{}, nil })
	require.NoError(t, err)
	_, _, err = w.Claim(t.Context(), gateway.Claim{AccountID: "acc_1", Key: "k", Suffix: "00000000000000000000000001"}, noon, noon)
	require.NoError(t, err)

	removed, err := w.Sweep(t.Context(), noon.Add(time.Hour))
	require.NoError(t, err)
	require.Zero(t, removed, "nothing is old yet")
	removed, err = w.Sweep(t.Context(), noon.Add(8*24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, int64(2), removed, "the update that was processed and the key, not the update that waits")
	require.Equal(t, 0, w.store(t, raw(2, 2)), "what waits is still known")
}
