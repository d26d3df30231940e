package demo

import (
	"context"
	"fmt"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
	"herald/internal/terminal"
)

func sendThrottled(ctx context.Context, p *play) (seen, error) {
	m := client.NewMessage{To: p.anna.Phone, Text: "Thank you for waiting."}
	sent, calls, err := p.sendThrough(ctx, m, controlclient.Fault{Kind: "too_many_requests", RetryAfter: 1})
	if err != nil {
		return seen{}, err
	}
	if sent.State != wire.MessageStateAccepted || len(calls) != 2 || calls[0].ErrorCode != 429 || !calls[1].OK {
		return seen{}, &Mismatch{Expected: "state accepted, with a second call after a 429", Saw: fmt.Sprintf("%s, with %d calls", describe(sent), len(calls))}
	}
	waited := calls[1].At.Sub(calls[0].At)
	return seen{string(sent.State), fmt.Sprintf("asked to wait 1s, sent again after %s", terminal.Span(waited))}, p.once(ctx, m.Text)
}

func sendInDoubt(ctx context.Context, p *play) (seen, error) {
	m := client.NewMessage{To: p.anna.Phone, Text: "We charged 12.50 to your card."}
	sent, calls, err := p.sendThrough(ctx, m, controlclient.Fault{Kind: "reset_after"})
	if err != nil {
		return seen{}, err
	}
	if sent.State != wire.MessageStateUnknown || sent.OnUnknown != wire.Hold || len(calls) != 1 {
		return seen{}, &Mismatch{Expected: "state unknown after one call", Saw: fmt.Sprintf("%s after %d calls", describe(sent), len(calls))}
	}
	return seen{string(sent.State), "reason " + sent.Reason + "; it did arrive, and nobody sent it twice"}, p.once(ctx, m.Text)
}

// sendThrough sends a message whose first call to the messenger meets a fault, and returns it with the calls that were
// made to send it.
func (p *play) sendThrough(ctx context.Context, m client.NewMessage, f controlclient.Fault) (client.Message, []controlclient.Call, error) {
	before, err := p.Sandbox.LastCall(ctx)
	if err != nil {
		return client.Message{}, nil, fmt.Errorf("read the sandbox's log: %w", err)
	}
	f.Bot, f.Method, f.Times = p.chat(), "sendMessage", 1
	if _, err := p.Sandbox.AddFault(ctx, f); err != nil {
		return client.Message{}, nil, fmt.Errorf("set the fault: %w", err)
	}
	sent, err := p.send(ctx, m)
	if err != nil {
		return client.Message{}, nil, err
	}
	calls, err := p.calls(ctx, before)
	return sent, calls, err
}
