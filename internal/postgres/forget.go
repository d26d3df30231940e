package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

const (
	// eraseBatch is how many messages, and how many updates or events, are erased in one transaction.
	eraseBatch = 200
	// eraseAgain is how soon a message is looked at again whose call is under way.
	eraseAgain = 15 * time.Second
)

func (s *Store) Forget(ctx context.Context, account gateway.AccountID, bot gateway.BotID, id gateway.SubscriberID, at time.Time) error {
	ctx = system(ctx, forgetWork)
	return s.inTx(ctx, func(_ pgx.Tx, q *queries) error { return forget(ctx, q, string(account), string(bot), string(id), at) })
}

// ForgetPhone forgets whoever proved the phone on bots of the account, and leaves to Erase what was sent to it.
func (s *Store) ForgetPhone(ctx context.Context, account gateway.AccountID, phone string, at time.Time) (people []gateway.SubscriberID, err error) {
	ctx = system(ctx, forgetWork)
	err = s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		people = nil
		bots, err := q.BotsOfPhone(ctx, string(account))
		if err != nil {
			return fmt.Errorf("list bots of account: %w", err)
		}
		p := dbsqlc.ForgetPhoneParams{AccountID: string(account), At: at, Addresses: [][]byte{}, Bots: []string{}, Own: [][]byte{}, Phones: [][]byte{q.vault.smsIndex(phone)}}
		for _, bot := range bots {
			index := q.vault.phoneIndex(bot.ID, phone)
			p.Addresses = append(p.Addresses, index)
			if bot.Own {
				p.Bots, p.Own = append(p.Bots, bot.ID), append(p.Own, index)
			}
		}
		holders, err := q.HoldersOfPhone(ctx, dbsqlc.HoldersOfPhoneParams{AccountID: string(account), Bots: p.Bots, Phones: p.Own})
		if err != nil {
			return fmt.Errorf("find who has a phone: %w", err)
		}
		for _, who := range holders {
			if err := forget(ctx, q, string(account), who.BotID, who.ID, at); err != nil {
				return err
			}
			people = append(people, gateway.SubscriberID(who.ID))
		}
		if err := q.ForgetPhone(ctx, p); err != nil {
			return fmt.Errorf("forget phone: %w", err)
		}
		return nil
	})
	return people, err
}

// forget makes a person unknown, in the transaction of their wish.
func forget(ctx context.Context, q *queries, account, bot, id string, at time.Time) error {
	row, err := q.LockForgetting(ctx, dbsqlc.LockForgettingParams{AccountID: account, BotID: bot, ID: id})
	if err = found(err, gateway.ErrSubscriberNotFound, "lock subscriber"); err != nil {
		return err
	}
	switch gateway.SubscriberKind(row.Kind) {
	case gateway.KindForgotten:
		return nil
	case gateway.KindPerson:
	default:
		return gateway.ErrSubscriberNotFound // a group is nobody
	}
	phones, err := phonesOf(ctx, q, row)
	if err != nil {
		return err
	}
	p := dbsqlc.ForgetParams{AccountID: row.AccountID, ID: row.ID, At: at, Addresses: [][]byte{}, Phones: [][]byte{}}
	if len(row.UsernameIndex) > 0 {
		p.Addresses = append(p.Addresses, row.UsernameIndex)
	}
	for _, phone := range phones {
		p.Addresses = append(p.Addresses, q.vault.phoneIndex(row.BotID, phone))
		p.Phones = append(p.Phones, q.vault.smsIndex(phone))
	}
	if err := q.Forget(ctx, p); err != nil {
		return fmt.Errorf("forget subscriber %s: %w", id, err)
	}
	return nil
}

// phonesOf are the phones that a person has and had.
func phonesOf(ctx context.Context, q *queries, row dbsqlc.Subscriber) ([]string, error) {
	person, err := q.vault.subscriber(row)
	if err != nil {
		return nil, err
	}
	proofs, err := q.ProofsOf(ctx, dbsqlc.ProofsOfParams{AccountID: row.AccountID, SubscriberID: row.ID})
	if err != nil {
		return nil, fmt.Errorf("list proofs of subscriber %s: %w", row.ID, err)
	}
	phones := []string{person.Phone}
	for _, proof := range proofs {
		phones = append(phones, q.vault.opened(&err, proofBound(row.ID), proof))
	}
	slices.Sort(phones)
	return slices.DeleteFunc(slices.Compact(phones), func(p string) bool { return p == "" }), err
}

// Erase erases a part of what is left of somebody who is to be forgotten, and tells whether there was anything to do.
func (s *Store) Erase(ctx context.Context, now time.Time) (more bool, err error) {
	ctx = system(ctx, forgetWork)
	err = s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		job, err := q.TakeForgetting(ctx, now)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take somebody to forget: %w", err)
		}
		more = true
		for _, part := range []func(context.Context, *queries, dbsqlc.Forgetting, time.Time) (bool, error){eraseOwn, eraseAddressed, eraseRest} {
			if done, err := part(ctx, q, job, now); err != nil || !done {
				return err
			}
		}
		if err := q.EndForgetting(ctx, dbsqlc.EndForgettingParams{ID: job.ID, At: now}); err != nil {
			return fmt.Errorf("end forgetting: %w", err)
		}
		return nil
	})
	return more, err
}

// eraseOwn erases messages that went to the person or came from them, the oldest first.
func eraseOwn(ctx context.Context, q *queries, job dbsqlc.Forgetting, now time.Time) (done bool, err error) {
	if job.SubscriberID == nil { // a phone alone
		return true, nil
	}
	rows, err := q.MessagesOfForgotten(ctx, dbsqlc.MessagesOfForgottenParams{SubscriberID: job.SubscriberID, Reached: job.Reached, Most: eraseBatch})
	if err != nil {
		return false, fmt.Errorf("list messages of a person: %w", err)
	}
	var ids []string
	called := false
	for _, r := range rows {
		if called = r.Called; called {
			break
		}
		ids = append(ids, r.ID)
	}
	if len(ids) > 0 {
		job.Reached = ids[len(ids)-1]
	}
	return len(rows) == 0, eraseMessages(ctx, q, job, ids, called, now)
}

// eraseAddressed erases messages to their phones, names and ids that reached nobody, and answers from their phones.
func eraseAddressed(ctx context.Context, q *queries, job dbsqlc.Forgetting, now time.Time) (done bool, err error) {
	rows, err := q.MessagesToForgotten(ctx, dbsqlc.MessagesToForgottenParams{
		Addresses: job.Addresses, OpenAddresses: job.OpenAddresses, Phones: job.Phones, AskedAt: job.AskedAt, BotID: job.BotID, AccountID: job.AccountID, Most: eraseBatch,
	})
	if err != nil {
		return false, fmt.Errorf("list messages to a person: %w", err)
	}
	var ids []string
	called := false
	for _, r := range rows {
		if r.Called {
			called = true
			continue
		}
		ids = append(ids, r.ID)
	}
	return len(rows) == 0, eraseMessages(ctx, q, job, ids, called && len(ids) == 0, now)
}

func eraseMessages(ctx context.Context, q *queries, job dbsqlc.Forgetting, ids []string, wait bool, now time.Time) error {
	move := dbsqlc.MoveForgettingParams{ID: job.ID, Reached: job.Reached, DueAt: now}
	if wait {
		move.DueAt = now.Add(eraseAgain)
	}
	if len(ids) > 0 {
		files, err := q.FilesOfMessages(ctx, ids)
		if err != nil {
			return fmt.Errorf("list files of messages: %w", err)
		}
		if err := q.EraseMessages(ctx, dbsqlc.EraseMessagesParams{Ids: ids, At: now}); err != nil {
			return fmt.Errorf("erase messages: %w", err)
		}
		if len(files) > 0 {
			if err := q.DropLoneFiles(ctx, files); err != nil {
				return fmt.Errorf("remove files of a person: %w", err)
			}
		}
	}
	if len(ids) == 0 && !wait {
		return nil
	}
	if err := q.MoveForgetting(ctx, move); err != nil {
		return fmt.Errorf("move forgetting: %w", err)
	}
	return nil
}

// eraseRest erases updates, events and SMS.
func eraseRest(ctx context.Context, q *queries, job dbsqlc.Forgetting, now time.Time) (done bool, err error) {
	var updates, events int64
	if job.SubscriberID != nil {
		updates, err = q.EraseUpdates(ctx, dbsqlc.EraseUpdatesParams{BotID: *job.BotID, ChatID: job.ChatID, AskedAt: job.AskedAt, At: &now, Most: eraseBatch})
		if err != nil {
			return false, fmt.Errorf("erase updates: %w", err)
		}
		events, err = q.EraseEvents(ctx, dbsqlc.EraseEventsParams{SubscriberID: *job.SubscriberID, Most: eraseBatch})
		if err != nil {
			return false, fmt.Errorf("erase events: %w", err)
		}
	}
	if _, err := q.EraseReplies(ctx, dbsqlc.EraseRepliesParams{Phones: job.Phones, AskedAt: job.AskedAt}); err != nil {
		return false, fmt.Errorf("erase SMS: %w", err)
	}
	return updates == 0 && events == 0, nil
}
