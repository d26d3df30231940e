package gateway

import (
	"context"
	"time"
)

// Terms are what an account sends by.
type Terms struct {
	Prices   PriceList
	Defaults Defaults
	Region   string // of phones in national form
}

// Defaults are what an account wants of its messages where they leave it open. A message's own option wins.
type Defaults struct {
	Cascade   []PlannedLeg  `json:"cascade,omitempty"`
	Fallback  string        `json:"fallback,omitempty"`   // sms; instead of a cascade
	TTL       time.Duration `json:"ttl,omitempty"`        // not of codes
	OnUnknown OnUnknown     `json:"on_unknown,omitempty"` // not of codes
	Between   string        `json:"between,omitempty"`    // not of codes
	Timezone  string        `json:"timezone,omitempty"`
	MaxPrice  string        `json:"max_price,omitempty"`
	Format    Format        `json:"format,omitempty"`
	Silent    bool          `json:"silent,omitempty"`
	Confirmed time.Duration `json:"confirmed_within,omitempty"`
	ConfirmBy ConfirmBy     `json:"confirm_by,omitempty"`
}

// PlannedLeg is one leg of a cascade before there is a message.
type PlannedLeg struct {
	Channel Channel       `json:"channel"`
	Until   Until         `json:"until,omitempty"`
	Within  time.Duration `json:"within,omitempty"`
}

// TermsStore keeps the price list of the installation and the defaults of accounts.
type TermsStore interface {
	Terms(ctx context.Context, account AccountID) (Terms, error)
	// SetPrices replaces the whole list.
	SetPrices(ctx context.Context, l PriceList, now time.Time) error
	SetDefaults(ctx context.Context, account AccountID, d Defaults) error
}
