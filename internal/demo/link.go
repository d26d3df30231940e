package demo

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"herald/client"
	"herald/client/wire"
	"herald/internal/terminal"
)

// shopPage is where the read link leads. Nobody goes there: the sandbox follows no redirects.
const shopPage = "https://acme.example/order/77"

var linkForm = regexp.MustCompile(`https?://\S+$`)

// robotsOpenLink sends a message with a read link, and has the messenger's preview robot and a scanner open it.
func robotsOpenLink(ctx context.Context, p *play) (seen, error) {
	const words = "Your order is ready: "
	sent, err := p.send(ctx, client.NewMessage{To: p.anna.Phone, Text: words + "{link:" + shopPage + "}"})
	if err != nil {
		return seen{}, err
	}
	if sent.State != wire.MessageStateAccepted {
		return seen{}, &Mismatch{Expected: "state accepted", Saw: describe(sent)}
	}
	p.linked = sent
	if p.readLink, err = p.findLink(ctx, words); err != nil {
		return seen{}, err
	}
	for _, robot := range []string{"preview_robot", "scanner"} {
		opened, err := p.Sandbox.Open(ctx, p.anna.ID, p.chat(), p.readLink, robot)
		if err != nil {
			return seen{}, fmt.Errorf("open the link: %w", err)
		}
		if opened.Status != 200 || opened.Location != "" {
			return seen{}, &Mismatch{Expected: "a page for the " + robot, Saw: fmt.Sprintf("status %d %s", opened.Status, opened.Location)}
		}
	}
	now, err := p.API.Message(ctx, sent.ID)
	if err != nil {
		return seen{}, fmt.Errorf("read the message: %w", err)
	}
	if now.State != wire.MessageStateAccepted || now.Evidence.Kind != "" {
		return seen{}, &Mismatch{Expected: "state accepted and no evidence", Saw: describe(now)}
	}
	return seen{string(now.State), "a preview and a scanner opened " + p.readLink}, nil
}

func openLink(ctx context.Context, p *play) (seen, error) {
	opened, err := p.Sandbox.Open(ctx, p.anna.ID, p.chat(), p.readLink, "person")
	if err != nil {
		return seen{}, fmt.Errorf("open the link: %w", err)
	}
	if opened.Location != shopPage {
		return seen{}, &Mismatch{Expected: "to be led to " + shopPage, Saw: fmt.Sprintf("status %d %s", opened.Status, opened.Location)}
	}
	now, err := p.API.Message(ctx, p.linked.ID)
	if err != nil {
		return seen{}, fmt.Errorf("read the message: %w", err)
	}
	if now.State != wire.MessageStateRead || now.Evidence.Kind != wire.EvidenceKindLink {
		return seen{}, &Mismatch{Expected: "state read, evidence link", Saw: describe(now)}
	}
	took := terminal.Span(now.Evidence.At.Sub(now.CreatedAt))
	return seen{string(now.State), fmt.Sprintf("proved by the %s %s after sending; it led to %s", now.Evidence.Kind, took, shopPage)}, nil
}

// findLink finds the link in the message of Anna's chat that begins with these words.
func (p *play) findLink(ctx context.Context, words string) (string, error) {
	messages, err := p.Sandbox.Messages(ctx, p.anna.ID, p.chat())
	if err != nil {
		return "", fmt.Errorf("read Anna's chat: %w", err)
	}
	for _, m := range messages {
		if link := linkForm.FindString(m.Text); !m.Out && strings.HasPrefix(m.Text, words) && link != "" {
			return link, nil
		}
	}
	return "", &Mismatch{Expected: "a message with a link in Anna's chat", Saw: "none"}
}
