//go:build !noembed

package temporalserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
)

// schemas are the databases with the names of their schemas inside the server's module.
var schemas = []struct{ database, name string }{
	{mainStore, "postgresql/v12/temporal"},
	{visibilityStore, "postgresql/v12/visibility"},
}

// updateSchemas makes the databases that are missing and brings all to this server's version. Doing it again changes
// nothing.
func updateSchemas(ctx context.Context, databaseURL string, l log.Logger) error {
	if err := makeDatabases(ctx, databaseURL); err != nil {
		return err
	}
	for _, s := range schemas {
		if err := updateSchema(databaseURL, s.database, s.name, l); err != nil {
			return fmt.Errorf("bring database %s up: %w", s.database, err)
		}
	}
	return nil
}

func updateSchema(databaseURL, database, name string, l log.Logger) error {
	target, err := sqlConfig(databaseURL, database)
	if err != nil {
		return err
	}
	db, err := sql.NewConnection(target, l)
	if err != nil {
		return fmt.Errorf("connect to it: %w", err)
	}
	defer db.Close()
	if _, err := db.ReadSchemaVersion(); err != nil {
		setup := &schema.SetupConfig{InitialVersion: "0.0"}
		if err := schema.NewSetupSchemaTask(db, setup, l).Run(); err != nil {
			return fmt.Errorf("begin its versions: %w", err)
		}
	}
	update := &schema.UpdateConfig{DBName: database, SchemaName: name}
	if err := schema.NewUpdateSchemaTask(db, update, l).Run(); err != nil {
		return errors.Join(errors.New("update its schema"), err)
	}
	return nil
}

// makeDatabases makes those that are missing.
func makeDatabases(ctx context.Context, databaseURL string) error {
	conn, err := pgconn.Connect(ctx, databaseURL)
	if err != nil {
		return fmt.Errorf("connect to make Temporal's databases: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, s := range schemas {
		_, err := conn.Exec(ctx, "CREATE DATABASE "+s.database).ReadAll()
		var refused *pgconn.PgError
		if err != nil && !(errors.As(err, &refused) && refused.Code == duplicateDatabase) {
			return fmt.Errorf("make database %s: %w", s.database, err)
		}
	}
	return nil
}

// duplicateDatabase is PostgreSQL's code for a database that exists.
const duplicateDatabase = "42P04"
