package embedded_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/embedded"
)

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	const advice = " and this Herald uses 1: run the Herald that made it, or choose another folder with --data"
	for name, c := range map[string]struct {
		files map[string]string
		// want is what follows the folder's name; empty for success.
		want string
	}{
		"an empty folder":               {nil, ""},
		"a folder of this version":      {map[string]string{"VERSION": "1\n", "herald.key": "x"}, ""},
		"only the lock":                 {map[string]string{"herald.lock": "12\n"}, ""},
		"a mark that a crash cut short": {map[string]string{".VERSION-123": "", "herald.lock": ""}, ""},
		"a newer folder":                {map[string]string{"VERSION": "2\n"}, ` has data format "2"` + advice},
		"a folder of nonsense":          {map[string]string{"VERSION": strings.Repeat("x", 1000)}, ` has data format "` + strings.Repeat("x", 20) + `"` + advice},
		"somebody else's folder":        {map[string]string{"thesis.txt": "x"}, " is not empty and is not a Herald data folder: choose an empty or a new folder with --data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644))
			}
			err := embedded.CheckVersion(dir)
			if c.want != "" {
				require.EqualError(t, err, dir+c.want)
				return
			}
			require.NoError(t, err)
			text, err := os.ReadFile(filepath.Join(dir, "VERSION"))
			require.NoError(t, err)
			require.Equal(t, "1\n", string(text))
			require.NoError(t, embedded.CheckVersion(dir), "a second time")
		})
	}
}
