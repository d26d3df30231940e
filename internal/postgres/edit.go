package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.EditStore = (*Store)(nil)

func (s *Store) ChangeEdit(ctx context.Context, account gateway.AccountID, id gateway.MessageID, decide func(gateway.Delivery, *gateway.Edit) (gateway.Change, *gateway.Edit, error)) (gateway.Delivery, *gateway.Edit, error) {
	ctx, err := s.sending(ctx, account)
	if err != nil {
		return gateway.Delivery{}, nil, err
	}
	var d gateway.Delivery
	var last *gateway.Edit
	err = s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		var err error
		if d, err = lockSent(ctx, q, account, id); err != nil {
			return err
		}
		if last, err = lastEdit(ctx, q, account, id); err != nil {
			return err
		}
		change, next, err := decide(d, last)
		if err != nil || next == nil {
			return err
		}
		if err := writeEdit(ctx, q, last, next); err != nil {
			return err
		}
		last = next
		if change.Empty() {
			return nil
		}
		return applyChange(ctx, q, &d, change)
	})
	return d, last, err
}

// lockSent is the delivery of a message with the person whom it reached, whoever has its address now.
func lockSent(ctx context.Context, q *queries, account gateway.AccountID, id gateway.MessageID) (gateway.Delivery, error) {
	var d gateway.Delivery
	const withoutRecipient = 2 // steps: the lock and the message
	if err := each(q, readDelivery(ctx, account, id, &d)[:withoutRecipient]); err != nil {
		return d, err
	}
	row, err := q.Reached(ctx, dbsqlc.ReachedParams{AccountID: string(account), ID: string(id)})
	switch {
	case err == nil:
		person, err := q.vault.subscriber(row.Subscriber)
		if err != nil {
			return d, err
		}
		d.Subscriber, d.Slots = &person, slots(row.BotSlot, row.Subscriber)
	case !errors.Is(err, pgx.ErrNoRows):
		return d, fmt.Errorf("find who was reached: %w", err)
	}
	return d, addRare(ctx, q, &d)
}

func lastEdit(ctx context.Context, q *queries, account gateway.AccountID, id gateway.MessageID) (*gateway.Edit, error) {
	row, err := q.LastEdit(ctx, dbsqlc.LastEditParams{AccountID: string(account), MessageID: string(id)})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read last edit of message %s: %w", id, err)
	}
	e, err := q.vault.edit(row)
	return &e, err
}

func (s *Store) LastEdit(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (*gateway.Edit, error) {
	ctx = of(ctx, account)
	return lastEdit(ctx, s.q, account, id)
}

// writeEdit adds an edit or brings it to where it is now.
func writeEdit(ctx context.Context, q *queries, last, e *gateway.Edit) error {
	if last != nil && last.ID == e.ID {
		return changeEdit(ctx, q, e)
	}
	buttons, err := marshalButtons(e.Buttons)
	if err != nil {
		return err
	}
	err = q.ReplaceEdit(ctx, dbsqlc.ReplaceEditParams{AccountID: string(e.AccountID), MessageID: string(e.MessageID), At: &e.CreatedAt})
	if err != nil {
		return fmt.Errorf("replace edit of message %s: %w", e.MessageID, err)
	}
	e.Number = 1
	if last != nil {
		e.Number = last.Number + 1
	}
	// Bound to the message, since they come to stand in its row.
	text := q.vault.sealed(&err, messageBound("text", string(e.MessageID)), e.Text)
	sealedButtons := q.vault.sealed(&err, messageBound("buttons", string(e.MessageID)), string(buttons))
	if err != nil {
		return err
	}
	err = q.AskEdit(ctx, dbsqlc.AskEditParams{
		ID: string(e.ID), AccountID: string(e.AccountID), MessageID: string(e.MessageID), Number: int32(e.Number), Kind: string(e.Kind),
		Text: text, Format: string(cmp.Or(e.Format, gateway.FormatPlain)), Buttons: sealedButtons, DueAt: e.DueAt, CreatedAt: e.CreatedAt, ExpiresAt: e.ExpiresAt,
	})
	if err != nil {
		return fmt.Errorf("insert edit %s: %w", e.ID, err)
	}
	return nil
}

func changeEdit(ctx context.Context, q *queries, e *gateway.Edit) error {
	err := q.ChangeEdit(ctx, dbsqlc.ChangeEditParams{
		AccountID: string(e.AccountID), ID: string(e.ID), MessageID: string(e.MessageID), State: string(e.State), Reason: string(e.Reason),
		IntentAt: orNull(e.Intent), Attempts: int32(e.Attempts), Plain: e.Plain, SlotAt: orNull(e.Slot), DueAt: e.DueAt, SettledAt: orNull(e.SettledAt), At: orNull(e.SettledAt),
	})
	if err != nil {
		return fmt.Errorf("change edit %s: %w", e.ID, err)
	}
	return nil
}

func (s *Store) DueEdits(ctx context.Context, now, hideUntil time.Time, limit int) ([]gateway.EditRef, error) {
	ctx = system(ctx, outboxWork)
	rows, err := s.q.DueEdits(ctx, dbsqlc.DueEditsParams{Now: now, HideUntil: hideUntil, AtMost: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("take due edits: %w", err)
	}
	refs := make([]gateway.EditRef, len(rows))
	for i, r := range rows {
		refs[i] = gateway.EditRef{AccountID: gateway.AccountID(r.AccountID), MessageID: gateway.MessageID(r.MessageID), ID: gateway.EditID(r.ID)}
	}
	return refs, nil
}

func (v *vault) edit(r dbsqlc.Edit) (e gateway.Edit, err error) {
	e = gateway.Edit{
		ID: gateway.EditID(r.ID), AccountID: gateway.AccountID(r.AccountID), MessageID: gateway.MessageID(r.MessageID), Number: int(r.Number),
		Kind: gateway.EditKind(r.Kind), Text: v.opened(&err, messageBound("text", r.MessageID), r.Text), Format: gateway.Format(r.Format), State: gateway.EditState(r.State), Reason: gateway.Reason(r.Reason),
		Intent: orZero(r.IntentAt), Attempts: int(r.Attempts), Plain: r.Plain, Slot: orZero(r.SlotAt), DueAt: r.DueAt.UTC(), CreatedAt: r.CreatedAt.UTC(),
		ExpiresAt: r.ExpiresAt.UTC(), SettledAt: orZero(r.SettledAt),
	}
	v.openedJSON(&err, messageBound("buttons", r.MessageID), r.Buttons, &e.Buttons)
	return e, err
}
