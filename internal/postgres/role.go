package postgres

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
)

// tenantRole is who sessions of the store are. Superusers and roles with BYPASSRLS, such as the one that owns the
// embedded database, see all rows whatever the policies say; this role sees what they let it.
const tenantRole = "herald_app"

//go:embed role.sql
var roleSQL string

// grantTenant makes the role, where the login user may, and lets it use all tables. It runs after the migrations each
// time: a database that was restored on another server finds its role there.
func grantTenant(ctx context.Context, url gateway.Secret) error {
	conn, err := pgx.Connect(ctx, url.Reveal())
	if err != nil {
		return &ErrRefused{err}
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, roleSQL); err != nil {
		return fmt.Errorf("prepare role %s: %w", tenantRole, err)
	}
	return nil
}

// errBypass is a database whose policies would hold nobody back.
var errBypass = errors.New("its user sees all rows whatever the policies say, and cannot become " + tenantRole +
	": run herald migrate, or see \"Roles\" in docs/operations.md")

// becomeTenant makes a fresh connection act as the tenant role if its own user sees all rows. Any other user stays itself:
// FORCE ROW LEVEL SECURITY holds the owner of the tables, too.
func becomeTenant(ctx context.Context, conn *pgx.Conn) error {
	const become = `SELECT set_config('role', app.rolname, false) FROM pg_roles me, pg_roles app
		WHERE me.rolname = session_user AND (me.rolsuper OR me.rolbypassrls)
		  AND app.rolname = $1 AND pg_has_role(session_user, app.oid, 'member')`
	if _, err := conn.Exec(ctx, become, tenantRole); err != nil {
		return fmt.Errorf("become %s: %w", tenantRole, err)
	}
	var bypass bool
	const ask = `SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`
	if err := conn.QueryRow(ctx, ask).Scan(&bypass); err != nil {
		return fmt.Errorf("read the role of the session: %w", err)
	}
	if bypass {
		return errBypass
	}
	return nil
}
