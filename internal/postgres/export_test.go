package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
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

// PlanOf returns the plans, in JSON and with what was really read, of the statements that fn makes. None of them answers.
func (s *Store) PlanOf(ctx context.Context, fn func(*dbsqlc.Queries) error) (plans []string) {
	e := &explainer{guard: guard{s.pool}}
	_ = fn(dbsqlc.New(e)) // errExplained
	return e.plans
}

// explainer explains statements in their stead.
type explainer struct {
	guard
	plans []string
}

var errExplained = errors.New("explained")

func (e *explainer) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := e.guard.Query(ctx, "EXPLAIN (ANALYZE, FORMAT JSON) "+sql, args...)
	if err != nil {
		return nil, err
	}
	plan, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	e.plans = append(e.plans, plan)
	return nil, errExplained
}

func (e *explainer) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	_, err := e.Query(ctx, sql, args...)
	return explainedRow{err}
}

type explainedRow struct{ err error }

func (r explainedRow) Scan(...any) error { return r.err }

// Remembers tells whether the store remembers a message that it has just accepted.
func (s *Store) Remembers(id gateway.MessageID) bool {
	s.fresh.mu.Lock()
	defer s.fresh.mu.Unlock()
	return s.fresh.all[id] != nil
}

// FreshAtMost is how many messages a store remembers at most, FreshFor for how long one is worth it.
const (
	FreshAtMost = freshAtMost
	FreshFor    = freshFor
)

// Fresh is what a store remembers, by itself.
type Fresh struct{ fresh }

func (f *Fresh) Add(m gateway.Message, legs ...gateway.Leg) { f.add(m, legs) }

func (f *Fresh) Take(account gateway.AccountID, id gateway.MessageID) bool {
	return f.take(account, id) != nil
}

func (f *Fresh) Forget() { f.forget() }

func (f *Fresh) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.all)
}

// PhoneIndex is by what a vault looks up a phone on a bot.
func PhoneIndex(v gateway.Vault, bot, phone string) []byte { return (&vault{v}).phoneIndex(bot, phone) }
