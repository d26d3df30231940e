package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.SubscriberStore = (*Store)(nil)

// namesShown is how many earlier names of a person are read.
const namesShown = 20

// proofsShown is how many proofs of their phones.
const proofsShown = 50

func (s *Store) Subscriber(ctx context.Context, account gateway.AccountID, bot gateway.BotID, id gateway.SubscriberID) (gateway.Subscriber, error) {
	ctx = of(ctx, account)
	row, err := s.q.Subscriber(ctx, dbsqlc.SubscriberParams{AccountID: string(account), BotID: string(bot), ID: string(id)})
	if err = found(err, gateway.ErrSubscriberNotFound, "read subscriber"); err != nil {
		return gateway.Subscriber{}, err
	}
	person, err := s.q.vault.withState(row.Subscriber, row.Tags, row.Fields)
	if err != nil {
		return person, err
	}
	names, err := s.q.SubscriberNames(ctx, dbsqlc.SubscriberNamesParams{AccountID: string(account), SubscriberID: string(id), Limit: namesShown})
	if err != nil {
		return person, fmt.Errorf("read names of subscriber: %w", err)
	}
	for _, r := range names {
		n := s.q.vault.openNames(&err, row.Subscriber.BotID, row.Subscriber.PlatformID, r.Names)
		person.Names = append(person.Names, gateway.EarlierName{Username: n.Username, FirstName: n.FirstName, LastName: n.LastName, Until: r.Until.UTC()})
	}
	proofs, err := s.q.Proofs(ctx, dbsqlc.ProofsParams{AccountID: string(account), SubscriberID: string(id), AtMost: proofsShown})
	if err != nil {
		return person, fmt.Errorf("read proofs of subscriber: %w", err)
	}
	for _, f := range proofs {
		person.Proofs = append(person.Proofs, gateway.ProvedPhone{Phone: s.q.vault.opened(&err, proofBound(string(id)), f.Phone), Proof: gateway.PhoneProof(f.Proof), At: f.ProvedAt.UTC(), Closed: orZero(f.ClosedAt), Lapsed: f.Lapsed})
	}
	return person, err
}

func (s *Store) ChangeSubscriber(ctx context.Context, account gateway.AccountID, bot gateway.BotID, id gateway.SubscriberID, c gateway.SubscriberChange, check func(gateway.Subscriber) error) (gateway.Subscriber, error) {
	ctx = of(ctx, account)
	err := s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		row, err := q.LockSubscriber(ctx, dbsqlc.LockSubscriberParams{AccountID: string(account), BotID: string(bot), ID: string(id)})
		if err = found(err, gateway.ErrSubscriberNotFound, "lock subscriber"); err != nil {
			return err
		}
		state, err := q.StateForChange(ctx, dbsqlc.StateForChangeParams{AccountID: string(account), SubscriberID: string(id)})
		if errors.Is(err, pgx.ErrNoRows) {
			state, err = dbsqlc.StateForChangeRow{Tags: []string{}, Fields: []byte{}}, nil
		}
		if err != nil {
			return fmt.Errorf("read state of subscriber: %w", err)
		}
		person, err := q.vault.withState(row, state.Tags, state.Fields)
		if err != nil {
			return err
		}
		changed := changedPerson(person, c)
		if err := check(changed); err != nil {
			return err
		}
		return writePerson(ctx, q, changed, c)
	})
	if err != nil {
		return gateway.Subscriber{}, err
	}
	return s.Subscriber(ctx, account, bot, id)
}

// changedPerson is the person after the change.
func changedPerson(p gateway.Subscriber, c gateway.SubscriberChange) gateway.Subscriber {
	if c.Tags != nil {
		p.Tags = c.Tags
	}
	p.Fields = maps.Clone(p.Fields)
	for name, value := range c.Fields {
		if value == nil {
			delete(p.Fields, name)
		} else {
			p.Fields[name] = value
		}
	}
	if c.ExternalID != nil {
		p.ExternalID = *c.ExternalID
	}
	if c.Language != nil {
		p.Chosen = *c.Language
	}
	if c.Timezone != nil {
		p.Timezone = *c.Timezone
	}
	return p
}

func writePerson(ctx context.Context, q *queries, p gateway.Subscriber, c gateway.SubscriberChange) error {
	if p.ExternalID != "" {
		if err := q.LeaveExternalID(ctx, dbsqlc.LeaveExternalIDParams{BotID: string(p.BotID), ExternalID: p.ExternalID, ID: string(p.ID)}); err != nil {
			return fmt.Errorf("leave external id: %w", err)
		}
	}
	err := q.ChangeSubscriber(ctx, dbsqlc.ChangeSubscriberParams{
		AccountID: string(p.AccountID), ID: string(p.ID), ExternalID: p.ExternalID, ChosenLanguage: p.Chosen, Timezone: p.Timezone,
	})
	if err != nil {
		return fmt.Errorf("change subscriber %s: %w", p.ID, err)
	}
	if c.Tags == nil && c.Fields == nil {
		return nil
	}
	fields, err := json.Marshal(p.Fields)
	if err != nil {
		return fmt.Errorf("write fields of subscriber %s: %w", p.ID, err)
	}
	sealedFields := q.vault.sealed(&err, fieldsBound(string(p.AccountID), string(p.ID)), string(fields))
	if err != nil {
		return err
	}
	err = q.ChangeStateByHand(ctx, dbsqlc.ChangeStateByHandParams{AccountID: string(p.AccountID), SubscriberID: string(p.ID), Tags: p.Tags, Fields: sealedFields})
	if err != nil {
		return fmt.Errorf("change state of subscriber %s: %w", p.ID, err)
	}
	return nil
}

func (s *Store) CreateConnectLink(ctx context.Context, l gateway.ConnectLink) error {
	ctx = of(ctx, l.AccountID)
	err := s.q.CreateConnectLink(ctx, dbsqlc.CreateConnectLinkParams{
		TokenHash: tokenHash(l.Token), AccountID: string(l.AccountID), BotID: string(l.BotID), ExternalID: l.ExternalID, CreatedAt: l.CreatedAt,
	})
	if err != nil {
		return fmt.Errorf("insert connect link: %w", err)
	}
	return nil
}

// withState is a subscriber with what rules and senders keep about them.
func (v *vault) withState(r dbsqlc.Subscriber, tags []string, fields []byte) (gateway.Subscriber, error) {
	s, err := v.subscriber(r)
	s.Tags = tags
	s.Fields = gateway.Fields{}
	v.openedJSON(&err, fieldsBound(r.AccountID, r.ID), fields, &s.Fields)
	return s, err
}

// subscriber opens a person's row.
func (v *vault) subscriber(r dbsqlc.Subscriber) (s gateway.Subscriber, err error) {
	n := v.openNames(&err, r.BotID, r.PlatformID, r.Names)
	s = gateway.Subscriber{
		ID: gateway.SubscriberID(r.ID), AccountID: gateway.AccountID(r.AccountID), BotID: gateway.BotID(r.BotID), Kind: gateway.SubscriberKind(r.Kind),
		PlatformID: r.PlatformID, ChatID: r.ChatID, ExternalID: r.ExternalID, Username: n.Username, UsernameSeenAt: orZero(r.UsernameSeenAt),
		FirstName: n.FirstName, LastName: n.LastName, Language: r.Language, Chosen: r.ChosenLanguage, Timezone: r.Timezone,
		Phone:      v.opened(&err, personBound("phone", r.BotID, r.PlatformID), r.Phone),
		PhoneProof: gateway.PhoneProof(r.PhoneProof), PhoneProvedAt: orZero(r.PhoneProvedAt), PhoneLapsedAt: orZero(r.PhoneLapsedAt),
		ReconfirmDue: orZero(r.ReconfirmDueAt),
		Connection:   gateway.Connection(r.Connection), Reason: gateway.Reason(r.Reason), StartPayload: r.StartPayload,
		ConnectedAt: orZero(r.ConnectedAt), DisconnectedAt: orZero(r.DisconnectedAt), LastSeenAt: r.LastSeenAt.UTC(),
	}
	if s.Chosen != "" {
		s.Language = s.Chosen
	}
	return s, err
}

// SealSubscriber is the row of a person as the store keeps it, for whoever fills a database past the store.
func SealSubscriber(with gateway.Vault, s gateway.Subscriber) (r dbsqlc.Subscriber, err error) {
	v, bot := &vault{with}, string(s.BotID)
	r = dbsqlc.Subscriber{
		ID: string(s.ID), AccountID: string(s.AccountID), BotID: bot, Kind: string(s.Kind), PlatformID: s.PlatformID, ChatID: s.ChatID,
		ExternalID: s.ExternalID, UsernameIndex: v.usernameIndex(bot, s.Username), UsernameSeenAt: orNull(s.UsernameSeenAt),
		Language: s.Language, ChosenLanguage: s.Chosen, Timezone: s.Timezone,
		Phone:      v.sealed(&err, personBound("phone", bot, s.PlatformID), s.Phone),
		PhoneIndex: v.phoneIndex(bot, s.Phone), PhoneProof: string(s.PhoneProof), PhoneProvedAt: orNull(s.PhoneProvedAt),
		Connection: string(s.Connection), Reason: string(s.Reason), StartPayload: s.StartPayload,
		ConnectedAt: orNull(s.ConnectedAt), DisconnectedAt: orNull(s.DisconnectedAt), LastSeenAt: s.LastSeenAt,
	}
	r.Names, r.NamesIndex = v.sealNames(&err, bot, s.PlatformID, names{Username: s.Username, FirstName: s.FirstName, LastName: s.LastName})
	return r, err
}
