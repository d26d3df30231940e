package match

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRun holds all contenders to the same answers; how soon they answer is not a matter of tests.
func TestRun(t *testing.T) {
	t.Parallel()
	figures, err := Run(context.Background(), Options{Sizes: []int{10, 50}, Rounds: 1, Slice: time.Millisecond})
	require.NoError(t, err)
	names := map[string]bool{}
	for _, f := range figures {
		require.Positive(t, f.Value, f.Name)
		names[f.Name] = true
	}
	for _, name := range []string{"herald_update_10", "expr_update_50", "times_faster_than_expr_50", "rule_memory_50", "compile_1000"} {
		require.True(t, names[name], name)
	}
}

func TestRunRefusesWhatItCannotMeasure(t *testing.T) {
	t.Parallel()
	_, err := Run(context.Background(), Options{Sizes: []int{0}, Rounds: -1})
	require.ErrorContains(t, err, "rounds")
	require.ErrorContains(t, err, "number of rules")
}
