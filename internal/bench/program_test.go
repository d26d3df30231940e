package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/installation"
)

// script is a program in place of herald.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "herald")
	syscall.ForkLock.RLock() // a program that is forked meanwhile would hold the file open, and it could not be started
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	return path
}

func TestStart(t *testing.T) {
	t.Parallel()

	t.Run("waits until the program is ready, and stops it in order", func(t *testing.T) {
		t.Parallel()
		var asked atomic.Int32
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if asked.Add(1) == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = w.Write([]byte(`{"status":"failing"}`))
				return
			}
			_, _ = w.Write([]byte(`{"status":"ok"}`))
		}))
		defer api.Close()
		data := t.TempDir()
		stopped := filepath.Join(data, "stopped")
		herald := script(t, fmt.Sprintf(`
[ "$1 $2 $3" = "up --data %[1]s" ] || exit 9
trap 'echo yes > %[2]s; exit 0' TERM
echo '{"api":"%[3]s","api_key":"hk_example","pid":'$$'}' > %[1]s/draft
mv %[1]s/draft %[1]s/%[4]s
while :; do sleep 0.05; done`, data, stopped, api.URL, installation.File))

		p, err := start(t.Context(), herald, data)
		require.NoError(t, err)
		require.Positive(t, p.ready)
		require.Equal(t, api.URL, p.found.API)
		require.GreaterOrEqual(t, asked.Load(), int32(2), "a part that failed was waited for")
		require.NoError(t, p.stop())
		require.FileExists(t, stopped)
		require.NoError(t, p.stop(), "a second stop does nothing")
	})

	t.Run("says what a program said that ended too early", func(t *testing.T) {
		t.Parallel()
		herald := script(t, "echo the port is taken >&2\nexit 1")
		begun := time.Now()
		_, err := start(t.Context(), herald, t.TempDir())
		require.ErrorContains(t, err, "ended before it was ready: the port is taken")
		require.Less(t, time.Since(begun), startWithin)
	})

	t.Run("tells a program that is not there", func(t *testing.T) {
		t.Parallel()
		_, err := start(t.Context(), filepath.Join(t.TempDir(), "nothing"), t.TempDir())
		require.ErrorContains(t, err, "start herald")
	})

	t.Run("tells an unclean stop", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"status":"ok"}`))
		}))
		defer api.Close()
		herald := script(t, fmt.Sprintf(`
trap 'echo the database was lost; exit 3' TERM
echo '{"api":"%[2]s","api_key":"hk_example","pid":'$$'}' > %[1]s/draft
mv %[1]s/draft %[1]s/%[3]s
while :; do sleep 0.05; done`, data, api.URL, installation.File))
		p, err := start(t.Context(), herald, data)
		require.NoError(t, err)
		require.ErrorContains(t, p.stop(), "the database was lost")
	})
}

func TestTheMeasuredProgramIsNotConfiguredByTheEnvironment(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"PATH=/bin", "LANG=C"},
		plainEnvironment([]string{"PATH=/bin", "HERALD_DATABASE_URL=postgres://x", "TEMPORAL_ADDRESS=y", "LANG=C"}))
}

func TestTail(t *testing.T) {
	t.Parallel()
	var end tail
	_, _ = end.Write([]byte(strings.Repeat("a", tailBytes)))
	_, _ = end.Write([]byte("the\nend"))
	require.Equal(t, strings.Repeat("a", tailBytes-7)+"the end", end.String())
}
