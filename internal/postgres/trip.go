package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"herald/internal/postgres/dbsqlc"
)

// step is one statement. It is called twice: to learn what it sends, when it gets nothing but an error, and on its
// answer. So it must send the same both times, and may touch nothing before it has its answer.
type step func(q *queries) error

// each runs steps one after another, each with a trip of its own.
func each(q *queries, steps []step) error {
	for _, s := range steps {
		if err := s(q); err != nil {
			return err
		}
	}
	return nil
}

// held is a transaction whose beginning goes to the database with its first steps, and whose end with its last: what
// stands between them is all that waits for an answer.
type held struct {
	conn  *borrowed
	vault *vault
	begun bool
	ended bool
}

// hold runs fn in such a transaction, in the scope of ctx. Unless fn comes to last, nothing of it is kept.
func (s *Store) hold(ctx context.Context, fn func(*held) error) (err error) {
	conn, err := borrow(ctx, s.pool)
	if err != nil {
		return away(fmt.Errorf("take a connection: %w", err))
	}
	h := &held{conn: conn, vault: s.q.vault}
	defer func() { // one whose transaction is open is closed
		if err == nil && h.begun && !h.ended {
			conn.giveBack(errUndone)
			return
		}
		conn.giveBack(err)
	}()
	err = fn(h)
	if h.begun && !h.ended {
		if _, undone := conn.Exec(context.WithoutCancel(ctx), "rollback"); err == nil {
			err = undone
		}
	}
	return away(err)
}

// errUndone is why the session of a transaction that was given up shows the rows that it showed before.
var errUndone = errors.New("the transaction was undone")

// queries runs statements each with a trip of its own.
func (h *held) queries() *queries { return h.over(h.conn.Conn) }

func (h *held) over(db dbsqlc.DBTX) *queries { return &queries{dbsqlc.New(db), h.vault} }

// first begins the transaction and runs steps in it, all in one trip. Each step runs whatever those before it answer, as
// long as none fails.
func (h *held) first(ctx context.Context, steps ...step) error {
	out := &outbound{}
	out.batch.Queue("begin")
	h.conn.tell(&out.batch)
	h.begun = true
	return h.send(ctx, out, steps)
}

// undo gives up what was begun, with its locks. first begins anew.
func (h *held) undo(ctx context.Context) error {
	h.begun = false
	_, err := h.conn.Exec(ctx, "rollback")
	return err
}

// next runs steps in one trip.
func (h *held) next(ctx context.Context, steps ...step) error {
	return h.send(ctx, &outbound{}, steps)
}

// last runs steps and keeps everything, all in one trip.
func (h *held) last(ctx context.Context, steps ...step) error {
	err := h.send(ctx, &outbound{end: "commit"}, steps)
	h.ended = err == nil
	return err
}

func (h *held) send(ctx context.Context, out *outbound, steps []step) error {
	begins := out.batch.Len()
	for _, s := range steps {
		if err := s(h.over(out)); !errors.Is(err, errOnItsWay) {
			return err // the step refused by itself
		}
	}
	if out.end != "" {
		out.batch.Queue(out.end)
	}
	back := &inbound{h.conn.SendBatch(ctx, &out.batch)}
	var first error
	for range begins {
		_, first = back.Exec(ctx, "")
	}
	if first == nil {
		first = each(h.over(back), steps)
	}
	if err := back.results.Close(); first == nil {
		first = err
	}
	return first
}

// errOnItsWay is all that a step gets when its statement is written down.
var errOnItsWay = errors.New("the statement is on its way")

// outbound writes down what steps send.
type outbound struct {
	batch pgx.Batch
	end   string // a last statement
}

func (o *outbound) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	o.batch.Queue(sql, args...)
	return pgconn.CommandTag{}, errOnItsWay
}

func (o *outbound) Query(_ context.Context, sql string, args ...any) (pgx.Rows, error) {
	o.batch.Queue(sql, args...)
	return nil, errOnItsWay
}

func (o *outbound) QueryRow(_ context.Context, sql string, args ...any) pgx.Row {
	o.batch.Queue(sql, args...)
	return noRow{}
}

type noRow struct{}

func (noRow) Scan(...any) error { return errOnItsWay }

// inbound hands answers out in the order in which the statements went.
type inbound struct{ results pgx.BatchResults }

func (i *inbound) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return i.results.Exec()
}

func (i *inbound) Query(context.Context, string, ...any) (pgx.Rows, error) { return i.results.Query() }

func (i *inbound) QueryRow(context.Context, string, ...any) pgx.Row { return i.results.QueryRow() }
