package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.MessageStore = (*Store)(nil)

// outboxGrace is how long a message may stay in the outbox before whoever drains it starts its workflow.
const outboxGrace = 7 * time.Second

// AcceptMessage is AcceptIf without conditions.
func (s *Store) AcceptMessage(ctx context.Context, m gateway.Message, legs []gateway.Leg, links []gateway.ReadLink) (created bool, err error) {
	return s.AcceptIf(ctx, gateway.Conditions{}, gateway.NewMessage{Message: m, Legs: legs, Links: links})
}

func (s *Store) AcceptIf(ctx context.Context, c gateway.Conditions, n gateway.NewMessage) (created bool, err error) {
	ctx = of(ctx, n.Message.AccountID)
	created, err = acceptIf(ctx, s.q, c, n.Message, n.Legs, n.Links)
	if created {
		s.fresh.add(n.Message, n.Legs)
	}
	return created, err
}

// acceptMessage writes a new message with its legs, its links and its outbox row in one statement.
func acceptMessage(ctx context.Context, q *queries, m gateway.Message, legs []gateway.Leg, links []gateway.ReadLink) (created bool, err error) {
	return acceptIf(ctx, q, gateway.Conditions{}, m, legs, links)
}

// acceptIf is acceptMessage under conditions that the same statement looks at.
func acceptIf(ctx context.Context, q *queries, c gateway.Conditions, m gateway.Message, legs []gateway.Leg, links []gateway.ReadLink) (created bool, err error) {
	buttons, err := marshalButtons(m.Buttons)
	if err != nil {
		return false, err
	}
	media, err := marshalMedia(m.Media)
	if err != nil {
		return false, err
	}
	v, id := q.vault, string(m.ID)
	address, sealedAddress, addressIndex := v.address(&err, string(m.BotID), m.ID, m.To)
	p := dbsqlc.AcceptMessageParams{
		OwnBot: c.OwnBot,
		Media:  v.sealed(&err, messageBound("media", id), string(media)), Silent: m.Silent, Protected: m.Protected,
		ID: string(m.ID), AccountID: string(m.AccountID), BotID: string(m.BotID),
		AddressKind: string(m.To.Kind), Address: address, SealedAddress: sealedAddress, AddressIndex: addressIndex, Text: v.sealed(&err, messageBound("text", id), m.Text), Format: string(cmp.Or(m.Format, gateway.FormatPlain)),
		Buttons: v.sealed(&err, messageBound("buttons", id), string(buttons)),
		Lane:    string(m.Lane), OnUnknown: string(m.OnUnknown), Label: m.Label, Waited: m.Waited, ReadLink: v.sealed(&err, messageBound("read_link", id), m.ReadLink),
		NotBefore: orNull(m.NotBefore), ExpiresAt: orNull(m.ExpiresAt), CreatedAt: m.CreatedAt, DueAt: m.CreatedAt.Add(outboxGrace),
		Rule: m.Rule, CauseID: string(m.Cause), AfterID: string(m.After), AskPhone: m.AskPhone, Language: m.Language, TranslateTo: m.TranslateTo,
		Keep: orEmpty(m.Keep), BetweenHours: m.Between, Timezone: m.Timezone, TimezoneOf: string(m.TimezoneOf),
		Price: m.Price.String(), Currency: m.Currency, Detail: m.Note,
		ConfirmedWithinMs: m.Confirmed.Milliseconds(), ConfirmBy: string(m.ConfirmBy), CarriesCode: m.CarriesCode,
	}
	if c.Claim != nil {
		p.ClaimKey, p.ClaimRequest, p.ClaimSuffix = c.Claim.Key, c.Claim.Request[:], c.Claim.Suffix
	}
	if m.Media != nil {
		p.FileID = string(m.Media.File)
	}
	if m.SubscriberID != "" {
		id := string(m.SubscriberID)
		p.SubscriberID = &id
	}
	if m.MaxPrice != nil {
		most := m.MaxPrice.String()
		p.MaxPrice = &most
	}
	for _, l := range legs {
		p.Prices = append(p.Prices, l.Price.String())
		p.LegIds = append(p.LegIds, string(l.ID))
		p.Numbers = append(p.Numbers, int32(l.Number))
		p.Channels = append(p.Channels, string(l.Channel))
		p.Untils = append(p.Untils, string(l.Until))
		p.WithinMs = append(p.WithinMs, l.Within.Milliseconds())
	}
	for _, l := range links {
		p.LinkNumbers = append(p.LinkNumbers, int32(l.Number))
		p.Links = append(p.Links, v.sealed(&err, linkBound("link", id, l.Number), l.Link))
		p.TokenHashes = append(p.TokenHashes, tokenHash(l.Token))
		p.Urls = append(p.Urls, v.sealed(&err, linkBound("url", id, l.Number), l.URL))
	}
	if err != nil {
		return false, err
	}
	rows, err := q.AcceptMessage(ctx, p)
	if err != nil {
		return false, fmt.Errorf("insert message %s: %w", m.ID, err)
	}
	return rows == 1, nil
}

func (s *Store) Message(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (gateway.Message, error) {
	ctx = of(ctx, account)
	row, err := s.q.Message(ctx, dbsqlc.MessageParams{AccountID: string(account), ID: string(id)})
	if err = found(err, gateway.ErrMessageNotFound, "read message"); err != nil {
		return gateway.Message{}, err
	}
	return s.q.vault.message(row)
}

func (s *Store) Messages(ctx context.Context, account gateway.AccountID, f gateway.MessageFilter, p gateway.Page) (gateway.List[gateway.Message], error) {
	ctx = of(ctx, account)
	rows, err := s.q.Messages(ctx, dbsqlc.MessagesParams{
		AccountID: string(account), After: p.After, Limit: int32(p.Limit) + 1, BotID: string(f.BotID),
		Direction: string(f.Direction), State: string(f.State), SubscriberID: string(f.SubscriberID), Label: f.Label,
	})
	if err != nil {
		return gateway.List[gateway.Message]{}, fmt.Errorf("list messages: %w", err)
	}
	page := list(rows, p.Limit, func(r dbsqlc.Message) gateway.Message {
		m, fault := s.q.vault.message(r)
		err = errors.Join(err, fault)
		return m
	}, func(m gateway.Message) string { return string(m.ID) })
	return page, err
}

func (s *Store) Events(ctx context.Context, account gateway.AccountID, id gateway.MessageID) ([]gateway.Event, error) {
	ctx = of(ctx, account)
	rows, err := s.q.Events(ctx, dbsqlc.EventsParams{AccountID: string(account), MessageID: string(id)})
	if err != nil {
		return nil, fmt.Errorf("list events of message %s: %w", id, err)
	}
	out := make([]gateway.Event, len(rows))
	for i, r := range rows {
		out[i] = gateway.Event{
			MessageID: gateway.MessageID(r.MessageID), Sequence: int(r.Sequence), At: r.At.UTC(), Kind: gateway.EventKind(r.Kind),
			From: gateway.State(r.FromState), State: gateway.State(r.State), Leg: int(r.Leg), Reason: gateway.Reason(r.Reason),
			Detail: r.Detail, Wait: time.Duration(r.WaitMs) * time.Millisecond,
		}
	}
	return out, nil
}

func (s *Store) Legs(ctx context.Context, account gateway.AccountID, id gateway.MessageID) ([]gateway.Leg, error) {
	ctx = of(ctx, account)
	return legsOf(ctx, s.q, account, id)
}

func legsOf(ctx context.Context, q *queries, account gateway.AccountID, id gateway.MessageID) ([]gateway.Leg, error) {
	rows, err := q.Legs(ctx, dbsqlc.LegsParams{AccountID: string(account), MessageID: string(id)})
	if err != nil {
		return nil, fmt.Errorf("list legs of message %s: %w", id, err)
	}
	out := make([]gateway.Leg, len(rows))
	for i, row := range rows {
		out[i] = leg(row)
	}
	return out, nil
}

func marshalButtons(rows [][]gateway.Button) ([]byte, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return nil, fmt.Errorf("write buttons: %w", err)
	}
	return raw, nil
}

func marshalMedia(m *gateway.Media) ([]byte, error) {
	if m == nil {
		return nil, nil
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write media: %w", err)
	}
	return raw, nil
}

// message opens a row.
func (v *vault) message(r dbsqlc.Message) (m gateway.Message, err error) {
	m = gateway.Message{
		ID: gateway.MessageID(r.ID), AccountID: gateway.AccountID(r.AccountID), BotID: gateway.BotID(r.BotID),
		Direction: gateway.Direction(r.Direction), To: gateway.Address{Kind: gateway.AddressKind(r.AddressKind), Value: r.Address + v.opened(&err, messageBound("address", r.ID), r.SealedAddress)},
		Kind: gateway.UpdateKind(r.Kind), Text: v.opened(&err, messageBound("text", r.ID), r.Text), Format: gateway.Format(r.Format), Lane: gateway.Lane(r.Lane), OnUnknown: gateway.OnUnknown(r.OnUnknown),
		Silent: r.Silent, Protected: r.Protected, Label: r.Label, State: gateway.State(r.State), Reason: gateway.Reason(r.Reason), Waited: r.Waited,
		ReadLink: v.opened(&err, messageBound("read_link", r.ID), r.ReadLink), NotBefore: orZero(r.NotBefore), Evidence: gateway.EvidenceKind(r.Evidence), EvidenceAt: orZero(r.EvidenceAt),
		ExpiresAt: orZero(r.ExpiresAt), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	m.Rule, m.Cause, m.After = r.Rule, gateway.MessageID(r.CauseID), gateway.MessageID(r.AfterID)
	m.EditedAt, m.DeletedAt = orZero(r.EditedAt), orZero(r.DeletedAt)
	m.AskPhone, m.Language, m.TranslateTo = r.AskPhone, r.Language, r.TranslateTo
	m.Translation = gateway.Translated{
		At: orZero(r.TranslatedAt), Text: v.opened(&err, messageBound("translation", r.ID), r.Translation), Reason: gateway.TranslationReason(r.TranslationReason), Characters: int(r.TranslationCharacters),
	}
	m.Between, m.Timezone, m.TimezoneOf = r.BetweenHours, r.Timezone, gateway.ZoneOwner(r.TimezoneOf)
	m.Price, m.Cost, m.Currency = amount(r.Price), amount(r.Cost), r.Currency
	m.Confirmed, m.ConfirmBy, m.CarriesCode = time.Duration(r.ConfirmedWithinMs)*time.Millisecond, gateway.ConfirmBy(r.ConfirmBy), r.CarriesCode
	if r.MaxPrice != nil {
		most := amount(*r.MaxPrice)
		m.MaxPrice = &most
	}
	if r.SubscriberID != nil {
		m.SubscriberID = gateway.SubscriberID(*r.SubscriberID)
	}
	if len(r.Keep) > 0 {
		m.Keep = r.Keep
	}
	v.openedJSON(&err, messageBound("translated_buttons", r.ID), r.TranslatedButtons, &m.Translation.Buttons)
	v.openedJSON(&err, messageBound("buttons", r.ID), r.Buttons, &m.Buttons)
	v.openedJSON(&err, messageBound("media", r.ID), r.Media, &m.Media)
	return m, err
}

func leg(r dbsqlc.Leg) gateway.Leg {
	return gateway.Leg{
		ID: gateway.LegID(r.ID), MessageID: gateway.MessageID(r.MessageID), AccountID: gateway.AccountID(r.AccountID),
		Number: int(r.Number), Channel: gateway.Channel(r.Channel), State: gateway.LegState(r.State), Reason: gateway.Reason(r.Reason),
		Intent: orZero(r.IntentAt), Attempts: int(r.Attempts), ChatID: r.ChatID, PlatformMessageID: r.PlatformMessageID,
		SettledAt: orZero(r.SettledAt), Slot: orZero(r.SlotAt), NotBefore: orZero(r.NotBefore), Price: amount(r.Price), Cost: amount(r.Cost), Plain: r.Plain,
		Until: gateway.Until(r.Until), Within: time.Duration(r.WithinMs) * time.Millisecond,
		Provider: r.Provider, ProviderID: r.ProviderID, Segments: int(r.Segments),
	}
}
