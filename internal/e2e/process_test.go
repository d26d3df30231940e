package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// startWithin bounds a start, on a machine that does much else.
	startWithin = 90 * time.Second
	// stopWithin bounds an orderly stop of everything.
	stopWithin = 30 * time.Second
	// patience bounds the waiting for anything else.
	patience = 60 * time.Second
	// lookPause is how long a waiting test rests between two looks.
	lookPause = 25 * time.Millisecond
)

// process is a child process of the program.
type process struct {
	cmd    *exec.Cmd
	stdout transcript
	stderr transcript
	done   chan struct{} // closed when it has ended
}

// transcript keeps what a process wrote.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// environment is what child processes get: nothing of this machine's own settings of Herald, PostgreSQL or Temporal.
func environment(more ...string) []string {
	env := []string{"TZ=UTC"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, more...)
}

// launch starts the program. The test's end kills it if it still runs.
func launch(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program(), args...), done: make(chan struct{})}
	p.cmd.Env = environment()
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.SysProcAttr = dieWithParent()
	p.cmd.WaitDelay = 5 * time.Second
	started := make(chan error, 1)
	go func() {
		// The death of the thread that started a child counts as its parent's.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // its state is in ProcessState
			close(p.done)
		}
	}()
	require.NoError(t, <-started, "start %v", args)
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("herald %s\n%s%s", strings.Join(args, " "), p.stdout.String(), tail(p.stderr.String()))
		}
	})
	return p
}

// tail is the end of a log, for the report of a failed test.
func tail(log string) string {
	const most = 8 << 10
	if len(log) <= most {
		return log
	}
	return "...\n" + log[len(log)-most:]
}

// awaitReady waits until the process says that it is ready and returns the rest of that line.
func (p *process) awaitReady(t testing.TB) string {
	t.Helper()
	var line string
	await(t, startWithin, "the process to be ready", func() (bool, string) {
		select {
		case <-p.done:
			require.Fail(t, "the process ended", "exit code %d\n%s", p.cmd.ProcessState.ExitCode(), p.stderr.String())
		default:
		}
		_, rest, said := strings.Cut(p.stdout.String(), "Ready")
		var whole bool
		line, _, whole = strings.Cut(rest, "\n")
		return said && whole, "no line that says Ready"
	})
	return strings.TrimSpace(strings.TrimPrefix(line, ":"))
}

// kill9 kills the process as a crash would, and checks that no child of it stays behind.
func (p *process) kill9(t testing.TB) {
	t.Helper()
	children := p.children(t)
	require.NoError(t, p.cmd.Process.Kill())
	p.awaitEnd(t, stopWithin)
	awaitGone(t, children)
}

// interrupt asks the process to stop, as Ctrl-C does, and returns its exit code. No child of it stays behind.
func (p *process) interrupt(t testing.TB) int {
	t.Helper()
	children := p.children(t)
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	code := p.awaitEnd(t, stopWithin)
	awaitGone(t, children)
	return code
}

func (p *process) children(t testing.TB) []int {
	t.Helper()
	children, err := descendants(p.cmd.Process.Pid)
	require.NoError(t, err)
	if p.cmd.Args[1] == "up" {
		require.NotEmpty(t, children, "PostgreSQL is a child")
	}
	return children
}

// freeze stops the process until thaw lets it go on: it does nothing, as if the machine had no time for it.
func (p *process) freeze(t testing.TB) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGSTOP))
	await(t, stopWithin, "the process to stand still", func() (bool, string) {
		state := stateOf(p.cmd.Process.Pid)
		return state == "T", "its state is " + state
	})
}

func (p *process) thaw(t testing.TB) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGCONT))
}

// awaitEnd waits for the process to end by itself and returns its exit code.
func (p *process) awaitEnd(t testing.TB, within time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		require.Fail(t, "the process does not end", "after %s\n%s", within, tail(p.stderr.String()))
	}
	return p.cmd.ProcessState.ExitCode()
}

// awaitGone waits until none of these processes lives.
func awaitGone(t testing.TB, pids []int) {
	t.Helper()
	await(t, stopWithin, "all child processes to end", func() (bool, string) {
		for _, pid := range pids {
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
				return false, fmt.Sprintf("process %d lives", pid)
			}
		}
		return true, ""
	})
}

// await looks until look is content. Look says what it sees meanwhile.
func await(t testing.TB, within time.Duration, what string, look func() (ok bool, saw string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(lookPause)
	defer tick.Stop()
	for {
		ok, saw := look()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.Fail(t, "waited in vain", "for %s; after %s: %s", what, within, saw)
		}
	}
}

// result is how a command ended.
type result struct {
	stdout, stderr string
	code           int
}

// run runs the program to its end.
func run(ctx context.Context, env []string, stdin string, args ...string) (result, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program(), args...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return result{}, fmt.Errorf("run herald %s: %w", strings.Join(args, " "), err)
	}
	return result{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode()}, nil
}
