package main

import (
	"context"
	"fmt"

	"herald/internal/app"
	"herald/internal/gateway"
)

// MigrateCmd brings an outside database to this program's version.
type MigrateCmd struct {
	CreateKey string `help:"Also make an API key of the operator with this name, and print its secret." placeholder:"NAME"`

	KeyFlags      `group:"Secrets at rest"`
	DatabaseFlags `group:"The database"`
}

// Help is shown by herald migrate --help.
func (MigrateCmd) Help() string {
	return `Brings the database to this program's version and makes the operator's account. Several at once wait for each
other. Run it before serve and worker of a new version. The first time:

  herald migrate --database-url postgres://herald@db.example/herald --key-file herald.key --create-key first

With --key-file it also makes that file if it is missing.`
}

// Run migrates.
func (c *MigrateCmd) Run(ctx context.Context, out *console) error {
	url, err := c.required()
	if err != nil {
		return err
	}
	done, err := app.Migrate(ctx, app.MigrateOptions{DatabaseURL: url, Keyset: gateway.Secret(c.Key), KeyFile: c.KeyFile, CreateKey: c.CreateKey})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out.Out, "The database has version %d; %d migrations were applied.\n", done.Version, done.Applied)
	if done.Key != "" {
		_, _ = fmt.Fprintln(out.Out, "API key of the operator, shown this once:", done.Key.Reveal())
	}
	return nil
}
