package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"herald/client"
	"herald/client/wire"
	"herald/internal/terminal"
)

func sendSMSToStranger(ctx context.Context, p *play) (seen, error) {
	m := client.NewMessage{To: p.stranger, Text: "Acme " + p.suffix + ": your parcel is at the post office.", Fallback: "sms"}
	sent, err := p.send(ctx, m)
	if err != nil {
		return seen{}, err
	}
	sent, err = p.awaitState(ctx, sent, wire.MessageStateDelivered)
	if err != nil {
		return seen{}, err
	}
	if sent.Evidence.Kind != wire.EvidenceKindReport {
		return seen{}, &Mismatch{Expected: "an operator's report as evidence", Saw: describe(sent)}
	}
	if err := p.onPhone(ctx, p.stranger, m.Text); err != nil {
		return seen{}, err
	}
	return seen{string(sent.State), fmt.Sprintf("not connected, so %d SMS to %s, reported by %s", sent.Legs[1].Segments, m.To, sent.Legs[1].Provider)}, nil
}

// unreadAfter is how long Anna has to read a message before it goes by SMS.
const unreadAfter = 2 * time.Second

func sendUnread(ctx context.Context, p *play) (seen, error) {
	m := client.NewMessage{To: p.anna.Phone, Text: "Acme " + p.suffix + ": the courier is at your door.", Cascade: []client.NewLeg{
		{Channel: wire.Telegram, Until: wire.UntilRead, Within: "2s"}, {Channel: wire.Sms},
	}}
	sent, err := p.send(ctx, m)
	if err != nil {
		return seen{}, err
	}
	if sent.State != wire.MessageStateAccepted {
		return seen{}, &Mismatch{Expected: "state accepted", Saw: describe(sent)}
	}
	accepted := sent.Legs[0].SettledAt
	if sent, err = p.awaitState(ctx, sent, wire.MessageStateDelivered); err != nil {
		return seen{}, err
	}
	if err := p.onPhone(ctx, p.anna.Phone, m.Text); err != nil {
		return seen{}, err
	}
	waited := sent.Evidence.At.Sub(accepted)
	if waited < unreadAfter {
		return seen{}, &Mismatch{Expected: "the SMS at least " + terminal.Span(unreadAfter) + " after the messenger took it", Saw: "it after " + terminal.Span(waited)}
	}
	return seen{string(sent.State), fmt.Sprintf("in her chat, and on her phone %s later", terminal.Span(waited))}, p.once(ctx, m.Text)
}

// awaitState waits until the message has come to a state and none of its legs waits for an answer, and returns it: a report
// may be faster than the provider's answer, which tells how many SMS it was.
func (p *play) awaitState(ctx context.Context, m client.Message, want client.MessageState) (client.Message, error) {
	err := p.await(ctx, "state "+string(want), func() (string, bool, error) {
		now, err := p.API.Message(ctx, m.ID)
		if err != nil {
			return "", false, fmt.Errorf("read the message: %w", err)
		}
		m = now
		waits := slices.ContainsFunc(m.Legs, func(l client.Leg) bool { return l.State == wire.LegStatePending })
		return describe(m), m.State == want && !waits, nil
	})
	return m, err
}

// onPhone checks that an SMS with this text is on a phone, and no second time.
func (p *play) onPhone(ctx context.Context, number, text string) error {
	phone, err := p.Sandbox.Phone(ctx, number)
	if err != nil {
		return fmt.Errorf("look at the phone: %w", err)
	}
	copies := 0
	for _, sms := range phone.SMS {
		if sms.Text == text {
			copies++
		}
	}
	if copies != 1 {
		return &Mismatch{Expected: "the SMS once on the phone " + number, Saw: fmt.Sprintf("it %d times", copies)}
	}
	return nil
}
