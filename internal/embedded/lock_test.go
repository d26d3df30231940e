package embedded_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/embedded"
)

// childDataDir makes the test binary a program that locks the folder named, says so and waits to be killed.
const childDataDir = "HERALD_TEST_LOCK_CHILD"

func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv(childDataDir); ok {
		release, err := embedded.Lock(dir)
		fmt.Println("locked:", err == nil)
		if err == nil {
			_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
			release()
		}
		return
	}
	os.Exit(m.Run())
}

func TestLockNamesTheHolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "data")
	release, err := embedded.Lock(dir)
	require.NoError(t, err)

	_, err = embedded.Lock(dir)
	var locked *embedded.LockedError
	require.ErrorAs(t, err, &locked)
	require.Equal(t, os.Getpid(), locked.PID)
	require.Equal(t, dir, locked.Path)
	require.EqualError(t, err, fmt.Sprintf("%s is in use by process %d: stop it first, or choose another folder", dir, os.Getpid()))

	release()
	release, err = embedded.Lock(dir)
	require.NoError(t, err)
	release()
}

func TestKilledHolderLetsGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.Command(self)
	child.Env = append(os.Environ(), childDataDir+"="+dir)
	in, err := child.StdinPipe()
	require.NoError(t, err)
	defer in.Close()
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "locked: true\n", line)

	_, err = embedded.Lock(dir)
	var locked *embedded.LockedError
	require.ErrorAs(t, err, &locked)
	require.Equal(t, child.Process.Pid, locked.PID)

	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait(), "it was killed")
	release, err := embedded.Lock(dir)
	require.NoError(t, err)
	release()
}

func TestLockLeavesAForeignFolderAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o644))
	_, err := embedded.Lock(dir)
	require.ErrorAs(t, err, new(*embedded.ForeignFolderError))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}
