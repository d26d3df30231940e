package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.TermsStore = (*Store)(nil)

// amount reads a numeric as the database writes it: never more decimals than ParseAmount takes.
func amount(text string) gateway.Amount {
	a, _ := gateway.ParseAmount(text)
	return a
}

func (s *Store) Terms(ctx context.Context, account gateway.AccountID) (gateway.Terms, error) {
	return terms(of(ctx, account), s.q, account)
}

func terms(ctx context.Context, q *queries, account gateway.AccountID) (gateway.Terms, error) {
	row, err := q.Terms(ctx, string(account))
	if err = found(err, gateway.ErrAccountNotFound, "read terms of account"); err != nil {
		return gateway.Terms{}, err
	}
	var prices []struct {
		Channel gateway.Channel
		Prefix  string
		Amount  string
	}
	terms := gateway.Terms{Region: row.Region, Prices: gateway.PriceList{Currency: row.Currency}}
	if err := json.Unmarshal(row.Prices, &prices); err != nil {
		return terms, fmt.Errorf("read price list: %w", err)
	}
	for _, p := range prices {
		terms.Prices.Prices = append(terms.Prices.Prices, gateway.Price{Channel: p.Channel, Prefix: p.Prefix, Amount: amount(p.Amount)})
	}
	if err := json.Unmarshal(row.Defaults, &terms.Defaults); err != nil {
		return terms, fmt.Errorf("read defaults of account %s: %w", account, err)
	}
	return terms, nil
}

func (s *Store) SetPrices(ctx context.Context, l gateway.PriceList, now time.Time) error {
	ctx = system(ctx, accountWork)
	p := dbsqlc.InsertPricesParams{}
	for _, price := range l.Prices {
		p.Channels = append(p.Channels, string(price.Channel))
		p.Prefixes = append(p.Prefixes, price.Prefix)
		p.Amounts = append(p.Amounts, price.Amount.String())
	}
	return s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		// The list is locked by its one row: of two who change it at the same time the later one wins whole.
		if err := q.NamePriceList(ctx, dbsqlc.NamePriceListParams{Currency: l.Currency, ChangedAt: now}); err != nil {
			return fmt.Errorf("name price list: %w", err)
		}
		if err := q.DropPrices(ctx); err != nil {
			return fmt.Errorf("drop prices: %w", err)
		}
		if err := q.InsertPrices(ctx, p); err != nil {
			return fmt.Errorf("insert prices: %w", err)
		}
		return nil
	})
}

func (s *Store) SetDefaults(ctx context.Context, account gateway.AccountID, d gateway.Defaults) error {
	ctx = of(ctx, account)
	raw, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write defaults: %w", err)
	}
	rows, err := s.q.SetDefaults(ctx, dbsqlc.SetDefaultsParams{Defaults: raw, AccountID: string(account)})
	if err != nil {
		return fmt.Errorf("update defaults of account %s: %w", account, err)
	}
	if rows == 0 {
		return gateway.ErrAccountNotFound
	}
	return nil
}
