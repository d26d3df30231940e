package crowd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres"
)

const (
	sweepPage  = 25 // people that the walk of the product asks for at once
	endsWithin = 30 * time.Second
	lookEvery  = 10 * time.Millisecond
)

// Swept is what a walk over those who are due read.
type Swept struct {
	Due    int           // people that it found
	Rows   int           // rows of people that the database read for it, whether it found them or not
	Blocks int           // of 8 KB, of their table and its indexes
	Took   time.Duration // all of it
}

// Sweep lets the bot want its phones proved anew, and walks over everybody who is due, as the schedule of the product does. What
// was read is what the database itself counted: how many rows its scans of any kind took from the table of people.
func (b *Base) Sweep(ctx context.Context) (s Swept, err error) {
	bot, err := b.Store.Bot(ctx, b.Account, b.Bot)
	if err != nil {
		return s, err
	}
	bot.Reconfirm = gateway.ReconfirmPolicy{Every: due, By: gateway.ConfirmContact, RemindAfter: 3 * day, LapseAfter: 14 * day}
	if _, err := b.Store.DescribeBot(ctx, bot, b.at); err != nil {
		return s, err
	}
	read, err := b.Reads(ctx, People, func(store *postgres.Store) error {
		begun := time.Now()
		defer func() { s.Took = time.Since(begun) }()
		for page := (gateway.ReconfirmPage{More: true}); page.More; {
			var err error
			if page, err = store.DueReconfirmations(ctx, b.at, page.Next, sweepPage); err != nil {
				return err
			}
			s.Due += len(page.Due)
		}
		return nil
	})
	s.Rows, s.Blocks = read.Rows, read.Blocks
	return s, err
}

// Tables of which it can be asked what was read of them.
const (
	People = "subscribers"
	Tags   = "person_tags"
)

// Read is what was read of a table.
type Read struct {
	Rows   int // whether they were wanted or not
	Blocks int // of 8 KB, of the table and its indexes
}

// Reads tells what a store of its own reads of a table, as the database itself counts it. Among that is a row at the end of an
// index for each plan that compares with it, so the store has one session: how many plan does not depend on what the machine does.
func (b *Base) Reads(ctx context.Context, table string, do func(*postgres.Store) error) (Read, error) {
	before, err := b.reads(ctx, table)
	if err != nil {
		return Read{}, err
	}
	opened := time.Now()
	store, err := b.open(ctx, 1)
	if err != nil {
		return Read{}, err
	}
	err = do(store)
	store.Close()
	if err = errors.Join(err, b.ended(ctx, opened)); err != nil {
		return Read{}, err
	}
	after, err := b.reads(ctx, table)
	return Read{Rows: after.Rows - before.Rows, Blocks: after.Blocks - before.Blocks}, err
}

// reads is what all sessions have read that told so.
func (b *Base) reads(ctx context.Context, table string) (r Read, err error) {
	if _, err := b.admin.Exec(ctx, "SELECT pg_stat_force_next_flush()"); err != nil { // what this session read itself, such as a vacuum
		return r, fmt.Errorf("tell what was read: %w", err)
	}
	const ask = `SELECT t.seq_tup_read + t.idx_tup_fetch, i.heap_blks_read + i.heap_blks_hit + i.idx_blks_read + i.idx_blks_hit
		FROM pg_stat_user_tables t JOIN pg_statio_user_tables i USING (relid) WHERE t.relname = $1`
	if err := b.admin.QueryRow(ctx, ask, table).Scan(&r.Rows, &r.Blocks); err != nil {
		return r, fmt.Errorf("read what was read: %w", err)
	}
	return r, nil
}

// ended waits until no session of a store is left that began after a moment: it has told then what it read.
func (b *Base) ended(ctx context.Context, after time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, endsWithin)
	defer cancel()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		var left int
		const ask = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'herald' AND backend_start > $1`
		if err := b.admin.QueryRow(ctx, ask, after).Scan(&left); err != nil {
			return fmt.Errorf("count sessions: %w", err)
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d sessions to end: %w", left, ctx.Err())
		}
	}
}
