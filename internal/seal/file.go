package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// indexMember is what a keyset of ours has beside Tink's own members.
const indexMember = "indexKey"

// indexBytes is the length of an index key.
const indexBytes = 32

var errNoIndexKey = errors.New("read keyset: it has no indexKey, 32 random bytes in base64: take the keyset from a key file that herald made")

func newIndexKey() []byte {
	key := make([]byte, indexBytes)
	_, _ = rand.Read(key) // never fails
	return key
}

// read takes a keyset apart: Tink's own part, and the index key, which may be missing.
func read(keysetJSON []byte) (*keyset.Handle, []byte, error) {
	if len(keysetJSON) > maxKeyset {
		return nil, nil, errors.New("read keyset: it is over 64 KiB")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(keysetJSON, &members); err != nil {
		return nil, nil, errors.New("read keyset: it is no JSON object")
	}
	var index []byte
	if raw, ok := members[indexMember]; ok {
		if err := json.Unmarshal(raw, &index); err != nil || len(index) != indexBytes {
			return nil, nil, errors.New("read keyset: its indexKey is not 32 bytes in base64")
		}
		delete(members, indexMember)
	}
	tinks, err := json.Marshal(members)
	if err != nil {
		return nil, nil, fmt.Errorf("read keyset: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(tinks)))
	if err != nil {
		return nil, nil, fmt.Errorf("read keyset: %w", err)
	}
	return handle, index, nil
}

func write(handle *keyset.Handle, index []byte) ([]byte, error) {
	var tinks bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&tinks)); err != nil {
		return nil, fmt.Errorf("write keyset: %w", err)
	}
	var members map[string]json.RawMessage
	err := json.Unmarshal(tinks.Bytes(), &members)
	if err == nil && index != nil {
		members[indexMember], err = json.Marshal(index)
	}
	if err != nil {
		return nil, fmt.Errorf("write keyset: %w", err)
	}
	return json.Marshal(members)
}

// addIndexKey gives a file from before there were index keys one, and returns what it holds then. Processes that do so at
// once wait for each other: a second index key would lose what was found by the first.
func addIndexKey(path string) ([]byte, error) {
	lock, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	err = ChangeFile(path, func(raw []byte) ([]byte, error) {
		handle, index, err := read(raw)
		if err != nil {
			return nil, err
		}
		if index != nil { // another process was first
			return raw, nil
		}
		return write(handle, newIndexKey())
	})
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
