package installation_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/installation"
)

func write(t *testing.T, text string) string {
	t.Helper()
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, installation.File), []byte(text), 0o600))
	return data
}

func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() }) // a test may have closed it
	return l
}

func TestFind(t *testing.T) {
	t.Parallel()

	t.Run("finds the one that runs", func(t *testing.T) {
		t.Parallel()
		api := "http://" + listener(t).Addr().String()
		data := write(t, fmt.Sprintf(`{"api":%q,"public":"http://127.0.0.1:2","sandbox":"http://127.0.0.1:3",
			"temporal":"127.0.0.1:4","api_key":"hk_example","pid":%d,"later":true}`, api, os.Getpid()))
		found, err := installation.Find(data)
		require.NoError(t, err)
		require.Equal(t, installation.Installation{
			API: api, Public: "http://127.0.0.1:2", Sandbox: "http://127.0.0.1:3", Temporal: "127.0.0.1:4",
			APIKey: gateway.Secret("hk_example"), PID: os.Getpid(),
		}, found)
		require.NotContains(t, fmt.Sprintf("%v %+v", found, found), "hk_example")
	})

	t.Run("tells the file of a killed one", func(t *testing.T) {
		t.Parallel()
		gone := exec.Command("true")
		require.NoError(t, gone.Run())
		api := "http://" + listener(t).Addr().String() // has gone to another program
		data := write(t, fmt.Sprintf(`{"api":%q,"api_key":"hk_example","pid":%d}`, api, gone.Process.Pid))
		_, err := installation.Find(data)
		var notRunning *installation.NotRunningError
		require.ErrorAs(t, err, &notRunning)
		require.Equal(t, installation.NotRunningError{Data: data, PID: gone.Process.Pid}, *notRunning)
		require.Contains(t, err.Error(), "herald up --data "+data)
	})

	t.Run("tells a process that does not answer", func(t *testing.T) {
		t.Parallel()
		closed := listener(t)
		require.NoError(t, closed.Close())
		for _, api := range []string{"http://" + closed.Addr().String(), "not an address\n"} {
			data := write(t, fmt.Sprintf(`{"api":%q,"api_key":"hk_example","pid":%d}`, api, os.Getpid()))
			_, err := installation.Find(data)
			require.ErrorContains(t, err, fmt.Sprintf("(process %d does not answer)", os.Getpid()))
		}
	})

	t.Run("says how to start one where there is none", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		_, err := installation.Find(data)
		var notRunning *installation.NotRunningError
		require.ErrorAs(t, err, &notRunning)
		require.Equal(t, installation.NotRunningError{Data: data}, *notRunning)
		require.Contains(t, err.Error(), "herald up --data "+data)
	})

	for name, text := range map[string]string{
		"refuses an empty file":             "",
		"refuses half a file":               `{"api":"http://127.0.0.1:1","pi`,
		"refuses a file without an address": `{"pid":1}`,
		"refuses a file without a process":  `{"api":"http://127.0.0.1:1"}`,
		"refuses a process that is a group": `{"api":"http://127.0.0.1:1","pid":-1}`,
		"refuses a file that is too long":   `{"api":"http://127.0.0.1:1","pid":1}` + strings.Repeat(" ", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := installation.Find(write(t, text))
			require.ErrorContains(t, err, "is damaged: restart `herald up`")
		})
	}
}
