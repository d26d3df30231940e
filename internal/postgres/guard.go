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

// guard runs queries on the pool, each on a connection that shows the rows of the query's scope, and tells a database that
// is away from one that refuses: callers may try again.
type guard struct{ pool *pgxpool.Pool }

func (g guard) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	rows, err := g.Query(ctx, sql, args...)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	rows.Close()
	return rows.CommandTag(), rows.Err()
}

func (g guard) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	conn, err := borrow(ctx, g.pool)
	if err != nil {
		return nil, away(err)
	}
	if !conn.behind {
		rows, err := conn.Query(ctx, sql, args...)
		if err != nil {
			conn.giveBack(err)
			return nil, away(err)
		}
		return &guardedRows{Rows: rows, conn: conn}, nil
	}
	batch := &pgx.Batch{}
	conn.tell(batch)
	batch.Queue(sql, args...)
	results := conn.SendBatch(ctx, batch)
	_, err = results.Exec()
	var rows pgx.Rows
	if err == nil {
		rows, err = results.Query()
	}
	if err != nil {
		_ = results.Close() // it has the same error
		conn.giveBack(err)
		return nil, away(err)
	}
	return &guardedRows{Rows: rows, conn: conn, results: results}, nil
}

func (g guard) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := g.Query(ctx, sql, args...)
	return guardedRow{rows, err}
}

// guardedRows gives its connection back when it is closed.
type guardedRows struct {
	pgx.Rows
	conn    *borrowed        // nil when it is given back
	results pgx.BatchResults // that the rows are one of, or nil
	err     error
}

func (r *guardedRows) Close() {
	if r.conn == nil {
		return
	}
	r.Rows.Close()
	r.err = r.Rows.Err()
	if r.results != nil {
		if err := r.results.Close(); r.err == nil {
			r.err = err
		}
	}
	r.conn.giveBack(r.err)
	r.conn = nil
}

func (r *guardedRows) Err() error {
	if r.err != nil {
		return away(r.err)
	}
	return away(r.Rows.Err())
}

type guardedRow struct {
	rows pgx.Rows
	err  error
}

func (r guardedRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	_ = r.rows.Scan(dest...) // Err tells
	r.rows.Close()
	return r.rows.Err()
}

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
