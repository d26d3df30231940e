package api

import (
	"context"
	"strings"
	"time"

	"herald/api/internal/wire"
	"herald/internal/gateway"
)

// Translation is the translator of the installation, with what it costs.
type Translation interface {
	gateway.Translator
	gateway.TranslationLedger
}

const (
	day         = 24 * time.Hour
	usageDays   = 30  // that are told if nothing else is asked for
	maxUsage    = 366 // days
	noDay       = "This is no day such as 2026-03-01."
	noUsageSpan = "The last day is not before the first one, and at most 366 days later."
)

// TranslationUsage tells what the account had translated, by day.
func (s *server) TranslationUsage(ctx context.Context, r wire.TranslationUsageRequestObject) (wire.TranslationUsageResponseObject, error) {
	first, last, err := s.usageSpan(given(r.Params.From), given(r.Params.To))
	if err != nil {
		return nil, err
	}
	usage, err := s.translation.TranslationUsage(ctx, callerOf(ctx).key.AccountID, first, last)
	if err != nil {
		return nil, err
	}
	return wire.TranslationUsage200JSONResponse{
		Enabled: usage.On, DailyLimit: usage.DailyLimit, PricePerMillion: usage.Price.String(), Currency: usage.Currency,
		Days: each(usage.Days, func(d gateway.TranslationDay) wire.TranslationDay {
			return wire.TranslationDay{
				Day: d.Day.Format(time.DateOnly), Calls: d.Calls, Characters: d.Characters, Cost: d.Cost.String(), Currency: d.Currency,
			}
		}),
	}, nil
}

// usageSpan reads the first and the last day.
func (s *server) usageSpan(from, to string) (first, last time.Time, err error) {
	var faults gateway.Faults
	parse := func(text, field string, otherwise time.Time) time.Time {
		if text == "" {
			return otherwise
		}
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, field, noDay))
		}
		return t
	}
	last = parse(to, "to", s.now().UTC().Truncate(day))
	first = parse(from, "from", last.Add(-(usageDays-1)*day))
	if len(faults) == 0 && (last.Before(first) || last.Sub(first) > maxUsage*day) {
		faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, "to", noUsageSpan))
	}
	return first, last, faults.OrNil()
}

// TryTranslation translates a text as a reply would be.
func (s *server) TryTranslation(ctx context.Context, r wire.TryTranslationRequestObject) (wire.TryTranslationResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	if strings.TrimSpace(r.Body.Text) == "" {
		return nil, gateway.Fault(gateway.CodeTextEmpty, "text", "The text is empty.")
	}
	request := gateway.TranslationRequest{
		AccountID: account, Network: gateway.NetworkReal, Text: r.Body.Text, Format: gateway.Format(r.Body.Format),
		From: r.Body.From, To: r.Body.To, Keep: r.Body.Keep,
	}
	if r.Body.Bot != "" {
		bot, err := s.bots.Find(ctx, account, r.Body.Bot)
		if err != nil {
			return nil, err
		}
		request.Network = bot.Network
	}
	got, err := s.translation.Translate(ctx, request)
	if err != nil {
		return wire.TryTranslation200JSONResponse{Text: r.Body.Text, From: r.Body.From, Reason: string(gateway.TranslationReasonOf(err))}, nil
	}
	return wire.TryTranslation200JSONResponse{Text: got.Text, From: got.From, Characters: got.Characters, Cached: got.Cached}, nil
}
