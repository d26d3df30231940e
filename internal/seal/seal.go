// Package seal encrypts what must not lie open in the database, with a key that lies elsewhere.
//
// It is Tink's AEAD over a keyset in a file (mode 0600) beside the data or wherever the operator puts it.
package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Box seals and opens. It is safe for concurrent use.
type Box struct{ primitive tink.AEAD }

// maxKeyset bounds a key file: a keyset with a dozen keys is under 4 KiB.
const maxKeyset = 64 << 10

// Parse makes a Box from a keyset in Tink's JSON form.
func Parse(keysetJSON []byte) (*Box, error) {
	if len(keysetJSON) > maxKeyset {
		return nil, errors.New("read keyset: it is over 64 KiB")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(keysetJSON)))
	if err != nil {
		return nil, fmt.Errorf("read keyset: %w", err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use keyset: %w", err)
	}
	return &Box{primitive: primitive}, nil
}

// Generate returns a new keyset in Tink's JSON form.
func Generate() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make keyset: %w", err)
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return nil, fmt.Errorf("write keyset: %w", err)
	}
	return out.Bytes(), nil
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
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
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
	sealed, err := b.primitive.Encrypt(plain, []byte(bound))
	if err != nil {
		return nil, fmt.Errorf("seal value: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same bound.
func (b *Box) Open(_ context.Context, sealed []byte, bound string) ([]byte, error) {
	plain, err := b.primitive.Decrypt(sealed, []byte(bound))
	if err != nil {
		return nil, fmt.Errorf("open sealed value: %w", err)
	}
	return plain, nil
}
