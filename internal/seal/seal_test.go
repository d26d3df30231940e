package seal_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/seal"
)

func TestSealedValuesOpenOnlyInTheirPlace(t *testing.T) {
	t.Parallel()
	keyset, err := seal.Generate()
	require.NoError(t, err)
	box, err := seal.Parse(keyset)
	require.NoError(t, err)
	sealed, err := box.Seal(t.Context(), []byte("token"), "bots/1")
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "token")

	plain, err := box.Open(t.Context(), sealed, "bots/1")
	require.NoError(t, err)
	require.Equal(t, "token", string(plain))

	_, err = box.Open(t.Context(), sealed, "bots/2")
	require.Error(t, err, "another row's value")
	sealed[len(sealed)-1] ^= 1
	_, err = box.Open(t.Context(), sealed, "bots/1")
	require.Error(t, err, "a changed value")

	other, err := seal.Generate()
	require.NoError(t, err)
	stranger, err := seal.Parse(other)
	require.NoError(t, err)
	sealed[len(sealed)-1] ^= 1
	_, err = stranger.Open(t.Context(), sealed, "bots/1")
	require.Error(t, err, "another key")
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	t.Run("is made once, for its owner only, and found again", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "herald.key")
		box, err := seal.LoadOrCreate(path)
		require.NoError(t, err)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		sealed, err := box.Seal(t.Context(), []byte("x"), "a")
		require.NoError(t, err)
		again, err := seal.LoadOrCreate(path)
		require.NoError(t, err)
		_, err = again.Open(t.Context(), sealed, "a")
		require.NoError(t, err)
	})
	t.Run("that is no key is refused and left as it is", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "herald.key")
		require.NoError(t, os.WriteFile(path, []byte("not a key"), 0o600))
		_, err := seal.LoadOrCreate(path)
		require.ErrorContains(t, err, path)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "not a key", string(text))
	})
	t.Run("is one key when two processes make it at once", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "herald.key")
		boxes := make([]*seal.Box, 8)
		var wg sync.WaitGroup
		for i := range boxes {
			wg.Go(func() {
				box, err := seal.LoadOrCreate(path)
				if err != nil {
					t.Error(err)
					return
				}
				boxes[i] = box
			})
		}
		wg.Wait()
		sealed, err := boxes[0].Seal(t.Context(), []byte("x"), "a")
		require.NoError(t, err)
		for _, box := range boxes {
			_, err := box.Open(t.Context(), sealed, "a")
			require.NoError(t, err)
		}
	})
}

func TestRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "herald.key")
	writer, err := seal.LoadOrCreate(path)
	require.NoError(t, err)
	reader, err := seal.LoadOrCreate(path) // of another process
	require.NoError(t, err)
	old, err := writer.Seal(t.Context(), []byte("token"), "a")
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(old, writer.Prefix()))

	require.NoError(t, seal.ChangeFile(path, seal.Rotate))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	rotated, err := seal.LoadOrCreate(path)
	require.NoError(t, err)
	require.False(t, bytes.HasPrefix(old, rotated.Prefix()))
	fresh, err := rotated.Seal(t.Context(), []byte("token"), "a")
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(fresh, rotated.Prefix()))
	for name, box := range map[string]*seal.Box{"a process that runs": reader, "one that started since": rotated} {
		for _, sealed := range [][]byte{old, fresh} {
			plain, err := box.Open(t.Context(), sealed, "a")
			require.NoError(t, err, name)
			require.Equal(t, "token", string(plain))
		}
	}
	require.True(t, bytes.HasPrefix(fresh, reader.Prefix()), "it has seen the new key when it met it")
	require.NotEqual(t, "", reader.Key())
	require.Equal(t, rotated.Key(), reader.Key())

	require.NoError(t, seal.ChangeFile(path, seal.Prune))
	pruned, err := seal.LoadOrCreate(path)
	require.NoError(t, err)
	_, err = pruned.Open(t.Context(), old, "a")
	require.Error(t, err)
	_, err = pruned.Open(t.Context(), fresh, "a")
	require.NoError(t, err)
}

func TestAStagedKeyOpensBeforeItSeals(t *testing.T) {
	t.Parallel()
	first, err := seal.Generate()
	require.NoError(t, err)
	staged, err := seal.Stage(first)
	require.NoError(t, err)
	rotated, err := seal.Rotate(staged)
	require.NoError(t, err)
	keys, err := seal.Keys(rotated)
	require.NoError(t, err)
	require.Len(t, keys, 2, "no third key is made")
	require.False(t, keys[0].Primary)
	require.True(t, keys[1].Primary)

	newest, err := seal.Parse(rotated)
	require.NoError(t, err)
	sealed, err := newest.Seal(t.Context(), []byte("token"), "a")
	require.NoError(t, err)
	between, err := seal.Parse(staged)
	require.NoError(t, err)
	_, err = between.Open(t.Context(), sealed, "a")
	require.NoError(t, err, "a process that has the staged key only reads what others seal by it")
}

func TestAFileThatIsNoKeysetIsNotChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "herald.key")
	require.ErrorContains(t, seal.ChangeFile(path, seal.Rotate), "there is no key file")
	require.NoError(t, os.WriteFile(path, []byte("odd"), 0o600))
	require.Error(t, seal.ChangeFile(path, seal.Rotate))
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "odd", string(raw))

	box, err := seal.LoadOrCreate(filepath.Join(t.TempDir(), "k"))
	require.NoError(t, err)
	_, err = box.Open(t.Context(), []byte("garbage"), "a")
	require.Error(t, err)
}

func TestIndex(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "herald.key")
	box, err := seal.LoadOrCreate(path)
	require.NoError(t, err)
	phone := box.Index("bot_1", "phone", "+380501234567")
	require.Len(t, phone, 32)
	require.Equal(t, phone, box.Index("bot_1", "phone", "+380501234567"))
	for _, other := range [][]string{{"bot_2", "phone", "+380501234567"}, {"bot_1", "phone+380501234567", ""}, {"bot_1", "phone", "+380501234568"}} {
		require.NotEqual(t, phone, box.Index(other...), other)
	}

	t.Run("survives every change of the key that seals", func(t *testing.T) {
		for _, change := range []func([]byte) ([]byte, error){seal.Stage, seal.Rotate, seal.Prune} {
			require.NoError(t, seal.ChangeFile(path, change))
		}
		again, err := seal.LoadOrCreate(path)
		require.NoError(t, err)
		require.Equal(t, phone, again.Index("bot_1", "phone", "+380501234567"))
	})
	t.Run("gets its key once, in a file from before there was one", func(t *testing.T) {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &members))
		delete(members, "indexKey")
		raw, err = json.Marshal(members)
		require.NoError(t, err)
		_, err = seal.Parse(raw)
		require.ErrorContains(t, err, "indexKey")
		old := filepath.Join(t.TempDir(), "herald.key")
		require.NoError(t, os.WriteFile(old, raw, 0o600))
		indexes := make(chan string, 8)
		var wg sync.WaitGroup
		for range cap(indexes) {
			wg.Go(func() {
				box, err := seal.LoadOrCreate(old)
				if err != nil {
					t.Error(err)
					return
				}
				indexes <- string(box.Index("x"))
			})
		}
		wg.Wait()
		close(indexes)
		first := <-indexes
		for index := range indexes {
			require.Equal(t, first, index)
		}
	})
}
