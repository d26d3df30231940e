package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"herald/internal/sandbox/network"
	"herald/internal/sandbox/phone"
)

const (
	stateFile  = "network.json"
	filesDir   = "files"
	saveEvery  = 100 * time.Millisecond // how soon a change is written when nobody waits for it
	savePauses = 40                     // pauses are at least so many times as long as the last write: writing stays cheap
	// smallState is the size, in bytes, up to which a change is answered when it is written. A bigger network is written
	// behind the callers' back.
	smallState = 512 << 10
)

// state keeps the network and the phones in a folder: one JSON file, replaced at once by each write, and one file per
// uploaded file. Writing runs beside all other work. What was written survives kill -9; what happened in the last moment
// before is lost, and the ids that it had are not given again.
type state struct {
	folder  string
	network *network.Network
	phones  *phone.Operator
	logger  *slog.Logger

	requests chan chan error
	stop     chan struct{}
	done     chan struct{}

	mu   sync.Mutex
	took time.Duration // by the last write
	size int           // of the last write, in bytes

	// Only the writing goroutine uses these.
	saved int64 // the network's version in the file
	files map[string]bool
}

// kept is the content of the file.
type kept struct {
	Network network.Snapshot `json:"network"`
	Phones  phone.Kept       `json:"phones"`
}

// openState reads the folder into the network and the phones and begins to keep them. Without a folder nothing is kept.
func openState(folder string, n *network.Network, p *phone.Operator, logger *slog.Logger) (*state, error) {
	s := &state{folder: folder, network: n, phones: p, logger: logger, files: map[string]bool{}}
	if folder == "" {
		return s, nil
	}
	if err := os.MkdirAll(filepath.Join(folder, filesDir), 0o700); err != nil {
		return nil, fmt.Errorf("make the sandbox's state folder: %w", err)
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	if err := s.write(false); err != nil {
		return nil, err
	}
	s.requests, s.stop, s.done = make(chan chan error), make(chan struct{}), make(chan struct{})
	go s.run()
	return s, nil
}

func (s *state) load() error {
	raw, err := os.ReadFile(filepath.Join(s.folder, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the sandbox's state: %w", err)
	}
	var k kept
	if err := json.Unmarshal(raw, &k); err != nil {
		return fmt.Errorf("read the sandbox's state in %s: %w", filepath.Join(s.folder, stateFile), err)
	}
	present := k.Network.Files[:0]
	for _, f := range k.Network.Files {
		if f.Body, err = os.ReadFile(s.path(f)); err == nil {
			present = append(present, f)
			s.files[f.UniqueID] = true
		}
	}
	k.Network.Files = present
	if err := s.network.Restore(k.Network); err != nil {
		return err
	}
	s.phones.Restore(k.Phones)
	return nil
}

// path is where the content of a file is kept; unique ids are made of letters, digits, - and _ by the network itself.
func (s *state) path(f *network.File) string {
	return filepath.Join(s.folder, filesDir, filepath.Base(f.UniqueID))
}

// run writes when something changed or somebody asks.
func (s *state) run() {
	defer close(s.done)
	timer := time.NewTimer(saveEvery)
	defer timer.Stop()
	for {
		var err error
		select {
		case <-s.stop:
			return
		case answer := <-s.requests:
			err = s.write(false)
			answer <- err
		case <-timer.C:
			if s.network.Version() != s.saved {
				err = s.write(false)
			}
		}
		if err != nil {
			s.logger.Error("sandbox state is not written", "error", err)
		}
		s.mu.Lock()
		timer.Reset(max(saveEvery, savePauses*s.took))
		s.mu.Unlock()
	}
}

// save waits until everything up to now is in the file, when the network is small; else it is written soon.
func (s *state) save(ctx context.Context) error {
	if s.folder == "" {
		return nil
	}
	s.mu.Lock()
	big := s.size > smallState
	s.mu.Unlock()
	if big {
		return nil
	}
	answer := make(chan error, 1)
	select {
	case s.requests <- answer:
		return <-answer
	case <-s.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close writes for the last time.
func (s *state) close() error {
	if s.folder == "" {
		return nil
	}
	close(s.stop)
	<-s.done
	return s.write(true)
}

// write replaces the file. The last write of a run is marked clean and forced to the disk.
func (s *state) write(last bool) error {
	start := time.Now()
	version := s.network.Version()
	k := kept{Network: s.network.Snapshot(), Phones: s.phones.Snapshot()}
	k.Network.Clean = last
	if err := s.writeFiles(k.Network.Files); err != nil {
		return err
	}
	raw, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("encode the sandbox's state: %w", err)
	}
	if err := replaceFile(filepath.Join(s.folder, stateFile), raw, last); err != nil {
		return fmt.Errorf("write the sandbox's state: %w", err)
	}
	s.saved = version
	s.mu.Lock()
	s.took, s.size = time.Since(start), len(raw)
	s.mu.Unlock()
	return nil
}

// writeFiles writes files that are new and removes those that are gone.
func (s *state) writeFiles(files []*network.File) error {
	present := make(map[string]bool, len(files))
	for _, f := range files {
		present[f.UniqueID] = true
		if s.files[f.UniqueID] {
			continue
		}
		if err := replaceFile(s.path(f), f.Body, false); err != nil {
			return fmt.Errorf("write a file of the sandbox: %w", err)
		}
		s.files[f.UniqueID] = true
	}
	for id := range s.files {
		if !present[id] {
			_ = os.Remove(filepath.Join(s.folder, filesDir, id)) // a leftover does no harm
			delete(s.files, id)
		}
	}
	return nil
}

// replaceFile writes beside the file and renames, so that a reader finds the old or the new content, never a part.
func replaceFile(path string, raw []byte, sync bool) error {
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil && sync {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
