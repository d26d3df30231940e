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

func TestForgottenMessagesGoBackToTheOutbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forgotten := w.accept(t, toAnna, nil)
	w.accept(t, toAnna, func(m *gateway.Message) { m.NotBefore = noon.Add(24 * time.Hour) })
	ended := w.accept(t, toAnna, nil)
	_, err := w.ChangeDelivery(t.Context(), "acc_1", ended.ID, func(gateway.Delivery) (gateway.Change, error) {
		return gateway.Change{State: gateway.Cancelled, SkipRest: true, Events: []gateway.Event{{At: noon, Kind: gateway.EventState, State: gateway.Cancelled}}}, nil
	})
	require.NoError(t, err)
	later := noon.Add(2 * time.Hour)
	due, err := w.DueOutbox(t.Context(), later, later.Add(time.Hour), 10)
	require.NoError(t, err)
	require.NoError(t, w.DropOutbox(t.Context(), due))

	requeued, err := w.RequeueForgotten(t.Context(), noon.Add(time.Minute), noon.Add(-time.Hour))
	require.NoError(t, err)
	require.Zero(t, requeued, "nothing is overdue yet")
	for want := range 2 {
		requeued, err = w.RequeueForgotten(t.Context(), later, later.Add(-time.Hour))
		require.NoError(t, err)
		require.Equal(t, int64(1-want), requeued, "once, while it stands there")
	}
	due, err = w.DueOutbox(t.Context(), later, later.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Equal(t, forgotten.ID, due[0].MessageID)
}
