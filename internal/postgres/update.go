package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var (
	_ gateway.IntakeStore = (*Store)(nil)
	_ gateway.InboxStore  = (*Store)(nil)
)

// maxUpdateTries is how often an update that the database refuses is tried before it is put aside.
const maxUpdateTries = 5

func (s *Store) StoreUpdates(ctx context.Context, updates []gateway.RawUpdate) (stored int, err error) {
	ctx = system(ctx, intakeWork)
	p := dbsqlc.StoreUpdatesParams{}
	for _, u := range updates {
		p.AccountIds = append(p.AccountIds, string(u.AccountID))
		p.BotIds = append(p.BotIds, string(u.BotID))
		p.UpdateIds = append(p.UpdateIds, u.UpdateID)
		p.ChatIds = append(p.ChatIds, u.ChatID)
		p.Bodies = append(p.Bodies, s.q.vault.sealed(&err, updateBound(string(u.BotID), u.UpdateID), string(u.Body)))
		p.ReceivedAts = append(p.ReceivedAts, u.ReceivedAt)
	}
	if err != nil {
		return 0, err
	}
	fresh, err := s.q.StoreUpdates(ctx, p)
	if err != nil {
		return 0, fmt.Errorf("insert updates: %w", err)
	}
	if fresh > 0 {
		s.announcer.announce()
	}
	return int(fresh), nil
}

// ProcessUpdate makes three trips for what people write: take, read, write. What few updates need, such as a proved phone,
// has trips of its own between them.
func (s *Store) ProcessUpdate(ctx context.Context, now time.Time, decide func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error)) (done gateway.Processed, err error) {
	ctx = system(ctx, inboxWork)
	var taken int64 // the update in hand, for the case that the database refuses its verdict
	err = s.hold(ctx, func(h *held) error {
		var row dbsqlc.TakeUpdateRow
		err := h.first(ctx, takeUpdate(ctx, &row))
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		done.Found, taken = true, row.Update.Sequence
		raw, err := h.vault.rawUpdate(row.Update)
		if err != nil {
			return err
		}
		raw.Rules = int(row.RulesVersion)
		if row.Bot.Shared && !raw.Own() {
			raw.Whose = attribution(h.queries(), raw, now)
		}
		verdict, err := decide(raw, bot(row.Bot))
		if err != nil {
			return h.last(ctx, putAside(ctx, raw, err))
		}
		if verdict.OnlyKnown {
			known, err := h.queries().PersonKnown(ctx, dbsqlc.PersonKnownParams{AccountID: string(raw.AccountID), BotID: string(raw.BotID), PlatformID: verdict.Subscriber.PlatformID})
			if err != nil {
				return fmt.Errorf("look whether a person is known: %w", err)
			}
			if !known {
				return h.last(ctx, emptyUpdate(ctx, raw, now))
			}
		}
		// Evidence first: whoever delivers locks the message before the person, too.
		about, waits, err := writeEvidence(ctx, h.queries(), raw, verdict)
		if err != nil {
			return err
		}
		done.Proved = waits
		steps, proved, err := settle(ctx, h, raw, verdict, about, now)
		done.Freed, done.Renewed = proved.freed, proved.renewed
		var broken brokenOff
		switch {
		case errors.As(err, &broken): // what else is known of the update is written all the same
			steps = append(steps, putAside(ctx, raw, broken))
		case err != nil:
			return err
		default:
			steps = append(steps, finishUpdate(ctx, raw, verdict.Note, now))
		}
		return h.last(ctx, steps...)
	})
	if err != nil && taken != 0 && ctx.Err() == nil {
		err = errors.Join(err, s.countFailure(ctx, taken, err))
	}
	return done, err
}

func takeUpdate(ctx context.Context, row *dbsqlc.TakeUpdateRow) step {
	return func(q *queries) (err error) {
		if *row, err = q.TakeUpdate(ctx); err != nil {
			return fmt.Errorf("take update: %w", err)
		}
		return nil
	}
}

func finishUpdate(ctx context.Context, raw gateway.RawUpdate, note string, now time.Time) step {
	return func(q *queries) error {
		if err := q.FinishUpdate(ctx, dbsqlc.FinishUpdateParams{Sequence: raw.Sequence, At: &now, Note: note}); err != nil {
			return fmt.Errorf("finish update: %w", err)
		}
		return nil
	}
}

// emptyUpdate ends an update that is about nobody whom we may know.
func emptyUpdate(ctx context.Context, raw gateway.RawUpdate, now time.Time) step {
	return func(q *queries) error {
		if err := q.EmptyUpdate(ctx, dbsqlc.EmptyUpdateParams{Sequence: raw.Sequence, At: &now}); err != nil {
			return fmt.Errorf("empty update: %w", err)
		}
		return nil
	}
}

// countFailure remembers that an update's verdict could not be written, and puts it aside when that happens again and
// again: one update must not hold up its chat for ever.
func (s *Store) countFailure(ctx context.Context, sequence int64, cause error) error {
	ctx = system(ctx, inboxWork)
	err := s.q.CountUpdateFailure(ctx, dbsqlc.CountUpdateFailureParams{
		Sequence: sequence, MaxTries: maxUpdateTries, Error: bounded(cause.Error()),
	})
	if err != nil {
		return fmt.Errorf("count failure of update: %w", err)
	}
	return nil
}

func putAside(ctx context.Context, raw gateway.RawUpdate, cause error) step {
	return func(q *queries) error {
		err := q.PutUpdateAside(ctx, dbsqlc.PutUpdateAsideParams{Sequence: raw.Sequence, Error: bounded(cause.Error())})
		if err != nil {
			return fmt.Errorf("put update aside: %w", err)
		}
		return nil
	}
}

// bounded keeps an error's words short enough to show; they must not be empty, since empty means no error.
func bounded(text string) string {
	const most = 500
	if len(text) > most {
		text = text[:most]
	}
	text = strings.ReplaceAll(text, "\x00", "") // PostgreSQL takes neither NUL nor half a character
	return "error: " + strings.ToValidUTF8(text, "")
}

func (s *Store) InboxDepth(ctx context.Context) (waiting, aside int, err error) {
	ctx = system(ctx, metricsWork)
	row, err := s.q.InboxDepth(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("count updates: %w", err)
	}
	return int(row.Waiting), int(row.Aside), nil
}

// rawUpdate opens a row. What comes from our own side holds ids only and lies open.
func (v *vault) rawUpdate(r dbsqlc.Update) (u gateway.RawUpdate, err error) {
	body := r.Body
	if r.UpdateID >= 0 {
		body = []byte(v.opened(&err, updateBound(r.BotID, r.UpdateID), r.Body))
	}
	u = gateway.RawUpdate{
		Sequence: r.Sequence, AccountID: gateway.AccountID(r.AccountID), BotID: gateway.BotID(r.BotID), UpdateID: r.UpdateID,
		ChatID: r.ChatID, Body: body, ReceivedAt: r.ReceivedAt.UTC(), Attempts: int(r.Attempts),
	}
	return u, err
}
