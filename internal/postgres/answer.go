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

// answer asks the rules about an update of a person and returns what is to be written of their decision.
func answer(ctx context.Context, vault *vault, raw gateway.RawUpdate, v gateway.Verdict, person dbsqlc.Subscriber, talk gateway.Conversation, now time.Time) ([]step, error) {
	if v.Answer == nil {
		return countInbound(ctx, raw, v, person), nil
	}
	a, err := v.Answer(ctx, talk)
	if err != nil {
		return nil, err
	}
	if a.Failure != "" {
		return countInbound(ctx, raw, v, person), brokenOff{a.Failure}
	}
	if a.Version == 0 { // what the bot answers by itself, where no rules are active
		return answerPlainly(ctx, raw, v, a, person), nil
	}
	var steps []step
	if v.Message == nil && v.Silent != nil { // nobody wrote it: in History if the rules have something to say to it
		if len(a.Rules) == 0 {
			return nil, nil
		}
		steps = append(steps, storeInbound(ctx, raw, gateway.Verdict{Subscriber: v.Subscriber, Message: v.Silent}, person))
	}
	written, err := writeAnswer(ctx, vault, raw, a, person, now)
	return append(steps, written...), err
}

// answerPlainly is an answer that needs no verdict to explain it.
func answerPlainly(ctx context.Context, raw gateway.RawUpdate, v gateway.Verdict, a gateway.Answer, person dbsqlc.Subscriber) []step {
	return append(countInbound(ctx, raw, v, person), acceptReplies(ctx, a)...)
}

func acceptReplies(ctx context.Context, a gateway.Answer) (steps []step) {
	for _, m := range a.Messages {
		steps = append(steps, func(q *queries) error {
			_, err := acceptMessage(ctx, q, m.Message, m.Legs, m.Links)
			return err
		})
	}
	if a.Ask != nil {
		steps = append(steps, openClaim(ctx, *a.Ask)...)
	}
	return steps
}

// answerOwn asks the rules about a message that was read, or did not arrive.
func answerOwn(ctx context.Context, h *held, raw gateway.RawUpdate, v gateway.Verdict, now time.Time) ([]step, error) {
	if v.Answer == nil {
		return nil, nil // switched off meanwhile
	}
	about, person, err := personOf(ctx, h, raw.AccountID, v.Own.MessageID)
	if err != nil {
		return nil, err
	}
	talk, err := begun(h.vault, raw.AccountID, person)
	if err != nil {
		return nil, err
	}
	if err := h.next(ctx, readState(ctx, raw.AccountID, raw.BotID, person.PlatformID, &talk)); err != nil {
		return nil, err
	}
	talk.Last = &about
	a, err := v.Answer(ctx, talk)
	if err != nil {
		return nil, err
	}
	if a.Failure != "" {
		return nil, brokenOff{a.Failure}
	}
	return writeAnswer(ctx, h.vault, raw, a, person, now)
}

// writeAnswer is the verdict, what the rules keep about the person, and the effects.
func writeAnswer(ctx context.Context, v *vault, raw gateway.RawUpdate, a gateway.Answer, person dbsqlc.Subscriber, now time.Time) ([]step, error) {
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
		return nil, fmt.Errorf("write fields: %w", err)
	}
	p.Fields = v.sealed(&err, fieldsBound(p.AccountID, p.SubscriberID), string(fields))
	p.Input = v.sealed(&err, verdictBound("input", p.MessageID, p.Event), string(a.Input))
	p.Effects = v.sealed(&err, verdictBound("effects", p.MessageID, p.Event), string(a.Effects))
	if err != nil {
		return nil, err
	}
	if p.Fired, err = json.Marshal(orNoMarks(a.State.Fired)); err != nil {
		return nil, fmt.Errorf("write marks of rules: %w", err)
	}
	steps := []step{func(q *queries) error {
		if err := q.StoreAnswer(ctx, p); err != nil {
			return fmt.Errorf("insert verdict: %w", err)
		}
		return nil
	}}
	steps = append(steps, acceptReplies(ctx, a)...)
	return append(steps, writeEvents(ctx, told(raw, gateway.Verdict{Events: a.Events}, person))...), nil
}

// countInbound counts what a person wrote, where no rules answer.
func countInbound(ctx context.Context, raw gateway.RawUpdate, v gateway.Verdict, person dbsqlc.Subscriber) []step {
	if v.Message == nil || !v.Message.Kind.Written() {
		return nil
	}
	return []step{func(q *queries) error {
		err := q.CountInbound(ctx, dbsqlc.CountInboundParams{AccountID: string(raw.AccountID), SubscriberID: person.ID})
		if err != nil {
			return fmt.Errorf("count messages of person: %w", err)
		}
		return nil
	}}
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

// personOf finds whom a message of our own was for, and locks that person.
func personOf(ctx context.Context, h *held, account gateway.AccountID, id gateway.MessageID) (m gateway.Message, person dbsqlc.Subscriber, err error) {
	err = h.next(ctx,
		func(q *queries) error {
			row, err := q.Message(ctx, dbsqlc.MessageParams{AccountID: string(account), ID: string(id)})
			if err != nil {
				return fmt.Errorf("read message %s of an own update: %w", id, err)
			}
			m, err = q.vault.message(row)
			return err
		},
		func(q *queries) (err error) {
			if person, err = q.LockPersonOf(ctx, dbsqlc.LockPersonOfParams{AccountID: string(account), MessageID: string(id)}); err != nil {
				return fmt.Errorf("lock person of message %s: %w", id, err)
			}
			return nil
		})
	if errors.Is(err, pgx.ErrNoRows) {
		return m, person, brokenOff{"the message of an own update is gone, or has no person"}
	}
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
		AccountID: string(account), ID: string(id), At: &t.At, Translation: text, Reason: string(t.Reason), Characters: int32(t.Characters), Keys: rawKeys(t.Keys),
	})
	if err != nil {
		return fmt.Errorf("write translation of message %s: %w", id, err)
	}
	return nil
}
