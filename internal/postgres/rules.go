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

var _ gateway.RuleStore = (*Store)(nil)

func (s *Store) PublishRules(ctx context.Context, v gateway.RuleVersion, activate bool) (gateway.RuleVersion, error) {
	ctx = of(ctx, v.AccountID)
	err := s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		set, err := lockRuleSet(ctx, q, v.AccountID, v.BotID)
		if err != nil {
			return err
		}
		v.Version = int(set.LastVersion)
		same := false
		if v.Version > 0 {
			newest, err := q.RuleVersion(ctx, dbsqlc.RuleVersionParams{AccountID: set.AccountID, BotID: set.BotID, Version: set.LastVersion})
			if err != nil {
				return fmt.Errorf("read newest rules: %w", err)
			}
			same = [32]byte(newest.RuleVersion.Hash) == v.Hash
		}
		if !same {
			v.Version++
			if err := insertRuleVersion(ctx, q, v); err != nil {
				return err
			}
		}
		if !activate || same && set.Active != nil && int(*set.Active) == v.Version {
			return nil
		}
		return activateRules(ctx, q, v.AccountID, v.BotID, v.Version, v.Author, v.CreatedAt)
	})
	if err != nil {
		return v, err
	}
	return s.RuleVersion(ctx, v.AccountID, v.BotID, v.Version)
}

// lockRuleSet lets one caller at a time number and activate versions.
func lockRuleSet(ctx context.Context, q *queries, account gateway.AccountID, bot gateway.BotID) (dbsqlc.RuleSet, error) {
	if err := q.EnsureRuleSet(ctx, dbsqlc.EnsureRuleSetParams{AccountID: string(account), BotID: string(bot)}); err != nil {
		return dbsqlc.RuleSet{}, fmt.Errorf("make rule set: %w", err)
	}
	set, err := q.LockRuleSet(ctx, dbsqlc.LockRuleSetParams{AccountID: string(account), BotID: string(bot)})
	if err != nil {
		return set, fmt.Errorf("lock rule set: %w", err)
	}
	return set, nil
}

func insertRuleVersion(ctx context.Context, q *queries, v gateway.RuleVersion) error {
	err := q.InsertRuleVersion(ctx, dbsqlc.InsertRuleVersionParams{
		AccountID: string(v.AccountID), BotID: string(v.BotID), Version: int32(v.Version), Source: v.Source, Hash: v.Hash[:],
		Raises: orEmpty(v.Raises), Author: string(v.Author), Note: v.Note, CreatedAt: v.CreatedAt,
	})
	if err != nil {
		return fmt.Errorf("insert version %d of rules: %w", v.Version, err)
	}
	return nil
}

func activateRules(ctx context.Context, q *queries, account gateway.AccountID, bot gateway.BotID, version int, author gateway.KeyID, at time.Time) error {
	p := dbsqlc.ActivateRulesParams{AccountID: string(account), BotID: string(bot), Author: string(author), At: at}
	if version > 0 {
		number := int32(version)
		p.Version = &number
	}
	if err := q.ActivateRules(ctx, p); err != nil {
		return fmt.Errorf("activate version %d of rules: %w", version, err)
	}
	return nil
}

func (s *Store) ActivateRules(ctx context.Context, account gateway.AccountID, bot gateway.BotID, version int, author gateway.KeyID, at time.Time) error {
	ctx = of(ctx, account)
	return s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		set, err := lockRuleSet(ctx, q, account, bot)
		if err != nil {
			return err
		}
		if version < 0 || version > int(set.LastVersion) {
			return gateway.ErrRulesNotFound
		}
		if active := set.Active; active == nil && version == 0 || active != nil && int(*active) == version {
			return nil
		}
		return activateRules(ctx, q, account, bot, version, author, at)
	})
}

func (s *Store) ActiveRules(ctx context.Context, account gateway.AccountID, bot gateway.BotID) (gateway.RuleVersion, error) {
	ctx = of(ctx, account)
	row, err := s.q.ActiveRules(ctx, dbsqlc.ActiveRulesParams{AccountID: string(account), BotID: string(bot)})
	if err = found(err, gateway.ErrRulesNotFound, "read active rules"); err != nil {
		return gateway.RuleVersion{}, err
	}
	return ruleVersion(row.RuleVersion, row.AuthorName, true), nil
}

func (s *Store) RuleVersion(ctx context.Context, account gateway.AccountID, bot gateway.BotID, version int) (gateway.RuleVersion, error) {
	ctx = of(ctx, account)
	row, err := s.q.RuleVersion(ctx, dbsqlc.RuleVersionParams{AccountID: string(account), BotID: string(bot), Version: int32(version)})
	if err = found(err, gateway.ErrRulesNotFound, "read rules"); err != nil {
		return gateway.RuleVersion{}, err
	}
	return ruleVersion(row.RuleVersion, row.AuthorName, row.Active), nil
}

func (s *Store) RuleSource(ctx context.Context, account gateway.AccountID, bot gateway.BotID, version int) (string, error) {
	ctx = of(ctx, account)
	source, err := s.q.RuleSource(ctx, dbsqlc.RuleSourceParams{AccountID: string(account), BotID: string(bot), Version: int32(version)})
	return source, found(err, gateway.ErrRulesNotFound, "read source of rules")
}

func (s *Store) RuleVersions(ctx context.Context, account gateway.AccountID, bot gateway.BotID, before, limit int) ([]gateway.RuleVersion, error) {
	ctx = of(ctx, account)
	rows, err := s.q.RuleVersions(ctx, dbsqlc.RuleVersionsParams{AccountID: string(account), BotID: string(bot), Before: int32(before), Limit: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list versions of rules: %w", err)
	}
	out := make([]gateway.RuleVersion, len(rows))
	for i, r := range rows {
		out[i] = gateway.RuleVersion{
			AccountID: account, BotID: bot, Version: int(r.Version), Bytes: int(r.Bytes), Hash: [32]byte(r.Hash),
			Author: gateway.KeyID(r.Author), AuthorName: r.AuthorName, Note: r.Note, CreatedAt: r.CreatedAt.UTC(), Active: r.Active,
		}
	}
	return out, nil
}

func (s *Store) RuleActivations(ctx context.Context, account gateway.AccountID, bot gateway.BotID, limit int) ([]gateway.RuleActivation, error) {
	ctx = of(ctx, account)
	rows, err := s.q.RuleActivations(ctx, dbsqlc.RuleActivationsParams{AccountID: string(account), BotID: string(bot), Limit: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list activations of rules: %w", err)
	}
	out := make([]gateway.RuleActivation, len(rows))
	for i, r := range rows {
		out[i] = gateway.RuleActivation{Sequence: int(r.Sequence), Author: gateway.KeyID(r.Author), AuthorName: r.AuthorName, At: r.At.UTC()}
		if r.Version != nil {
			out[i].Version = int(*r.Version)
		}
	}
	return out, nil
}

func (s *Store) StoredVerdict(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (gateway.StoredVerdict, error) {
	ctx = of(ctx, account)
	r, err := s.q.Verdict(ctx, dbsqlc.VerdictParams{AccountID: string(account), MessageID: string(id)})
	if err = found(err, gateway.ErrVerdictNotFound, "read verdict"); err != nil {
		return gateway.StoredVerdict{}, err
	}
	v := s.q.vault
	stored := gateway.StoredVerdict{
		MessageID: id, Event: r.Event, AccountID: account, BotID: gateway.BotID(r.BotID), Version: int(r.Version), Rules: r.Rules,
		Note: r.Note, CreatedAt: r.CreatedAt.UTC(),
		Input:   []byte(v.opened(&err, verdictBound("input", r.MessageID, r.Event), r.Input)),
		Effects: []byte(v.opened(&err, verdictBound("effects", r.MessageID, r.Event), r.Effects)),
	}
	return stored, err
}

func (s *Store) Answers(ctx context.Context, account gateway.AccountID, cause gateway.MessageID) ([]gateway.Message, error) {
	ctx = of(ctx, account)
	rows, err := s.q.Answers(ctx, dbsqlc.AnswersParams{AccountID: string(account), CauseID: string(cause)})
	if err != nil {
		return nil, fmt.Errorf("list answers to message %s: %w", cause, err)
	}
	out := make([]gateway.Message, len(rows))
	for i, r := range rows {
		if out[i], err = s.q.vault.message(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) Recorded(ctx context.Context, account gateway.AccountID, bot gateway.BotID, since time.Time, after gateway.MessageID, limit int) ([]gateway.RecordedMessage, error) {
	ctx = of(ctx, account)
	rows, err := s.q.Recorded(ctx, dbsqlc.RecordedParams{
		AccountID: string(account), BotID: string(bot), Since: since, After: string(after), AtMost: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("list recorded messages: %w", err)
	}
	out := make([]gateway.RecordedMessage, len(rows))
	for i, r := range rows {
		m, err := s.q.vault.message(r.Message)
		if err != nil {
			return nil, err
		}
		out[i] = gateway.RecordedMessage{Message: m, Rules: r.Rules}
		if input := s.q.vault.opened(&err, verdictBound("input", r.Message.ID, ""), r.Input); input != "" {
			out[i].Input = []byte(input)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) CountRecorded(ctx context.Context, account gateway.AccountID, bot gateway.BotID, since time.Time) (int, error) {
	ctx = of(ctx, account)
	n, err := s.q.CountRecorded(ctx, dbsqlc.CountRecordedParams{AccountID: string(account), BotID: string(bot), Since: since})
	if err != nil {
		return 0, fmt.Errorf("count recorded messages: %w", err)
	}
	return int(n), nil
}

func (s *Store) Conversation(ctx context.Context, account gateway.AccountID, person gateway.Subscriber) (gateway.Conversation, error) {
	ctx = of(ctx, account)
	row, err := s.q.Subscriber(ctx, dbsqlc.SubscriberParams{AccountID: string(account), BotID: string(person.BotID), ID: string(person.ID)})
	if err = found(err, gateway.ErrSubscriberNotFound, "read subscriber"); err != nil {
		return gateway.Conversation{}, err
	}
	c, err := begun(s.q.vault, account, row.Subscriber)
	if err != nil {
		return c, err
	}
	err = each(s.q, readConversation(ctx, account, person.BotID, person.PlatformID, &c))
	return c, err
}

// begun is a conversation of which only the person is known, as the account may see them.
func begun(v *vault, account gateway.AccountID, person dbsqlc.Subscriber) (c gateway.Conversation, err error) {
	c.Since = person.CreatedAt.UTC()
	if c.Person, err = v.subscriber(person); err == nil {
		c.Phoned = c.Person.Phone != ""
		c.Person = seenBy(account, c.Person)
	}
	return c, err
}

// readConversation reads what rules see of a person beside the update.
func readConversation(ctx context.Context, account gateway.AccountID, bot gateway.BotID, platformID int64, c *gateway.Conversation) []step {
	return []step{readState(ctx, account, bot, platformID, c), readLast(ctx, account, bot, platformID, c)}
}

func readState(ctx context.Context, account gateway.AccountID, bot gateway.BotID, platformID int64, c *gateway.Conversation) step {
	return func(q *queries) error {
		state, err := q.PersonState(ctx, dbsqlc.PersonStateParams{AccountID: string(account), BotID: string(bot), PlatformID: platformID})
		switch {
		case errors.Is(err, pgx.ErrNoRows): // new to these rules
			return nil
		case err != nil:
			return fmt.Errorf("read state of person: %w", err)
		}
		c.State, err = q.vault.personState(state)
		return err
	}
}

func readLast(ctx context.Context, account gateway.AccountID, bot gateway.BotID, platformID int64, c *gateway.Conversation) step {
	return func(q *queries) error {
		last, err := q.LastToPerson(ctx, dbsqlc.LastToPersonParams{AccountID: string(account), BotID: string(bot), PlatformID: platformID})
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return nil
		case err != nil:
			return fmt.Errorf("read last message to person: %w", err)
		}
		m, err := q.vault.message(last)
		c.Last = &m
		return err
	}
}

func ruleVersion(r dbsqlc.RuleVersion, author string, active bool) gateway.RuleVersion {
	return gateway.RuleVersion{
		AccountID: gateway.AccountID(r.AccountID), BotID: gateway.BotID(r.BotID), Version: int(r.Version), Source: r.Source,
		Bytes: len(r.Source), Hash: [32]byte(r.Hash), Raises: r.Raises, Author: gateway.KeyID(r.Author), AuthorName: author,
		Note: r.Note, CreatedAt: r.CreatedAt.UTC(), Active: active,
	}
}

// orEmpty is for columns that take an empty list and no null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
