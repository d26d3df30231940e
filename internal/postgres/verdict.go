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

// settle reads what the verdict needs and asks the rules. It returns what is left to write, in one trip with the update's
// end, also beside an error of type brokenOff; and what came of a proof that the update brought.
func settle(ctx context.Context, h *held, raw gateway.RawUpdate, v gateway.Verdict, about gateway.MessageID, now time.Time) (steps []step, proved proof, err error) {
	owned := raw // people are the bot's; what they write is its owner's
	if v.Owner.AccountID != "" {
		owned.AccountID = v.Owner.AccountID
	}
	if v.Migrated.To != 0 {
		err := h.queries().MigrateChat(ctx, dbsqlc.MigrateChatParams{BotID: string(raw.BotID), FromChat: v.Migrated.From, ToChat: v.Migrated.To})
		if err != nil {
			return nil, proved, fmt.Errorf("move chat: %w", err)
		}
	}
	if v.Own.Event != "" {
		steps, err = answerOwn(ctx, h, raw, v, now)
		return steps, proved, err
	}
	var person dbsqlc.Subscriber
	talk := gateway.Conversation{ReplyTo: about}
	if v.Subscriber != nil {
		if person, proved, err = meet(ctx, h, raw, v, owned.AccountID, &talk, now); err != nil {
			return nil, proved, err
		}
	}
	steps = writeEvents(ctx, told(owned, v, person))
	if v.Message != nil {
		if talk.Foreign {
			v.Message.Text = gateway.HiddenPhone
		}
		steps = append(steps, storeInbound(ctx, owned, v, person))
	}
	if v.Subscriber == nil || v.Subscriber.Kind != "" {
		return steps, proved, nil
	}
	if v.Forget {
		return steps, proved, forget(ctx, h.queries(), person.AccountID, person.BotID, person.ID, now)
	}
	talk.New = person.CreatedAt.Equal(now)
	more, err := answer(ctx, h.vault, owned, v, person, talk, now)
	return append(steps, more...), proved, err
}

// meet writes what the update tells about its person, and reads what rules see of them in the same trip. The person stays
// locked until the end, so that nobody changes by hand what the rules are going to write.
func meet(ctx context.Context, h *held, raw gateway.RawUpdate, v gateway.Verdict, account gateway.AccountID, talk *gateway.Conversation, now time.Time) (person dbsqlc.Subscriber, proved proof, err error) {
	if err := lockPeople(ctx, h.queries(), raw, v); err != nil {
		return person, proved, err
	}
	s := *v.Subscriber
	if s.Kind == "" {
		s.Kind = gateway.KindPerson
	} else if err := findEarlier(ctx, h.queries(), &s, raw.BotID); err != nil {
		return person, proved, err
	}
	steps := []step{upsertSubscriber(ctx, raw, v, s, now, &person)}
	if v.Answer != nil {
		steps = append(steps, readConversation(ctx, account, raw.BotID, s.PlatformID, talk)...)
	}
	if err := h.next(ctx, steps...); err != nil {
		return person, proved, err
	}
	known, err := begun(h.vault, account, person)
	if err != nil {
		return person, proved, err
	}
	if v.Phone != "" {
		known.Person.Phone, known.Person.PhoneProvedAt, known.Phoned = v.Phone, v.Seen.At, true
		known.Person = seenBy(account, known.Person)
	}
	talk.Person, talk.Phoned, talk.Since = known.Person, known.Phoned, known.Since
	if err := useConnectLink(ctx, h.queries(), person, v); err != nil {
		return person, proved, err
	}
	if v.Chosen != "" {
		if err := h.queries().ChooseLanguage(ctx, dbsqlc.ChooseLanguageParams{BotID: person.BotID, ID: person.ID, Language: v.Chosen}); err != nil {
			return person, proved, fmt.Errorf("choose language: %w", err)
		}
	}
	proved, err = takeProof(ctx, h.queries(), person, v, now)
	if talk.Code = proved.code; proved.phone != "" {
		talk.Person.Phone, talk.Person.PhoneProvedAt, talk.Phoned = proved.phone, v.Seen.At, true
		talk.Person = seenBy(account, talk.Person)
	}
	if err == nil && v.Claim != nil {
		talk.Claim, err = takeClaim(ctx, h.queries(), person, *v.Claim, now)
		talk.Foreign = talk.Claim != "" && account != raw.AccountID
	}
	return person, proved, err
}

func storeInbound(ctx context.Context, raw gateway.RawUpdate, v gateway.Verdict, person dbsqlc.Subscriber) step {
	var subscriberID *string
	if v.Subscriber != nil {
		subscriberID = &person.ID
	}
	return func(q *queries) (err error) {
		text := q.vault.sealed(&err, messageBound("text", string(v.Message.ID)), v.Message.Text)
		if err != nil {
			return err
		}
		err = q.StoreInbound(ctx, dbsqlc.StoreInboundParams{
			ID: string(v.Message.ID), AccountID: string(raw.AccountID), BotID: string(raw.BotID), SubscriberID: subscriberID,
			Kind: string(v.Message.Kind), Text: text, CreatedAt: v.Message.CreatedAt,
		})
		if err != nil {
			return fmt.Errorf("insert inbound message: %w", err)
		}
		return nil
	}
}

// writeEvents is no step at all where there are none.
func writeEvents(ctx context.Context, events []gateway.AccountEvent) []step {
	if len(events) == 0 {
		return nil
	}
	return []step{func(q *queries) error { return storeEvents(ctx, q, events...) }}
}

// told are the events of a verdict with what they are about.
func told(raw gateway.RawUpdate, v gateway.Verdict, person dbsqlc.Subscriber) []gateway.AccountEvent {
	events := make([]gateway.AccountEvent, len(v.Events))
	for i, e := range v.Events {
		e.AccountID, e.BotID, e.SubscriberID = raw.AccountID, raw.BotID, gateway.SubscriberID(person.ID)
		if e.At.IsZero() {
			e.At = raw.ReceivedAt
		}
		events[i] = e
	}
	return events
}

func upsertSubscriber(ctx context.Context, raw gateway.RawUpdate, v gateway.Verdict, s gateway.Subscriber, now time.Time, person *dbsqlc.Subscriber) step {
	return func(q *queries) (err error) {
		sealedNames, namesIndex := q.vault.sealNames(&err, string(raw.BotID), s.PlatformID, names{s.Username, s.FirstName, s.LastName})
		if err != nil {
			return err
		}
		*person, err = q.UpsertSubscriber(ctx, dbsqlc.UpsertSubscriberParams{
			ID: string(s.ID), AccountID: string(raw.AccountID), BotID: string(raw.BotID), Kind: string(s.Kind), PlatformID: s.PlatformID, ChatID: s.ChatID,
			Names: sealedNames, NamesIndex: namesIndex, UsernameIndex: q.vault.usernameIndex(string(raw.BotID), s.Username), UsernameSeenAt: orNull(s.UsernameSeenAt),
			Language: s.Language, Connection: string(v.Connection), Reason: string(v.Reason), StartPayload: v.Payload, KeepsStop: !v.Starts,
			At: v.Seen.At, UpdateID: v.Seen.UpdateID, CreatedAt: now,
		})
		if err != nil {
			return fmt.Errorf("upsert subscriber: %w", err)
		}
		return nil
	}
}

// findEarlier finds the id under which a chat was first known: it has another one since it became a supergroup.
func findEarlier(ctx context.Context, q *queries, s *gateway.Subscriber, bot gateway.BotID) error {
	known, err := q.KnownChat(ctx, dbsqlc.KnownChatParams{BotID: string(bot), ChatID: s.ChatID})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("find chat: %w", err)
	}
	s.PlatformID = known
	return nil
}

// useConnectLink takes the sender's own id over from the link by which the person came.
func useConnectLink(ctx context.Context, q *queries, person dbsqlc.Subscriber, v gateway.Verdict) error {
	if !gateway.ConnectToken(v.Payload) {
		return nil
	}
	at := v.Seen.At
	id, err := q.UseConnectLink(ctx, dbsqlc.UseConnectLinkParams{TokenHash: tokenHash(v.Payload), AccountID: person.AccountID, BotID: person.BotID, At: &at, SubscriberID: &person.ID})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil // another bot's, or used by somebody else
	case err != nil:
		return fmt.Errorf("use connect link: %w", err)
	}
	if err := q.LeaveExternalID(ctx, dbsqlc.LeaveExternalIDParams{BotID: person.BotID, ExternalID: id, ID: person.ID}); err != nil {
		return fmt.Errorf("leave external id: %w", err)
	}
	if err := q.SetExternalID(ctx, dbsqlc.SetExternalIDParams{AccountID: person.AccountID, ID: person.ID, ExternalID: id}); err != nil {
		return fmt.Errorf("set external id: %w", err)
	}
	return nil
}

// lockPeople locks a phone that is proved and everybody whom that concerns, always in the same order: two people who prove
// each other's phones at the same moment go one after the other.
func lockPeople(ctx context.Context, q *queries, raw gateway.RawUpdate, v gateway.Verdict) error {
	var index []byte
	switch {
	case v.Phone != "":
		index = q.vault.phoneIndex(string(raw.BotID), v.Phone)
	case v.CheckCode != nil: // which may prove a phone that the person claims
		claimed, err := q.ClaimedPhone(ctx, dbsqlc.ClaimedPhoneParams{BotID: string(raw.BotID), PlatformID: v.Subscriber.PlatformID})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for a claim of a phone: %w", err)
		}
		index = claimed
	default:
		return nil
	}
	if err := q.LockPhone(ctx, index); err != nil {
		return fmt.Errorf("lock phone: %w", err)
	}
	_, err := q.LockPeople(ctx, dbsqlc.LockPeopleParams{
		AccountID: string(raw.AccountID), BotID: string(raw.BotID), PlatformID: v.Subscriber.PlatformID, PhoneIndex: index,
	})
	if err != nil {
		return fmt.Errorf("lock people of a phone: %w", err)
	}
	return nil
}

// writeEvidence takes a pressed button or a reply for proof that the person got the message that it is about. It returns
// that message, and the same as one that waits if legs of it were to come.
func writeEvidence(ctx context.Context, q *queries, raw gateway.RawUpdate, v gateway.Verdict) (about gateway.MessageID, waits *gateway.MessageRef, err error) {
	if v.Evidence == "" {
		return "", nil, nil
	}
	row, err := q.LegInChat(ctx, dbsqlc.LegInChatParams{ChatID: raw.ChatID, PlatformMessageID: v.EvidenceOf, BotID: string(raw.BotID)})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil, nil // another program's message, or one from before
	}
	if err != nil {
		return "", nil, fmt.Errorf("find leg in chat: %w", err)
	}
	ref := gateway.MessageRef{AccountID: gateway.AccountID(row.AccountID), MessageID: gateway.MessageID(row.MessageID)}
	d, err := lockDelivery(ctx, q, ref.AccountID, ref.MessageID)
	if err != nil {
		return "", nil, err
	}
	change := d.WithEvidence(gateway.Evidence{Kind: v.Evidence, At: v.Seen.At}, int(row.Number))
	if change.Empty() {
		return ref.MessageID, nil, nil
	}
	if d.Open() {
		waits = &ref
	}
	return ref.MessageID, waits, applyChange(ctx, q, &d, change)
}
