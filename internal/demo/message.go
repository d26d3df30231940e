package demo

import (
	"context"
	"fmt"
	"strings"

	"herald/client"
	"herald/client/wire"
	"herald/internal/terminal"
)

// arrives sends a message and checks that the API calls it accepted and that it stands once in Anna's chat.
func (p *play) arrives(ctx context.Context, m client.NewMessage) (seen, error) {
	sent, err := p.send(ctx, m)
	if err != nil {
		return seen{}, err
	}
	if sent.State != wire.MessageStateAccepted {
		return seen{}, &Mismatch{Expected: "state accepted", Saw: describe(sent)}
	}
	copies, err := p.copies(ctx, m.Text)
	if err != nil {
		return seen{}, err
	}
	if copies != 1 {
		return seen{}, &Mismatch{Expected: "the message once in Anna's chat", Saw: fmt.Sprintf("it %d times", copies)}
	}
	took := terminal.Span(sent.UpdatedAt.Sub(sent.CreatedAt))
	return seen{string(sent.State), fmt.Sprintf("%q to %s, in %s", m.Text, m.To, took)}, nil
}

// staysOut sends a message and checks that the API calls it not_subscribed for the given reason, that the bot made no
// call to send it, and that it does not stand in Anna's chat.
func (p *play) staysOut(ctx context.Context, m client.NewMessage, reason string) (seen, error) {
	before, err := p.Sandbox.LastCall(ctx)
	if err != nil {
		return seen{}, fmt.Errorf("read the sandbox's log: %w", err)
	}
	sent, err := p.send(ctx, m)
	if err != nil {
		return seen{}, err
	}
	if sent.State != wire.MessageStateNotSubscribed || sent.Reason != reason {
		return seen{}, &Mismatch{Expected: "state not_subscribed, reason " + reason, Saw: describe(sent)}
	}
	log, err := p.Sandbox.Log(ctx, before)
	if err != nil {
		return seen{}, fmt.Errorf("read the sandbox's log: %w", err)
	}
	made := 0
	for _, call := range log {
		if call.Bot == p.bot.PlatformID && strings.HasPrefix(strings.ToLower(call.Method), "send") {
			made++
		}
	}
	copies, err := p.copies(ctx, m.Text)
	if err != nil {
		return seen{}, err
	}
	if made > 0 || copies > 0 {
		return seen{}, &Mismatch{
			Expected: "no call of the bot to send it, and nothing in Anna's chat",
			Saw:      fmt.Sprintf("%d calls and %d copies", made, copies),
		}
	}
	return seen{string(sent.State), fmt.Sprintf("reason %s, nothing was sent to %s", sent.Reason, m.To)}, nil
}

// send sends a message by the story's bot and waits for its outcome.
func (p *play) send(ctx context.Context, m client.NewMessage) (client.Message, error) {
	m.Bot, m.Label = p.bot.ID, "demo"
	sent, err := p.API.Send(ctx, m, client.WithWait(p.Patience))
	if err != nil {
		return client.Message{}, fmt.Errorf("send: %w", err)
	}
	again, err := p.API.Message(ctx, sent.ID)
	if err != nil {
		return client.Message{}, fmt.Errorf("read the message: %w", err)
	}
	return again, nil
}

// copies counts how often the bot's message stands in Anna's chat.
func (p *play) copies(ctx context.Context, text string) (int, error) {
	messages, err := p.Sandbox.Messages(ctx, p.anna.ID, p.chat())
	if err != nil {
		return 0, fmt.Errorf("read Anna's chat: %w", err)
	}
	count := 0
	for _, message := range messages {
		if !message.Out && message.Text == text {
			count++
		}
	}
	return count, nil
}

func describe(m client.Message) string {
	text := "state " + string(m.State)
	if m.Reason != "" {
		text += ", reason " + m.Reason
	}
	return text
}
