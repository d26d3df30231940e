package e2e

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/embedded/pgserver"
)

// TestRefusedStarts holds every start that cannot work to one line that says what to do.
func TestRefusedStarts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	port := taken.Addr().String()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := free.Addr().String()
	require.NoError(t, free.Close())

	database, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: newFolder(t), FastAndUnsafe: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, database.Stop(context.Background())) })
	require.NoError(t, database.EnsureDatabase(t.Context(), "empty"))
	wrong, err := url.Parse(database.URL("empty"))
	require.NoError(t, err)
	const badPassword = "not-the-password"
	wrong.User = url.UserPassword(wrong.User.Username(), badPassword)

	otherVersion, foreign, noPrograms := newFolder(t), newFolder(t), newFolder(t)
	require.NoError(t, os.WriteFile(filepath.Join(otherVersion, "VERSION"), []byte("99\n"), 0o644))
	photo := filepath.Join(foreign, "photo.jpg")
	require.NoError(t, os.WriteFile(photo, []byte("not ours"), 0o644))

	tests := []struct {
		name  string
		args  []string
		words []string // in the one line
	}{
		{
			"a private port in use",
			upOn(newFolder(t), "--listen", port),
			[]string{port + " is in use", "--listen", "port 0 picks a free one"},
		},
		{
			"a public port in use",
			upOn(newFolder(t), "--public-listen", port),
			[]string{port + " is in use", "--public-listen"},
		},
		{
			"a sandbox port in use", upOn(newFolder(t), "--sandbox-listen", port),
			[]string{port + " is in use", "--sandbox-listen"},
		},
		{
			"a sandbox alone on a port in use",
			[]string{"sandbox", "--listen", port},
			[]string{port + " is in use", "--listen"},
		},
		{
			"an address that is none",
			upOn(newFolder(t), "--listen", "here"),
			[]string{"here", "--listen"},
		},
		{
			"a data folder of another version", upOn(otherVersion),
			[]string{otherVersion, `"99"`, "this Herald uses 1", "run the Herald that made it, or choose another folder with --data"},
		},
		{
			"a folder of somebody else", upOn(foreign),
			[]string{foreign, "is not a Herald data folder", "choose an empty or a new folder with --data"},
		},
		{
			"a data folder that is a file", upOn(photo), []string{photo},
		},
		{
			"no PostgreSQL programs", upOn(newFolder(t), "--postgres-bin", noPrograms),
			[]string{"PostgreSQL was not found", "apt install postgresql", "--database-url"},
		},
		{
			"up without its outside database", upOn(newFolder(t), "--database-url", "postgres://herald@"+nobody+"/herald"),
			[]string{nobody, "--database-url"},
		},
		{
			"no database at the address",
			[]string{"migrate", "--database-url", "postgres://herald@" + nobody + "/herald"},
			[]string{nobody, "--database-url"},
		},
		{
			"a database that refuses the password",
			[]string{"migrate", "--database-url", wrong.String()},
			[]string{wrong.Host, "password", "--database-url"},
		},
		{
			"a database that does not exist",
			[]string{"migrate", "--database-url", database.URL("nowhere")},
			[]string{"nowhere", "--database-url"},
		},
		{
			"an address of a database that is none",
			[]string{"migrate", "--database-url", "mysql://root:" + badPassword + "@db.example/herald"},
			[]string{"postgres://", "--database-url"},
		},
		{
			"no database named",
			[]string{"serve", "--key-file", filepath.Join(foreign, "key")},
			[]string{"--database-url", "herald up"},
		},
		{
			"a database that was not migrated",
			[]string{"serve", "--listen", "127.0.0.1:0", "--public-listen", "127.0.0.1:0", "--database-url", database.URL("empty"), "--key-file", filepath.Join(noPrograms, "key")},
			[]string{"herald migrate"},
		},
		{
			"no key",
			[]string{"serve", "--database-url", database.URL("empty")},
			[]string{"--key-file"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, err := run(t.Context(), environment(), "", test.args...)
			require.NoError(t, err)
			require.Equal(t, 1, r.code, r.stderr)
			require.Equal(t, 1, strings.Count(r.stderr, "\n"), "one line: %s", r.stderr)
			require.True(t, strings.HasPrefix(r.stderr, "herald: "), r.stderr)
			for _, words := range test.words {
				require.Contains(t, r.stderr, words)
			}
			require.NotContains(t, r.stderr+r.stdout, badPassword)
		})
	}
	t.Cleanup(func() {
		left, err := os.ReadDir(foreign)
		require.NoError(t, err)
		require.Len(t, left, 1, "a folder of somebody else stays as it was")
	})
}
