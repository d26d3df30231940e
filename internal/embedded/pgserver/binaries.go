package pgserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// oldestMajor is the oldest PostgreSQL that Herald's and Temporal's schemas are known to work with.
const oldestMajor = 14

// binaries is a folder that holds initdb and postgres of one version.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

// usualFolders are where packages put the server's programs, as patterns: Debian and Ubuntu, the PostgreSQL project's
// RPMs, Alpine, Homebrew on both kinds of Mac, Postgres.app, a build from source.
var usualFolders = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/usr/local/pgsql/bin",
}

// defaultFolders lists the folder of the initdb on PATH, then the usual ones.
func defaultFolders() []string {
	var folders []string
	if path, err := exec.LookPath("initdb"); err == nil {
		// PATH often holds a link alone, and its neighbours are where it points.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		folders = append(folders, filepath.Dir(path))
	}
	for _, pattern := range usualFolders {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue // The patterns are constants and well formed.
		}
		folders = append(folders, found...)
	}
	return folders
}

// findBinaries picks the binaries for a cluster: of exactly the major version wanted, or, when wanted is 0, the first
// of preferred order. Binaries that the account cannot run do not count.
func findBinaries(ctx context.Context, folders []string, wanted int, who account, clusterDir string) (binaries, error) {
	found := usableBinaries(ctx, folders, who)
	if wanted == 0 && len(found) > 0 {
		return found[0], nil
	}
	var majors []int
	for _, candidate := range found {
		if candidate.major == wanted {
			return candidate, nil
		}
		majors = append(majors, candidate.major)
	}
	if len(found) == 0 {
		return binaries{}, &MissingBinariesError{Version: wanted}
	}
	return binaries{}, &VersionError{Dir: clusterDir, Cluster: wanted, Found: slices.Compact(majors)}
}

// usableBinaries returns the first folder first, because PATH is the user's choice, and the rest newest first.
func usableBinaries(ctx context.Context, folders []string, who account) []binaries {
	var found []binaries
	for _, folder := range folders {
		if !isExecutable(filepath.Join(folder, "initdb")) || !isExecutable(filepath.Join(folder, "postgres")) {
			continue
		}
		if slices.ContainsFunc(found, func(b binaries) bool { return b.dir == folder }) {
			continue
		}
		major, err := majorVersion(ctx, filepath.Join(folder, "postgres"), who)
		if err != nil || major < oldestMajor {
			continue
		}
		found = append(found, binaries{dir: folder, major: major})
	}
	if len(found) > 1 {
		slices.SortStableFunc(found[1:], func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
	}
	return found
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func majorVersion(ctx context.Context, postgres string, who account) (int, error) {
	cmd := exec.Command(postgres, "--version")
	cmd.Dir = "/"
	output, err := run(ctx, cmd, who)
	if err != nil {
		return 0, err
	}
	match := versionPattern.FindStringSubmatch(output)
	if match == nil {
		return 0, fmt.Errorf("read version of %s: %q is no PostgreSQL version", postgres, oneLine(output))
	}
	return strconv.Atoi(match[1])
}

// canEnter reports whether the account can make the folder its working folder, which PostgreSQL must.
func canEnter(ctx context.Context, dir string, tools binaries, who account) (bool, error) {
	cmd := exec.Command(tools.path("postgres"), "--version")
	cmd.Dir = dir
	_, err := run(ctx, cmd, who)
	if errors.Is(err, os.ErrPermission) {
		return false, nil
	}
	return err == nil, err
}

// compression is how page images in the log are made smaller: by lz4, which not every version and build knows. The first change of
// a page after a checkpoint takes one, so that what changes a row here and there in a large table pays for it each time.
func (b binaries) compression(ctx context.Context, clusterDir string, who account) string {
	const best, known = "lz4", "on"
	cmd := exec.Command(b.path("postgres"), "-D", clusterDir, "-C", "wal_compression", "-c", "wal_compression="+best)
	cmd.Dir = clusterDir
	if _, err := run(ctx, cmd, who); err != nil {
		return known
	}
	return best
}
