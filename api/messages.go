package api

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"herald/api/internal/wire"
	"herald/internal/gateway"
	"herald/internal/messaging"
)

// maxWait bounds Prefer: wait.
const maxWait = 60 * time.Second

// SendMessage accepts a message, and waits for its outcome if the sender prefers to.
func (s *server) SendMessage(ctx context.Context, r wire.SendMessageRequestObject) (wire.SendMessageResponseObject, error) {
	who := callerOf(ctx)
	wait := preferredWait(given(r.Params.Prefer))
	request := requestOf(*r.Body)
	request.ID, request.Claim, request.Wait = gateway.MessageID(who.newID("msg")), who.claim(), wait > 0
	var watch messaging.Watch
	if request.Wait {
		if request.ID == "" {
			request.ID = s.ids.Message()
		}
		watch = s.messaging.Watch(request.ID)
		defer watch.Stop()
	}
	m, err := s.messaging.Accept(ctx, who.key.AccountID, request)
	if err != nil {
		return nil, atField(err, gateway.CodeBotNotFound, "bot")
	}
	if wait == 0 {
		return wire.SendMessage202JSONResponse{Body: message(m)}, nil
	}
	applied := "wait=" + strconv.Itoa(int(wait/time.Second))
	body := s.outcome(ctx, watch, m, wait)
	if !gateway.State(body.State).Settled() {
		return wire.SendMessage202JSONResponse{Body: body, Headers: wire.SendMessage202ResponseHeaders{PreferenceApplied: &applied}}, nil
	}
	return wire.SendMessage200JSONResponse{Body: body, Headers: wire.SendMessage200ResponseHeaders{PreferenceApplied: &applied}}, nil
}

// requestOf is the message that the body asks for.
func requestOf(b wire.NewMessage) messaging.Request {
	return messaging.Request{
		Bot: b.Bot, To: b.To, Text: b.Text, Format: gateway.Format(b.Format),
		Buttons: buttonsOf(b.Buttons), Media: mediaOf(b.Media), Silent: b.Silent, Protected: b.ProtectContent,
		Lane: gateway.Lane(b.Lane), TTL: lifetime(b.TTL),
		OnUnknown: gateway.OnUnknown(b.OnUnknown), Label: b.Label,
		Cascade: cascadeOf(b.Cascade), Fallback: b.Fallback, ReadLink: b.ReadLink,
		SendAt: b.SendAt, Between: b.Between, Timezone: b.Timezone, MaxPrice: b.MaxPrice,
		Confirmed: spanUpTo(b.ConfirmedWithin, messaging.MaxConfirmed), ConfirmBy: gateway.ConfirmBy(b.ConfirmBy),
	}
}

// outcome waits for what becomes of an accepted message. Whatever goes wrong while waiting, the message was accepted,
// and that is the answer.
func (s *server) outcome(ctx context.Context, watch messaging.Watch, accepted gateway.Message, wait time.Duration) wire.Message {
	o, err := s.messaging.Wait(ctx, watch, accepted, wait)
	if err == nil {
		body := message(o.Message) // nobody has edited it: who sent it learns only now that it is there
		body.Legs = each(o.Legs, leg)
		return body
	}
	if ctx.Err() == nil {
		s.logger.ErrorContext(ctx, "wait for the outcome of a message",
			"message", accepted.ID, "request_id", requestID(ctx), "error", err)
	}
	return message(accepted)
}

// atField says in which field of this request the named object was not found.
func atField(err error, code gateway.Code, field string) error {
	var single *gateway.Error
	if !errors.As(err, &single) || single.Code != code || single.Field != "" {
		return err
	}
	placed := *single
	placed.Field = field
	return &placed
}

// preferredWait reads the wait of a Prefer header (RFC 7240), zero if there is none. What cannot be read is ignored, as
// that standard wants it.
func preferredWait(prefer string) time.Duration {
	for _, preference := range strings.Split(prefer, ",") {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(preference, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
		if err != nil {
			return 0
		}
		return min(time.Duration(seconds)*time.Second, maxWait)
	}
	return 0
}

// unreadable is a lifetime that no use case accepts: what a text that is no lifetime stands for.
const unreadable time.Duration = -1

var (
	lifetimeForm = regexp.MustCompile(`^([0-9]{1,9}[smhd])+$`)
	lifetimePart = regexp.MustCompile(`([0-9]+)([smhd])`)
)

// lifetime reads a span such as 90s, 1h30m or 7d. An empty one is zero, which leaves it to the use case.
func lifetime(ttl string) time.Duration { return spanUpTo(ttl, messaging.MaxTTL) }

// spanUpTo reads a span of which no part is longer than most.
func spanUpTo(ttl string, most time.Duration) time.Duration {
	const longest = 40
	if ttl == "" {
		return 0
	}
	if len(ttl) > longest || !lifetimeForm.MatchString(ttl) {
		return unreadable
	}
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	var total time.Duration
	for _, part := range lifetimePart.FindAllStringSubmatch(ttl, -1) {
		n, _ := strconv.ParseInt(part[1], 10, 64) // at most nine digits
		if n > int64(most/units[part[2]]) {
			return unreadable
		}
		total += time.Duration(n) * units[part[2]]
	}
	if total == 0 {
		return unreadable // 0s asks for no lifetime at all, not for the default
	}
	return total
}

// span writes a span as lifetime reads it, nothing for zero.
func span(d time.Duration) string {
	var b strings.Builder
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / unit.length; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d -= n * unit.length
		}
	}
	return b.String()
}

// ListMessages lists History.
func (s *server) ListMessages(ctx context.Context, r wire.ListMessagesRequestObject) (wire.ListMessagesResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	p, err := page(given(r.Params.Limit), given(r.Params.Cursor), "msg")
	if err != nil {
		return nil, err
	}
	filter := gateway.MessageFilter{
		Direction: gateway.Direction(given(r.Params.Direction)), State: gateway.State(given(r.Params.State)),
		SubscriberID: gateway.SubscriberID(given(r.Params.Subscriber)), Label: given(r.Params.Label),
	}
	if filter.SubscriberID != "" && !gateway.HasPrefix(string(filter.SubscriberID), "sub") {
		return nil, gateway.Fault(gateway.CodeFieldInvalid, "subscriber", "Name the subscriber by id: it begins with sub_.")
	}
	if r.Params.Bot != nil {
		bot, err := s.bots.Find(ctx, account, *r.Params.Bot)
		if err != nil {
			return nil, atField(err, gateway.CodeBotNotFound, "bot")
		}
		filter.BotID = bot.ID
	}
	list, err := s.messaging.Messages(ctx, account, filter, p)
	if err != nil {
		return nil, err
	}
	return wire.ListMessages200JSONResponse{Items: each(list.Items, message), Next: next(list.Next)}, nil
}

// GetMessage returns one message with its legs.
func (s *server) GetMessage(ctx context.Context, r wire.GetMessageRequestObject) (wire.GetMessageResponseObject, error) {
	if !gateway.HasPrefix(r.Message, "msg") {
		return nil, gateway.ErrMessageNotFound
	}
	m, err := s.messaging.Message(ctx, callerOf(ctx).key.AccountID, gateway.MessageID(r.Message))
	if err != nil {
		return nil, err
	}
	body, err := s.withLegs(ctx, m)
	if err != nil {
		return nil, err
	}
	return wire.GetMessage200JSONResponse(body), nil
}

// CancelMessage takes a message back that has not left yet.
func (s *server) CancelMessage(ctx context.Context, r wire.CancelMessageRequestObject) (wire.CancelMessageResponseObject, error) {
	if !gateway.HasPrefix(r.Message, "msg") {
		return nil, gateway.ErrMessageNotFound
	}
	m, err := s.messaging.Cancel(ctx, callerOf(ctx).key.AccountID, gateway.MessageID(r.Message))
	if err != nil {
		return nil, err
	}
	body, err := s.withLegs(ctx, m)
	if err != nil {
		return nil, err
	}
	return wire.CancelMessage200JSONResponse(body), nil
}

// ListMessageEvents tells the story of one message.
func (s *server) ListMessageEvents(ctx context.Context, r wire.ListMessageEventsRequestObject) (wire.ListMessageEventsResponseObject, error) {
	if !gateway.HasPrefix(r.Message, "msg") {
		return nil, gateway.ErrMessageNotFound
	}
	events, err := s.messaging.Events(ctx, callerOf(ctx).key.AccountID, gateway.MessageID(r.Message))
	if err != nil {
		return nil, err
	}
	return wire.ListMessageEvents200JSONResponse{Items: each(events, event)}, nil
}

func (s *server) withLegs(ctx context.Context, m gateway.Message) (wire.Message, error) {
	legs, err := s.messaging.Legs(ctx, m.AccountID, m.ID)
	body := message(m)
	body.Legs = each(legs, leg)
	if err != nil || m.Direction != gateway.Out {
		return body, err
	}
	last, err := s.messaging.LastEdit(ctx, m.AccountID, m.ID)
	body.Edit = edit(last)
	return body, err
}

func message(m gateway.Message) wire.Message {
	body := wire.Message{
		ID: string(m.ID), Bot: string(m.BotID), Direction: wire.Direction(m.Direction), Subscriber: string(m.SubscriberID),
		Kind: string(m.Kind), Text: m.Text, Buttons: each(m.Buttons, buttonRow), Silent: m.Silent, ProtectContent: m.Protected, Label: m.Label,
		State: wire.MessageState(m.State), Reason: string(m.Reason), ReasonText: messaging.Explain(m.Reason),
		ReadLink: m.ReadLink, SendAt: m.NotBefore, EditedAt: m.EditedAt, DeletedAt: m.DeletedAt, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt, ExpiresAt: m.ExpiresAt,
	}
	body.Between, body.Currency, body.Price, body.Cost = m.Between, m.Currency, priceOf(m.Price), priceOf(m.Cost)
	body.ConfirmedWithin, body.ConfirmBy = span(m.Confirmed), wire.ConfirmBy(m.ConfirmBy)
	if m.MaxPrice != nil {
		body.MaxPrice = m.MaxPrice.String()
	}
	if m.Format.Marked() {
		body.Format = wire.Format(m.Format)
	}
	if m.Media != nil {
		body.Media = wire.Media{Kind: wire.MediaKind(m.Media.Kind), File: string(m.Media.File), URL: m.Media.URL, Name: m.Media.Name}
	}
	body.Rule, body.Answers, body.TranslateTo = m.Rule, string(m.Cause), m.TranslateTo
	body.Translation, body.TranslationReason = m.Translation.Text, string(m.Translation.Reason)
	if m.Evidence != "" {
		body.Evidence = wire.Evidence{Kind: wire.EvidenceKind(m.Evidence), Grade: m.Evidence.Grade(), At: m.EvidenceAt}
	}
	if m.Direction == gateway.Out {
		body.To, body.Lane, body.OnUnknown = m.To.String(), wire.Lane(m.Lane), wire.OnUnknown(m.OnUnknown)
	}
	return body
}

// priceOf writes a price, nothing for what is free.
func priceOf(a gateway.Amount) string {
	if a == 0 {
		return ""
	}
	return a.String()
}

func cascadeOf(legs []wire.NewLeg) []messaging.CascadeLeg {
	if len(legs) == 0 {
		return nil
	}
	return each(legs, func(l wire.NewLeg) messaging.CascadeLeg {
		return messaging.CascadeLeg{Channel: gateway.Channel(l.Channel), Until: gateway.Until(l.Until), Within: lifetime(l.Within)}
	})
}

func mediaOf(m wire.NewMedia) *gateway.Media {
	if m == (wire.NewMedia{}) {
		return nil
	}
	return &gateway.Media{Kind: gateway.MediaKind(m.Kind), File: gateway.FileID(m.File), URL: m.URL}
}

func buttonsOf(rows [][]wire.Button) [][]gateway.Button {
	if len(rows) == 0 {
		return nil
	}
	return each(rows, func(row []wire.Button) []gateway.Button {
		return each(row, func(b wire.Button) gateway.Button {
			return gateway.Button{Text: b.Text, Data: b.Data, URL: b.URL, WebApp: b.WebApp}
		})
	})
}

func buttonRow(row []gateway.Button) []wire.Button {
	return each(row, func(b gateway.Button) wire.Button {
		return wire.Button{Text: b.Text, Data: b.Data, URL: b.URL, WebApp: b.WebApp}
	})
}

func leg(l gateway.Leg) wire.Leg {
	return wire.Leg{
		Number: l.Number, Channel: wire.Channel(l.Channel), State: wire.LegState(l.State), Reason: string(l.Reason),
		ReasonText: messaging.Explain(l.Reason), Until: wire.Until(l.Until), Within: span(l.Within), Provider: l.Provider,
		Price: priceOf(l.Price), Cost: priceOf(l.Cost), NotBefore: l.NotBefore,
		Segments: l.Segments, Attempts: l.Attempts, SettledAt: l.SettledAt,
	}
}

func event(e gateway.Event) wire.Event {
	return wire.Event{
		Sequence: e.Sequence, At: e.At, Kind: string(e.Kind), From: wire.MessageState(e.From), State: wire.MessageState(e.State),
		Leg: e.Leg, Reason: string(e.Reason), ReasonText: messaging.Explain(e.Reason), Detail: e.Detail, WaitSeconds: e.Wait.Seconds(),
	}
}
