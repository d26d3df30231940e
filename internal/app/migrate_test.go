package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/embedded/pgserver"
	"herald/internal/gateway"
)

func TestALostKeyIsNotReplaced(t *testing.T) {
	t.Parallel()
	server, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: t.TempDir(), FastAndUnsafe: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	require.NoError(t, server.EnsureDatabase(t.Context(), "sealed"))
	o := MigrateOptions{DatabaseURL: gateway.Secret(server.URL("sealed")), KeyFile: filepath.Join(t.TempDir(), "herald.key")}
	_, err = Migrate(t.Context(), o)
	require.NoError(t, err, "the first key is made")

	kept := o.KeyFile + ".kept"
	require.NoError(t, os.Rename(o.KeyFile, kept))
	_, err = Migrate(t.Context(), o)
	require.ErrorContains(t, err, "put it back from a backup")
	require.NoFileExists(t, o.KeyFile)

	require.NoError(t, os.Rename(kept, o.KeyFile))
	_, err = Migrate(t.Context(), o)
	require.NoError(t, err)
}
