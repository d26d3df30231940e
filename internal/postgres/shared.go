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

func (s *Store) UsableBot(ctx context.Context, account gateway.AccountID, id gateway.BotID) (gateway.Bot, error) {
	ctx = of(ctx, account)
	row, err := s.q.UsableBot(ctx, dbsqlc.UsableBotParams{AccountID: string(account), ID: string(id)})
	return bot(row), found(err, gateway.ErrBotNotFound, "read bot")
}

func (s *Store) UsableBotByUsername(ctx context.Context, account gateway.AccountID, username string) (gateway.Bot, error) {
	ctx = of(ctx, account)
	row, err := s.q.UsableBotByUsername(ctx, dbsqlc.UsableBotByUsernameParams{AccountID: string(account), Username: username})
	return bot(row), found(err, gateway.ErrBotNotFound, "read bot")
}

func (s *Store) UsableBots(ctx context.Context, account gateway.AccountID, p gateway.Page) (gateway.List[gateway.Bot], error) {
	ctx = of(ctx, account)
	rows, err := s.q.UsableBots(ctx, dbsqlc.UsableBotsParams{AccountID: string(account), After: p.After, Limit: int32(p.Limit) + 1})
	if err != nil {
		return gateway.List[gateway.Bot]{}, fmt.Errorf("list usable bots: %w", err)
	}
	return list(rows, p.Limit, bot, func(b gateway.Bot) string { return string(b.ID) }), nil
}

func (s *Store) Aliases(ctx context.Context, b gateway.Bot) ([]gateway.Bot, error) {
	ctx = of(ctx, b.AccountID)
	rows, err := s.q.Aliases(ctx, dbsqlc.AliasesParams{AccountID: string(b.AccountID), Service: b.Service})
	if err != nil {
		return nil, fmt.Errorf("list bots of service: %w", err)
	}
	return bots(rows), nil
}

func (s *Store) ShareBot(ctx context.Context, b gateway.Bot, at time.Time) (gateway.Bot, error) {
	ctx = of(ctx, b.AccountID)
	row, err := s.q.ShareBot(ctx, dbsqlc.ShareBotParams{
		AccountID: string(b.AccountID), ID: string(b.ID), Shared: b.Shared, Purpose: string(b.Purpose), Service: b.Service, At: at,
	})
	return bot(row), found(err, gateway.ErrBotNotFound, "share bot")
}

// attribution finds whose an update of the bot is, within the update's transaction.
func attribution(q *queries, raw gateway.RawUpdate, now time.Time) gateway.Attribution {
	return func(ctx context.Context, person, answered int64) (gateway.Owner, error) {
		if answered != 0 {
			row, err := q.AnsweredOwner(ctx, dbsqlc.AnsweredOwnerParams{ChatID: raw.ChatID, Answered: answered, BotID: string(raw.BotID)})
			if err == nil {
				return gateway.Owner{AccountID: gateway.AccountID(row.AccountID), Rules: int(row.RulesVersion)}, nil
			}
			if !errors.Is(err, pgx.ErrNoRows) {
				return gateway.Owner{}, fmt.Errorf("find whose message is answered: %w", err)
			}
		}
		since := now.Add(-gateway.AttributedFor)
		row, err := q.LastWriter(ctx, dbsqlc.LastWriterParams{BotID: string(raw.BotID), PlatformID: person, Since: &since})
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return gateway.Owner{AccountID: raw.AccountID, Rules: raw.Rules}, nil
		case err != nil:
			return gateway.Owner{}, fmt.Errorf("find who wrote last: %w", err)
		}
		return gateway.Owner{AccountID: gateway.AccountID(row.AccountID), Rules: int(row.RulesVersion)}, nil
	}
}

// seenBy is a person as the rules of an account see them: whoever does not own the bot learns no phone that others were given.
func seenBy(account gateway.AccountID, p gateway.Subscriber) gateway.Subscriber {
	if p.AccountID != account {
		p.Phone, p.PhoneProof, p.PhoneProvedAt, p.ExternalID, p.StartPayload = "", "", time.Time{}, "", ""
	}
	return p
}
