package postgres_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestPendingUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store(t, raw(1, 1), raw(2, 2), raw(3, 3))
	_, err := w.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{}, errors.New("odd")
	})
	require.NoError(t, err)

	first, err := w.PendingUpdates(t.Context(), gateway.PendingFilter{}, gateway.Page{Limit: 2})
	require.NoError(t, err)
	require.Len(t, first.Items, 2)
	second, err := w.PendingUpdates(t.Context(), gateway.PendingFilter{}, gateway.Page{Limit: 2, After: first.Next})
	require.NoError(t, err)
	require.Len(t, second.Items, 1)
	require.Empty(t, second.Next)
	require.Equal(t, "error: odd", second.Items[0].Error, "the oldest was put aside")
	aside, err := w.PendingUpdates(t.Context(), gateway.PendingFilter{Aside: true, BotID: "bot_1"}, gateway.Page{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, second.Items, aside.Items)

	_, err = w.RetryUpdate(t.Context(), first.Items[0].ID)
	require.ErrorIs(t, err, gateway.ErrUpdateNotFound, "it waits")
	_, err = w.RetryUpdate(t.Context(), "upd_zzzzzzzzzzzzzzzzzzzzzzzzzz")
	require.ErrorIs(t, err, gateway.ErrUpdateNotFound, "it is none")
	again, err := w.RetryUpdate(t.Context(), aside.Items[0].ID)
	require.NoError(t, err)
	require.Empty(t, again.Error)
	var took int64
	_, err = w.ProcessUpdate(t.Context(), noon, func(u gateway.RawUpdate, _ gateway.Bot) (gateway.Verdict, error) {
		took = u.UpdateID
		return gateway.Verdict{}, nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 1, took)
}

func TestIDsOfUpdates(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 255, 1 << 40, math.MaxInt64} {
		id := gateway.UpdateIDOf(n)
		require.True(t, gateway.HasPrefix(string(id), "upd"))
		require.Equal(t, n, id.Sequence())
	}
	require.Less(t, gateway.UpdateIDOf(255), gateway.UpdateIDOf(256), "they sort by arrival")
}
