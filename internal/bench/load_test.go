package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSlice(t *testing.T) {
	t.Parallel()

	t.Run("lets all callers work at the same time", func(t *testing.T) {
		t.Parallel()
		const callers = 4
		var here atomic.Int32
		together := make(chan struct{})
		s := &series{name: "meetings", do: func(ctx context.Context) (bool, error) {
			if here.Add(1) == callers {
				close(together)
			}
			select {
			case <-together:
				return true, nil
			case <-time.After(10 * time.Second):
				return false, errors.New("the others did not come")
			}
		}}
		require.NoError(t, s.slice(t.Context(), callers, 0))
		require.Len(t, s.latencies, callers, "each caller did one piece although the time was over")
		require.Len(t, s.rates, 1)
		require.Positive(t, s.lastRate())
	})

	t.Run("counts the time of the last piece", func(t *testing.T) {
		t.Parallel()
		s := &series{name: "naps", do: func(context.Context) (bool, error) {
			<-time.After(20 * time.Millisecond)
			return true, nil
		}}
		require.NoError(t, s.slice(t.Context(), 1, time.Millisecond))
		require.LessOrEqual(t, s.lastRate(), 50.0, "one piece of 20 ms is at most 50 a second")
	})

	t.Run("ends all callers when one piece fails", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("no route")
		var pieces atomic.Int32
		s := &series{name: "messages", do: func(ctx context.Context) (bool, error) {
			if pieces.Add(1) == 3 {
				return false, broken
			}
			if pieces.Load() > 3 {
				<-ctx.Done() // would wait for ever
			}
			return true, nil
		}}
		err := s.slice(t.Context(), 4, time.Hour)
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "measure messages")
		require.Empty(t, s.rates)
	})

	t.Run("does not count what was given up", func(t *testing.T) {
		t.Parallel()
		pieces := 0
		s := &series{name: "messages", do: func(context.Context) (bool, error) {
			pieces++
			return pieces%2 == 0, nil
		}}
		require.NoError(t, s.slice(t.Context(), 1, time.Millisecond))
		require.Len(t, s.latencies, pieces/2)
	})

	t.Run("forgets the warming up", func(t *testing.T) {
		t.Parallel()
		s := &series{name: "nothing", do: func(context.Context) (bool, error) { return true, nil }}
		require.NoError(t, s.slice(t.Context(), 1, 0))
		s.forget()
		require.Empty(t, s.rates)
		require.Empty(t, s.latencies)
	})
}
