package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

// brokenOff is why rules have no answer to an update: the update is put aside, and their effects are left out.
type brokenOff struct{ words string }

func (b brokenOff) Error() string { return b.words }

// answer asks the rules about an update of a person and writes what they decided.
func answer(ctx context.Context, q *queries, raw gateway.RawUpdate, v gateway.Verdict, person dbsqlc.Subscriber, about gateway.MessageID, code gateway.CodeOutcome, now time.Time) error {
	if v.Answer == nil {
		return countInbound(ctx, q, raw, v, person)
	}
	c, err := conversation(ctx, q, string(raw.AccountID), person)
	if err != nil {
		return err
	}
	c.New, c.ReplyTo, c.Code = person.CreatedAt.Equal(now), about, code
	if v.Phone != "" {
		c.Person.Phone, c.Person.PhoneProvedAt = v.Phone, v.Seen.At
	}
	a, err := v.Answer(ctx, c)
	if err != nil {
		return err
	}
	if a.Failure != "" {
		if err := countInbound(ctx, q, raw, v, person); err != nil {
			return err
		}
		return brokenOff{a.Failure}
	}
	if a.Version == 0 { // what the bot answers by itself, where no rules are active
		return answerPlainly(ctx, q, raw, v, a, person)
	}
	if v.Message == nil && v.Silent != nil { // nobody wrote it: in History if the rules have something to say to it
		if len(a.Rules) == 0 {
			return nil
		}
		if err := storeInbound(ctx, q, raw, gateway.Verdict{Subscriber: v.Subscriber, Message: v.Silent}, person); err != nil {
			return err
		}
	}
	return writeAnswer(ctx, q, raw, a, person, now)
}

// answerPlainly writes an answer that needs no verdict to explain it.
func answerPlainly(ctx context.Context, q *queries, raw gateway.RawUpdate, v gateway.Verdict, a gateway.Answer, person dbsqlc.Subscriber) error {
	if err := countInbound(ctx, q, raw, v, person); err != nil {
		return err
	}
	for _, m := range a.Messages {
		if _, err := acceptMessage(ctx, q, m.Message, m.Legs, m.Links); err != nil {
			return fmt.Errorf("insert reply %s: %w", m.Message.ID, err)
		}
	}
	return nil
}

// answerOwn asks the rules about a message that was read, or did not arrive.
func answerOwn(ctx context.Context, q *queries, raw gateway.RawUpdate, v gateway.Verdict, now time.Time) error {
	if v.Answer == nil {
		return nil // switched off meanwhile
	}
	about, person, err := personOf(ctx, q, raw.AccountID, v.Own.MessageID)
	if err != nil {
		return err
	}
	c, err := conversation(ctx, q, string(raw.AccountID), person)
	if err != nil {
		return err
	}
	c.Last = &about
	a, err := v.Answer(ctx, c)
	if err != nil {
		return err
	}
	if a.Failure != "" {
		return brokenOff{a.Failure}
	}
	return writeAnswer(ctx, q, raw, a, person, now)
}

// writeAnswer writes the verdict, what the rules keep about the person, and the effects, in the transaction of the update.
func writeAnswer(ctx context.Context, q *queries, raw gateway.RawUpdate, a gateway.Answer, person dbsqlc.Subscriber, now time.Time) error {
	p := dbsqlc.StoreAnswerParams{
		MessageID: string(a.About), Event: a.Event, AccountID: string(raw.AccountID), BotID: string(raw.BotID), Version: int32(a.Version),
		Rules: orEmpty(a.Rules), Note: a.Note, CreatedAt: now, SubscriberID: person.ID,
		Messages: int64(a.State.Messages), Tags: orEmpty(a.State.Tags), MutedUntil: orNull(a.State.Muted),
		RepliedAt: a.State.RepliedAt, LastReply: string(a.State.LastReply), Language: a.Language, TranslateTo: a.TranslateTo, Keep: orEmpty(a.Keep),
	}
	if p.RepliedAt == nil {
		p.RepliedAt = []time.Time{}
	}
	fields, err := json.Marshal(a.State.Fields)
	if err != nil {
		return fmt.Errorf("write fields: %w", err)
	}
	v := q.vault
	p.Fields = v.sealed(&err, fieldsBound(p.AccountID, p.SubscriberID), string(fields))
	p.Input = v.sealed(&err, verdictBound("input", p.MessageID, p.Event), string(a.Input))
	p.Effects = v.sealed(&err, verdictBound("effects", p.MessageID, p.Event), string(a.Effects))
	if err != nil {
		return err
	}
	if p.Fired, err = json.Marshal(orNoMarks(a.State.Fired)); err != nil {
		return fmt.Errorf("write marks of rules: %w", err)
	}
	if err := q.StoreAnswer(ctx, p); err != nil {
		return fmt.Errorf("insert verdict: %w", err)
	}
	for _, m := range a.Messages {
		if _, err := acceptMessage(ctx, q, m.Message, m.Legs, m.Links); err != nil {
			return fmt.Errorf("insert reply %s: %w", m.Message.ID, err)
		}
	}
	return storeEvents(ctx, q, told(raw, gateway.Verdict{Events: a.Events}, person)...)
}

// countInbound counts what a person wrote, where no rules answer.
func countInbound(ctx context.Context, q *queries, raw gateway.RawUpdate, v gateway.Verdict, person dbsqlc.Subscriber) error {
	if v.Message == nil || !v.Message.Kind.Written() {
		return nil
	}
	err := q.CountInbound(ctx, dbsqlc.CountInboundParams{AccountID: string(raw.AccountID), SubscriberID: person.ID})
	if err != nil {
		return fmt.Errorf("count messages of person: %w", err)
	}
	return nil
}

func (v *vault) personState(r dbsqlc.PersonState) (s gateway.PersonState, err error) {
	s = gateway.PersonState{
		Messages: int(r.Messages), Tags: r.Tags, Muted: orZero(r.MutedUntil), RepliedAt: r.RepliedAt, LastReply: gateway.MessageID(r.LastReply),
	}
	for i := range s.RepliedAt {
		s.RepliedAt[i] = s.RepliedAt[i].UTC()
	}
	if err := json.Unmarshal(r.Fired, &s.Fired); err != nil {
		return s, fmt.Errorf("read marks of rules: %w", err)
	}
	s.Fields = gateway.Fields{}
	v.openedJSON(&err, fieldsBound(r.AccountID, r.SubscriberID), r.Fields, &s.Fields)
	return s, err
}

func orNoMarks(fired map[string]time.Time) map[string]time.Time {
	if fired == nil {
		return map[string]time.Time{}
	}
	return fired
}

// personOf finds whom a message of our own was for.
func personOf(ctx context.Context, q *queries, account gateway.AccountID, id gateway.MessageID) (gateway.Message, dbsqlc.Subscriber, error) {
	row, err := q.Message(ctx, dbsqlc.MessageParams{AccountID: string(account), ID: string(id)})
	if errors.Is(err, pgx.ErrNoRows) || err == nil && row.SubscriberID == nil {
		return gateway.Message{}, dbsqlc.Subscriber{}, brokenOff{"the message of an own update is gone, or has no person"}
	}
	if err != nil {
		return gateway.Message{}, dbsqlc.Subscriber{}, fmt.Errorf("read message %s of an own update: %w", id, err)
	}
	person, err := q.SubscriberByID(ctx, dbsqlc.SubscriberByIDParams{BotID: row.BotID, ID: *row.SubscriberID})
	if err != nil {
		return gateway.Message{}, person, fmt.Errorf("read person of message %s: %w", id, err)
	}
	m, err := q.vault.message(row)
	return m, person, err
}

func (s *Store) UntranslatedInbound(ctx context.Context, limit int) ([]gateway.UntranslatedMessage, error) {
	ctx = system(ctx, inboxWork)
	rows, err := s.q.UntranslatedInbound(ctx, int32(limit))
	if err != nil {
		return nil, fmt.Errorf("list messages to translate: %w", err)
	}
	out := make([]gateway.UntranslatedMessage, len(rows))
	for i, r := range rows {
		m, err := s.q.vault.message(r.Message)
		if err != nil {
			return nil, err
		}
		out[i] = gateway.UntranslatedMessage{Message: m, Network: gateway.Network(r.Network)}
	}
	return out, nil
}

func (s *Store) StoreTranslation(ctx context.Context, account gateway.AccountID, id gateway.MessageID, t gateway.Translated) error {
	ctx = of(ctx, account)
	var err error
	text := s.q.vault.sealed(&err, messageBound("translation", string(id)), t.Text)
	if err != nil {
		return err
	}
	err = s.q.StoreTranslation(ctx, dbsqlc.StoreTranslationParams{
		AccountID: string(account), ID: string(id), At: &t.At, Translation: text, Reason: string(t.Reason), Characters: int32(t.Characters),
	})
	if err != nil {
		return fmt.Errorf("write translation of message %s: %w", id, err)
	}
	return nil
}
