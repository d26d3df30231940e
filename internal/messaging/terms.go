package messaging

import (
	"context"
	"fmt"
	"strings"
	"time"

	"herald/internal/gateway"
)

// termsFor is how long terms are believed without asking the database again: what other processes lag behind a change.
const termsFor = 2 * time.Second

// terms are what the account sends by, a moment old at most.
func (s *Service) terms(ctx context.Context, account gateway.AccountID) (gateway.Terms, error) {
	now := s.now()
	if t, ok := s.remembered.terms.get(account, now); ok {
		return t, nil
	}
	t, err := s.store.Terms(ctx, account)
	if err != nil {
		return t, fmt.Errorf("read terms: %w", err)
	}
	s.remembered.terms.put(account, t, now.Add(termsFor))
	return t, nil
}

// Terms returns the price list of the installation and the defaults of the account, as they are stored.
func (s *Service) Terms(ctx context.Context, account gateway.AccountID) (gateway.Terms, error) {
	return s.store.Terms(ctx, account)
}

// SetPrices replaces the price list of the installation. Messages that were accepted before keep their prices.
func (s *Service) SetPrices(ctx context.Context, l gateway.PriceList) error {
	if err := l.Check().OrNil(); err != nil {
		return err
	}
	defer s.remembered.terms.clear()
	return s.store.SetPrices(ctx, l, s.now())
}

// SetDefaults replaces the defaults of the account. They are held against the same rules as a message's own options.
func (s *Service) SetDefaults(ctx context.Context, account gateway.AccountID, d gateway.Defaults) error {
	probe := Request{To: "#1", Text: "x"}
	if d.Fallback != "" && len(d.Cascade) > 0 {
		return gateway.Fault(gateway.CodeCascade, "fallback", "Give a cascade or a fallback, not both: a fallback is the short form of a cascade.")
	}
	probe.fillFrom(d)
	if _, err := probe.message(s.now()); err != nil {
		return err
	}
	defer s.remembered.terms.clear()
	return s.store.SetDefaults(ctx, account, d)
}

// fillFrom fills what the request leaves open from the account's defaults. Codes are for now: how long, at which hours and
// what after a lost answer is theirs.
func (r *Request) fillFrom(d gateway.Defaults) {
	if len(r.Cascade) == 0 && r.Fallback == "" {
		r.Fallback = d.Fallback
		for _, l := range d.Cascade {
			r.Cascade = append(r.Cascade, CascadeLeg{Channel: l.Channel, Until: l.Until, Within: l.Within})
		}
	}
	if r.Timezone == "" && d.Timezone != "" {
		r.Timezone, r.zoneOf = d.Timezone, gateway.ZoneOfAccount
	}
	fill(&r.MaxPrice, d.MaxPrice)
	fill(&r.Format, d.Format)
	if r.Silent == nil && d.Silent {
		r.Silent = &d.Silent
	}
	if r.Confirmed == 0 && !strings.HasPrefix(strings.TrimSpace(r.To), "chat:") { // a group has no phone
		r.Confirmed = d.Confirmed
	}
	if r.Confirmed != 0 { // else it says nothing, and one that the request has is a slip
		fill(&r.ConfirmBy, d.ConfirmBy)
	}
	if r.Lane != gateway.LaneCode {
		fill(&r.TTL, d.TTL)
		fill(&r.OnUnknown, d.OnUnknown)
		fill(&r.Between, d.Between)
	}
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
