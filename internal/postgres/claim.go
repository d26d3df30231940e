package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.ClaimStore = (*Store)(nil)

func (s *Store) Claim(ctx context.Context, c gateway.Claim, now, staleBefore time.Time) (held gateway.Claim, taken bool, err error) {
	ctx = of(ctx, c.AccountID)
	inserted, err := s.q.InsertClaim(ctx, dbsqlc.InsertClaimParams{
		AccountID: string(c.AccountID), Key: c.Key, Request: c.Request[:], Suffix: c.Suffix, ClaimedAt: now,
	})
	if err != nil {
		return held, false, fmt.Errorf("insert claim: %w", err)
	}
	if inserted == 1 { // as with nearly all
		return c, true, nil
	}
	err = s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		row, err := q.Claim(ctx, dbsqlc.ClaimParams{AccountID: string(c.AccountID), Key: c.Key})
		if err != nil {
			return fmt.Errorf("read claim: %w", err)
		}
		held = claim(row)
		if held.Done || held.Request != c.Request {
			return nil
		}
		over, err := q.TakeOverClaim(ctx, dbsqlc.TakeOverClaimParams{
			AccountID: string(c.AccountID), Key: c.Key, Now: now, StaleBefore: staleBefore,
		})
		if err != nil {
			return fmt.Errorf("take claim over: %w", err)
		}
		taken = over == 1
		return nil
	})
	return held, taken, err
}

func (s *Store) Complete(ctx context.Context, c gateway.Claim, now time.Time) error {
	ctx = of(ctx, c.AccountID)
	status := int32(c.Status)
	err := s.q.CompleteClaim(ctx, dbsqlc.CompleteClaimParams{
		AccountID: string(c.AccountID), Key: c.Key, Now: &now, Status: &status, Answer: c.Answer,
	})
	if err != nil {
		return fmt.Errorf("complete claim: %w", err)
	}
	return nil
}

func (s *Store) Release(ctx context.Context, account gateway.AccountID, key string) error {
	ctx = of(ctx, account)
	if err := s.q.ReleaseClaim(ctx, dbsqlc.ReleaseClaimParams{AccountID: string(account), Key: key}); err != nil {
		return fmt.Errorf("release claim: %w", err)
	}
	return nil
}

func claim(r dbsqlc.IdempotencyKey) gateway.Claim {
	c := gateway.Claim{
		AccountID: gateway.AccountID(r.AccountID), Key: r.Key, Suffix: r.Suffix, Done: r.DoneAt != nil, Answer: r.Answer,
	}
	copy(c.Request[:], r.Request)
	if r.Status != nil {
		c.Status = int(*r.Status)
	}
	return c
}
