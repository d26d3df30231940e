package app

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStopWaitsForAPartsEndAndNotForEver(t *testing.T) {
	t.Parallel()
	ended := false
	require.NoError(t, inTime(t.Context(), func() { ended = true }))
	require.True(t, ended)

	late, now := context.WithCancel(t.Context())
	now()
	letGo := make(chan struct{})
	defer close(letGo)
	require.ErrorContains(t, inTime(late, func() { <-letGo }), "in time")
}
