package installation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"herald/internal/gateway"
)

// File is the name of the file in the data folder.
const File = "herald.json"

// maxFile bounds the file, in bytes.
const maxFile = 64 << 10

// Installation says where the parts of a running Herald listen.
type Installation struct {
	API      string         `json:"api"`      // URL of the private listener
	Public   string         `json:"public"`   // URL of the public listener
	Sandbox  string         `json:"sandbox"`  // URL of the sandbox, empty when it is off
	Temporal string         `json:"temporal"` // host:port of the Temporal frontend
	APIKey   gateway.Secret `json:"api_key"`  // the operator's key
	PID      int            `json:"pid"`      // process id of `herald up`
}

// NotRunningError says that nothing runs on a data folder.
type NotRunningError struct {
	Data string // the folder
	PID  int    // the process that ran there last; 0 when there was none
}

func (e *NotRunningError) Error() string {
	if e.PID != 0 {
		return fmt.Sprintf("Herald does not run on %s any more (process %d does not answer): start it with `herald up --data %s`", e.Data, e.PID, e.Data)
	}
	return fmt.Sprintf("Herald does not run on %s: start it with `herald up --data %s`, or name the folder of a running one with --data", e.Data, e.Data)
}

// Find returns the installation that runs on a data folder. It returns a NotRunningError when none does.
func Find(data string) (Installation, error) {
	found, err := load(filepath.Join(data, File))
	if errors.Is(err, fs.ErrNotExist) {
		return Installation{}, &NotRunningError{Data: data}
	}
	if err != nil {
		return Installation{}, err
	}
	if !alive(found.PID) || !listens(found.API) {
		return Installation{}, &NotRunningError{Data: data, PID: found.PID}
	}
	return found, nil
}

func load(path string) (Installation, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return Installation{}, fmt.Errorf("%s belongs to somebody else: run this as the user who runs `herald up`, or set HERALD_API_URL and HERALD_API_KEY", path)
	}
	if err != nil {
		return Installation{}, fmt.Errorf("find the installation: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return Installation{}, fmt.Errorf("read %s: %w", path, err)
	}
	var found Installation
	if err := json.Unmarshal(text, &found); err != nil || len(text) > maxFile || found.API == "" || found.PID <= 0 {
		return Installation{}, fmt.Errorf("%s is damaged: restart `herald up` on this folder to write it anew", path)
	}
	return found, nil
}

// alive tells whether a process of this machine exists, whoever owns it.
func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, fs.ErrPermission)
}

// dialWithin bounds how long a listener of this machine may take to accept a connection.
const dialWithin = 2 * time.Second

// listens tells whether somebody accepts connections at an address. A process that was killed a moment ago still has its
// id, and so has one whose parent does not look after it.
func listens(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	connection, err := net.DialTimeout("tcp", u.Host, dialWithin)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}
