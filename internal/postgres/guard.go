package postgres

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ dbsqlc.DBTX = guard{}

// guard runs queries on the pool and tells a database that is away from one that refuses: callers may try again.
type guard struct{ pool *pgxpool.Pool }

func (g guard) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	tag, err := g.pool.Exec(ctx, sql, args...)
	return tag, away(err)
}

func (g guard) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := g.pool.Query(ctx, sql, args...)
	return rows, away(err)
}

func (g guard) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return guardedRow{g.pool.QueryRow(ctx, sql, args...)}
}

type guardedRow struct{ row pgx.Row }

func (r guardedRow) Scan(dest ...any) error { return away(r.row.Scan(dest...)) }

// adminShutdown is PostgreSQL's class of codes for a server that goes away: 57P01, 57P02 and 57P03.
const adminShutdown = "57P"

// away marks errors of a database that does not answer; others pass as they are.
func away(err error) error {
	if err == nil {
		return nil
	}
	var connect *pgconn.ConnectError
	var network net.Error
	var server *pgconn.PgError
	switch {
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
	case errors.As(err, &server) && len(server.Code) == 5 && server.Code[:3] == adminShutdown:
	default:
		return err
	}
	if errors.Is(err, context.Canceled) {
		return err // the caller went away, not the database
	}
	return &gateway.Error{Code: gateway.CodeUnavailable, Message: "The database does not answer. Try again in a moment.", Err: err}
}
