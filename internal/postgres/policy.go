package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.PolicyStore = (*Store)(nil)

// Kinds of what the policy's counters know by keyed hashes alone.
const (
	kindPolicyText   = "policy text"
	kindPolicyPerson = "policy person"
)

// keepPolicyCounts is how long the counters of a day are kept.
const keepPolicyCounts = 48 * time.Hour

func (s *Store) PolicySource(ctx context.Context) (string, error) {
	source, err := s.q.PolicySource(system(ctx, policyWork))
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read policy: %w", err)
	}
	return source, nil
}

func (s *Store) SetPolicy(ctx context.Context, source string, at time.Time) error {
	ctx = system(ctx, policyWork)
	var err error
	if source == "" {
		err = s.q.ResetPolicy(ctx)
	} else {
		err = s.q.SetPolicy(ctx, dbsqlc.SetPolicyParams{Source: source, At: at})
	}
	if err != nil {
		return fmt.Errorf("write policy: %w", err)
	}
	return nil
}

// policyHashes are a message's text and person as the counters know them.
func (s *Store) policyHashes(m gateway.PolicyMessage) (text, person []byte) {
	account := string(m.AccountID)
	return s.q.vault.index(account, kindPolicyText, m.Text), s.q.vault.index(account, kindPolicyPerson, m.Person)
}

func (s *Store) CountForPolicy(ctx context.Context, m gateway.PolicyMessage) (gateway.PolicyCount, error) {
	ctx = of(ctx, m.AccountID)
	text, person := s.policyHashes(m)
	row, err := s.q.CountForPolicy(ctx, dbsqlc.CountForPolicyParams{AccountID: string(m.AccountID), Day: date(m.At), TextHash: text, PersonHash: person})
	if err != nil {
		return gateway.PolicyCount{}, fmt.Errorf("count for policy: %w", err)
	}
	return gateway.PolicyCount{People: row.People, Today: row.Messages, Fresh: row.Fresh > 0, Allowed: row.Allowed, TextHash: text}, nil
}

func (s *Store) UncountForPolicy(ctx context.Context, m gateway.PolicyMessage, c gateway.PolicyCount) error {
	ctx = of(ctx, m.AccountID)
	text, person := s.policyHashes(m)
	err := s.q.UncountForPolicy(ctx, dbsqlc.UncountForPolicyParams{
		AccountID: string(m.AccountID), Day: date(m.At), TextHash: text, PersonHash: person, Fresh: c.Fresh,
	})
	if err != nil {
		return fmt.Errorf("take back count for policy: %w", err)
	}
	return nil
}

func (s *Store) AllowByPolicy(ctx context.Context, a gateway.PolicyAllowance) error {
	if _, err := s.Account(ctx, a.AccountID); err != nil {
		return err
	}
	err := s.q.AllowByPolicy(of(ctx, a.AccountID), dbsqlc.AllowByPolicyParams{
		AccountID: string(a.AccountID), TextHash: hashOrEmpty(a.TextHash), Note: a.Note, CreatedAt: a.CreatedAt,
	})
	if err != nil {
		return fmt.Errorf("allow by policy: %w", err)
	}
	return nil
}

func (s *Store) DisallowByPolicy(ctx context.Context, a gateway.PolicyAllowance) error {
	ctx = of(ctx, a.AccountID)
	err := s.q.DisallowByPolicy(ctx, dbsqlc.DisallowByPolicyParams{AccountID: string(a.AccountID), TextHash: hashOrEmpty(a.TextHash)})
	if err != nil {
		return fmt.Errorf("take back allowance: %w", err)
	}
	return nil
}

func (s *Store) PolicyAllowances(ctx context.Context, p gateway.Page) (list gateway.List[gateway.PolicyAllowance], err error) {
	ctx = system(ctx, policyWork)
	account, digits, _ := strings.Cut(p.After, "/")
	hash, err := hex.DecodeString(digits)
	if err != nil {
		return list, fmt.Errorf("read where a page of allowances ended: %w", err)
	}
	rows, err := s.q.PolicyAllowances(ctx, dbsqlc.PolicyAllowancesParams{AfterAccount: account, AfterHash: hash, Most: int32(p.Limit + 1)})
	if err != nil {
		return list, fmt.Errorf("list allowances: %w", err)
	}
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		last := rows[p.Limit-1]
		list.Next = last.AccountID + "/" + hex.EncodeToString(last.TextHash)
	}
	for _, r := range rows {
		list.Items = append(list.Items, gateway.PolicyAllowance{
			AccountID: gateway.AccountID(r.AccountID), TextHash: r.TextHash, Note: r.Note, CreatedAt: r.CreatedAt.UTC(),
		})
	}
	return list, nil
}

func hashOrEmpty(hash []byte) []byte {
	if hash == nil {
		return []byte{}
	}
	return hash
}

// RefuseMessage stores a message that the policy refused: with its story, and without an outbox row.
func (s *Store) RefuseMessage(ctx context.Context, n gateway.NewMessage, words string) (created bool, err error) {
	ctx = of(ctx, n.Message.AccountID)
	err = s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		if created, err = acceptMessage(ctx, q, n.Message, n.Legs, n.Links); err != nil || !created {
			return err
		}
		return q.RefuseMessage(ctx, dbsqlc.RefuseMessageParams{
			AccountID: string(n.Message.AccountID), ID: string(n.Message.ID), Reason: string(gateway.ReasonPolicy), At: n.Message.CreatedAt, Detail: words,
		})
	})
	if err != nil {
		return false, fmt.Errorf("store refused message %s: %w", n.Message.ID, err)
	}
	return created, nil
}
