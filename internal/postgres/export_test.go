package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"herald/internal/postgres/dbsqlc"
)

// What tests of scopes look at from outside.
var (
	Of         = of
	System     = system
	ErrNoScope = errNoScope
)

const WatchWork = watchWork

// Statements runs statements on the store's connections, in the scope of their contexts.
func (s *Store) Statements() dbsqlc.DBTX { return guard{s.pool} }

// InTx runs fn in a transaction in the scope of ctx.
func (s *Store) InTx(ctx context.Context, fn func(pgx.Tx) error) error {
	return s.inTx(ctx, func(tx pgx.Tx, _ *queries) error { return fn(tx) })
}

// Behind tells whether the connection that is taken next has to learn the scope of ctx.
func (s *Store) Behind(ctx context.Context) bool {
	conn, err := borrow(ctx, s.pool)
	if err != nil {
		panic(err)
	}
	defer conn.Release()
	return conn.behind
}
