// Package postgrestest gives every test a database of its own in a few milliseconds.
//
// The first test of a test binary starts a private PostgreSQL and brings one database up by the real migrations; each
// test gets a copy of that template. Main, called from TestMain, takes the server down.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"herald/internal/embedded/pgserver"
	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/seal"
)

const (
	adminDatabase = "postgres"
	template      = "herald_template"
	startWithin   = time.Minute
)

// cluster is the one server of a test binary.
type cluster struct {
	once   sync.Once
	err    error
	folder string
	server *pgserver.Server
	admin  *pgx.Conn
	mu     sync.Mutex // CREATE DATABASE from one template: one at a time
	count  atomic.Int64

	sealing sync.Once
	sealErr error
	vault   *seal.Box
}

// shared lives as long as the test binary; Main takes it down.
var shared cluster

// Main runs the tests and then stops the server, if one was started:
//
//	func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "postgrestest:", err)
		return 1
	}
	return code
}

// URL returns the address of a migrated database of the test's own.
func URL(t testing.TB) gateway.Secret {
	t.Helper()
	return database(t, template)
}

// Empty returns the address of a database of the test's own in which nothing is, for tests of migrations.
func Empty(t testing.TB) gateway.Secret {
	t.Helper()
	return database(t, "template0")
}

func database(t testing.TB, from string) gateway.Secret {
	t.Helper()
	shared.once.Do(shared.start)
	require.NoError(t, shared.err, "start PostgreSQL for tests")
	name := fmt.Sprintf("test_%d", shared.count.Add(1))
	require.NoError(t, shared.exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+from))
	t.Cleanup(func() {
		if err := shared.exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop database of the test: %v", err)
		}
	})
	return gateway.Secret(shared.server.URL(name))
}

// Store returns a store over a database of the test's own.
func Store(t testing.TB) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Options{URL: URL(t), MaxConns: 10, Vault: Vault(t)})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// Vault is the one that all stores of a test binary share.
func Vault(t testing.TB) *seal.Box {
	t.Helper()
	shared.sealing.Do(func() {
		var keyset []byte
		if keyset, shared.sealErr = seal.Generate(); shared.sealErr == nil {
			shared.vault, shared.sealErr = seal.Parse(keyset)
		}
	})
	require.NoError(t, shared.sealErr)
	return shared.vault
}

// Conn connects to a test's database, for what no store shows.
func Conn(t testing.TB, url gateway.Secret) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url.Reveal())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}

func (c *cluster) start() {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	c.err = func() (err error) {
		if c.folder, err = os.MkdirTemp("", "herald-postgrestest-"); err != nil {
			return err
		}
		if err = os.Chmod(c.folder, 0o711); err != nil { // the server may run as another user
			return err
		}
		if c.server, err = pgserver.Start(ctx, pgserver.Options{DataDir: c.folder, FastAndUnsafe: true}); err != nil {
			return err
		}
		if c.admin, err = pgx.Connect(ctx, c.server.URL(adminDatabase)); err != nil {
			return err
		}
		if _, err = c.admin.Exec(ctx, "CREATE DATABASE "+template); err != nil {
			return err
		}
		_, err = postgres.Migrate(ctx, gateway.Secret(c.server.URL(template)), postgres.NoVault())
		return err
	}()
}

func (c *cluster) exec(ctx context.Context, sql string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.admin.Exec(ctx, sql)
	return err
}

func (c *cluster) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	var errs []error
	if c.admin != nil {
		errs = append(errs, c.admin.Close(ctx))
	}
	if c.server != nil {
		errs = append(errs, c.server.Stop(ctx))
	}
	if c.folder != "" {
		errs = append(errs, os.RemoveAll(c.folder))
	}
	return errors.Join(errs...)
}
