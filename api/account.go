package api

import (
	"context"

	"herald/api/internal/wire"
	"herald/internal/gateway"
	"herald/internal/messaging"
)

// GetPrices shows the price list of the installation.
func (s *server) GetPrices(ctx context.Context, _ wire.GetPricesRequestObject) (wire.GetPricesResponseObject, error) {
	terms, err := s.messaging.Terms(ctx, callerOf(ctx).key.AccountID)
	return wire.GetPrices200JSONResponse(priceList(terms.Prices)), err
}

// SetPrices replaces the price list. It is the operator's.
func (s *server) SetPrices(ctx context.Context, r wire.SetPricesRequestObject) (wire.SetPricesResponseObject, error) {
	if err := s.accounts.RequireOperator(ctx, callerOf(ctx).key.AccountID); err != nil {
		return nil, err
	}
	list := gateway.PriceList{Currency: r.Body.Currency, Prices: each(r.Body.Items, func(p wire.Price) gateway.Price {
		amount, ok := gateway.ParseAmount(p.Amount)
		if !ok {
			amount = -1 // which no list may have
		}
		return gateway.Price{Channel: gateway.Channel(p.Channel), Prefix: p.Prefix, Amount: amount}
	})}
	if err := s.messaging.SetPrices(ctx, list); err != nil {
		return nil, err
	}
	return wire.SetPrices200JSONResponse(priceList(list)), nil
}

func priceList(l gateway.PriceList) wire.PriceList {
	return wire.PriceList{Currency: l.Currency, Items: each(l.Prices, func(p gateway.Price) wire.Price {
		return wire.Price{Channel: wire.Channel(p.Channel), Prefix: p.Prefix, Amount: p.Amount.String()}
	})}
}

// GetDefaults shows what the account wants of its messages where they leave it open.
func (s *server) GetDefaults(ctx context.Context, _ wire.GetDefaultsRequestObject) (wire.GetDefaultsResponseObject, error) {
	terms, err := s.messaging.Terms(ctx, callerOf(ctx).key.AccountID)
	return wire.GetDefaults200JSONResponse(defaults(terms.Defaults)), err
}

// SetDefaults replaces the account's defaults.
func (s *server) SetDefaults(ctx context.Context, r wire.SetDefaultsRequestObject) (wire.SetDefaultsResponseObject, error) {
	d := gateway.Defaults{
		Fallback: r.Body.Fallback, TTL: lifetime(r.Body.TTL), OnUnknown: gateway.OnUnknown(r.Body.OnUnknown), Between: r.Body.Between,
		Timezone: r.Body.Timezone, MaxPrice: r.Body.MaxPrice, Format: gateway.Format(r.Body.Format), Silent: r.Body.Silent,
		Confirmed: spanUpTo(r.Body.ConfirmedWithin, messaging.MaxConfirmed), ConfirmBy: gateway.ConfirmBy(r.Body.ConfirmBy),
		Cascade: each(r.Body.Cascade, func(l wire.NewLeg) gateway.PlannedLeg {
			return gateway.PlannedLeg{Channel: gateway.Channel(l.Channel), Until: gateway.Until(l.Until), Within: lifetime(l.Within)}
		}),
	}
	if err := s.messaging.SetDefaults(ctx, callerOf(ctx).key.AccountID, d); err != nil {
		return nil, err
	}
	return wire.SetDefaults200JSONResponse(defaults(d)), nil
}

func defaults(d gateway.Defaults) wire.Defaults {
	return wire.Defaults{
		Fallback: d.Fallback, TTL: span(d.TTL), OnUnknown: wire.OnUnknown(d.OnUnknown), Between: d.Between, Timezone: d.Timezone,
		MaxPrice: d.MaxPrice, Format: wire.Format(d.Format), Silent: d.Silent,
		ConfirmedWithin: span(d.Confirmed), ConfirmBy: wire.ConfirmBy(d.ConfirmBy),
		Cascade: each(d.Cascade, func(l gateway.PlannedLeg) wire.NewLeg {
			return wire.NewLeg{Channel: wire.Channel(l.Channel), Until: wire.Until(l.Until), Within: span(l.Within)}
		}),
	}
}
