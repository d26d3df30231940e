package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"herald/api/internal/wire"
	"herald/internal/bots"
	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/phone"
)

// ListSubscribers lists the people who connected to a bot.
func (s *server) ListSubscribers(ctx context.Context, r wire.ListSubscribersRequestObject) (wire.ListSubscribersResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	p, err := page(given(r.Params.Limit), given(r.Params.Cursor), "sub")
	if err != nil {
		return nil, err
	}
	filter, err := s.subscriberFilter(ctx, subscriberQuery{
		phone: r.Params.Phone, username: r.Params.Username, platformID: r.Params.PlatformID, externalID: r.Params.ExternalID, tag: r.Params.Tag,
		language: r.Params.Language, name: r.Params.Name, hasPhone: string(given(r.Params.HasPhone)), connection: r.Params.Connection,
	})
	if err != nil {
		return nil, err
	}
	if r.Params.Kind != nil {
		filter.Kind = gateway.SubscriberKind(*r.Params.Kind)
	}
	bot, err := s.bots.Owned(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	list, err := s.bots.Subscribers(ctx, account, bot.ID, filter, p)
	if err != nil {
		return nil, err
	}
	items := make([]wire.Subscriber, len(list.Items))
	for i, p := range list.Items {
		if items[i], err = subscriber(p); err != nil {
			return nil, err
		}
	}
	return wire.ListSubscribers200JSONResponse{Items: items, Next: next(list.Next)}, nil
}

// subscriberQuery is how people are looked for.
type subscriberQuery struct {
	phone, username, externalID, tag, language, name *string
	platformID                                       *int64
	hasPhone                                         string
	connection                                       *wire.Connection
}

func (s *server) subscriberFilter(ctx context.Context, q subscriberQuery) (f gateway.SubscriberFilter, err error) {
	f = gateway.SubscriberFilter{
		Username:   strings.ToLower(strings.TrimPrefix(given(q.username), "@")),
		PlatformID: given(q.platformID), Connection: gateway.Connection(given(q.connection)),
		ExternalID: given(q.externalID), Tag: given(q.tag), Language: given(q.language), Name: given(q.name),
		HasPhone: q.hasPhone, Kind: gateway.KindPerson,
	}
	if q.phone != nil {
		f.Phone, err = s.phone(ctx, *q.phone)
		var refused *gateway.Error
		if errors.As(err, &refused) { // a plus that an address carries as it is arrives as a space
			err = gateway.Fault(refused.Code, refused.Field, strings.TrimSuffix(refused.Message, ".")+" (and + as %2B).")
		}
	}
	return f, err
}

// phone reads a phone as the caller writes it: in international form, or as people write it in the account's region.
func (s *server) phone(ctx context.Context, text string) (string, error) {
	account, err := s.accounts.Account(ctx, callerOf(ctx).key.AccountID)
	if err != nil {
		return "", err
	}
	number, err := phone.Parse(text, account.Region)
	if err != nil {
		return "", gateway.Fault(gateway.CodePhoneInvalid, "phone", phone.Refusal(err, account.Region))
	}
	return number, nil
}

// GetSubscriber returns one of them.
func (s *server) GetSubscriber(ctx context.Context, r wire.GetSubscriberRequestObject) (wire.GetSubscriberResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Owned(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	if !gateway.HasPrefix(r.Subscriber, "sub") {
		return nil, gateway.ErrSubscriberNotFound
	}
	found, err := s.bots.Subscriber(ctx, account, bot.ID, gateway.SubscriberID(r.Subscriber))
	if err != nil {
		return nil, err
	}
	body, err := subscriber(found)
	return wire.GetSubscriber200JSONResponse(body), err
}

// ChangeSubscriber writes what a sender knows about a person.
func (s *server) ChangeSubscriber(ctx context.Context, r wire.ChangeSubscriberRequestObject) (wire.ChangeSubscriberResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	change := gateway.SubscriberChange{ExternalID: r.Body.ExternalID, Language: r.Body.Language, Timezone: r.Body.Timezone}
	if r.Body.Tags != nil {
		change.Tags = append([]string{}, *r.Body.Tags...)
	}
	var err error
	if change.Fields, err = bots.ReadFields(r.Body.Fields); err != nil {
		return nil, err
	}
	bot, err := s.bots.Owned(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	changed, err := s.bots.ChangeSubscriber(ctx, account, bot.ID, gateway.SubscriberID(r.Subscriber), change)
	if err != nil {
		return nil, err
	}
	body, err := subscriber(changed)
	return wire.ChangeSubscriber200JSONResponse(body), err
}

// ForgetSubscriber erases a person.
func (s *server) ForgetSubscriber(ctx context.Context, r wire.ForgetSubscriberRequestObject) (wire.ForgetSubscriberResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Owned(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	if err := s.bots.Forget(ctx, account, bot.ID, gateway.SubscriberID(r.Subscriber)); err != nil {
		return nil, err
	}
	return wire.ForgetSubscriber200JSONResponse{ID: r.Subscriber, State: wire.Forgotten}, nil
}

// ForgetPhone erases whoever has a phone, and what was sent to it.
func (s *server) ForgetPhone(ctx context.Context, r wire.ForgetPhoneRequestObject) (wire.ForgetPhoneResponseObject, error) {
	number, err := s.phone(ctx, r.Body.Phone)
	if err != nil {
		return nil, err
	}
	people, err := s.bots.ForgetPhone(ctx, callerOf(ctx).key.AccountID, number)
	if err != nil {
		return nil, err
	}
	return wire.ForgetPhone202JSONResponse{Subscribers: each(people, func(id gateway.SubscriberID) string { return string(id) })}, nil
}

func subscriber(p gateway.Subscriber) (wire.Subscriber, error) {
	out := wire.Subscriber{
		ID: string(p.ID), Bot: string(p.BotID), Kind: wire.SubscriberKind(p.Kind), PlatformID: p.PlatformID, ExternalID: p.ExternalID, Username: p.Username,
		UsernameSeenAt: p.UsernameSeenAt, Name: p.Name(), FirstName: p.FirstName, LastName: p.LastName,
		Language: p.Language, LanguageChosen: p.Chosen != "", Timezone: p.Timezone, Tags: p.Tags, Phone: p.Phone, PhoneProof: wire.PhoneProof(p.PhoneProof),
		PhoneProvedAt: p.PhoneProvedAt, PhoneLapsedAt: p.PhoneLapsedAt, Connection: wire.Connection(p.Connection), Reason: string(p.Reason),
		ReasonText: messaging.Explain(p.Reason), StartPayload: p.StartPayload, ConnectedAt: p.ConnectedAt,
		DisconnectedAt: p.DisconnectedAt, LastSeenAt: p.LastSeenAt,
		EarlierNames: each(p.Names, func(n gateway.EarlierName) wire.EarlierName { return wire.EarlierName(n) }),
		Proofs: each(p.Proofs, func(f gateway.ProvedPhone) wire.ProvedPhone {
			return wire.ProvedPhone{Phone: f.Phone, Proof: wire.PhoneProof(f.Proof), ProvedAt: f.At, ClosedAt: f.Closed, Lapsed: f.Lapsed}
		}),
	}
	if p.Kind != gateway.KindPerson {
		out.ChatID = p.ChatID
	}
	if len(p.Fields) == 0 {
		return out, nil
	}
	var err error
	if out.Fields, err = json.Marshal(map[string]any(p.Fields)); err != nil {
		return out, fmt.Errorf("write fields of subscriber %s: %w", p.ID, err)
	}
	return out, nil
}
