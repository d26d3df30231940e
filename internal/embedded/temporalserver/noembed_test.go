//go:build noembed

package temporalserver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/embedded/temporalserver"
)

func TestBuildWithoutTheServerSaysWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := temporalserver.Start(t.Context(), temporalserver.Options{})
	require.ErrorIs(t, err, temporalserver.ErrNotEmbedded)
	require.EqualError(t, err, "this build has no embedded Temporal server: use --temporal-address")
}
