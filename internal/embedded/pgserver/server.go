package pgserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"herald/internal/embedded"
)

// Options say where the cluster lives and how it runs. Only DataDir is required.
type Options struct {
	// DataDir belongs to this package alone; it is created when missing.
	DataDir string
	// FallbackDir is where the cluster goes when the user who runs PostgreSQL cannot enter DataDir. Default:
	// /var/lib/herald.
	FallbackDir string
	// Logger gets what PostgreSQL logs: routine at debug level, faults at warn. Default: none.
	Logger *slog.Logger
	// Progress gets a few words before each step that takes long. Default: none.
	Progress func(step string)
	// Port is the loopback port. Default 0: a free one.
	Port int
	// MaxConnections is PostgreSQL's setting. Default: 100.
	MaxConnections int
	// FastAndUnsafe starts sooner and writes faster, and may lose all data with the machine. For tests.
	FastAndUnsafe bool
	// StartTimeout bounds Start, the replay after a kill included. Default: 2 minutes.
	StartTimeout time.Duration
	// BinaryFolders are searched for initdb and postgres. Default nil: PATH and the usual folders of distributions.
	BinaryFolders []string
	// NoDownload forbids the download of missing binaries.
	NoDownload bool
	// DownloadFrom is the Maven repository for the download. Default: Maven Central.
	DownloadFrom string
	// DownloadDir keeps downloaded binaries. Default: FallbackDir/postgresql for root, else the user's cache folder.
	DownloadDir string
}

func (o Options) withDefaults() (Options, error) {
	if o.DataDir == "" {
		return o, errors.New("the database needs a data folder")
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return o, fmt.Errorf("resolve data folder: %w", err)
	}
	o.DataDir = dir
	if o.FallbackDir == "" {
		o.FallbackDir = "/var/lib/herald"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 100
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = 2 * time.Minute
	}
	if o.BinaryFolders == nil {
		o.BinaryFolders = defaultFolders()
	}
	if o.DownloadDir == "" {
		o.DownloadDir = filepath.Join(o.FallbackDir, "postgresql")
		if os.Geteuid() != 0 {
			cache, err := os.UserCacheDir()
			if err != nil {
				cache = o.DataDir
			}
			o.DownloadDir = filepath.Join(cache, "herald", "postgresql")
		}
	}
	return o, nil
}

// Server is a running PostgreSQL.
type Server struct {
	options  Options
	cluster  cluster
	child    *child
	port     int
	password string
	log      *logReader

	release  func()
	stopOnce sync.Once
	stopErr  error
}

// Start starts the cluster of a data folder, making it first when there is none, and returns when it takes connections.
// Its errors are single lines; *[MissingBinariesError], *[VersionError], *[InUseError], *[AccessError] and *[StartError]
// are those that a person can act upon.
func Start(ctx context.Context, options Options) (*Server, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	if err := os.MkdirAll(o.DataDir, embedded.FolderMode); err != nil {
		return nil, fmt.Errorf("create database folder: %w", err)
	}
	// The cluster's name is made from its path, so the path must have one spelling.
	if o.DataDir, err = filepath.EvalSymlinks(o.DataDir); err != nil {
		return nil, fmt.Errorf("resolve data folder: %w", err)
	}
	release, err := embedded.LockFile(filepath.Join(o.DataDir, "lock"))
	var locked *embedded.LockedError
	if errors.As(err, &locked) {
		return nil, &InUseError{Dir: o.DataDir, PID: locked.PID}
	}
	if err != nil {
		return nil, err
	}
	server := &Server{options: o, release: release}
	if err := server.start(ctx); err != nil {
		release()
		return nil, err
	}
	return server, nil
}

func (s *Server) start(ctx context.Context) error {
	found, err := locate(s.options.DataDir)
	if err != nil {
		return err
	}
	owned := ""
	if found.exists() {
		owned = found.dir()
	}
	who, err := chooseAccount(owned)
	if err != nil {
		return err
	}
	tools, err := s.binaries(ctx, found, who)
	if err != nil {
		return err
	}
	if s.password, err = loadPassword(s.options.DataDir, found.exists()); err != nil {
		return err
	}
	if !found.exists() {
		s.options.Progress("creating the database")
		if found, err = place(ctx, s.options, tools, who); err != nil {
			return err
		}
		if err := found.create(ctx, s.options, tools, who, s.password); err != nil {
			return err
		}
	} else if ok, err := canEnter(ctx, found.parent, tools, who); err != nil || !ok {
		return errors.Join(err, &AccessError{
			Dir: found.parent, User: who.name,
			Advice: "open its parent folders (chmod o+x)",
		})
	}
	s.cluster = found
	return s.launch(ctx, tools, who)
}

// binaries finds PostgreSQL on this machine, else downloads it.
func (s *Server) binaries(ctx context.Context, c cluster, who account) (binaries, error) {
	o := s.options
	found, err := findBinaries(ctx, o.BinaryFolders, c.version, who, c.dir())
	var missing *MissingBinariesError
	if err == nil || !errors.As(err, &missing) || o.NoDownload {
		return found, err
	}
	o.Progress("downloading PostgreSQL")
	folder, err := download(ctx, o.DownloadDir, o.DownloadFrom, c.version)
	if err != nil {
		missing.Err = err
		return binaries{}, missing
	}
	return findBinaries(ctx, []string{folder}, c.version, who, c.dir())
}

// launch starts the postmaster, again when the port was taken in between or a dying predecessor is still in the way.
func (s *Server) launch(ctx context.Context, tools binaries, who account) error {
	const (
		attempts = 20
		pause    = 100 * time.Millisecond
	)
	compression := "off" // as of a cluster whose data may be lost
	if !s.options.FastAndUnsafe {
		compression = tools.compression(ctx, s.cluster.dir(), who)
	}
	settingsPath, err := s.cluster.writeSettings(s.options, compression)
	if err != nil {
		return err
	}
	var failure error
	for range attempts {
		if err := reap(ctx, s.cluster.name()); err != nil {
			return err
		}
		if err := s.cluster.removePIDFile(); err != nil {
			return err
		}
		var again bool
		if again, failure = s.attempt(ctx, tools, who, settingsPath); failure == nil {
			return nil
		}
		if !again || ctx.Err() != nil {
			return failure
		}
		select {
		case <-ctx.Done():
			return failure
		case <-time.After(pause):
		}
	}
	return failure
}

// attempt runs the postmaster until it takes connections. again says that another attempt may do better.
func (s *Server) attempt(ctx context.Context, tools binaries, who account, settingsPath string) (again bool, err error) {
	s.port = s.options.Port
	if s.port == 0 {
		if s.port, err = freePort(); err != nil {
			return false, err
		}
	}
	s.options.Progress(fmt.Sprintf("starting PostgreSQL %d", tools.major))
	ready := make(chan struct{})
	s.log = &logReader{
		logger:     s.options.Logger,
		onReady:    sync.OnceFunc(func() { close(ready) }),
		onRecovery: func() { s.options.Progress("recovering the database after an unclean stop") },
	}
	args := append([]string{"-D", s.cluster.dir(), "-c", "config_file=" + settingsPath}, fixedSettings(s.port, s.cluster.name())...)
	cmd := exec.Command(tools.path("postgres"), args...)
	cmd.Dir = s.cluster.dir()
	cmd.Stderr = s.log
	// Immediate shutdown, see the package comment.
	if s.child, err = spawn(cmd, who, syscall.SIGQUIT); err != nil {
		return false, err
	}
	select {
	case <-ready:
	case <-s.child.done:
		reason, all := s.log.fault()
		startErr := &StartError{Program: "postgres", Detail: oneLine(reason), Err: s.child.err}
		if strings.Contains(all, "Address already in use") {
			if s.options.Port == 0 {
				return true, startErr
			}
			startErr.Detail = fmt.Sprintf("port %d of 127.0.0.1 is in use", s.options.Port)
			return false, startErr
		}
		inTheWay := strings.Contains(all, "shared memory block") || strings.Contains(all, "lock file")
		return inTheWay, startErr
	case <-ctx.Done():
		s.kill()
		return false, fmt.Errorf("wait for the database to take connections: %w", ctx.Err())
	}
	if err := s.ping(ctx); err != nil {
		s.kill()
		return false, &StartError{Program: "postgres", Detail: "it refuses its own password: " + oneLine(err.Error()), Err: err}
	}
	return false, nil
}

func (s *Server) ping(ctx context.Context) error {
	conn, err := pgconn.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// URL returns the address of a database on this server as `postgres://user:password@host:port/database`. It holds the
// password: keep it out of logs.
func (s *Server) URL(database string) string {
	address := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return address.String()
}

// PID is the process id of the postmaster.
func (s *Server) PID() int { return s.child.pid }

// Dir is the cluster's folder, PostgreSQL's data directory.
func (s *Server) Dir() string { return s.cluster.dir() }

// Done is closed when the server has ended, by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.child.done }

// EnsureDatabase creates a database unless it exists.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	return embedded.EnsureDatabase(ctx, s.URL("postgres"), name)
}

// Stop ends all connections and stops the server, cleanly until ctx ends and then at once: the next start recovers. It
// may be called more than once and after the server has ended by itself.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		defer s.release()
		s.child.signal(syscall.SIGINT)
		select {
		case <-s.child.done:
		case <-ctx.Done():
			s.kill()
			s.stopErr = fmt.Errorf("stop the database: ended at once, the next start recovers it: %w", ctx.Err())
		}
	})
	return s.stopErr
}

// Destroy stops the server and removes the cluster with all its data, wherever it lies.
func (s *Server) Destroy(ctx context.Context) error {
	stopErr := s.Stop(ctx)
	paths := []string{s.cluster.dir(), filepath.Join(s.cluster.parent, settingsFile)}
	if s.cluster.parent != s.options.DataDir {
		paths = []string{s.cluster.parent}
	}
	paths = append(paths, filepath.Join(s.options.DataDir, locationFile), filepath.Join(s.options.DataDir, passwordFile))
	errs := []error{stopErr}
	for _, path := range paths {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}

// kill shuts the server down at once and, if it hangs, ends the postmaster; its backends notice and follow.
func (s *Server) kill() {
	const patience = 6 * time.Second // PostgreSQL itself gives its backends 5.
	s.child.signal(syscall.SIGQUIT)
	select {
	case <-s.child.done:
	case <-time.After(patience):
		s.child.signal(syscall.SIGKILL)
		<-s.child.done
	}
}
