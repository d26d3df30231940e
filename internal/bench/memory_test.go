package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// process writes a process into a proc file system of files.
func process(t *testing.T, proc string, pid, parent int, name string, rss, pss int) {
	t.Helper()
	folder := filepath.Join(proc, fmt.Sprint(pid))
	require.NoError(t, os.MkdirAll(folder, 0o755))
	stat := fmt.Sprintf("%d (%s) S %d 1 1 0 -1 4194304 100\n", pid, name, parent)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "stat"), []byte(stat), 0o644))
	rollup := fmt.Sprintf("00400000-7fff ---p 00000000 00:00 0 [rollup]\nRss:  %14d kB\nPss:  %14d kB\nPss_Anon: 999999 kB\n", rss, pss)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "smaps_rollup"), []byte(rollup), 0o644))
}

func TestTreeMemory(t *testing.T) {
	t.Parallel()
	proc := t.TempDir()
	process(t, proc, 1, 0, "init", 1, 1)
	process(t, proc, 100, 1, "herald", 2000, 1900)
	process(t, proc, 101, 100, "postgres", 300, 200)
	process(t, proc, 102, 101, "postgres: io (worker) 1 2", 400, 100)
	process(t, proc, 200, 1, "somebody else", 5000, 5000)
	require.NoError(t, os.MkdirAll(filepath.Join(proc, "net"), 0o755))

	used, err := treeMemory(proc, 100)
	require.NoError(t, err)
	require.Equal(t, memory{RSS: 2700 << 10, PSS: 2200 << 10, RootRSS: 2000 << 10, Processes: 3}, used)

	require.NoError(t, os.Remove(filepath.Join(proc, "102", "smaps_rollup")))
	used, err = treeMemory(proc, 100)
	require.NoError(t, err, "a child that ended meanwhile is left out")
	require.Equal(t, 2, used.Processes)

	_, err = treeMemory(proc, 300)
	require.ErrorContains(t, err, "read the memory of process 300", "the program itself must be there")

	require.NoError(t, os.WriteFile(filepath.Join(proc, "101", "stat"), []byte("broken"), 0o644))
	_, err = treeMemory(proc, 100)
	require.ErrorContains(t, err, "not a stat line")
}

func TestTreeMemoryOfThisProcess(t *testing.T) {
	t.Parallel()
	used, err := treeMemory("/proc", os.Getpid())
	require.NoError(t, err)
	require.Positive(t, used.RootRSS)
	require.Positive(t, used.PSS)
	require.GreaterOrEqual(t, used.RSS, used.RootRSS)
	require.GreaterOrEqual(t, used.Processes, 1)
}
