package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"herald/internal/accounts"
	"herald/internal/embedded"
	"herald/internal/embedded/pgserver"
	"herald/internal/gateway"
	"herald/internal/policy"
	"herald/internal/postgres"
	"herald/internal/seal"
	"herald/rules"
)

// databaseName is the database of Herald in an embedded cluster.
const databaseName = "herald"

// startFolder takes the data folder for this process.
func (a *App) startFolder(context.Context) (string, error) {
	if err := os.MkdirAll(a.o.Data, embedded.FolderMode); err != nil {
		return "", fmt.Errorf("make data folder: %w", err)
	}
	release, err := embedded.Lock(a.o.Data)
	if err != nil {
		return "", err
	}
	a.onStop(func(context.Context) error { release(); return nil })
	if err := embedded.CheckVersion(a.o.Data); err != nil {
		return "", err
	}
	full, err := filepath.Abs(a.o.Data)
	if err != nil {
		return "", fmt.Errorf("find data folder: %w", err)
	}
	return full, nil
}

// startDatabase starts the embedded PostgreSQL, or takes the address of an outside one.
func (a *App) startDatabase(ctx context.Context) (string, error) {
	if a.o.DatabaseURL != "" {
		a.databaseURL = a.o.DatabaseURL
		return "", nil
	}
	begun := time.Now()
	options := pgserver.Options{
		DataDir: a.o.Data, Logger: a.logger("postgresql"),
		Progress: func(line string) { a.o.Progress(Progress{Part: "PostgreSQL", Detail: line, Took: time.Since(begun)}) },
	}
	if a.o.PostgresBin != "" {
		options.BinaryFolders, options.NoDownload = []string{a.o.PostgresBin}, true
	}
	server, err := pgserver.Start(ctx, options)
	if err != nil {
		return "", err
	}
	a.onStop(server.Stop)
	a.watch("PostgreSQL", server.Done())
	if err := server.EnsureDatabase(ctx, databaseName); err != nil {
		return "", err
	}
	a.databaseURL = gateway.Secret(server.URL(databaseName))
	return fmt.Sprintf("process %d", server.PID()), nil
}

// watch reports a part that ends before the app stops.
func (a *App) watch(part string, done <-chan struct{}) {
	a.background(func(ctx context.Context) {
		select {
		case <-ctx.Done():
		case <-done:
			a.died(part, errors.New("its log may say why"))
		}
	})
}

// startSchema opens the key of what is sealed, brings the database to this program's version, or checks that it has it, and
// connects to it.
func (a *App) startSchema(ctx context.Context) (string, error) {
	var err error
	if a.sealer, err = openKey(ctx, a.o, a.databaseURL); err != nil {
		return "", err
	}
	detail := ""
	if a.o.Migrate || a.o.DatabaseURL == "" {
		done, err := postgres.Migrate(ctx, a.databaseURL, a.sealer)
		if err != nil {
			return "", err
		}
		detail = fmt.Sprintf("version %d", done.Version)
	} else if err := postgres.CheckVersion(ctx, a.databaseURL); err != nil {
		return "", err
	}
	store, err := postgres.Open(ctx, postgres.Options{URL: a.databaseURL, Vault: a.sealer, Logger: a.logger("database")})
	if err != nil {
		return "", err
	}
	a.store = store
	a.rules, a.policy = rules.NewEngine(store, languageOf), policy.New(store, languageOf, now)
	a.onStop(func(context.Context) error { store.Close(); return nil })
	a.listener = postgres.NewListener(store, a.logger("database"))
	a.background(a.listener.Run)
	return detail, nil
}

// startAccounts makes sure that there is an operator.
func (a *App) startAccounts(ctx context.Context) (string, error) {
	var err error
	a.accounts = accounts.New(a.store, a.ids, now)
	if a.operator, err = a.accounts.EnsureOperator(ctx); err != nil {
		return "", err
	}
	return "", nil
}

// openKey opens the key, and makes one for a database that none has sealed yet. In the place of a lost one another would only be in
// the way of who puts it back.
func openKey(ctx context.Context, o Options, database gateway.Secret) (*seal.Box, error) {
	if o.Keyset != "" {
		return seal.Parse([]byte(o.Keyset.Reveal()))
	}
	path := o.KeyFile
	if path == "" {
		path = filepath.Join(o.Data, "herald.key")
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		sealed, err := postgres.Sealed(ctx, database)
		if err != nil {
			return nil, err
		}
		if sealed {
			return nil, fmt.Errorf("the key file %s is missing, and the database is sealed with the key in it: put it back from a backup, or name it by --key-file", path)
		}
	}
	return seal.LoadOrCreate(path)
}
