package app

import (
	"context"

	"herald/internal/accounts"
	"herald/internal/gateway"
	"herald/internal/postgres"
)

// MigrateOptions say which database to migrate and what to make on the way.
type MigrateOptions struct {
	DatabaseURL gateway.Secret
	Keyset      gateway.Secret
	KeyFile     string // made if it is missing; empty makes none
	CreateKey   string // name of an API key of the operator to make; empty makes none
}

// Migrated tells what was done.
type Migrated struct {
	postgres.Migrated
	Key gateway.Secret
}

// Migrate brings a database to this program's version, with the operator's account in it.
func Migrate(ctx context.Context, o MigrateOptions) (done Migrated, err error) {
	vault := postgres.NoVault()
	if o.Keyset != "" || o.KeyFile != "" {
		if vault, err = openKey(ctx, Options{Keyset: o.Keyset, KeyFile: o.KeyFile}, o.DatabaseURL); err != nil {
			return done, err
		}
	}
	if done.Migrated, err = postgres.Migrate(ctx, o.DatabaseURL, vault); err != nil {
		return done, err
	}
	store, err := postgres.Open(ctx, postgres.Options{URL: o.DatabaseURL, MaxConns: 2, Vault: vault})
	if err != nil {
		return done, err
	}
	defer store.Close()
	service := accounts.New(store, gateway.NewIDs(nil, nil), now)
	operator, err := service.EnsureOperator(ctx)
	if err != nil || o.CreateKey == "" {
		return done, err
	}
	_, done.Key, err = service.CreateKey(ctx, operator.ID, accounts.NewKey{Name: o.CreateKey})
	return done, err
}
