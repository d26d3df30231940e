package pgserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"herald/internal/embedded"
)

const (
	clusterFolder = "cluster"
	passwordFile  = "password"
	locationFile  = "location"
	ownerFile     = "belongs-to"
	localFile     = "local.conf"
	newPrefix     = "new-"

	// superuser is PostgreSQL's user, not the system's.
	superuser = "herald"
)

// cluster is one PostgreSQL database cluster on disk.
//
// Everything that this process writes lies beside the cluster's own folder, never inside it: when this process is root
// and PostgreSQL is not, a link planted inside by a broken-into PostgreSQL would make root write anywhere.
type cluster struct {
	// parent holds the cluster's folder and its settings; it is Options.DataDir, or a folder under Options.FallbackDir.
	parent string
	// version is PostgreSQL's major version; 0 when there is no cluster yet.
	version int
}

func (c cluster) dir() string { return filepath.Join(c.parent, clusterFolder) }

func (c cluster) exists() bool { return c.version != 0 }

// name marks the cluster's processes. It is short enough for process titles and the same at every start.
func (c cluster) name() string {
	sum := sha256.Sum256([]byte(c.dir()))
	return "herald-" + hex.EncodeToString(sum[:8])
}

// locate finds the cluster of a data folder. Without one it returns the place where it would be by default.
func locate(dataDir string) (cluster, error) {
	c := cluster{parent: dataDir}
	pointer := filepath.Join(dataDir, locationFile)
	text, err := os.ReadFile(pointer)
	switch {
	case err == nil:
		c.parent = strings.TrimSpace(string(text))
	case !errors.Is(err, fs.ErrNotExist):
		return cluster{}, fmt.Errorf("read place of the database: %w", err)
	}
	version, err := os.ReadFile(filepath.Join(c.dir(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		if c.parent != dataDir {
			return cluster{}, fmt.Errorf("%s says that the database is in %s, but it is not: restore it, or remove the file %s to begin with an empty one",
				pointer, c.parent, locationFile)
		}
		return c, nil
	}
	if err != nil {
		return cluster{}, fmt.Errorf("read database version: %w", err)
	}
	// Versions before 10 have two numbers; they are too old either way.
	major, _, _ := strings.Cut(strings.TrimSpace(string(version)), ".")
	c.version, err = strconv.Atoi(major)
	if err != nil || c.version <= 0 {
		return cluster{}, fmt.Errorf("read database version: %q in %s is none", oneLine(string(version)), filepath.Join(c.dir(), "PG_VERSION"))
	}
	return c, nil
}

// place decides where a new cluster goes: into the data folder if the account can enter it, else under the fallback
// folder. The fallback's name begins with a hash of the data folder, for those who look for it, and ends at random, so
// that a data folder that was removed and made anew never finds the data of the old one.
func place(ctx context.Context, o Options, tools binaries, who account) (cluster, error) {
	ok, err := canEnter(ctx, o.DataDir, tools, who)
	if err != nil {
		return cluster{}, fmt.Errorf("try the data folder as user %s: %w", who.name, err)
	}
	if ok {
		return cluster{parent: o.DataDir}, nil
	}
	sum := sha256.Sum256([]byte(o.DataDir))
	c := cluster{parent: filepath.Join(o.FallbackDir, hex.EncodeToString(sum[:6])+"-"+strings.ToLower(rand.Text()[:8]))}
	if err := os.MkdirAll(c.parent, 0o755); err != nil {
		return cluster{}, &AccessError{
			Dir: o.DataDir, User: who.name,
			Advice: fmt.Sprintf("open its parent folders (chmod o+x), or choose another data folder; %s cannot be used instead: %s", o.FallbackDir, oneLine(err.Error())),
		}
	}
	ok, err = canEnter(ctx, c.parent, tools, who)
	if err != nil || !ok {
		return cluster{}, errors.Join(err, os.Remove(c.parent), &AccessError{
			Dir: c.parent, User: who.name, Advice: "open its parent folders (chmod o+x), or choose another data folder",
		})
	}
	if err := embedded.WriteFile(filepath.Join(c.parent, ownerFile), []byte(o.DataDir+"\n"), 0o644); err != nil {
		return cluster{}, fmt.Errorf("write owner of the database: %w", err)
	}
	return c, nil
}

// create runs initdb in a folder of a passing name and renames it when it is whole, so that a start that was killed
// half-way leaves no half cluster.
func (c cluster) create(ctx context.Context, o Options, tools binaries, who account, password string) error {
	leftovers, err := filepath.Glob(filepath.Join(c.parent, newPrefix+"*"))
	if err != nil {
		return fmt.Errorf("look for unfinished databases: %w", err)
	}
	for _, path := range leftovers {
		_ = os.RemoveAll(path) // It only takes room.
	}
	fresh, err := os.MkdirTemp(c.parent, newPrefix)
	if err != nil {
		return fmt.Errorf("create database folder: %w", err)
	}
	defer os.RemoveAll(fresh)
	if err := who.own(fresh); err != nil {
		return err
	}
	secret, err := passwordFor(c.parent, who, password)
	if err != nil {
		return err
	}
	defer os.Remove(secret)
	if err := initdb(ctx, o, tools, who, fresh, secret); err != nil {
		return err
	}
	if err := os.Rename(fresh, c.dir()); err != nil {
		return fmt.Errorf("finish database folder: %w", err)
	}
	if err := embedded.SyncDir(c.parent); err != nil {
		return err
	}
	if c.parent == o.DataDir {
		return nil
	}
	if err := embedded.WriteFile(filepath.Join(o.DataDir, locationFile), []byte(c.parent+"\n"), 0o644); err != nil {
		return fmt.Errorf("write place of the database: %w", err)
	}
	return nil
}

// passwordFor writes the password to a file that the account can read and returns its path.
func passwordFor(dir string, who account, password string) (string, error) {
	file, err := os.CreateTemp(dir, newPrefix+"password-")
	if err != nil {
		return "", fmt.Errorf("create password file: %w", err)
	}
	defer file.Close()
	if _, err := file.WriteString(password + "\n"); err != nil {
		return "", fmt.Errorf("write password file: %w", err)
	}
	return file.Name(), who.own(file.Name())
}

// characterTypes are tried in order: with one of the first two, lower and ILIKE know letters beyond ASCII.
var characterTypes = []string{"C.UTF-8", "en_US.UTF-8", "C"}

func initdb(ctx context.Context, o Options, tools binaries, who account, dir, passwordFile string) error {
	for i, characterType := range characterTypes {
		args := []string{
			"--pgdata=" + dir,
			"--username=" + superuser,
			"--pwfile=" + passwordFile,
			"--auth=scram-sha-256",
			"--encoding=UTF8",
			// Order by code point: fast, and no library update ever breaks an index.
			"--lc-collate=C",
			"--lc-ctype=" + characterType,
			"--data-checksums",
			"--no-instructions",
		}
		if o.FastAndUnsafe {
			args = append(args, "--no-sync")
		}
		cmd := exec.Command(tools.path("initdb"), args...)
		cmd.Dir = dir
		output, err := run(ctx, cmd, who)
		if err == nil {
			return nil
		}
		if strings.Contains(output, "invalid locale name") && i < len(characterTypes)-1 {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("create database: %w", ctx.Err())
		}
		return &StartError{Program: "initdb", Detail: complaint(output), Err: err}
	}
	return nil
}

// complaint returns initdb's error lines, which lie between its progress lines.
func complaint(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		if strings.Contains(line, "error:") || strings.Contains(line, "FATAL:") || strings.Contains(line, "detail:") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return oneLine(output)
	}
	return oneLine(strings.Join(lines, " "))
}

// writeSettings writes the file that PostgreSQL reads first and returns its path. It takes initdb's choices, then
// Herald's, then those of the person who runs it.
func (c cluster) writeSettings(o Options, compression string) (string, error) {
	text := fmt.Appendf(nil, "include '%s/postgresql.conf'\n\n%s\ninclude_if_exists '%s'\n", clusterFolder, renderSettings(settings(o, compression)), localFile)
	path := filepath.Join(c.parent, settingsFile)
	if err := embedded.WriteFile(path, text, 0o644); err != nil {
		return "", fmt.Errorf("write database settings: %w", err)
	}
	return path, nil
}

// removePIDFile removes what a dead postmaster left. Only after reap.
func (c cluster) removePIDFile() error {
	err := os.Remove(filepath.Join(c.dir(), "postmaster.pid"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove pid file of the earlier database process: %w", err)
	}
	return nil
}

// loadPassword returns the stored password. For a new cluster it makes one and stores it first, so that no cluster is
// ever without.
func loadPassword(dataDir string, exists bool) (string, error) {
	path := filepath.Join(dataDir, passwordFile)
	text, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read database password: %w", err)
	}
	if exists {
		return "", fmt.Errorf("the database password in %s is missing: restore the file from a backup", path)
	}
	password := rand.Text()
	if err := embedded.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write database password: %w", err)
	}
	return password, nil
}
