package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var (
	_ gateway.ReportStore     = (*Store)(nil)
	_ gateway.SMSPendingStore = (*Store)(nil)
)

// repliesFor is how long after an SMS what its phone writes is taken for an answer to it.
const repliesFor = 14 * 24 * time.Hour

func (s *Store) SaveReport(ctx context.Context, r gateway.SMSReport, now time.Time) error {
	ctx = system(ctx, callbackWork)
	err := s.q.SaveReport(ctx, dbsqlc.SaveReportParams{
		Provider: r.Provider, ProviderID: r.ProviderID, Status: string(r.Status), At: r.At, Detail: r.Detail, ReceivedAt: now,
	})
	if err != nil {
		return fmt.Errorf("insert SMS report: %w", err)
	}
	return nil
}

func (s *Store) EarlyReport(ctx context.Context, provider, providerID string) (gateway.SMSReport, bool, error) {
	ctx = system(ctx, callbackWork)
	row, err := s.q.EarlyReport(ctx, dbsqlc.EarlyReportParams{Provider: provider, ProviderID: providerID})
	if errors.Is(err, pgx.ErrNoRows) {
		return gateway.SMSReport{}, false, nil
	}
	if err != nil {
		return gateway.SMSReport{}, false, fmt.Errorf("read SMS report: %w", err)
	}
	return gateway.SMSReport{
		Provider: row.Provider, ProviderID: row.ProviderID, Status: gateway.SMSStatus(row.Status), At: row.At.UTC(), Detail: row.Detail,
	}, true, nil
}

func (s *Store) LegOfReport(ctx context.Context, r gateway.SMSReport) (gateway.Leg, bool, error) {
	ctx = system(ctx, callbackWork)
	var row dbsqlc.Leg
	var err error
	if r.LegID != "" {
		row, err = s.q.LegByID(ctx, string(r.LegID))
	} else {
		row, err = s.q.LegByProvider(ctx, dbsqlc.LegByProviderParams{Provider: r.Provider, ProviderID: r.ProviderID})
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return gateway.Leg{}, false, nil
	}
	if err != nil {
		return gateway.Leg{}, false, fmt.Errorf("find leg of SMS report: %w", err)
	}
	return leg(row), true, nil
}

func (s *Store) SaveReply(ctx context.Context, r gateway.SMSReply, id gateway.MessageID, now time.Time) (answered gateway.Leg, found bool, err error) {
	ctx = system(ctx, callbackWork)
	err = s.inTx(ctx, func(_ pgx.Tx, q *queries) error {
		known, err := q.KnownReply(ctx, dbsqlc.KnownReplyParams{Provider: r.Provider, ProviderID: r.ProviderID})
		if err != nil || known > 0 {
			return err
		}
		since := now.Add(-repliesFor)
		v := q.vault
		to, err := q.LegByPhone(ctx, dbsqlc.LegByPhoneParams{PhoneIndex: v.smsIndex(r.From), Since: &since})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("find SMS that is answered: %w", err)
		}
		save := dbsqlc.SaveReplyParams{
			Provider: r.Provider, ProviderID: r.ProviderID, WrittenTo: r.To, At: r.At, ReceivedAt: now, PhoneIndex: v.smsIndex(r.From),
		}
		var fault error
		save.Phone = v.sealed(&fault, replyBound("phone", r.Provider, r.ProviderID), r.From)
		save.Text = v.sealed(&fault, replyBound("text", r.Provider, r.ProviderID), r.Text)
		text := v.sealed(&fault, messageBound("text", string(id)), r.Text)
		if fault != nil {
			return fault
		}
		if err == nil {
			answered, found = leg(to.Leg), true
			messageID := string(id)
			save.MessageID = &messageID
			err = q.StoreInbound(ctx, dbsqlc.StoreInboundParams{
				ID: messageID, AccountID: to.Leg.AccountID, BotID: to.BotID, SubscriberID: to.SubscriberID,
				Kind: string(gateway.UpdateSMS), Text: text, CreatedAt: now,
			})
			if err != nil {
				return fmt.Errorf("insert SMS reply as message: %w", err)
			}
		}
		if _, err := q.SaveReply(ctx, save); err != nil {
			return fmt.Errorf("insert SMS reply: %w", err)
		}
		return nil
	})
	return answered, found, err
}

func (s *Store) DueSMS(ctx context.Context, provider string, now time.Time, pause time.Duration, limit int) ([]gateway.SMSPending, error) {
	ctx = system(ctx, outboxWork)
	rows, err := s.q.DueSMS(ctx, dbsqlc.DueSMSParams{Provider: provider, AskedAt: now, NextAt: now.Add(pause), AtMost: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list SMS without a report: %w", err)
	}
	out := make([]gateway.SMSPending, len(rows))
	for i, r := range rows {
		out[i] = gateway.SMSPending{LegID: gateway.LegID(r.ID), Provider: r.Provider, ProviderID: r.ProviderID, To: s.q.vault.opened(&err, legBound(r.ID), r.Phone)}
	}
	return out, err
}
