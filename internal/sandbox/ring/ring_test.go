package ring_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox/ring"
)

func TestLog(t *testing.T) {
	t.Parallel()
	l := ring.New[int64](3)
	require.Empty(t, l.After(0, 10))
	more := l.Changed()
	for range 5 {
		l.Append(func(seq int64) int64 { return seq * 10 })
	}
	select {
	case <-more:
	default:
		require.Fail(t, "the channel is closed by an append")
	}
	require.EqualValues(t, 5, l.Last())
	require.Equal(t, []int64{30, 40, 50}, l.After(0, 10), "what fell out is skipped")
	require.Equal(t, []int64{40}, l.After(3, 1))
	require.Empty(t, l.After(5, 10))
	require.Empty(t, l.After(99, 10))
}
