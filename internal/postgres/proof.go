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

var _ gateway.PhoneAskStore = (*Store)(nil)

func (s *Store) AskForPhone(ctx context.Context, a gateway.PhoneAsk, messages []gateway.NewMessage, since time.Time) (opened bool, err error) {
	ctx = system(ctx, proofWork)
	err = s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		opened, err = askForPhone(ctx, q, a, messages, since, time.Time{})
		return err
	})
	return opened && err == nil, err
}

// askForPhone stores an ask with its messages, unless one is open that was asked after since. due names the reconfirmation
// that it is part of.
func askForPhone(ctx context.Context, q *queries, a gateway.PhoneAsk, messages []gateway.NewMessage, since, due time.Time) (opened bool, err error) {
	_, err = q.ReplacePhoneAsk(ctx, dbsqlc.ReplacePhoneAskParams{SubscriberID: string(a.SubscriberID), At: &a.AskedAt, Since: since})
	if err != nil {
		return false, fmt.Errorf("replace ask for phone: %w", err)
	}
	rows, err := q.AskForPhone(ctx, dbsqlc.AskForPhoneParams{
		ID: string(a.ID), AccountID: string(a.AccountID), BotID: string(a.BotID), SubscriberID: string(a.SubscriberID),
		Way: string(a.Way), SmsID: string(a.SMS), AskedAt: a.AskedAt, ReconfirmDueAt: orNull(due), Phone: []byte{}, PhoneIndex: []byte{},
	})
	if err != nil {
		return false, fmt.Errorf("insert ask for phone: %w", err)
	}
	if rows == 0 {
		return false, nil
	}
	for _, m := range messages {
		if _, err := acceptMessage(ctx, q, m.Message, m.Legs, m.Links); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *Store) SetPhoneCode(ctx context.Context, account gateway.AccountID, sms gateway.MessageID, hash func(gateway.MessageID) gateway.CodeHash, until time.Time) (bool, error) {
	ctx = of(ctx, account)
	id, err := s.q.PhoneAskOfSMS(ctx, dbsqlc.PhoneAskOfSMSParams{AccountID: string(account), SmsID: string(sms)})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find ask for phone: %w", err)
	}
	kept := hash(gateway.MessageID(id))
	rows, err := s.q.SetPhoneCode(ctx, dbsqlc.SetPhoneCodeParams{AccountID: string(account), ID: id, CodeHash: kept[:], CodeUntil: &until})
	if err != nil {
		return false, fmt.Errorf("write code of ask %s: %w", id, err)
	}
	return rows == 1, nil
}

// freedAtMost bounds how many messages one proof wakes; the rest wait for their timers.
const freedAtMost = 1000

// proof is what came of an update that may prove a phone.
type proof struct {
	freed   []gateway.MessageRef    // messages that waited for it
	renewed *gateway.Reconfirmation // the person was being asked for it
	code    gateway.CodeOutcome
	phone   string // that a code proved
}

// takeProof writes what an update proves about the person's phone.
func takeProof(ctx context.Context, q *queries, person dbsqlc.Subscriber, v gateway.Verdict, now time.Time) (p proof, err error) {
	people := []string{person.ID}
	switch {
	case v.Phone != "":
		holder, err := provePhone(ctx, q, person, v.Phone, gateway.ProofContact, v.Seen)
		if err != nil {
			return p, err
		}
		people = append(people, holder)
	case v.CheckCode != nil:
		var holder string
		if p.code, p.phone, holder, err = tryCode(ctx, q, person, v, now); err != nil || p.code != gateway.CodeProved {
			return p, err
		}
		people = append(people, holder)
	default:
		return p, nil
	}
	if person.ReconfirmDueAt != nil {
		p.renewed = &gateway.Reconfirmation{
			AccountID: gateway.AccountID(person.AccountID), BotID: gateway.BotID(person.BotID), SubscriberID: gateway.SubscriberID(person.ID),
			Due: person.ReconfirmDueAt.UTC(),
		}
	}
	p.freed, err = withheld(ctx, q, people)
	return p, err
}

// withheld are the messages that wait for a proof of these people.
func withheld(ctx context.Context, q *queries, people []string) (found []gateway.MessageRef, err error) {
	rows, err := q.Withheld(ctx, dbsqlc.WithheldParams{People: people, AtMost: freedAtMost})
	if err != nil {
		return nil, fmt.Errorf("list withheld messages: %w", err)
	}
	for _, r := range rows {
		found = append(found, gateway.MessageRef{AccountID: gateway.AccountID(r.AccountID), MessageID: gateway.MessageID(r.ID)})
	}
	return found, nil
}

// tryCode holds what the person wrote against the code that an SMS brought them, if they were asked for one. A code is as
// good as its tries and its time. It returns the phone that it proves, and who had it before.
func tryCode(ctx context.Context, q *queries, person dbsqlc.Subscriber, v gateway.Verdict, now time.Time) (outcome gateway.CodeOutcome, phone, before string, err error) {
	ask, err := q.OpenPhoneAsk(ctx, dbsqlc.OpenPhoneAskParams{BotID: person.BotID, SubscriberID: person.ID})
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (len(ask.CodeHash) == 0 || len(person.Phone) == 0 && len(ask.Phone) == 0) {
		return "", "", "", nil
	}
	if err != nil {
		return "", "", "", fmt.Errorf("read ask for phone: %w", err)
	}
	if int(ask.Tries) >= gateway.MaxCodeTries || now.After(orZero(ask.CodeUntil)) {
		return gateway.CodeSpent, "", "", closeAsk(ctx, q, person, "spent", now)
	}
	if !v.CheckCode(gateway.MessageID(ask.ID), gateway.CodeHash(ask.CodeHash)) {
		if err := q.CountPhoneTry(ctx, dbsqlc.CountPhoneTryParams{BotID: person.BotID, ID: ask.ID}); err != nil {
			return "", "", "", fmt.Errorf("count try of a code: %w", err)
		}
		return gateway.CodeWrong, "", "", nil
	}
	if len(ask.Phone) > 0 {
		phone = q.vault.opened(&err, askBound(ask.ID), ask.Phone)
	} else {
		phone = q.vault.opened(&err, personBound("phone", person.BotID, person.PlatformID), person.Phone)
	}
	if err != nil {
		return "", "", "", err
	}
	before, err = provePhone(ctx, q, person, phone, gateway.ProofSMS, v.Seen)
	return gateway.CodeProved, phone, before, err
}

// lookForAsk is how many of the last messages to a person may lie between a question for their phone and the answer.
const lookForAsk = 20

// takeClaim tells what becomes of a phone that the person wrote: it is an answer only if they were asked for one.
func takeClaim(ctx context.Context, q *queries, person dbsqlc.Subscriber, claim gateway.PhoneClaim, now time.Time) (gateway.ClaimOutcome, error) {
	since := now.Add(-gateway.ClaimsWithin)
	asked, err := q.AskedForPhone(ctx, dbsqlc.AskedForPhoneParams{SubscriberID: &person.ID, Since: since, Look: lookForAsk})
	if err != nil {
		return "", fmt.Errorf("look whether a person was asked for their phone: %w", err)
	}
	switch {
	case !asked:
		return "", nil
	case claim.Idle:
		return gateway.ClaimIdle, nil
	case claim.Phone == "":
		return gateway.ClaimMalformed, nil
	}
	count, err := q.CountClaims(ctx, dbsqlc.CountClaimsParams{
		BotID: person.BotID, SubscriberID: person.ID, PhoneIndex: q.vault.phoneIndex(person.BotID, claim.Phone), Since: since,
	})
	if err != nil {
		return "", fmt.Errorf("count claims of phones: %w", err)
	}
	if count.OfPerson >= gateway.MaxClaimsOfPerson || count.OfPhone >= gateway.MaxClaimsOfPhone || count.OfBot >= gateway.MaxClaimsOfBot {
		return gateway.ClaimTooMany, nil
	}
	return gateway.ClaimOpen, nil
}

// openClaim stores the ask that an answer consists of, in the stead of one that is open.
func openClaim(ctx context.Context, a gateway.PhoneAsk) []step {
	return []step{
		func(q *queries) error {
			_, err := q.ReplacePhoneAsk(ctx, dbsqlc.ReplacePhoneAskParams{SubscriberID: string(a.SubscriberID), At: &a.AskedAt, Since: a.AskedAt})
			if err != nil {
				return fmt.Errorf("replace ask for phone: %w", err)
			}
			return nil
		},
		func(q *queries) (err error) {
			phone := q.vault.sealed(&err, askBound(string(a.ID)), a.Phone)
			if err != nil {
				return err
			}
			_, err = q.AskForPhone(ctx, dbsqlc.AskForPhoneParams{
				ID: string(a.ID), AccountID: string(a.AccountID), BotID: string(a.BotID), SubscriberID: string(a.SubscriberID), Way: string(a.Way),
				SmsID: string(a.SMS), AskedAt: a.AskedAt, Phone: phone, PhoneIndex: q.vault.phoneIndex(string(a.BotID), a.Phone),
			})
			if err != nil {
				return fmt.Errorf("insert claim of phone: %w", err)
			}
			return nil
		},
	}
}

func closeAsk(ctx context.Context, q *queries, person dbsqlc.Subscriber, outcome string, at time.Time) error {
	err := q.ClosePhoneAsk(ctx, dbsqlc.ClosePhoneAskParams{BotID: person.BotID, SubscriberID: person.ID, Outcome: outcome, At: &at})
	if err != nil {
		return fmt.Errorf("close ask for phone: %w", err)
	}
	return nil
}

// provePhone gives the phone to the person, unless somebody else proved it later than this update was made. It returns who
// had it before.
func provePhone(ctx context.Context, q *queries, person dbsqlc.Subscriber, phone string, proof gateway.PhoneProof, seen gateway.UpdateMark) (before string, err error) {
	at := seen.At
	index := q.vault.phoneIndex(person.BotID, phone)
	held := q.vault.sealed(&err, personBound("phone", person.BotID, person.PlatformID), phone)
	proved := q.vault.sealed(&err, proofBound(person.ID), phone)
	if err != nil {
		return "", err
	}
	before, err = q.PhoneHolder(ctx, dbsqlc.PhoneHolderParams{BotID: person.BotID, PhoneIndex: index})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("find holder of phone: %w", err)
	}
	err = q.ClosePhone(ctx, dbsqlc.ClosePhoneParams{BotID: person.BotID, PhoneIndex: index, PlatformID: person.PlatformID, At: &at})
	if err != nil {
		return "", fmt.Errorf("close earlier proof of phone: %w", err)
	}
	err = q.RecordProof(ctx, dbsqlc.RecordProofParams{
		AccountID: person.AccountID, BotID: person.BotID, SubscriberID: person.ID, Phone: proved, PhoneIndex: index, Proof: string(proof), At: at,
	})
	if err != nil {
		return "", fmt.Errorf("insert proof of phone: %w", err)
	}
	holder, err := q.PhoneHolder(ctx, dbsqlc.PhoneHolderParams{BotID: person.BotID, PhoneIndex: index})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("find holder of phone: %w", err)
	}
	if err == nil && holder != person.ID {
		return before, nil
	}
	_, err = q.SetPhone(ctx, dbsqlc.SetPhoneParams{
		AccountID: person.AccountID, ID: person.ID, Phone: held, PhoneIndex: index, Proof: string(proof), At: &at, UpdateID: seen.UpdateID,
	})
	if err != nil {
		return "", fmt.Errorf("set phone: %w", err)
	}
	return before, closeAsk(ctx, q, person, "proved", at)
}
