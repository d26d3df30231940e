package main

import (
	"context"

	"herald/client"
	"herald/internal/terminal"
)

// EventsCmd lists what happened in the account.
type EventsCmd struct {
	Kind       string `placeholder:"KIND" env:"HERALD_EVENTS_KIND" help:"Only this kind, such as subscriber.connected; bot.* are all kinds of a noun."`
	Bot        string `placeholder:"BOT" env:"HERALD_BOT" help:"Only about this bot, by @name or id."`
	Subscriber string `placeholder:"ID" env:"HERALD_EVENTS_SUBSCRIBER" help:"Only about this subscriber."`
	Label      string `placeholder:"MARK" env:"HERALD_EVENTS_LABEL" help:"Only with exactly this label."`
	Paging
	Output
	Remote
}

// Help is shown by herald events --help.
func (EventsCmd) Help() string {
	return `Who connected and who left, whose phone was proved, which bot was taken over: newest first.

Examples:

    herald events
    herald events --kind 'bot.*' --bot @acme_bot
    herald events --kind subscriber.connected --all --json`
}

// Run lists events.
func (e *EventsCmd) Run(ctx context.Context, c *console) error {
	api, err := e.client()
	if err != nil {
		return err
	}
	items, more, err := collect(api.AccountEvents(ctx, client.EventFilter{Kind: e.Kind, Bot: e.Bot, Subscriber: e.Subscriber, Label: e.Label}), e.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if e.JSON {
		return c.writeJSON(items)
	}
	table := terminal.NewTable("at", "kind", "bot", "subscriber", "label", "data…")
	for _, event := range items {
		data := string(event.Data)
		if data == "{}" {
			data = ""
		}
		table.Add(terminal.Moment(event.At, c.Zone), event.Kind, event.Bot, event.Subscriber, event.Label, data)
	}
	return c.writeTable(table, "Nothing happened yet.")
}
