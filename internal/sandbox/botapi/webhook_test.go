package botapi

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryPause(t *testing.T) {
	t.Parallel()
	var seconds []float64
	for failures := 1; failures <= 8; failures++ {
		seconds = append(seconds, retryPause(failures, 0).Seconds())
	}
	require.Equal(t, []float64{0, 2, 4, 8, 16, 32, 60, 60}, seconds)
	require.Equal(t, 17*time.Second, retryPause(3, 17*time.Second), "the webhook knows better")
}
