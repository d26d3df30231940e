package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"herald/client"
	"herald/internal/terminal"
)

// MessagesCmd reads the history, and takes messages back.
type MessagesCmd struct {
	List   MessagesListCmd   `cmd:"" default:"withargs" help:"List messages, newest first."`
	Get    MessagesGetCmd    `cmd:"" help:"Show one message with its legs."`
	Events MessagesEventsCmd `cmd:"" help:"Tell the story of one message, line by line."`
	Cancel MessagesCancelCmd `cmd:"" help:"Take a message back that has not left yet."`
	Edit   MessagesEditCmd   `cmd:"" help:"Change what a message shows in the chat."`
	Delete MessagesDeleteCmd `cmd:"" help:"Take a message out of the chat."`
}

// Help is shown by herald messages --help.
func (MessagesCmd) Help() string {
	return `Without a command it lists; the flags of the list: herald messages list --help.

Examples:

    herald messages --state failed --limit 10
    herald messages --bot @acme_bot --direction in --all --json
    herald messages events msg_06f0qv3x8k5y1n7c2m9hdw4z6s
    herald messages cancel msg_06f0qv3x8k5y1n7c2m9hdw4z6s
    herald messages edit msg_06f0qv3x8k5y1n7c2m9hdw4z6s --text "Thank you!" --no-buttons
    herald messages delete msg_06f0qv3x8k5y1n7c2m9hdw4z6s`
}

// MessagesListCmd lists messages.
type MessagesListCmd struct {
	Bot        string `placeholder:"BOT" help:"Only of this bot, by @name or id."`
	Direction  string `placeholder:"WAY" env:"HERALD_MESSAGES_DIRECTION" help:"Only out (to people) or in (from people)."`
	State      string `placeholder:"STATE" env:"HERALD_MESSAGES_STATE" help:"Only in this state, such as accepted or not_subscribed."`
	Label      string `placeholder:"MARK" env:"HERALD_MESSAGES_LABEL" help:"Only with exactly this label."`
	Subscriber string `placeholder:"ID" env:"HERALD_MESSAGES_SUBSCRIBER" help:"Only to and from this subscriber."`
	Paging
	Output
	Remote
}

// Run lists messages.
func (m *MessagesListCmd) Run(ctx context.Context, c *console) error {
	api, err := m.client()
	if err != nil {
		return err
	}
	items, more, err := collect(api.Messages(ctx, client.MessageFilter{
		Bot: m.Bot, Direction: client.Direction(m.Direction), State: client.MessageState(m.State), Label: m.Label,
		Subscriber: m.Subscriber,
	}), m.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if m.JSON {
		return c.writeJSON(items)
	}
	table := terminal.NewTable("created", "way", "who", "state", "reason", "text…", "label", "id")
	for _, item := range items {
		table.Add(terminal.Moment(item.CreatedAt, c.Zone), string(item.Direction), other(item), string(item.State), item.Reason,
			content(item), item.Label, item.ID)
	}
	return c.writeTable(table, "No messages.")
}

// other is the one at the other end: as addressed, or who wrote.
func other(m client.Message) string {
	if m.To != "" {
		return m.To
	}
	return m.Subscriber
}

// content is the text, or what the message is instead of a text.
func content(m client.Message) string {
	switch {
	case m.Text == "" && m.Kind != "":
		return "(" + m.Kind + ")"
	case m.Text == "" && m.Media.Kind != "":
		return "(" + string(m.Media.Kind) + ")"
	default:
		return m.Text
	}
}

// MessagesGetCmd shows one message.
type MessagesGetCmd struct {
	ID string `arg:"" help:"The message's id, msg_..."`
	Output
	Remote
}

// Run shows one message.
func (m *MessagesGetCmd) Run(ctx context.Context, c *console) error {
	api, err := m.client()
	if err != nil {
		return err
	}
	message, err := api.Message(ctx, m.ID)
	if err != nil {
		return err
	}
	if m.JSON {
		return c.writeJSON(message)
	}
	return c.showMessage(message)
}

func (c *console) showMessage(m client.Message) error {
	var record terminal.Record
	record.Add("message", m.ID)
	record.Add("direction", string(m.Direction))
	record.Add("bot", m.Bot)
	record.Add("to", m.To)
	record.Add("subscriber", m.Subscriber)
	record.Add("kind", m.Kind)
	record.Add("state", string(m.State))
	record.Add("reason", reason(m.Reason, m.ReasonText))
	if m.Evidence.Kind != "" {
		record.Add("evidence", fmt.Sprintf("%s, %s", cmp.Or(m.Evidence.Grade, string(m.Evidence.Kind)), terminal.Moment(m.Evidence.At, c.Zone)))
	}
	record.Add("lane", string(m.Lane))
	record.Add("on unknown", string(m.OnUnknown))
	record.Add("label", m.Label)
	record.Add("read link", m.ReadLink)
	record.Add("between", m.Between)
	record.Add("max price", priced(m.MaxPrice, m.Currency))
	record.Add("confirmed within", m.ConfirmedWithin)
	record.Add("confirm by", string(m.ConfirmBy))
	record.Add("price", priced(m.Price, m.Currency))
	record.Add("cost", priced(m.Cost, m.Currency))
	record.Add("send at", terminal.Moment(m.SendAt, c.Zone))
	record.Add("created", terminal.Moment(m.CreatedAt, c.Zone))
	record.Add("updated", terminal.Moment(m.UpdatedAt, c.Zone))
	record.Add("changed", terminal.Moment(m.EditedAt, c.Zone))
	record.Add("deleted", terminal.Moment(m.DeletedAt, c.Zone))
	record.Add("last change", describeEdit(m.Edit))
	record.Add("expires", terminal.Moment(m.ExpiresAt, c.Zone))
	for _, row := range m.Buttons {
		record.Add("buttons", describeButtons(row))
	}
	record.Add("carries", describeMedia(m.Media))
	record.Add("arrives", describeArrival(m))
	record.Add("text", m.Text)
	if err := record.Write(c.Out); err != nil || len(m.Legs) == 0 {
		return err
	}
	table := terminal.NewTable("leg", "channel", "state", "until", "calls", "settled", "provider", "reason")
	for _, leg := range m.Legs {
		table.Add(fmt.Sprint(leg.Number), string(leg.Channel), string(leg.State), describeUntil(leg), fmt.Sprint(leg.Attempts),
			terminal.Moment(leg.SettledAt, c.Zone), describeProvider(leg), reason(leg.Reason, leg.ReasonText))
	}
	if err := c.say(""); err != nil {
		return err
	}
	return table.Write(c.Out)
}

// describeUntil says what a leg waits for: read, 2m.
func describeUntil(leg client.Leg) string {
	if leg.Within == "" {
		return string(leg.Until)
	}
	return string(leg.Until) + ", " + leg.Within
}

// describeProvider says who took an SMS, and how many it makes: sandbox, 2 SMS.
func describeProvider(leg client.Leg) string {
	if leg.Provider == "" {
		return ""
	}
	return fmt.Sprintf("%s, %d SMS", leg.Provider, leg.Segments)
}

// describeMedia says what a message carries: photo door.jpg, file_...
func describeMedia(m client.Media) string {
	words := string(m.Kind)
	for _, word := range []string{m.Name, m.File, m.URL} {
		if word != "" {
			words += " " + word
		}
	}
	return words
}

// describeArrival says what is special about how a message arrives.
func describeArrival(m client.Message) string {
	var words []string
	if m.Silent {
		words = append(words, "silently")
	}
	if m.ProtectContent {
		words = append(words, "protected: it cannot be forwarded or saved")
	}
	return strings.Join(words, ", ")
}

// describeButtons writes a row of buttons: [Yes = parcel:yes] [No = parcel:no].
func describeButtons(row []client.Button) string {
	texts := make([]string, len(row))
	for i, button := range row {
		texts[i] = "[" + button.Text + " = " + button.Data + button.URL + button.WebApp + "]"
	}
	return strings.Join(texts, " ")
}

// MessagesEventsCmd tells a message's story.
type MessagesEventsCmd struct {
	ID string `arg:"" help:"The message's id, msg_..."`
	Output
	Remote
}

// Run tells the story.
func (m *MessagesEventsCmd) Run(ctx context.Context, c *console) error {
	api, err := m.client()
	if err != nil {
		return err
	}
	events, err := api.Events(ctx, m.ID)
	if err != nil {
		return err
	}
	if m.JSON {
		if events == nil {
			events = []client.Event{}
		}
		return c.writeJSON(events)
	}
	return c.writeTable(story(events, c.Zone), "Nothing is recorded about this message.")
}

// MessagesCancelCmd takes a message back.
type MessagesCancelCmd struct {
	ID string `arg:"" help:"The message's id, msg_..."`
	Output
	Remote
}

// Run takes the message back.
func (m *MessagesCancelCmd) Run(ctx context.Context, c *console) error {
	api, err := m.client()
	if err != nil {
		return err
	}
	message, err := api.CancelMessage(ctx, m.ID)
	if err != nil {
		return err
	}
	if m.JSON {
		return c.writeJSON(message)
	}
	return c.showMessage(message)
}
