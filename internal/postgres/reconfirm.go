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

var _ gateway.ReconfirmStore = (*Store)(nil)

// botsAPage bounds how many bots one page looks at, so that it stays short where nobody is due.
const botsAPage = 100

func (s *Store) DueReconfirmations(ctx context.Context, now time.Time, from gateway.ReconfirmCursor, atMost int) (gateway.ReconfirmPage, error) {
	ctx = system(ctx, proofWork)
	page := gateway.ReconfirmPage{Next: from}
	bots, err := s.q.ReconfirmingBots(ctx, dbsqlc.ReconfirmingBotsParams{FromBot: string(from.BotID), AtMost: botsAPage})
	if err != nil {
		return page, fmt.Errorf("list bots whose people prove their phones anew: %w", err)
	}
	for _, b := range bots {
		if gateway.BotID(b.ID) != page.Next.BotID {
			page.Next = gateway.ReconfirmCursor{BotID: gateway.BotID(b.ID)}
		}
		every := milliseconds(b.ReconfirmEveryMs)
		rows, err := s.q.DueSubscribers(ctx, dbsqlc.DueSubscribersParams{
			AccountID: b.AccountID, BotID: b.ID, ProvedUntil: now.Add(-every), AfterProved: page.Next.ProvedAt,
			AfterID: string(page.Next.SubscriberID), AtMost: int32(atMost - len(page.Due)),
		})
		if err != nil {
			return page, fmt.Errorf("list people of bot %s whose proof is too old: %w", b.ID, err)
		}
		for _, r := range rows {
			proved := r.PhoneProvedAt.UTC()
			page.Due = append(page.Due, gateway.Reconfirmation{
				AccountID: gateway.AccountID(b.AccountID), BotID: gateway.BotID(b.ID), SubscriberID: gateway.SubscriberID(r.ID), Due: proved.Add(every),
			})
			page.Next.ProvedAt, page.Next.SubscriberID = proved, gateway.SubscriberID(r.ID)
		}
		if len(page.Due) >= atMost {
			page.More = true
			return page, nil
		}
		page.Next.ProvedAt, page.Next.SubscriberID = now, "" // nobody proved anything later
	}
	page.More = len(bots) == botsAPage
	return page, nil
}

func (s *Store) Reconfirming(ctx context.Context, r gateway.Reconfirmation) (gateway.Reconfirming, error) {
	ctx = system(ctx, proofWork)
	row, err := s.q.Reconfirming(ctx, dbsqlc.ReconfirmingParams{AccountID: string(r.AccountID), BotID: string(r.BotID), ID: string(r.SubscriberID)})
	if errors.Is(err, pgx.ErrNoRows) {
		return gateway.Reconfirming{}, nil
	}
	if err != nil {
		return gateway.Reconfirming{}, fmt.Errorf("read reconfirmation of subscriber %s: %w", r.SubscriberID, err)
	}
	person, err := s.q.vault.subscriber(row.Subscriber)
	if err != nil {
		return gateway.Reconfirming{}, err
	}
	asks, err := s.q.ReconfirmAsks(ctx, dbsqlc.ReconfirmAsksParams{SubscriberID: string(r.SubscriberID), DueAt: r.Due})
	if err != nil {
		return gateway.Reconfirming{}, fmt.Errorf("list asks of subscriber %s: %w", r.SubscriberID, err)
	}
	found := gateway.Reconfirming{Person: &person, Bot: bot(row.Bot), Suspended: row.Suspended}
	for _, a := range asks {
		found.Asks = append(found.Asks, gateway.PhoneAsked{At: a.AskedAt.UTC(), Reached: a.Reached})
	}
	return found, nil
}

func (s *Store) AskToReconfirm(ctx context.Context, r gateway.Reconfirmation, a gateway.Ask) (toSend []gateway.NewMessage, changed bool, err error) {
	ctx = system(ctx, proofWork)
	err = s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		held, err := q.HoldReconfirming(ctx, dbsqlc.HoldReconfirmingParams{
			AccountID: string(r.AccountID), ID: string(r.SubscriberID), DueAt: r.Due, ProvedAt: a.ProvedAt, Begins: a.Asked == 0,
		})
		if err != nil {
			return fmt.Errorf("hold subscriber %s: %w", r.SubscriberID, err)
		}
		asked, err := q.CountReconfirmAsks(ctx, dbsqlc.CountReconfirmAsksParams{SubscriberID: string(r.SubscriberID), DueAt: r.Due})
		if err != nil {
			return fmt.Errorf("count asks of subscriber %s: %w", r.SubscriberID, err)
		}
		if changed = held == 0 || asked != int64(a.Asked); changed {
			return nil
		}
		opened, err := askForPhone(ctx, q, a.PhoneAsk, a.Messages, a.Since, r.Due)
		if err != nil {
			return err
		}
		if opened {
			toSend = a.Messages
			return nil
		}
		if err := q.JoinPhoneAsk(ctx, dbsqlc.JoinPhoneAskParams{SubscriberID: string(r.SubscriberID), DueAt: r.Due}); err != nil {
			return fmt.Errorf("join an ask for phone: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	return toSend, changed, nil
}

func (s *Store) LapsePhone(ctx context.Context, r gateway.Reconfirmation, notice gateway.NewMessage) (lapsed bool, freed []gateway.MessageRef, err error) {
	ctx = system(ctx, proofWork)
	err = s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		people, err := q.LapsePhone(ctx, dbsqlc.LapsePhoneParams{AccountID: string(r.AccountID), ID: string(r.SubscriberID), DueAt: r.Due, At: notice.Message.CreatedAt})
		if err != nil {
			return fmt.Errorf("take the phone from subscriber %s: %w", r.SubscriberID, err)
		}
		if lapsed = len(people) > 0; !lapsed {
			return nil
		}
		if _, err := acceptMessage(ctx, q, notice.Message, notice.Legs, notice.Links); err != nil {
			return err
		}
		freed, err = withheld(ctx, q, people)
		return err
	})
	return lapsed && err == nil, freed, err
}

func (s *Store) WithdrawReconfirmation(ctx context.Context, r gateway.Reconfirmation) error {
	ctx = system(ctx, proofWork)
	err := s.q.WithdrawReconfirmation(ctx, dbsqlc.WithdrawReconfirmationParams{AccountID: string(r.AccountID), ID: string(r.SubscriberID), DueAt: &r.Due})
	if err != nil {
		return fmt.Errorf("withdraw reconfirmation of subscriber %s: %w", r.SubscriberID, err)
	}
	return nil
}

// lostAtMost bounds one search for lost reconfirmations; the next one finds the rest.
const lostAtMost = 1000

// WithdrawLostReconfirmations withdraws reconfirmations that should have ended a day ago: what carried them may be lost. The
// walk finds their people again. It tells how many.
func (s *Store) WithdrawLostReconfirmations(ctx context.Context, now time.Time) (int64, error) {
	ctx = system(ctx, janitorWork)
	lost, err := s.q.WithdrawLostReconfirmations(ctx, dbsqlc.WithdrawLostReconfirmationsParams{Now: now, AtMost: lostAtMost})
	if err != nil {
		return 0, fmt.Errorf("withdraw lost reconfirmations: %w", err)
	}
	return lost, nil
}

func (s *Store) PhoneLapsed(ctx context.Context, bot gateway.Bot, phone string) (bool, error) {
	ctx = of(ctx, bot.AccountID)
	return phoneLapsed(ctx, s.q, bot, phone)
}

func phoneLapsed(ctx context.Context, q *queries, bot gateway.Bot, phone string) (bool, error) {
	lapsed, err := q.PhoneLapsed(ctx, dbsqlc.PhoneLapsedParams{
		AccountID: string(bot.AccountID), BotID: string(bot.ID), PhoneIndex: q.vault.phoneIndex(string(bot.ID), phone),
	})
	if err != nil {
		return false, fmt.Errorf("look whether a phone lapsed: %w", err)
	}
	return lapsed, nil
}
