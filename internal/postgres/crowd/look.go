package crowd

import (
	"context"
	"fmt"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

// Address is how the n-th person is named in a way.
func Address(kind gateway.AddressKind, n int) gateway.Address {
	p := Person(n, time.Time{})
	value := ""
	switch kind {
	case gateway.AddressPhone:
		value = p.Phone
	case gateway.AddressUsername:
		value = p.Username
	case gateway.AddressExternal:
		value = p.ExternalID
	default:
		value = fmt.Sprint(p.PlatformID)
	}
	return gateway.Address{Kind: kind, Value: value}
}

// Accept accepts a message to an address, which nobody carries.
func (b *Base) Accept(ctx context.Context, to gateway.Address) (gateway.MessageID, error) {
	m := gateway.Message{
		ID: b.ids.Message(), AccountID: b.Account, BotID: b.Bot, Direction: gateway.Out, To: to, Text: "Your parcel comes tomorrow.",
		Format: gateway.FormatPlain, Lane: gateway.LaneService, OnUnknown: gateway.Hold, State: gateway.Queued,
		ExpiresAt: b.at.Add(day), CreatedAt: b.at, UpdatedAt: b.at,
	}
	_, err := b.Store.AcceptMessage(ctx, m, []gateway.Leg{{ID: b.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}}, nil)
	return m.ID, err
}

// Resolve times how the person is found and locked whom a message is for, by the statement of each attempt to deliver. It
// fails if that is not the n-th person.
func (b *Base) Resolve(ctx context.Context, id gateway.MessageID, n int) (time.Duration, error) {
	tx, err := b.app.Begin(ctx)
	if err != nil {
		return 0, fmt.Errorf("resolve: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it lets the locks go
	begun := time.Now()
	row, err := dbsqlc.New(tx).Recipient(ctx, dbsqlc.RecipientParams{AccountID: string(b.Account), ID: string(id)})
	took := time.Since(begun)
	if err != nil {
		return 0, fmt.Errorf("resolve the recipient of %s: %w", id, err)
	}
	if row.Subscriber.PlatformID != firstPlatformID+int64(n) {
		return 0, fmt.Errorf("resolve the recipient of %s: found %d for person %d", id, row.Subscriber.PlatformID, n)
	}
	return took, nil
}
