package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

// Store implements the stores of package gateway over a pool of connections. Each of its methods begins by saying for
// whom it works, with of(ctx, account) or system(ctx, work); without, its queries are refused.
type Store struct {
	pool      *pgxpool.Pool
	q         *queries
	announcer announcer     // of new updates
	watchers  watchers      // of outcomes
	answers   *gatherer     // of requests under an Idempotency-Key
	fresh     fresh         // messages that were accepted here a moment ago
	attempts  chan struct{} // deliveries that have a connection: those of one bot wait for one another, and may not hold all
	logger    *slog.Logger

	operator atomic.Pointer[gateway.AccountID] // once it is known
}

// Options say how to reach the database.
type Options struct {
	URL      gateway.Secret // postgres://...; it may hold a password
	MaxConns int32          // connections at most; 0 means 20
	Vault    gateway.Vault  // seals people; NoVault for a store that touches none
	Logger   *slog.Logger   // told of what goes wrong when nobody waits for it; nil: nobody is
}

const (
	defaultMaxConns = 20
	connectTimeout  = 5 * time.Second
)

// attemptsAtMost is how many of the connections deliveries may have at a time: three of five.
func attemptsAtMost(conns int32) int32 { return max(1, conns*3/5) }

// ErrRefused is a database that cannot be used. Its text is one line for the operator, without the password.
type ErrRefused struct{ err error }

func (e *ErrRefused) Unwrap() error { return e.err }

// Error keeps the server's own words and leaves out the connection string.
func (e *ErrRefused) Error() string {
	var parse *pgconn.ParseConfigError
	if errors.As(e.err, &parse) {
		return "the database URL cannot be read: --database-url looks like postgres://user:password@host:5432/database"
	}
	var connect *pgconn.ConnectError
	where := "the database"
	if errors.As(e.err, &connect) {
		where = fmt.Sprintf("the database at %s", net.JoinHostPort(connect.Config.Host, strconv.Itoa(int(connect.Config.Port))))
	}
	var server *pgconn.PgError
	switch {
	case errors.As(e.err, &server):
		return fmt.Sprintf("%s refuses: %s: check --database-url", where, server.Message)
	case connect != nil:
		return fmt.Sprintf("%s does not answer (database %q, user %q): start it, or check --database-url",
			where, connect.Config.Database, connect.Config.User)
	default:
		return fmt.Sprintf("%s cannot be used: %v: check --database-url", where, e.err)
	}
}

// Open connects and checks that the database answers and that the vault is its own. It migrates nothing.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Vault == nil {
		return nil, errors.New("open store: it needs a vault")
	}
	s, err := open(ctx, o)
	if err != nil || o.Vault == NoVault() {
		return s, err
	}
	if err := s.checkVault(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*Store, error) {
	config, err := pgxpool.ParseConfig(o.URL.Reveal())
	if err != nil {
		return nil, &ErrRefused{err}
	}
	config.MaxConns = o.MaxConns
	if config.MaxConns == 0 {
		config.MaxConns = defaultMaxConns
	}
	config.ConnConfig.ConnectTimeout = connectTimeout
	config.ConnConfig.RuntimeParams["application_name"] = "herald"
	config.AfterConnect = becomeTenant
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, &ErrRefused{err}
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, &ErrRefused{err}
	}
	s := &Store{pool: pool, q: &queries{dbsqlc.New(guard{pool}), &vault{o.Vault}}, logger: cmp.Or(o.Logger, slog.New(slog.DiscardHandler))}
	s.answers = newGatherer(s.completeGathered)
	s.announcer.say = func(ctx context.Context) error { return s.q.AnnounceUpdates(system(ctx, intakeWork)) }
	s.attempts = make(chan struct{}, attemptsAtMost(config.MaxConns))
	return s, nil
}

// Close writes what was gathered and ends all connections.
func (s *Store) Close() {
	s.announcer.stop()
	s.answers.stop()
	s.fresh.forget()
	s.pool.Close()
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// inTx runs fn in one transaction, in the scope of ctx.
func (s *Store) inTx(ctx context.Context, fn func(pgx.Tx, *queries) error) (err error) {
	conn, err := borrow(ctx, s.pool)
	if err != nil {
		return away(err)
	}
	defer func() { conn.giveBack(err) }()
	return away(pgx.BeginTxFunc(ctx, conn.Conn, conn.begin(), func(tx pgx.Tx) error {
		return fn(tx, &queries{s.q.WithTx(tx), s.q.vault})
	}))
}

// found turns "no rows" into the noun's own error.
func found(err error, missing *gateway.Error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return missing
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// list cuts rows read with one more than the limit into a page.
func list[R, T any](rows []R, limit int, convert func(R) T, id func(T) string) gateway.List[T] {
	more := len(rows) > limit
	if more {
		rows = rows[:limit]
	}
	out := gateway.List[T]{Items: make([]T, len(rows))}
	for i, row := range rows {
		out.Items[i] = convert(row)
	}
	if more {
		out.Next = id(out.Items[limit-1])
	}
	return out
}

// milliseconds is a span as it is stored.
func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// orNull is the pointer that sqlc wants for a nullable time: nil for the zero time.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// orZero is its inverse, in UTC.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
