package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"herald/client"
	"herald/internal/installation"
)

const (
	startWithin = 5 * time.Minute  // an empty folder on a slow disk
	stopWithin  = 90 * time.Second // an orderly stop; then it is killed
	lookPause   = 10 * time.Millisecond
)

// program is a running `herald up`.
type program struct {
	command *exec.Cmd
	output  tail
	exited  chan struct{}
	err     error // of the process; read it after exited
	ready   time.Duration
	found   installation.Installation
}

// start starts `herald up` on a data folder with free ports and waits until it says that it is ready.
func start(ctx context.Context, path, data string) (*program, error) {
	p := &program{exited: make(chan struct{})}
	p.command = exec.Command(path, "up", "--data", data,
		"--listen", "127.0.0.1:0", "--public-listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0")
	p.command.Env = plainEnvironment(os.Environ())
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	begun := time.Now()
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start herald: %w", err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.exited)
	}()
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := p.awaitReady(ctx, data); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.ready = time.Since(begun)
	return p, nil
}

// plainEnvironment leaves out what would configure the measured program.
func plainEnvironment(environment []string) []string {
	var plain []string
	for _, entry := range environment {
		if !strings.HasPrefix(entry, "HERALD_") && !strings.HasPrefix(entry, "TEMPORAL_") {
			plain = append(plain, entry)
		}
	}
	return plain
}

// awaitReady waits until herald.json is that of this process and the API says that all parts work.
func (p *program) awaitReady(ctx context.Context, data string) error {
	ticker := time.NewTicker(lookPause)
	defer ticker.Stop()
	for {
		if found, err := installation.Find(data); err == nil && found.PID == p.PID() {
			p.found = found
			if works(ctx, found) {
				return nil
			}
		}
		select {
		case <-ticker.C:
		case <-p.exited:
			return fmt.Errorf("herald up ended before it was ready: %s", p.output.String())
		case <-ctx.Done():
			return fmt.Errorf("wait for herald up to be ready: %w; it said: %s", ctx.Err(), p.output.String())
		}
	}
}

func works(ctx context.Context, found installation.Installation) bool {
	api, err := client.New(found.API, found.APIKey.Reveal())
	if err != nil {
		return false
	}
	health, err := api.Ready(ctx)
	return err == nil && health.Status == "ok"
}

// PID is the process of herald itself.
func (p *program) PID() int { return p.command.Process.Pid }

// stop ends the program in order, and kills it when that takes too long. Once it has ended, stop does nothing.
func (p *program) stop() error {
	select {
	case <-p.exited:
		return nil
	default:
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop herald: %w", err)
	}
	select {
	case <-p.exited:
	case <-time.After(stopWithin):
		_ = p.command.Process.Kill() // it may have ended just now
		<-p.exited
		return fmt.Errorf("herald up did not stop within %s and was killed; it said: %s", stopWithin, p.output.String())
	}
	if p.err != nil {
		return fmt.Errorf("herald up stopped with an error: %w; it said: %s", p.err, p.output.String())
	}
	return nil
}

// tailBytes is how much of the end of a program's output is kept.
const tailBytes = 2000

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, text...)
	if cut := len(t.text) - tailBytes; cut > 0 {
		t.text = append([]byte(nil), t.text[cut:]...)
	}
	return len(text), nil
}

// String is the end of the output in one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(string(t.text)), " ")
}
