package pgserver_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/embedded/pgserver"
)

// childDataDir makes the test binary a program that starts a server on the folder named, prints its process id and
// waits to be killed.
const childDataDir = "HERALD_TEST_PGSERVER_CHILD"

func runChild(dir string) {
	server, err := pgserver.Start(context.Background(), pgserver.Options{DataDir: dir, NoDownload: true})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(server.PID(), server.URL("postgres"))
	<-server.Done()
}

// parent is a process that runs a server.
type parent struct {
	cmd       *osexec.Cmd
	serverPID int
	url       string
}

func startParent(t *testing.T, dir string) *parent {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &parent{cmd: osexec.Command(self)}
	p.cmd.Env = append(os.Environ(), childDataDir+"="+dir)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { p.kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, url, found := strings.Cut(strings.TrimSpace(line), " ")
	require.True(t, found && pid != "error:", line)
	p.serverPID, err = strconv.Atoi(pid)
	require.NoError(t, err)
	p.url = url
	return p
}

func (p *parent) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// backends lists the processes whose parent is the postmaster.
func backends(t *testing.T, postmaster int) []int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", postmaster, postmaster))
	require.NoError(t, err)
	var pids []int
	for field := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(field)
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

func TestKilledParentLeavesNoProcessAndLosesNothing(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	p := startParent(t, dir)
	execAt(t, p.url, "CREATE TABLE kept (n int)")
	execAt(t, p.url, "INSERT INTO kept SELECT generate_series(1, 1000)")
	pids := append(backends(t, p.serverPID), p.serverPID)
	require.Greater(t, len(pids), 3, "the postmaster has its usual helpers")

	p.kill()
	// At once: the old processes may still be ending.
	second := start(t, pgserver.Options{DataDir: dir})
	require.Equal(t, 1000, query[int](t, second, "SELECT count(*)::int FROM kept"))
	for _, pid := range pids {
		require.Eventually(t, func() bool { return !alive(pid) }, 10*time.Second, 10*time.Millisecond, "process %d is left", pid)
	}
}

func TestKilledParentLeavesNoProcessEvenWithoutANextStart(t *testing.T) {
	t.Parallel()
	p := startParent(t, openDir(t))
	pids := append(backends(t, p.serverPID), p.serverPID)
	p.kill()
	for _, pid := range pids {
		require.Eventually(t, func() bool { return !alive(pid) }, 10*time.Second, 10*time.Millisecond, "process %d is left", pid)
	}
}

func TestKilledPostmasterIsNoticedAndTheNextStartRecovers(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	first := start(t, pgserver.Options{DataDir: dir})
	exec(t, first, "CREATE TABLE kept ()")
	require.NoError(t, syscall.Kill(first.PID(), syscall.SIGKILL))
	<-first.Done()
	require.NoError(t, first.Stop(t.Context()))

	second := start(t, pgserver.Options{DataDir: dir})
	require.Equal(t, 0, query[int](t, second, "SELECT count(*)::int FROM kept"))
}

func TestPIDFileOfADeadPostmasterWhoseIDIsInUseAgain(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	first := start(t, pgserver.Options{DataDir: dir})
	pidFile := filepath.Join(first.Dir(), "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	require.NoError(t, first.Stop(t.Context()))
	// Some process of the same user: what PostgreSQL cannot tell from a living postmaster.
	other := start(t, pgserver.Options{DataDir: openDir(t), FastAndUnsafe: true})
	_, rest, _ := strings.Cut(string(text), "\n")
	require.NoError(t, os.WriteFile(pidFile, []byte(strconv.Itoa(other.PID())+"\n"+rest), 0o644))

	second := start(t, pgserver.Options{DataDir: dir})
	require.Equal(t, 1, query[int](t, second, "SELECT 1"))
	require.True(t, alive(other.PID()), "the other process is left alone")
}

func TestStopThatMayNotWaitIsRecoveredFrom(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	first, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: dir, NoDownload: true})
	require.NoError(t, err)
	exec(t, first, "CREATE TABLE kept ()")
	// Held, the postmaster obeys neither of the two polite requests.
	require.NoError(t, syscall.Kill(first.PID(), syscall.SIGSTOP))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, first.Stop(ctx), context.Canceled)
	require.False(t, alive(first.PID()))

	second := start(t, pgserver.Options{DataDir: dir})
	require.Equal(t, 0, query[int](t, second, "SELECT count(*)::int FROM kept"))
}
