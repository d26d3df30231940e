// Package seal encrypts what must not lie open in the database, with a key that lies elsewhere.
//
// It is Tink's AEAD over a keyset in a file (mode 0600) beside the data or wherever the operator puts it. A keyset may hold
// several keys: one seals, and all of them open. Rotate makes another one seal; a Box of a file sees that by itself, so that
// the key is changed while everything runs.
//
// Beside them lies one more key, which never changes: what is sealed is found again by its index, a keyed hash of it.
package seal

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Box seals and opens. It is safe for concurrent use.
type Box struct {
	path string // of the file that is watched for another keyset; empty: none
	keys atomic.Pointer[keys]

	mu     sync.Mutex // of looking at the file
	looked time.Time
}

// keys are a keyset at work.
type keys struct {
	primitive tink.AEAD
	prefix    []byte // that begins every value which the primary key sealed
	index     []byte // the key of what Index returns
	raw       []byte
}

const (
	// maxKeyset bounds a key file: a keyset with a dozen keys is under 4 KiB.
	maxKeyset = 64 << 10
	// lookEvery is how often the file is looked at. A value that no known key opens is a reason to look at once.
	lookEvery = 5 * time.Second
)

// Parse makes a Box from a keyset in Tink's JSON form.
func Parse(keysetJSON []byte) (*Box, error) {
	k, err := parse(keysetJSON)
	if err != nil {
		return nil, err
	}
	b := &Box{}
	b.keys.Store(k)
	return b, nil
}

func parse(keysetJSON []byte) (*keys, error) {
	handle, index, err := read(keysetJSON)
	if err != nil {
		return nil, err
	}
	if index == nil {
		return nil, errNoIndexKey
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use keyset: %w", err)
	}
	primary, err := handle.Primary()
	if err != nil {
		return nil, fmt.Errorf("use keyset: %w", err)
	}
	return &keys{primitive: primitive, prefix: prefixOf(primary.KeyID()), index: index, raw: keysetJSON}, nil
}

// prefixOf is how Tink marks what a key sealed: one byte for the kind of prefix, and the key's id.
func prefixOf(id uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{1}, id)
}

// Generate returns a new keyset in Tink's JSON form, with an index key beside it.
func Generate() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make keyset: %w", err)
	}
	return write(handle, newIndexKey())
}

// LoadOrCreate makes a Box from the file, and the file first if it does not exist.
func LoadOrCreate(path string) (*Box, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	box, err := Parse(raw)
	if errors.Is(err, errNoIndexKey) {
		if raw, err = addIndexKey(path); err == nil {
			box, err = Parse(raw)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	box.path, box.looked = path, time.Now()
	return box, nil
}

// create writes a new keyset, unless another process is first: then it returns that one's.
func create(path string) ([]byte, error) {
	raw, err := Generate()
	if err != nil {
		return nil, err
	}
	err = writeNew(path, raw)
	if errors.Is(err, fs.ErrExist) {
		return os.ReadFile(path)
	}
	return raw, err
}

// writeNew writes the whole file or none of it: half a key would lose every sealed value.
func writeNew(path string, raw []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path) // fs.ErrExist if another process was first
}

// Seal encrypts plain, bound to a place: it opens only with the same bound.
func (b *Box) Seal(_ context.Context, plain []byte, bound string) ([]byte, error) {
	b.look(lookEvery)
	sealed, err := b.keys.Load().primitive.Encrypt(plain, []byte(bound))
	if err != nil {
		return nil, fmt.Errorf("seal value: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same bound.
func (b *Box) Open(_ context.Context, sealed []byte, bound string) ([]byte, error) {
	plain, err := b.keys.Load().primitive.Decrypt(sealed, []byte(bound))
	if err != nil && b.look(0) { // perhaps a key that another process uses already
		plain, err = b.keys.Load().primitive.Decrypt(sealed, []byte(bound))
	}
	if err != nil {
		return nil, fmt.Errorf("open sealed value: %w", err)
	}
	return plain, nil
}

// Index returns the same 32 bytes for the same parts, and nothing that tells anything about them without the key: what is
// sealed can be found by it. It survives every change of the key that seals.
func (b *Box) Index(parts ...string) []byte {
	hash := hmac.New(sha256.New, b.keys.Load().index)
	for _, part := range parts {
		var size [8]byte // so that no two lists of parts look alike
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		hash.Write(size[:])
		hash.Write([]byte(part))
	}
	return hash.Sum(nil)
}

// Prefix is how every value begins that is sealed by the key that seals now.
func (b *Box) Prefix() []byte {
	b.look(lookEvery)
	return bytes.Clone(b.keys.Load().prefix)
}

// Key names the key that seals now, as herald secrets shows it.
func (b *Box) Key() string {
	b.look(lookEvery)
	return fmt.Sprintf("%08x", b.keys.Load().prefix[1:])
}

// look reads the file again if that was not done for a while, and tells whether it holds another keyset. One that cannot be
// read changes nothing: the keys that are known go on.
func (b *Box) look(after time.Duration) (changed bool) {
	if b.path == "" {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.looked) < after {
		return false
	}
	b.looked = time.Now()
	raw, err := os.ReadFile(b.path)
	if err != nil || bytes.Equal(raw, b.keys.Load().raw) {
		return false
	}
	fresh, err := parse(raw)
	if err != nil || !hmac.Equal(fresh.index, b.keys.Load().index) { // with another index key nothing would be found
		return false
	}
	b.keys.Store(fresh)
	return true
}
