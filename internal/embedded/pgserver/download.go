package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// downloadVersions pins what is downloaded for each major version that a cluster may have.
var downloadVersions = map[int]embeddedpostgres.PostgresVersion{
	14: embeddedpostgres.V14,
	15: embeddedpostgres.V15,
	16: embeddedpostgres.V16,
	17: embeddedpostgres.V17,
	18: embeddedpostgres.V18,
}

// downloadMajor is the version for a new cluster.
const downloadMajor = 17

// download fetches PostgreSQL's binaries into the cache, once, and returns their bin folder. repository is the address
// of a Maven repository, or empty for Maven Central.
func download(ctx context.Context, cacheDir, repository string, wanted int) (string, error) {
	if wanted == 0 {
		wanted = downloadMajor
	}
	version, ok := downloadVersions[wanted]
	if !ok {
		return "", fmt.Errorf("there is no download of PostgreSQL %d", wanted)
	}
	folder := filepath.Join(cacheDir, string(version))
	if isExecutable(filepath.Join(folder, "bin", "postgres")) {
		return filepath.Join(folder, "bin"), nil
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return "", fmt.Errorf("create download folder: %w", err)
	}
	work, err := os.MkdirTemp(cacheDir, "download-")
	if err != nil {
		return "", fmt.Errorf("create download folder: %w", err)
	}
	defer os.RemoveAll(work)

	// The library has no deadline of its own; a cancelled start leaves its last request behind to end by itself.
	fetched := make(chan error, 1)
	go func() { fetched <- fetch(work, repository, wanted, version) }()
	select {
	case err := <-fetched:
		if err != nil {
			return "", err
		}
	case <-ctx.Done():
		return "", ctx.Err()
	}
	// Another process may have been quicker; its copy is as good.
	if err := os.Rename(filepath.Join(work, "unpacked"), folder); err != nil && !isExecutable(filepath.Join(folder, "bin", "postgres")) {
		return "", fmt.Errorf("keep downloaded binaries: %w", err)
	}
	return filepath.Join(folder, "bin"), nil
}

// fetch makes the library unpack the binaries into work/unpacked. The library can only start a whole server, and not
// one that this package could watch or run as another user; so it is given a folder that passes for a cluster by its
// version file and is none, and gives up right after unpacking. Whether the programs are there decides.
func fetch(work, repository string, major int, version embeddedpostgres.PostgresVersion) error {
	decoy := filepath.Join(work, "decoy")
	if err := os.Mkdir(decoy, 0o700); err != nil {
		return fmt.Errorf("prepare download: %w", err)
	}
	if err := os.WriteFile(filepath.Join(decoy, "PG_VERSION"), []byte(strconv.Itoa(major)+"\n"), 0o600); err != nil {
		return fmt.Errorf("prepare download: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	config := embeddedpostgres.DefaultConfig().
		Version(version).
		Port(uint32(port)).
		CachePath(filepath.Join(work, "archive")).
		RuntimePath(filepath.Join(work, "runtime")).
		BinariesPath(filepath.Join(work, "unpacked")).
		DataPath(decoy).
		Logger(io.Discard)
	if repository != "" {
		config = config.BinaryRepositoryURL(repository)
	}
	server := embeddedpostgres.NewDatabase(config)
	err = server.Start()
	if err == nil {
		return errors.Join(errors.New("the downloaded server started without a cluster"), server.Stop())
	}
	for _, program := range []string{"initdb", "postgres"} {
		if !isExecutable(filepath.Join(work, "unpacked", "bin", program)) {
			return err
		}
	}
	return nil
}

// freePort returns a loopback port that was free a moment ago.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
