package demo

import (
	"context"
	"fmt"
	"strings"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
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
	if err := p.once(ctx, m.Text); err != nil {
		return seen{}, err
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
	made, err := p.calls(ctx, before)
	if err != nil {
		return seen{}, err
	}
	copies, err := p.copies(ctx, m.Text)
	if err != nil {
		return seen{}, err
	}
	if len(made) > 0 || copies > 0 {
		return seen{}, &Mismatch{
			Expected: "no call of the bot to send it, and nothing in Anna's chat",
			Saw:      fmt.Sprintf("%d calls and %d copies", len(made), copies),
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

// calls are those that the story's bot made to send something after the one with this number in the sandbox's log.
func (p *play) calls(ctx context.Context, after int64) ([]controlclient.Call, error) {
	log, err := p.Sandbox.Log(ctx, after)
	if err != nil {
		return nil, fmt.Errorf("read the sandbox's log: %w", err)
	}
	var made []controlclient.Call
	for _, call := range log {
		if call.Bot == p.bot.PlatformID && strings.HasPrefix(strings.ToLower(call.Method), "send") {
			made = append(made, call)
		}
	}
	return made, nil
}

// once checks that the bot's message stands in Anna's chat, and no second time.
func (p *play) once(ctx context.Context, text string) error {
	copies, err := p.copies(ctx, text)
	if err == nil && copies != 1 {
		err = &Mismatch{Expected: "the message once in Anna's chat", Saw: fmt.Sprintf("it %d times", copies)}
	}
	return err
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
	if m.Evidence.Kind != "" {
		text += ", evidence " + string(m.Evidence.Kind)
	}
	return text
}
