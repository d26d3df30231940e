package messaging

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"herald/internal/gateway"
)

// Reports takes what SMS providers report and what people answer by SMS.
type Reports struct {
	store ReportStore
	waker gateway.Waker
	ids   *gateway.IDs
	now   gateway.Clock
}

// ReportStore is what Reports needs of the database.
type ReportStore interface {
	gateway.ReportStore
	gateway.DeliveryStore
}

var _ gateway.SMSSink = (*Reports)(nil)

// NewReports returns a Reports.
func NewReports(store ReportStore, waker gateway.Waker, ids *gateway.IDs, now gateway.Clock) *Reports {
	return &Reports{store: store, waker: waker, ids: ids, now: now}
}

// TakeReport applies a delivery report. It is kept first: one that comes before the provider's answer to the submission
// names an SMS that nobody knows yet, and is applied when that answer comes.
func (r *Reports) TakeReport(ctx context.Context, report gateway.SMSReport) error {
	if !report.Status.Final() {
		return nil
	}
	if report.ProviderID != "" {
		if err := r.store.SaveReport(ctx, report, r.now()); err != nil {
			return fmt.Errorf("keep report: %w", err)
		}
	}
	leg, found, err := r.store.LegOfReport(ctx, report)
	if err != nil || !found {
		return err
	}
	return r.apply(ctx, leg, func(d gateway.Delivery) gateway.Change { return reported(d, leg.ID, report, r.now()) })
}

// TakeReply takes an SMS that a person wrote for an incoming message, and for proof that they got the one before it.
func (r *Reports) TakeReply(ctx context.Context, reply gateway.SMSReply) error {
	leg, found, err := r.store.SaveReply(ctx, reply, r.ids.Message(), r.now())
	if err != nil || !found {
		return err
	}
	return r.apply(ctx, leg, func(d gateway.Delivery) gateway.Change {
		return d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceReply, At: r.now()}, leg.Number)
	})
}

func (r *Reports) apply(ctx context.Context, leg gateway.Leg, decide func(gateway.Delivery) gateway.Change) error {
	_, err := changeAndWake(ctx, r.store, r.waker, leg.AccountID, leg.MessageID, func(d gateway.Delivery) (gateway.Change, error) {
		return decide(d), nil
	})
	if err != nil {
		return fmt.Errorf("apply report to message %s: %w", leg.MessageID, err)
	}
	return nil
}

// reported decides what a delivery report about one leg means. A second report of the same kind means nothing.
func reported(d gateway.Delivery, id gateway.LegID, r gateway.SMSReport, now time.Time) gateway.Change {
	for i, l := range d.Legs {
		if l.ID != id {
			continue
		}
		if r.Status == gateway.SMSDelivered {
			return deliveredByReport(d, l, r, now)
		}
		if l.State != gateway.LegAccepted || d.Message.Evidence != "" {
			return gateway.Change{}
		}
		d.Leg = l
		d.Legs = append([]gateway.Leg(nil), d.Legs...)
		d.Legs[i].State = gateway.LegFailed
		s := story{delivery: d, at: now}
		return s.end(gateway.Failed, gateway.ReasonUndelivered, Explain(gateway.ReasonUndelivered))
	}
	return gateway.Change{}
}

// deliveredByReport closes an accepted leg, and one whose answer was lost; a leg whose answer is still to come is closed
// by that.
func deliveredByReport(d gateway.Delivery, l gateway.Leg, r gateway.SMSReport, now time.Time) gateway.Change {
	change := d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceReport, At: now}, l.Number)
	switch l.State {
	case gateway.LegAccepted, gateway.LegUnknown:
		l.Cost = l.Price
		l.State, l.Reason, l.SettledAt = gateway.LegDelivered, "", now
		l.Provider = r.Provider
		l.ProviderID = cmp.Or(l.ProviderID, r.ProviderID, string(l.ID)) // some know an SMS by our reference only
		change.Leg = &l
	}
	return change
}
