package postgres

import (
	"context"
	"fmt"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

// resealBatch is how many values are read at a time.
const resealBatch = 200

// sealed is one sealed value with the place that it is bound to, and the way to put another one in its stead.
type sealed struct {
	value   []byte
	bound   string
	replace func(ctx context.Context, anew []byte) (rows int64, err error)
}

// Reseal seals anew what is sealed by an earlier key, table by table, and tells how many values that were. Cached
// translations are left: one that cannot be opened is fetched again.
func (s *Store) Reseal(ctx context.Context, sealer gateway.Resealer) (count int, err error) {
	for _, table := range []func(context.Context, func(sealed) error) error{s.eachToken, s.eachAnswer, s.eachSecret} {
		err := table(ctx, func(v sealed) error {
			if sealer.Current(v.value) {
				return nil
			}
			plain, err := sealer.Open(ctx, v.value, v.bound)
			if err != nil {
				return fmt.Errorf("open %s: %w", v.bound, err)
			}
			anew, err := sealer.Seal(ctx, plain, v.bound)
			if err != nil {
				return fmt.Errorf("seal %s: %w", v.bound, err)
			}
			rows, err := v.replace(ctx, anew)
			if err != nil {
				return fmt.Errorf("replace %s: %w", v.bound, err)
			}
			count += int(rows)
			return nil
		})
		if err != nil {
			return count, err
		}
	}
	return count, nil
}

func (s *Store) eachToken(ctx context.Context, do func(sealed) error) error {
	for after := ""; ; {
		rows, err := s.q.SealedTokens(ctx, dbsqlc.SealedTokensParams{After: after, Most: resealBatch})
		if err != nil {
			return fmt.Errorf("list sealed tokens: %w", err)
		}
		for _, r := range rows {
			after = r.ID
			err := do(sealed{r.SealedToken, gateway.BotID(r.ID).TokenBound(), func(ctx context.Context, anew []byte) (int64, error) {
				return s.q.SealTokenAnew(ctx, dbsqlc.SealTokenAnewParams{ID: r.ID, Sealed: anew, Was: r.SealedToken})
			}})
			if err != nil {
				return err
			}
		}
		if len(rows) < resealBatch {
			return nil
		}
	}
}

func (s *Store) eachAnswer(ctx context.Context, do func(sealed) error) error {
	for account, key := "", ""; ; {
		rows, err := s.q.SealedAnswers(ctx, dbsqlc.SealedAnswersParams{AfterAccount: account, AfterKey: key, Most: resealBatch})
		if err != nil {
			return fmt.Errorf("list sealed answers: %w", err)
		}
		for _, r := range rows {
			account, key = r.AccountID, r.Key
			claim := gateway.Claim{AccountID: gateway.AccountID(r.AccountID), Key: r.Key}
			err := do(sealed{r.Answer, claim.AnswerBound(), func(ctx context.Context, anew []byte) (int64, error) {
				return s.q.SealAnswerAnew(ctx, dbsqlc.SealAnswerAnewParams{AccountID: r.AccountID, Key: r.Key, Sealed: anew, Was: r.Answer})
			}})
			if err != nil {
				return err
			}
		}
		if len(rows) < resealBatch {
			return nil
		}
	}
}

func (s *Store) eachSecret(ctx context.Context, do func(sealed) error) error {
	for after := ""; ; {
		rows, err := s.q.SealedSecrets(ctx, dbsqlc.SealedSecretsParams{After: after, Most: resealBatch})
		if err != nil {
			return fmt.Errorf("list sealed secrets: %w", err)
		}
		for _, r := range rows {
			after = r.AccountID
			err := do(sealed{r.Sealed, gateway.AccountID(r.AccountID).TranslationBound(), func(ctx context.Context, anew []byte) (int64, error) {
				return s.q.SealSecretAnew(ctx, dbsqlc.SealSecretAnewParams{AccountID: r.AccountID, Sealed: anew, Was: r.Sealed})
			}})
			if err != nil {
				return err
			}
		}
		if len(rows) < resealBatch {
			return nil
		}
	}
}
