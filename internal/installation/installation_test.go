package installation_test

import (
	"fmt"
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

func TestFind(t *testing.T) {
	t.Parallel()

	t.Run("finds the one that runs", func(t *testing.T) {
		t.Parallel()
		data := write(t, fmt.Sprintf(`{"api":"http://127.0.0.1:1","public":"http://127.0.0.1:2","sandbox":"http://127.0.0.1:3",
			"temporal":"127.0.0.1:4","api_key":"hk_example","pid":%d,"later":true}`, os.Getpid()))
		found, err := installation.Find(data)
		require.NoError(t, err)
		require.Equal(t, installation.Installation{
			API: "http://127.0.0.1:1", Public: "http://127.0.0.1:2", Sandbox: "http://127.0.0.1:3", Temporal: "127.0.0.1:4",
			APIKey: gateway.Secret("hk_example"), PID: os.Getpid(),
		}, found)
		require.NotContains(t, fmt.Sprintf("%v %+v", found, found), "hk_example")
	})

	t.Run("tells the file of a killed one", func(t *testing.T) {
		t.Parallel()
		gone := exec.Command("true")
		require.NoError(t, gone.Run())
		data := write(t, fmt.Sprintf(`{"api":"http://127.0.0.1:1","api_key":"hk_example","pid":%d}`, gone.Process.Pid))
		_, err := installation.Find(data)
		var notRunning *installation.NotRunningError
		require.ErrorAs(t, err, &notRunning)
		require.Equal(t, installation.NotRunningError{Data: data, PID: gone.Process.Pid}, *notRunning)
		require.Contains(t, err.Error(), "herald up --data "+data)
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
