package pgserver_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"herald/internal/embedded/pgserver"
)

func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv(childDataDir); ok {
		runChild(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// openDir returns a folder that every user can enter, unlike t.TempDir.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "herald-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

func start(t *testing.T, options pgserver.Options) *pgserver.Server {
	t.Helper()
	options.NoDownload = true
	server, err := pgserver.Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Stop(ctx))
	})
	return server
}

func query[T any](t *testing.T, server *pgserver.Server, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var value T
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func exec(t *testing.T, server *pgserver.Server, sql string) {
	t.Helper()
	execAt(t, server.URL("postgres"), sql)
}

func execAt(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

// alive is false for a process that has ended, even if nobody has collected it yet.
func alive(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(state, "Z")
}

func TestStartKeepsDataOverAStop(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	first := start(t, pgserver.Options{DataDir: dir})
	exec(t, first, "CREATE TABLE kept (n int)")
	exec(t, first, "INSERT INTO kept VALUES (42)")
	require.NoError(t, first.Stop(t.Context()))
	require.NoError(t, first.Stop(t.Context()), "a second stop does nothing")
	require.False(t, alive(first.PID()))
	select {
	case <-first.Done():
	default:
		require.Fail(t, "Done is open after Stop")
	}

	second := start(t, pgserver.Options{DataDir: dir})
	require.Equal(t, 42, query[int](t, second, "SELECT n FROM kept"))
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "local.conf"), []byte("work_mem = '5MB'\n"), 0o644))
	server := start(t, pgserver.Options{DataDir: dir, MaxConnections: 123})
	for name, want := range map[string]string{
		"max_connections":         "123",
		"synchronous_commit":      "on",
		"fsync":                   "on",
		"shared_buffers":          "64MB",
		"work_mem":                "5MB", // from local.conf, which wins
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": "",
		"password_encryption":     "scram-sha-256",
		"TimeZone":                "UTC",
	} {
		require.Equal(t, want, query[string](t, server, "SHOW "+name), name)
	}
	const cheapest = "SELECT CASE WHEN 'lz4' = ANY(enumvals) THEN 'lz4' ELSE 'pglz' END FROM pg_settings WHERE name = 'wal_compression'"
	require.Equal(t, query[string](t, server, cheapest), query[string](t, server, "SHOW wal_compression"), "what this build knows")
	require.Equal(t, "щ", query[string](t, server, "SELECT lower('Щ')"), "letters beyond ASCII have cases")
}

func TestConnectionNeedsThePassword(t *testing.T) {
	t.Parallel()
	server := start(t, pgserver.Options{DataDir: openDir(t), FastAndUnsafe: true})
	config, err := pgx.ParseConfig(server.URL("postgres"))
	require.NoError(t, err)
	config.Password = "guess"
	_, err = pgx.ConnectConfig(t.Context(), config)
	require.ErrorContains(t, err, "password authentication failed")
}

func TestPasswordIsReadableByTheOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	start(t, pgserver.Options{DataDir: dir, FastAndUnsafe: true})
	info, err := os.Stat(filepath.Join(dir, "password"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	leftovers, err := filepath.Glob(filepath.Join(dir, "new-*"))
	require.NoError(t, err)
	require.Empty(t, leftovers)
}

func TestEnsureDatabaseTwice(t *testing.T) {
	t.Parallel()
	server := start(t, pgserver.Options{DataDir: openDir(t), FastAndUnsafe: true})
	for range 2 {
		require.NoError(t, server.EnsureDatabase(t.Context(), `odd "name`))
	}
	require.Equal(t, 1, query[int](t, server, `SELECT count(*)::int FROM pg_database WHERE datname = 'odd "name'`))
}

func TestSecondStartOnOneFolderNamesTheFirst(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	start(t, pgserver.Options{DataDir: dir, FastAndUnsafe: true})
	_, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: dir, FastAndUnsafe: true})
	var inUse *pgserver.InUseError
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, os.Getpid(), inUse.PID)
	require.ErrorContains(t, err, "is in use by process "+strconv.Itoa(os.Getpid())+": stop it first")
}

func TestPostgresRunsAsAnotherUserWhenThisIsRoot(t *testing.T) {
	t.Parallel()
	server := start(t, pgserver.Options{DataDir: openDir(t), FastAndUnsafe: true})
	process, err := os.Stat("/proc/" + strconv.Itoa(server.PID()))
	require.NoError(t, err)
	uid := process.Sys().(*syscall.Stat_t).Uid
	if os.Geteuid() == 0 {
		require.NotZero(t, uid)
	} else {
		require.Equal(t, uint32(os.Geteuid()), uid)
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(server.PID()) + "/status")
	require.NoError(t, err)
	for line := range strings.Lines(string(status)) {
		if groups, ok := strings.CutPrefix(line, "Groups:"); ok && os.Geteuid() == 0 {
			require.NotContains(t, strings.Fields(groups), "0", "root's groups are dropped")
		}
	}
}

func TestClosedDataFolderMovesTheClusterElsewhere(t *testing.T) {
	t.Parallel()
	closed, fallback := filepath.Join(t.TempDir(), "postgres"), openDir(t)
	require.NoError(t, os.Mkdir(closed, 0o700))
	options := pgserver.Options{DataDir: closed, FallbackDir: fallback, FastAndUnsafe: true}
	server := start(t, options)
	if os.Geteuid() != 0 {
		require.Equal(t, filepath.Join(closed, "cluster"), server.Dir(), "the same user needs no other place")
		return
	}
	place, err := os.ReadFile(filepath.Join(closed, "location"))
	require.NoError(t, err)
	require.Equal(t, server.Dir(), filepath.Join(strings.TrimSpace(string(place)), "cluster"))
	require.True(t, strings.HasPrefix(server.Dir(), fallback+"/"))
	owner, err := os.ReadFile(filepath.Join(filepath.Dir(server.Dir()), "belongs-to"))
	require.NoError(t, err)
	require.Equal(t, closed+"\n", string(owner))
	exec(t, server, "CREATE TABLE kept ()")
	require.NoError(t, server.Stop(t.Context()))

	again := start(t, options)
	require.Equal(t, server.Dir(), again.Dir())
	require.Equal(t, 0, query[int](t, again, "SELECT count(*)::int FROM kept"))
	require.NoError(t, again.Stop(t.Context()))

	t.Run("and a lost one is told, not replaced", func(t *testing.T) {
		require.NoError(t, os.RemoveAll(filepath.Dir(again.Dir())))
		_, err := pgserver.Start(t.Context(), options)
		require.ErrorContains(t, err, "restore it, or remove the file location to begin with an empty one")
	})
}

func TestDestroyLeavesNoData(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"reachable": openDir(t), "closed": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fallback := openDir(t)
			server := start(t, pgserver.Options{DataDir: dir, FallbackDir: fallback, FastAndUnsafe: true})
			require.DirExists(t, server.Dir())
			require.NoError(t, server.Destroy(t.Context()))
			require.NoDirExists(t, server.Dir())
			for _, folder := range []string{dir, fallback} {
				entries, err := os.ReadDir(folder)
				require.NoError(t, err)
				for _, entry := range entries {
					require.Equal(t, "lock", entry.Name())
				}
			}
		})
	}
}

func TestProgressNamesTheSteps(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var steps []string
	start(t, pgserver.Options{DataDir: openDir(t), FastAndUnsafe: true, Progress: func(step string) {
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, step)
	}})
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, steps, 2)
	require.Equal(t, "creating the database", steps[0])
	require.Regexp(t, `^starting PostgreSQL \d+$`, steps[1])
}
