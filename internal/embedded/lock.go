package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockName is the file in a data folder that its process holds locked.
const lockName = "herald.lock"

// LockedError says that another process holds a lock.
type LockedError struct {
	// Path is what the other process holds: a data folder or a single lock file.
	Path string
	// PID is the holder's process id; 0 when it had not written it yet.
	PID int
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is in use by another process: stop it first, or choose another folder", e.Path)
	}
	return fmt.Sprintf("%s is in use by process %d: stop it first, or choose another folder", e.Path, e.PID)
}

// Lock makes this process the only user of the data folder until release is called or the process ends. It creates the
// folder when it is missing. A folder held by another process gives a *[LockedError]; one with files of somebody else's
// gives a *[ForeignFolderError] and is left as it was.
func Lock(dataDir string) (release func(), err error) {
	if err := os.MkdirAll(dataDir, FolderMode); err != nil {
		return nil, fmt.Errorf("create data folder: %w", err)
	}
	if err := refuseForeign(dataDir); err != nil {
		return nil, err
	}
	release, err = LockFile(filepath.Join(dataDir, lockName))
	var locked *LockedError
	if errors.As(err, &locked) {
		locked.Path = dataDir
	}
	return release, err
}

// LockFile takes an exclusive flock on the file at path, creating it when it is missing, and writes the process id into
// it. The file stays after release: removing it would let two processes lock two files of one name.
func LockFile(path string) (release func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{Path: path, PID: readPID(file)}
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := writePID(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("write lock file %s: %w", path, err)
	}
	return func() {
		_ = file.Truncate(0)
		// Closing alone lets go only once nobody has the file open, and a child that is just being started has, for a moment.
		_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
		file.Close()
	}, nil
}

func writePID(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// readPID returns 0 for anything that is not a process id.
func readPID(file *os.File) int {
	const longest = 32
	text, err := io.ReadAll(io.LimitReader(file, longest))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}
