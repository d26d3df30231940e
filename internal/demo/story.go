package demo

import (
	"context"
	"fmt"
	"strings"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// story is the story. A new step goes where it belongs in time; it finds in play what the steps before it made.
func story() []step {
	return []step{
		{"A bot is made and added to Herald", addBot},
		{"Anna finds the bot by its link", findBot},
		{"Anna presses Start", startBot},
		{"Anna shares her phone", sharePhone},
		{"A code to her phone stands in her chat", sendCode},
		{"A message to her @name stands in her chat", sendToName},
		{"A message to her #id stands in her chat", sendToID},
		{"A stranger's number: nothing is sent", sendToStranger},
		{"With SMS allowed it is on the stranger's phone", sendSMSToStranger},
		{"Robots open a read link: that proves nothing", robotsOpenLink},
		{"Anna opens the link: the message is read", openLink},
		{"Not read in two seconds, it goes by SMS as well", sendUnread},
		{"The bot is throttled: the message waits and arrives", sendThrottled},
		{"The answer is lost: held, and sent once", sendInDoubt},
		{"Anna blocks the bot", blockBot},
		{"The next message says so", sendToBlocked},
	}
}

// linkPayload comes back to Herald when Anna starts the bot by the link.
const linkPayload = "demo"

func addBot(ctx context.Context, p *play) (seen, error) {
	made, err := p.Sandbox.CreateBot(ctx, "Acme", "acme_"+p.suffix+"_bot")
	if err != nil {
		return seen{}, fmt.Errorf("make a bot in the sandbox: %w", err)
	}
	p.bot, err = p.API.AddBot(ctx, client.NewBot{Platform: "telegram", Token: made.Token})
	if err != nil {
		return seen{}, fmt.Errorf("add the bot: %w", err)
	}
	want := fmt.Sprintf("@%s, active, in the sandbox", made.Username)
	if p.bot.Username != made.Username || p.bot.PlatformID != made.ID || p.bot.State != wire.BotStateActive || p.bot.Network != wire.Sandbox {
		return seen{}, &Mismatch{Expected: want, Saw: fmt.Sprintf("@%s, %s, network %s", p.bot.Username, p.bot.State, p.bot.Network)}
	}
	return seen{string(p.bot.State), fmt.Sprintf("@%s, updates by %s", p.bot.Username, p.bot.Intake)}, nil
}

func findBot(ctx context.Context, p *play) (seen, error) {
	var err error
	p.anna, err = p.Sandbox.CreatePerson(ctx, controlclient.Person{
		FirstName: "Anna", Username: "anna_" + p.suffix, Phone: mobile(p.Random, "50"), Language: "uk",
	})
	if err != nil {
		return seen{}, fmt.Errorf("make Anna: %w", err)
	}
	connect, err := p.API.ConnectLink(ctx, p.bot.ID, linkPayload)
	if err != nil {
		return seen{}, fmt.Errorf("get the link: %w", err)
	}
	p.link = connect.Link
	found, payload, err := p.Sandbox.Resolve(ctx, p.link)
	if err != nil {
		return seen{}, fmt.Errorf("open the link: %w", err)
	}
	if found.ID != p.bot.PlatformID || payload != linkPayload {
		return seen{}, &Mismatch{
			Expected: fmt.Sprintf("the link to lead to @%s with payload %s", p.bot.Username, linkPayload),
			Saw:      fmt.Sprintf("@%s with payload %q", found.Username, payload),
		}
	}
	p.payload = payload
	return seen{words: p.link}, nil
}

func startBot(ctx context.Context, p *play) (seen, error) {
	if err := p.Sandbox.Start(ctx, p.anna.ID, p.chat(), p.payload); err != nil {
		return seen{}, fmt.Errorf("press Start: %w", err)
	}
	var anna client.Subscriber
	err := p.await(ctx, "a connected subscriber with payload "+p.payload, func() (string, bool, error) {
		var saw string
		var err error
		anna, saw, err = p.subscriber(ctx, client.SubscriberFilter{Username: p.anna.Username})
		return saw, anna.Connection == wire.Connected && anna.PlatformID == p.anna.ID && anna.StartPayload == p.payload, err
	})
	return seen{string(anna.Connection), fmt.Sprintf("subscriber @%s, payload %s", anna.Username, anna.StartPayload)}, err
}

func sharePhone(ctx context.Context, p *play) (seen, error) {
	if err := p.Sandbox.ShareContact(ctx, p.anna.ID, p.chat()); err != nil {
		return seen{}, fmt.Errorf("share the contact: %w", err)
	}
	var anna client.Subscriber
	err := p.await(ctx, "the subscriber to be found by the phone "+p.anna.Phone, func() (string, bool, error) {
		var saw string
		var err error
		anna, saw, err = p.subscriber(ctx, client.SubscriberFilter{Phone: p.anna.Phone})
		return saw, anna.PlatformID == p.anna.ID && anna.PhoneProof == wire.Contact, err
	})
	return seen{string(anna.Connection), fmt.Sprintf("%s, proved by %s", anna.Phone, anna.PhoneProof)}, err
}

func sendCode(ctx context.Context, p *play) (seen, error) {
	code := fmt.Sprintf("%06d", p.Random.IntN(1_000_000))
	return p.arrives(ctx, client.NewMessage{To: p.anna.Phone, Text: "Your code is " + code, Lane: wire.Code})
}

func sendToName(ctx context.Context, p *play) (seen, error) {
	return p.arrives(ctx, client.NewMessage{To: "@" + p.anna.Username, Text: "Your parcel comes tomorrow."})
}

func sendToID(ctx context.Context, p *play) (seen, error) {
	return p.arrives(ctx, client.NewMessage{To: fmt.Sprintf("#%d", p.anna.ID), Text: "The parcel is at your door."})
}

func sendToStranger(ctx context.Context, p *play) (seen, error) {
	return p.staysOut(ctx, client.NewMessage{To: p.stranger, Text: "This must reach nobody."}, "never_started")
}

func blockBot(ctx context.Context, p *play) (seen, error) {
	if err := p.Sandbox.Block(ctx, p.anna.ID, p.chat()); err != nil {
		return seen{}, fmt.Errorf("block the bot: %w", err)
	}
	var anna client.Subscriber
	err := p.await(ctx, "a disconnected subscriber, reason blocked", func() (string, bool, error) {
		var saw string
		var err error
		anna, saw, err = p.subscriber(ctx, client.SubscriberFilter{Phone: p.anna.Phone})
		return saw, anna.Connection == wire.Disconnected && anna.Reason == "blocked", err
	})
	return seen{string(anna.Connection), "reason " + anna.Reason}, err
}

func sendToBlocked(ctx context.Context, p *play) (seen, error) {
	return p.staysOut(ctx, client.NewMessage{To: p.anna.Phone, Text: "Anna must not read this."}, "blocked")
}

// chat is the bot as the sandbox's people name it.
func (p *play) chat() string { return "@" + p.bot.Username }

// subscriber looks for the one subscriber that a filter finds, and says in words what it saw.
func (p *play) subscriber(ctx context.Context, f client.SubscriberFilter) (client.Subscriber, string, error) {
	var found []client.Subscriber
	for subscriber, err := range p.API.Subscribers(ctx, p.bot.ID, f) {
		if err != nil {
			return client.Subscriber{}, "", fmt.Errorf("list subscribers: %w", err)
		}
		found = append(found, subscriber)
	}
	switch len(found) {
	case 0:
		return client.Subscriber{}, "no such subscriber", nil
	case 1:
		one := found[0]
		return one, strings.TrimSpace(fmt.Sprintf("%s #%d, payload %q %s", one.Connection, one.PlatformID, one.StartPayload, one.Reason)), nil
	default:
		return client.Subscriber{}, fmt.Sprintf("%d subscribers", len(found)), nil
	}
}
