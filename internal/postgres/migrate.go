package postgres

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"herald/internal/gateway"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrations are the migration files, by name: what a template database for tests is keyed by.
func Migrations() fs.FS {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return files
}

// Migrated tells what a migration run did.
type Migrated struct {
	Applied int   // migrations that were run now
	Version int64 // of the database afterwards
}

// Migrate brings the database to the newest version, and seals what lay open in an earlier one: that needs the vault, a new
// database does not. Two processes that do so at once wait for each other.
func Migrate(ctx context.Context, url gateway.Secret, v gateway.Vault) (Migrated, error) {
	db, provider, err := migrator(url)
	if err != nil {
		return Migrated{}, err
	}
	defer func() { _ = db.Close() }()
	if err := db.PingContext(ctx); err != nil {
		return Migrated{}, &ErrRefused{err}
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return Migrated{}, fmt.Errorf("migrate database: %w", err)
	}
	if err := grantTenant(ctx, url); err != nil {
		return Migrated{}, err
	}
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return Migrated{}, fmt.Errorf("read database version: %w", err)
	}
	return Migrated{Applied: len(results), Version: version}, sealOld(ctx, url, v)
}

func sealOld(ctx context.Context, url gateway.Secret, v gateway.Vault) error {
	ctx = system(ctx, sealWork)
	store, err := open(ctx, Options{URL: url, MaxConns: 1, Vault: v})
	if err != nil {
		return err
	}
	defer store.Close()
	plain, err := store.q.PlainLeft(ctx)
	if err != nil {
		return fmt.Errorf("look at the vault: %w", err)
	}
	if !plain {
		return nil
	}
	return store.sealPlain(ctx)
}

// CheckVersion refuses a database whose version is not this program's.
func CheckVersion(ctx context.Context, url gateway.Secret) error {
	db, provider, err := migrator(url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := db.PingContext(ctx); err != nil {
		return &ErrRefused{err}
	}
	have, want, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read database version: %w", err)
	case have < want:
		return fmt.Errorf("the database has version %d and this program needs %d: run herald migrate", have, want)
	case have > want:
		return fmt.Errorf("the database has version %d, made by a newer program than this one (%d): use the newer program", have, want)
	}
	return nil
}

func migrator(url gateway.Secret) (*sql.DB, *goose.Provider, error) {
	config, err := pgx.ParseConfig(url.Reveal())
	if err != nil {
		return nil, nil, &ErrRefused{err}
	}
	config.ConnectTimeout = connectTimeout
	config.RuntimeParams[scopeSetting] = string(everybodys) // migrations move rows of all accounts, as an owner whom policies hold
	db := stdlib.OpenDB(*config)
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, nil, fmt.Errorf("make migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, Migrations(), goose.WithSessionLocker(locker))
	if err != nil {
		return nil, nil, fmt.Errorf("read migrations: %w", err)
	}
	return db, provider, nil
}
