package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Key is one key of a keyset, without its secret.
type Key struct {
	ID      string
	Primary bool // seals now; the others only open
}

// Keys lists the keys of a keyset, the oldest first.
func Keys(keysetJSON []byte) ([]Key, error) {
	handle, _, err := read(keysetJSON)
	if err != nil {
		return nil, err
	}
	list := make([]Key, handle.Len())
	for i := range list {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("read key: %w", err)
		}
		list[i] = Key{ID: fmt.Sprintf("%08x", entry.KeyID()), Primary: entry.IsPrimary()}
	}
	return list, nil
}

// Stage adds a key that opens but does not seal yet: for installations whose processes do not share one file.
func Stage(keysetJSON []byte) ([]byte, error) {
	return change(keysetJSON, func(m *keyset.Manager, _ *keyset.Handle) error {
		_, err := m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
}

// Rotate makes another key seal: the one that was staged last, or a new one. Earlier keys go on to open.
func Rotate(keysetJSON []byte) ([]byte, error) {
	return change(keysetJSON, func(m *keyset.Manager, handle *keyset.Handle) error {
		last, err := handle.Entry(handle.Len() - 1)
		if err != nil {
			return err
		}
		id := last.KeyID()
		if last.IsPrimary() {
			if id, err = m.Add(aead.AES256GCMKeyTemplate()); err != nil {
				return err
			}
		}
		return m.SetPrimary(id)
	})
}

// Prune drops every key but the one that seals. What the others sealed is lost.
func Prune(keysetJSON []byte) ([]byte, error) {
	return change(keysetJSON, func(m *keyset.Manager, handle *keyset.Handle) error {
		for i := range handle.Len() {
			entry, err := handle.Entry(i)
			if err != nil {
				return err
			}
			if entry.IsPrimary() {
				continue
			}
			if err := m.Delete(entry.KeyID()); err != nil {
				return err
			}
		}
		return nil
	})
}

func change(keysetJSON []byte, fn func(*keyset.Manager, *keyset.Handle) error) ([]byte, error) {
	handle, index, err := read(keysetJSON)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManagerFromHandle(handle)
	if err := fn(manager, handle); err != nil {
		return nil, fmt.Errorf("change keyset: %w", err)
	}
	if handle, err = manager.Handle(); err != nil {
		return nil, fmt.Errorf("change keyset: %w", err)
	}
	return write(handle, index)
}

// ChangeFile changes the keyset in a file: the whole of it or nothing, and never a file that is none.
func ChangeFile(path string, fn func([]byte) ([]byte, error)) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no key file %s", path)
	}
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	changed, err := fn(raw)
	if err != nil {
		return fmt.Errorf("key file %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(changed)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	return nil
}
