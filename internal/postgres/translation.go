package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.TranslationStore = (*Store)(nil)

func (s *Store) TranslationSecret(ctx context.Context, account gateway.AccountID, fresh []byte) ([]byte, error) {
	ctx = of(ctx, account)
	_, err := s.q.InsertTranslationSecret(ctx, dbsqlc.InsertTranslationSecretParams{AccountID: string(account), Sealed: fresh})
	if err != nil {
		return nil, fmt.Errorf("insert translation secret: %w", err)
	}
	sealed, err := s.q.TranslationSecret(ctx, string(account))
	if err != nil {
		return nil, fmt.Errorf("read translation secret: %w", err)
	}
	return sealed, nil
}

func (s *Store) KeptTranslation(ctx context.Context, account gateway.AccountID, key gateway.TranslationKey, since time.Time) ([]byte, bool, error) {
	ctx = of(ctx, account)
	sealed, err := s.q.KeptTranslation(ctx, dbsqlc.KeptTranslationParams{AccountID: string(account), Key: key[:], Since: since})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("read translation: %w", err)
	default:
		return sealed, true, nil
	}
}

func (s *Store) KeepTranslation(ctx context.Context, account gateway.AccountID, key gateway.TranslationKey, sealed []byte, now time.Time) error {
	ctx = of(ctx, account)
	err := s.q.KeepTranslation(ctx, dbsqlc.KeepTranslationParams{AccountID: string(account), Key: key[:], Sealed: sealed, KeptAt: now})
	if err != nil {
		return fmt.Errorf("keep translation: %w", err)
	}
	return nil
}

func (s *Store) DropTranslations(ctx context.Context, account gateway.AccountID, keys []gateway.TranslationKey) error {
	ctx = of(ctx, account)
	if err := s.q.DropTranslations(ctx, dbsqlc.DropTranslationsParams{AccountID: string(account), Keys: rawKeys(keys)}); err != nil {
		return fmt.Errorf("remove translations: %w", err)
	}
	return nil
}

func rawKeys(keys []gateway.TranslationKey) [][]byte {
	raw := make([][]byte, len(keys))
	for i := range keys {
		raw[i] = keys[i][:]
	}
	return raw
}

func (s *Store) TrimTranslations(ctx context.Context, before time.Time, most int) (int64, error) {
	ctx = system(ctx, janitorWork)
	old, err := s.q.DropOldTranslations(ctx, before)
	if err != nil {
		return 0, fmt.Errorf("remove old translations: %w", err)
	}
	surplus, err := s.q.DropSurplusTranslations(ctx, int64(most))
	if err != nil {
		return old, fmt.Errorf("remove surplus translations: %w", err)
	}
	return old + surplus, nil
}

func (s *Store) SpendTranslation(ctx context.Context, account gateway.AccountID, spent gateway.TranslationDay, limit int64) (bool, error) {
	ctx = of(ctx, account)
	if limit > 0 && spent.Characters > limit {
		return false, nil // the statement below compares with what is there already, and the day's first call finds nothing
	}
	changed, err := s.q.SpendTranslation(ctx, dbsqlc.SpendTranslationParams{
		AccountID: string(account), Day: date(spent.Day), Currency: spent.Currency,
		Calls: spent.Calls, Characters: spent.Characters, Cost: int64(spent.Cost), Most: limit,
	})
	if err != nil {
		return false, fmt.Errorf("count translation: %w", err)
	}
	return changed == 1, nil
}

func (s *Store) RefundTranslation(ctx context.Context, account gateway.AccountID, spent gateway.TranslationDay) error {
	ctx = of(ctx, account)
	changed, err := s.q.RefundTranslation(ctx, dbsqlc.RefundTranslationParams{
		AccountID: string(account), Day: date(spent.Day), Currency: spent.Currency,
		Calls: spent.Calls, Characters: spent.Characters, Cost: int64(spent.Cost),
	})
	if err == nil && changed == 0 {
		err = errors.New("nothing was counted on that day")
	}
	if err != nil {
		return fmt.Errorf("take back a counted translation: %w", err)
	}
	return nil
}

func (s *Store) TranslationDays(ctx context.Context, account gateway.AccountID, first, last time.Time) ([]gateway.TranslationDay, error) {
	ctx = of(ctx, account)
	rows, err := s.q.TranslationDays(ctx, dbsqlc.TranslationDaysParams{AccountID: string(account), First: date(first), Last: date(last)})
	if err != nil {
		return nil, fmt.Errorf("list translation days: %w", err)
	}
	days := make([]gateway.TranslationDay, len(rows))
	for i, r := range rows {
		days[i] = gateway.TranslationDay{
			Day: r.Day.Time, Calls: r.Calls, Characters: r.Characters, Cost: gateway.Amount(r.Cost), Currency: r.Currency,
		}
	}
	return days, nil
}

// date is the day of a time, by UTC.
func date(t time.Time) pgtype.Date {
	return pgtype.Date{Time: t.UTC().Truncate(24 * time.Hour), Valid: true}
}
