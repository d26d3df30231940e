package gateway

import (
	"context"
	"net/http"
	"time"
)

// ChannelSMS is an SMS to the phone.
const ChannelSMS Channel = "sms"

// Classes of refusals that only SMS have. ClassRevoked means here that the provider refuses our login.
const (
	ClassInvalidNumber Class = "invalid_number" // no SMS can go to such a number
	ClassUndeliverable Class = "undeliverable"  // the provider will not carry to this number: stopped, forbidden, no way there
	ClassNoMoney       Class = "no_money"       // our balance at the provider is empty
	ClassNoRoute       Class = "no_route"       // no provider is configured for this number
)

// AnotherMayTake tells whether a refusal is the provider's own trouble and the message was not taken for certain, so
// that another provider may be asked without a second copy. After ClassUnknown nobody else may.
func (c Class) AnotherMayTake() bool {
	switch c {
	case ClassUnavailable, ClassThrottled, ClassNoMoney, ClassRevoked:
		return true
	default:
		return false
	}
}

// OutgoingSMS is one SMS to submit to a provider.
type OutgoingSMS struct {
	LegID    LegID         // our own reference, given to providers that take one
	From     string        // sender as the recipient sees it; empty: the provider's default
	To       string        // E.164
	Network  Network       // of the bot: what a bot of the sandbox sends reaches no real phone
	Text     string        // whole: providers split it, see SplitSMS
	ValidFor time.Duration // how long the operator may try; 0: as long as it does by itself
}

// SMSReceipt is a provider's word that it took an SMS.
type SMSReceipt struct {
	Provider   string // its name in the configuration
	ProviderID string // what the provider calls it; reports name it by this
	Segments   int    // what is paid for
}

// SMSProvider submits SMS to one operator or aggregator. A failure is always a *DeliveryError: ClassUnavailable only
// if the SMS was not taken for certain, ClassUnknown if the request had left and its answer was lost.
type SMSProvider interface {
	Name() string
	SendSMS(ctx context.Context, sms OutgoingSMS) (SMSReceipt, error)
}

// SMSAttempt is one provider's answer to an SMS.
type SMSAttempt struct {
	Provider string
	Class    Class  // empty: it took the SMS
	Text     string // the provider's own words, bounded
}

// SMSSender submits an SMS to the provider that serves its number, and to the next one where the first did not take it
// for certain. It tells every attempt in order; the error is a *DeliveryError, as of an SMSProvider.
type SMSSender interface {
	SendSMS(ctx context.Context, sms OutgoingSMS) (SMSReceipt, []SMSAttempt, error)
}

// SMSRoutes knows which phones SMS can be sent to.
type SMSRoutes interface {
	// Carries tells whether a provider serves the number for bots of the network.
	Carries(to string, network Network) bool
	// Serving tells whether there is any provider for bots of the network.
	Serving(network Network) bool
}

// SMSStatus is what a delivery report says.
type SMSStatus string

// Statuses of delivery reports.
const (
	SMSDelivered   SMSStatus = "delivered"
	SMSUndelivered SMSStatus = "undelivered" // for ever: no such phone, refused, ...
	SMSExpired     SMSStatus = "expired"     // the operator gave up: the phone was out of reach
	SMSOnTheWay    SMSStatus = "on_the_way"  // nothing final yet
)

// Final tells whether no other report is to be expected.
func (s SMSStatus) Final() bool { return s != SMSOnTheWay }

// SMSReport is a delivery report, by callback or by asking. It may come late, twice, or before the answer to the
// submission.
type SMSReport struct {
	Provider   string
	ProviderID string // empty where the provider names an SMS by our reference only
	LegID      LegID  // where the provider hands our own reference back, else empty
	Status     SMSStatus
	At         time.Time // by the provider, or when it came
	Detail     string    // the provider's own code or words, bounded
}

// SMSReply is an SMS that a person wrote.
type SMSReply struct {
	Provider   string
	ProviderID string // to tell a repeated callback from a second SMS
	From       string // E.164; as the provider wrote it where it is no phone number
	To         string // the number, short code or name that it was written to, as the provider wrote it
	Text       string
	At         time.Time
}

// SMSSink takes what providers report. Both are idempotent.
type SMSSink interface {
	TakeReport(ctx context.Context, r SMSReport) error
	TakeReply(ctx context.Context, r SMSReply) error
}

// SMSCallbacks is a provider that calls us: its handler checks who calls before it believes anything, hands reports and
// replies to the sink and answers success only after the sink has stored them. A forged call is 401 and changes nothing.
type SMSCallbacks interface {
	Callback(sink SMSSink) http.Handler
}

// SMSPending is an SMS that was taken and has no final report yet.
type SMSPending struct {
	LegID      LegID
	Provider   string
	ProviderID string
	To         string // E.164: some providers want it beside their own id
}

// SMSPolled is a provider that can be asked what became of an SMS.
type SMSPolled interface {
	// PollSMS asks about at most a hundred SMS. An SMS that the provider says nothing about has no report.
	PollSMS(ctx context.Context, pending []SMSPending) ([]SMSReport, error)
}

// SMSPendingStore remembers which SMS still lack a final report.
type SMSPendingStore interface {
	// DueSMS returns SMS of one provider that are due to be asked about at now, those due longest first, and makes each
	// due again after pause or a tenth of its age, whichever is longer: an SMS that waits for a phone that is off is
	// asked about less and less often.
	DueSMS(ctx context.Context, provider string, now time.Time, pause time.Duration, limit int) ([]SMSPending, error)
}

// ReportStore finds what reports and replies are about.
type ReportStore interface {
	// SaveReport keeps a final report; one that is kept already is left as it is.
	SaveReport(ctx context.Context, r SMSReport, now time.Time) error
	// LegOfReport finds the leg that a report is about, by our own reference or by the provider's.
	LegOfReport(ctx context.Context, r SMSReport) (leg Leg, found bool, err error)
	// SaveReply keeps an SMS that a person wrote, once, as an incoming message of whoever wrote to that phone last. It
	// returns the leg that it answers to.
	SaveReply(ctx context.Context, r SMSReply, id MessageID, now time.Time) (leg Leg, found bool, err error)
}
