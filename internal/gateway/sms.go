package gateway

import (
	"context"
	"net/http"
	"time"
)

// ChannelSMS is an SMS to the phone.
const ChannelSMS Channel = "sms"

// OutgoingSMS is one SMS to submit to a provider.
type OutgoingSMS struct {
	LegID LegID  // our own reference, given to providers that take one
	From  string // sender as the recipient sees it; empty: the provider's default
	To    string // E.164
	Text  string
}

// SMSReceipt is a provider's word that it took an SMS.
type SMSReceipt struct {
	Provider   string // its name in the configuration
	ProviderID string // what the provider calls it; reports name it by this
	Segments   int
}

// SMSProvider submits SMS to one operator or aggregator. A failure is always a *DeliveryError: ClassUnavailable only
// if the SMS was not taken for certain, ClassUnknown if the request had left and its answer was lost.
type SMSProvider interface {
	Name() string
	SendSMS(ctx context.Context, sms OutgoingSMS) (SMSReceipt, error)
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

// SMSReport is a delivery report, by callback or by asking. It may come late, twice, or before the answer to the
// submission.
type SMSReport struct {
	Provider   string
	ProviderID string
	LegID      LegID // where the provider hands our own reference back, else empty
	Status     SMSStatus
	At         time.Time // by the provider, or when it came
	Detail     string    // the provider's own code or words, bounded
}

// SMSReply is an SMS that a person wrote.
type SMSReply struct {
	Provider   string
	ProviderID string // to tell a repeated callback from a second SMS
	From       string // E.164
	To         string // the number or short code that it was written to
	Text       string
	At         time.Time
}

// SMSSink takes what providers report. Both are idempotent.
type SMSSink interface {
	TakeReport(ctx context.Context, r SMSReport) error
	TakeReply(ctx context.Context, r SMSReply) error
}

// SMSCallbacks is a provider that calls us: its handler checks who calls before it reads anything, hands reports and
// replies to the sink and answers success only after the sink has stored them. A forged call is 401 and changes nothing.
type SMSCallbacks interface {
	Callback(sink SMSSink) http.Handler
}

// SMSPolled is a provider that has to be asked what became of an SMS.
type SMSPolled interface {
	// PollSMS asks about SMS that have no final report yet, at most a hundred at a time.
	PollSMS(ctx context.Context, sms []SMSReceipt) ([]SMSReport, error)
}
