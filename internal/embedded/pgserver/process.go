package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// drainTime is how long a finished process may keep its output open through children of its own.
const drainTime = 2 * time.Second

// child is a running process that dies with this one.
type child struct {
	pid  int
	done chan struct{}
	// err is how the process ended; read it after done is closed.
	err error
	// process is for signals only; the waiting goroutine collects it.
	process *os.Process
}

// spawn starts a command as the account. If this process dies, the kernel sends the child onDeath, on systems that
// can.
func spawn(cmd *exec.Cmd, who account, onDeath syscall.Signal) (*child, error) {
	cmd.Env = environment()
	cmd.SysProcAttr = processAttributes(who, onDeath)
	cmd.WaitDelay = drainTime
	started := make(chan error, 1)
	c := &child{done: make(chan struct{})}
	go func() {
		// The death signal fires when the thread that forked ends, and Go ends idle threads now and then.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		c.pid, c.process = cmd.Process.Pid, cmd.Process
		started <- nil
		err := cmd.Wait()
		if !errors.Is(err, exec.ErrWaitDelay) {
			c.err = err
		}
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("run %s as %s: %w", cmd.Path, who.name, err)
	}
	return c, nil
}

// signal is a no-op on a child that has ended.
func (c *child) signal(sig syscall.Signal) {
	_ = c.process.Signal(sig)
}

// run starts a command as the account, waits for its end and returns what it wrote, at most maxOutput bytes of it.
func run(ctx context.Context, cmd *exec.Cmd, who account) (string, error) {
	output := &boundedBuffer{}
	cmd.Stdout, cmd.Stderr = output, output
	c, err := spawn(cmd, who, syscall.SIGKILL)
	if err != nil {
		return "", err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		c.signal(syscall.SIGKILL)
		<-c.done
		return output.String(), ctx.Err()
	}
	return output.String(), c.err
}

// boundedBuffer keeps the beginning of what is written to it.
type boundedBuffer struct{ bytes.Buffer }

const maxOutput = 64 << 10

var _ io.Writer = (*boundedBuffer)(nil)

func (b *boundedBuffer) Write(data []byte) (int, error) {
	if room := maxOutput - b.Len(); room > 0 {
		b.Buffer.Write(data[:min(room, len(data))])
	}
	return len(data), nil
}

// environment keeps what a program needs to load and nothing that would steer PostgreSQL from outside (PGDATA, PGPORT,
// PGOPTIONS and their like).
func environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// processes of a cluster are known by its name, which PostgreSQL shows in the title of each of them.
type runningProcess struct {
	pid int
	// postmaster is the parent of the others.
	postmaster bool
}

// parseProcess reads one command line: the postmaster's holds the setting, a backend's title holds the bare name.
func parseProcess(pid int, commandLine, clusterName string) (runningProcess, bool) {
	switch {
	case strings.Contains(commandLine, "cluster_name="+clusterName):
		return runningProcess{pid: pid, postmaster: true}, true
	case strings.HasPrefix(commandLine, "postgres: "+clusterName+":"):
		return runningProcess{pid: pid}, true
	}
	return runningProcess{}, false
}

// reap makes the processes of a dead parent's cluster go and waits until they are gone. Only the holder of the
// cluster's lock may call it.
func reap(ctx context.Context, clusterName string) error {
	const (
		pause     = 20 * time.Millisecond
		killAfter = 10 * time.Second
	)
	begin := time.Now()
	for {
		left, err := clusterProcesses(clusterName)
		if err != nil {
			return fmt.Errorf("look for earlier database processes: %w", err)
		}
		if len(left) == 0 {
			return nil
		}
		for _, process := range left {
			switch {
			case time.Since(begin) > killAfter:
				_ = syscall.Kill(process.pid, syscall.SIGKILL)
			case process.postmaster:
				_ = syscall.Kill(process.pid, syscall.SIGQUIT)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the earlier database process %d to end: %w", left[0].pid, ctx.Err())
		case <-time.After(pause):
		}
	}
}
