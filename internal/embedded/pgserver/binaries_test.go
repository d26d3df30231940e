package pgserver_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/embedded/pgserver"
)

// fakeBinaries makes a folder whose programs know their version and cannot do anything else.
func fakeBinaries(t *testing.T, major int) string {
	t.Helper()
	dir := openDir(t)
	script := fmt.Sprintf(`#!/bin/sh
if [ "$1" = --version ]; then echo "postgres (PostgreSQL) %d.1 (Fake)"; exit; fi
echo "initdb: error: this is fake %d" >&2
exit 1
`, major, major)
	for _, program := range []string{"initdb", "postgres"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755))
	}
	return dir
}

// clusterOf makes a data folder that claims to hold a cluster of a version.
func clusterOf(t *testing.T, version string) string {
	t.Helper()
	dir := openDir(t)
	cluster := filepath.Join(dir, "cluster")
	require.NoError(t, os.Mkdir(cluster, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(cluster, "PG_VERSION"), []byte(version+"\n"), 0o644))
	return dir
}

func TestFaultsAreToldInOneLine(t *testing.T) {
	t.Parallel()
	empty, old, fake16, fake17 := openDir(t), fakeBinaries(t, 12), fakeBinaries(t, 16), fakeBinaries(t, 17)
	newer := clusterOf(t, "99")
	for name, c := range map[string]struct {
		options pgserver.Options
		want    string
	}{
		"no binaries": {
			pgserver.Options{BinaryFolders: []string{empty}},
			"PostgreSQL was not found: run `apt install postgresql`, or put initdb on PATH, or use --database-url",
		},
		"binaries that are too old": {
			pgserver.Options{BinaryFolders: []string{old}},
			"PostgreSQL was not found: run `apt install postgresql`, or put initdb on PATH, or use --database-url",
		},
		"no binaries for an existing cluster": {
			pgserver.Options{DataDir: newer, BinaryFolders: []string{empty}},
			"PostgreSQL 99 was not found: run `apt install postgresql-99`, or put initdb on PATH, or use --database-url",
		},
		"binaries of other versions": {
			pgserver.Options{DataDir: newer, BinaryFolders: []string{fake16, fake17}},
			"the database in " + newer + "/cluster belongs to PostgreSQL 99 but this machine has 16, 17: run `apt install postgresql-99`, or move the data with pg_upgrade",
		},
		"initdb that gives up": {
			pgserver.Options{BinaryFolders: []string{fake16}},
			"initdb did not start: initdb: error: this is fake 16 (use --database-url for a PostgreSQL of your own)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.options.DataDir == "" {
				c.options.DataDir = openDir(t)
			}
			c.options.NoDownload = true
			_, err := pgserver.Start(t.Context(), c.options)
			require.EqualError(t, err, c.want)
		})
	}
}

func TestFaultsHaveTypes(t *testing.T) {
	t.Parallel()
	_, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: openDir(t), BinaryFolders: []string{openDir(t)}, NoDownload: true})
	require.ErrorAs(t, err, new(*pgserver.MissingBinariesError))

	_, err = pgserver.Start(t.Context(), pgserver.Options{DataDir: clusterOf(t, "99"), BinaryFolders: []string{fakeBinaries(t, 16)}, NoDownload: true})
	var version *pgserver.VersionError
	require.ErrorAs(t, err, &version)
	require.Equal(t, 99, version.Cluster)
	require.Equal(t, []int{16}, version.Found)
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	var port int
	_, err := fmt.Sscanf(web.URL, "http://127.0.0.1:%d", &port)
	require.NoError(t, err)
	_, err = pgserver.Start(t.Context(), pgserver.Options{DataDir: openDir(t), FastAndUnsafe: true, NoDownload: true, Port: port})
	require.EqualError(t, err, fmt.Sprintf("postgres did not start: port %d of 127.0.0.1 is in use (use --database-url for a PostgreSQL of your own)", port))
}

func TestExistingClusterGetsBinariesOfItsVersion(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	first := start(t, pgserver.Options{DataDir: dir, FastAndUnsafe: true})
	real, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", first.PID()))
	require.NoError(t, err)
	require.NoError(t, first.Stop(t.Context()))
	// The newest and the first in the list are both of no use to this cluster.
	second := start(t, pgserver.Options{DataDir: dir, FastAndUnsafe: true, BinaryFolders: []string{fakeBinaries(t, 98), fakeBinaries(t, 99), filepath.Dir(real)}})
	require.Equal(t, 1, query[int](t, second, "SELECT 1"))
}

// mavenRepository serves fake binaries of version 17 in the shape of the real archive: a zip that holds a tar.xz. The
// inner archive is a bin folder with programs such as fakeBinaries makes; Go has no xz compressor.
func mavenRepository(t *testing.T) *httptest.Server {
	t.Helper()
	packed, err := os.ReadFile("testdata/fake17.txz")
	require.NoError(t, err)
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	file, err := writer.Create("postgres.txz")
	require.NoError(t, err)
	_, err = file.Write(packed)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".jar") && strings.Contains(r.URL.Path, "-17.") {
			_, _ = w.Write(archive.Bytes())
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestMissingBinariesAreDownloadedOnce(t *testing.T) {
	t.Parallel()
	repository, cache := mavenRepository(t), openDir(t)
	options := pgserver.Options{BinaryFolders: []string{}, DownloadFrom: repository.URL, DownloadDir: cache}
	for _, step := range []string{"from the repository", "from the cache"} {
		options.DataDir = openDir(t)
		_, err := pgserver.Start(t.Context(), options)
		require.ErrorContains(t, err, "this is fake 17", step)
		entries, err := os.ReadDir(cache)
		require.NoError(t, err)
		require.Len(t, entries, 1, "nothing but the binaries is left")
		repository.Close()
	}
}

func TestDownloadThatFailsSaysWhatToDo(t *testing.T) {
	t.Parallel()
	repository := httptest.NewServer(http.NotFoundHandler())
	defer repository.Close()
	_, err := pgserver.Start(t.Context(), pgserver.Options{
		DataDir: openDir(t), BinaryFolders: []string{}, DownloadFrom: repository.URL, DownloadDir: openDir(t),
	})
	require.ErrorAs(t, err, new(*pgserver.MissingBinariesError))
	require.ErrorContains(t, err, "PostgreSQL was not found and could not be downloaded (")
	require.ErrorContains(t, err, "): run `apt install postgresql`, or put initdb on PATH, or use --database-url")
	require.NotContains(t, err.Error(), "\n")
}
