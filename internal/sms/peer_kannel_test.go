package sms_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sms"
)

// kannelPeer is a real Kannel: its bearerbox and smsbox as child processes, bound by SMPP to an operator that the test
// plays.
type kannelPeer struct {
	*handsets
	url      string
	operator *operator
}

func startKannel(t *testing.T, callback string) peer {
	bearerbox, smsbox := kannelProgram(t, "bearerbox"), kannelProgram(t, "smsbox")
	p := &kannelPeer{handsets: newHandsets(t)}
	p.operator = startOperator(t, p.handsets)

	admin, boxes, sendsms := freePort(t), freePort(t), freePort(t)
	p.url = fmt.Sprintf("http://127.0.0.1:%d", sendsms)
	folder := t.TempDir()
	settings := filepath.Join(folder, "kannel.conf")
	require.NoError(t, os.WriteFile(settings, []byte(fmt.Sprintf(`
group = core
admin-port = %d
admin-password = admin
admin-interface = "127.0.0.1"
smsbox-port = %d
smsbox-interface = "127.0.0.1"
dlr-storage = internal
log-level = 1

group = smsc
smsc = smpp
smsc-id = operator
host = 127.0.0.1
port = %d
transceiver-mode = true
smsc-username = herald
smsc-password = smpp
system-type = ""
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %d
sendsms-interface = "127.0.0.1"
http-request-retry = 20
http-queue-delay = 1
log-level = 1

group = sendsms-user
username = herald
password = "box"
max-messages = 10
concatenation = true

group = sms-service
keyword = default
get-url = "%s&from=%%p&to=%%P&text=%%b&charset=%%C&id=%%I&at=%%T"
catch-all = true
max-messages = 0
`, admin, boxes, p.operator.port(), sendsms, sms.ReplyURL(callback, secret))), 0o600))

	run(t, folder, bearerbox, settings)
	status := fmt.Sprintf("http://127.0.0.1:%d/status.txt?password=admin", admin)
	require.Eventually(t, func() bool { return strings.Contains(fetch(status), "operator[operator]") }, patience, 50*time.Millisecond, "bearerbox did not start")
	run(t, folder, smsbox, settings)
	require.Eventually(t, func() bool {
		text := fetch(status)
		return strings.Contains(text, "smsbox:") && strings.Contains(text, "(online") && fetch(p.url+"/cgi-bin/sendsms") != ""
	}, patience, 50*time.Millisecond, "smsbox did not start, or did not bind to the operator")
	return p
}

// kannelProgram finds a program of Kannel, also where Debian puts it out of the PATH of users other than root.
func kannelProgram(t *testing.T, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(candidate); err == nil {
			return found
		}
	}
	require.FailNow(t, "Kannel is not installed: run make deps, or apt-get install kannel")
	return ""
}

// run starts a program that ends with the test, and also with a test that is killed. The thread that started it must
// live as long as it does: the kernel watches the thread.
func run(t *testing.T, folder, program, settings string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log, err := os.Create(filepath.Join(folder, filepath.Base(program)+".log"))
	require.NoError(t, err)
	command := exec.CommandContext(ctx, program, "--verbosity", "1", settings)
	command.Dir, command.Stdout, command.Stderr = folder, log, log
	diesWithParent(command)
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // killed: its exit code says nothing
		}
	}()
	require.NoError(t, <-started)
	t.Cleanup(func() {
		cancel()
		<-ended
		_ = log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s:\n%s", filepath.Base(program), text[max(0, len(text)-6000):])
		}
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// fetch returns what an address answers, "" if nothing.
func fetch(address string) string {
	response, err := http.Get(address)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	raw, _ := io.ReadAll(response.Body)
	return string(raw)
}

func (p *kannelPeer) config() sms.ProviderConfig {
	return sms.ProviderConfig{Kind: sms.KindKannel, URL: p.url, Login: "herald", Password: "box", Sender: "ACME", CallbackSecret: secret}
}

func (p *kannelPeer) repeats() {}

func (p *kannelPeer) write(t *testing.T, from, to, text string) { p.operator.write(t, from, to, text) }
