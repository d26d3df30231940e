package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.ClaimStore = (*Store)(nil)

// claimTries is how often a key is claimed that another request frees while it is looked at.
const claimTries = 3

func (s *Store) Claim(ctx context.Context, c gateway.Claim, now, staleBefore time.Time) (held gateway.Claim, taken bool, err error) {
	ctx = of(ctx, c.AccountID)
	for range claimTries {
		held, taken, err = s.claimOnce(ctx, c, now, staleBefore)
		if !errors.Is(err, pgx.ErrNoRows) {
			break
		}
	}
	return held, taken, err
}

func (s *Store) claimOnce(ctx context.Context, c gateway.Claim, now, staleBefore time.Time) (held gateway.Claim, taken bool, err error) {
	inserted, err := s.q.InsertClaim(ctx, dbsqlc.InsertClaimParams{
		AccountID: string(c.AccountID), Key: c.Key, Request: c.Request[:], Suffix: c.Suffix, ClaimedAt: now,
	})
	if err != nil {
		return held, false, fmt.Errorf("insert claim: %w", err)
	}
	if inserted == 1 { // as with nearly all
		return c, true, nil
	}
	if err := s.answers.settled(ctx); err != nil { // the first answer may be among those
		return held, false, fmt.Errorf("wait for kept answers: %w", err)
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
	answer := keptAnswer{c, now}
	if s.answers.take(answer) {
		return nil
	}
	return s.complete(ctx, answer)
}

// complete writes answers in one statement, in the scope of ctx.
func (s *Store) complete(ctx context.Context, answers ...keptAnswer) error {
	var p dbsqlc.CompleteClaimsParams
	for _, a := range answers {
		p.AccountIds = append(p.AccountIds, string(a.AccountID))
		p.Keys = append(p.Keys, a.Key)
		p.DoneAts = append(p.DoneAts, a.at)
		p.Statuses = append(p.Statuses, int32(a.Status))
		p.Answers = append(p.Answers, a.Answer)
	}
	if err := s.q.CompleteClaims(ctx, p); err != nil {
		return fmt.Errorf("complete claims: %w", err)
	}
	return nil
}

// Pauses before kept answers are written again, doubling: as long as the gatherer has patience.
const completePause = 250 * time.Millisecond

// completeGathered writes what the gatherer took. What is lost leaves claims that grow stale.
func (s *Store) completeGathered(ctx context.Context, answers []keptAnswer) {
	ctx = system(ctx, claimWork)
	err := s.complete(ctx, answers...)
	for pause := completePause; err != nil && ctx.Err() == nil; pause *= 2 {
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			err = s.complete(ctx, answers...)
		}
	}
	if err != nil {
		s.logger.ErrorContext(ctx, "keep answers of idempotency keys", "answers", len(answers), "error", err)
	}
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
