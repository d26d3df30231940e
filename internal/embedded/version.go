package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	// FolderMode lets other users pass through a data folder without listing it: the database runs as another user
	// when Herald runs as root. Every file with a secret carries mode 0600 of its own.
	FolderMode fs.FileMode = 0o711

	// FormatVersion is the layout of the data folder that this Herald reads and writes. It counts up when an older
	// Herald could no longer use the folder; the schemas of the databases have versions of their own.
	FormatVersion = 1

	versionName = "VERSION"
)

// ForeignFolderError says that a folder holds files but none of them is Herald's.
type ForeignFolderError struct {
	Dir string
}

func (e *ForeignFolderError) Error() string {
	return fmt.Sprintf("%s is not empty and is not a Herald data folder: choose an empty or a new folder with --data", e.Dir)
}

// FormatError says that a data folder was written by a Herald of another format.
type FormatError struct {
	Dir string
	// Found is the text of the folder's VERSION file, cut to a few characters.
	Found string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s has data format %q and this Herald uses %d: run the Herald that made it, or choose another folder with --data",
		e.Dir, e.Found, FormatVersion)
}

// CheckVersion accepts a folder of this Herald's format, marks an empty one as such, and refuses every other folder
// with a *[FormatError] or a *[ForeignFolderError]. Call it while holding the folder's [Lock].
func CheckVersion(dataDir string) error {
	path := filepath.Join(dataDir, versionName)
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		return compareVersion(dataDir, strings.TrimSpace(string(text)))
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read data format: %w", err)
	}
	if err := refuseForeign(dataDir); err != nil {
		return err
	}
	if err := WriteFile(path, []byte(strconv.Itoa(FormatVersion)+"\n"), 0o644); err != nil {
		return fmt.Errorf("write data format: %w", err)
	}
	return nil
}

// refuseForeign fails for a folder that holds anything although Herald never marked it.
func refuseForeign(dataDir string) error {
	entries, err := os.ReadDir(dataDir)
	if err != nil {
		return fmt.Errorf("read data folder: %w", err)
	}
	foreign := false
	for _, entry := range entries {
		name := entry.Name()
		if name == versionName {
			return nil
		}
		// A crash may leave the lock and a half-written mark behind.
		ours := name == lockName || strings.HasPrefix(name, tempPrefix(versionName))
		foreign = foreign || !ours
	}
	if foreign {
		return &ForeignFolderError{Dir: dataDir}
	}
	return nil
}

func compareVersion(dataDir, found string) error {
	if found == strconv.Itoa(FormatVersion) {
		return nil
	}
	const longest = 20
	if len(found) > longest {
		found = found[:longest]
	}
	return &FormatError{Dir: dataDir, Found: found}
}
