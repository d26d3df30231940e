package frameworks_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tick is how often a condition is looked at.
const tick = 10 * time.Millisecond

//go:embed package.json package-lock.json
var manifest embed.FS

//go:embed bots
var bots embed.FS

// install puts the npm packages of package-lock.json into a cache folder, once, and returns the folder.
var install = sync.OnceValues(func() (string, error) {
	if _, err := exec.LookPath("npm"); err != nil {
		return "", errors.New("npm is not installed: these tests need Node.js 18 or newer with npm (on Debian: apt-get install nodejs npm)")
	}
	hash := sha256.New()
	content := map[string][]byte{}
	for _, name := range []string{"package.json", "package-lock.json"} {
		raw, err := manifest.ReadFile(name)
		if err != nil {
			return "", err
		}
		content[name] = raw
		hash.Write(raw)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir() // without a home folder
	}
	parent := filepath.Join(cache, "herald-test")
	folder := filepath.Join(parent, "frameworks-"+hex.EncodeToString(hash.Sum(nil))[:16])
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(parent, "install-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	for name, raw := range content {
		if err := os.WriteFile(filepath.Join(fresh, name), raw, 0o644); err != nil {
			return "", err
		}
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir = fresh
	if out, err := npm.CombinedOutput(); err != nil {
		return "", errors.New("npm ci: " + err.Error() + "\n" + string(out))
	}
	// Another test process may have been quicker: then its folder serves as well.
	if err := os.Rename(fresh, folder); err != nil && !errors.Is(err, fs.ErrExist) && !isThere(folder) {
		return "", err
	}
	return folder, nil
})

func isThere(folder string) bool {
	_, err := os.Stat(folder)
	return err == nil
}

// runNode starts one of the bots and waits until it receives updates. It ends with the test.
func runNode(t *testing.T, w *world, b bot, script, mode string) *output {
	t.Helper()
	modules, err := install()
	require.NoError(t, err)
	// The scripts stand below the folder of the modules, so that Node.js finds these.
	folder, err := os.MkdirTemp(modules, "run-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	scripts, err := fs.Sub(bots, "bots")
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(folder, scripts))

	ctx, cancel := context.WithCancel(context.Background())
	node := exec.CommandContext(ctx, "node", filepath.Join(folder, script))
	node.Env = append(os.Environ(), "BOT_TOKEN="+b.Token, "API_ROOT="+w.url, "BOT_MODE="+mode)
	stdout, err := node.StdoutPipe()
	require.NoError(t, err)
	var stderr strings.Builder
	node.Stderr = &stderr
	require.NoError(t, node.Start())
	out := &output{changed: make(chan struct{}, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			out.add(lines.Text())
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-read
		_ = node.Wait() // it was killed
		if t.Failed() {
			t.Log(stderr.String())
		}
		require.Empty(t, stderr.String(), "the bot met no errors")
	})
	out.await(t, "ready")
	return out
}

// output is what a program printed so far.
type output struct {
	mu      sync.Mutex
	lines   []string
	changed chan struct{}
}

func (o *output) add(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, line)
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

func (o *output) has(line string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.lines {
		if l == line {
			return true
		}
	}
	return false
}

// await waits until the program printed the line.
func (o *output) await(t *testing.T, line string) {
	t.Helper()
	limit := time.After(patience)
	for !o.has(line) {
		select {
		case <-o.changed:
		case <-limit:
			require.FailNow(t, "the bot did not print "+line)
		}
	}
}
