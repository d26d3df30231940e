package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"herald/client"
	"herald/internal/terminal"
)

// SubscribersCmd is about the people who connected to a bot.
type SubscribersCmd struct {
	List SubscribersListCmd `cmd:"" default:"withargs" help:"List subscribers, newest first."`
	Get  SubscribersGetCmd  `cmd:"" help:"Show one subscriber."`
	Set  SubscribersSetCmd  `cmd:"" help:"Write what you know about a subscriber: tags, fields, your own id."`

	Forget SubscribersForgetCmd `cmd:"" help:"Erase a person: names, phone, texts. Counts and prices stay."`
	Export SubscribersExportCmd `cmd:"" help:"Write all subscribers into a file, as CSV or JSON."`
	Import SubscribersImportCmd `cmd:"" help:"Bring people in from a file, with the dates of their proofs."`
}

// Help is shown by herald subscribers --help.
func (SubscribersCmd) Help() string {
	return `Without a command it lists; the flags of the list: herald subscribers list --help.

Examples:

    herald subscribers --bot @acme_bot
    herald subscribers --bot @acme_bot --phone +380501234567
    herald subscribers --bot @acme_bot --connection disconnected --all --json`
}

// SubscriberFlags narrow a list of subscribers.
type SubscriberFlags struct {
	Phone      string `placeholder:"NUMBER" env:"HERALD_SUBSCRIBERS_PHONE" help:"Only who proved this phone."`
	Username   string `placeholder:"@NAME" env:"HERALD_SUBSCRIBERS_USERNAME" help:"Only who had this name when last seen."`
	PlatformID int64  `name:"platform-id" placeholder:"N" env:"HERALD_SUBSCRIBERS_PLATFORM_ID" help:"Only who has this user id at the messenger, the number of #id."`
	Connection string `placeholder:"STATE" env:"HERALD_SUBSCRIBERS_CONNECTION" help:"Only connected or disconnected people."`
	ExternalID string `name:"external-id" placeholder:"ID" env:"HERALD_SUBSCRIBERS_EXTERNAL_ID" help:"Only the person whom you know by this id."`
	Tag        string `placeholder:"TAG" env:"HERALD_SUBSCRIBERS_TAG" help:"Only people with this tag."`
	Language   string `placeholder:"TAG" env:"HERALD_SUBSCRIBERS_LANGUAGE" help:"Only people with whom this language is spoken, such as uk; en is also en-GB."`
	Name       string `placeholder:"TEXT" env:"HERALD_SUBSCRIBERS_NAME" help:"Only people whose name contains this."`
	HasPhone   string `placeholder:"YES|NO" env:"HERALD_SUBSCRIBERS_HAS_PHONE" help:"Only people who proved a phone: yes or no."`
}

func (f SubscriberFlags) filter() client.SubscriberFilter {
	return client.SubscriberFilter{
		Phone: f.Phone, Username: f.Username, PlatformID: f.PlatformID, Connection: client.Connection(f.Connection),
		ExternalID: f.ExternalID, Tag: f.Tag, Language: f.Language, Name: f.Name, HasPhone: f.HasPhone,
	}
}

// SubscribersListCmd lists subscribers.
type SubscribersListCmd struct {
	Bot string `required:"" placeholder:"BOT" help:"The bot, by @name or id."`
	SubscriberFlags
	Chats bool `env:"HERALD_SUBSCRIBERS_CHATS" help:"List groups and channels instead of people."`
	Paging
	Output
	Remote
}

// Run lists subscribers.
func (s *SubscribersListCmd) Run(ctx context.Context, c *console) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	filter := s.filter()
	if s.Chats {
		filter.Kind = "chat"
	}
	items, more, err := collect(api.Subscribers(ctx, s.Bot, filter), s.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if s.JSON {
		return c.writeJSON(items)
	}
	if s.Chats {
		return c.writeTable(chats(items, c), "No group or channel has taken the bot in yet.")
	}
	table := terminal.NewTable("name…", "username", "phone", "connection", "why", "#id", "tags…", "last seen", "id")
	for _, person := range items {
		table.Add(person.Name, at(person.Username), person.Phone, string(person.Connection), person.Reason,
			fmt.Sprintf("#%d", person.PlatformID), strings.Join(person.Tags, " "), terminal.Moment(person.LastSeenAt, c.Zone), person.ID)
	}
	return c.writeTable(table, "Nobody. Send people the bot's link: herald bots connect "+s.Bot)
}

// chats is the table of groups and channels.
func chats(items []client.Subscriber, c *console) *terminal.Table {
	table := terminal.NewTable("title…", "kind", "connection", "why", "chat", "connected", "id")
	for _, chat := range items {
		table.Add(chat.Name, string(chat.Kind), string(chat.Connection), chat.Reason, fmt.Sprintf("chat:%d", chat.ChatID),
			terminal.Moment(chat.ConnectedAt, c.Zone), chat.ID)
	}
	return table
}

// SubscribersGetCmd shows one subscriber.
type SubscribersGetCmd struct {
	ID  string `arg:"" help:"The subscriber's id, sub_..."`
	Bot string `required:"" placeholder:"BOT" help:"The bot, by @name or id."`
	Output
	Remote
}

// Run shows one subscriber.
func (s *SubscribersGetCmd) Run(ctx context.Context, c *console) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	person, err := api.Subscriber(ctx, s.Bot, s.ID)
	if err != nil {
		return err
	}
	if s.JSON {
		return c.writeJSON(person)
	}
	return c.showSubscriber(person)
}

func (c *console) showSubscriber(person client.Subscriber) error {
	var record terminal.Record
	record.Add("subscriber", person.ID)
	record.Add("bot", person.Bot)
	record.Add("name", person.Name)
	record.Add("username", at(person.Username))
	record.Add("#id", fmt.Sprintf("#%d", person.PlatformID))
	record.Add("ext", person.ExternalID)
	record.Add("phone", person.Phone)
	record.Add("proved by", string(person.PhoneProof))
	record.Add("proved at", terminal.Moment(person.PhoneProvedAt, c.Zone))
	record.Add("language", person.Language)
	record.Add("timezone", person.Timezone)
	record.Add("tags", strings.Join(person.Tags, " "))
	record.Add("fields", string(person.Fields))
	record.Add("payload", person.StartPayload)
	record.Add("connection", string(person.Connection))
	record.Add("reason", reason(person.Reason, person.ReasonText))
	record.Add("connected", terminal.Moment(person.ConnectedAt, c.Zone))
	record.Add("disconnected", terminal.Moment(person.DisconnectedAt, c.Zone))
	record.Add("last seen", terminal.Moment(person.LastSeenAt, c.Zone))
	for _, proof := range person.Proofs {
		words := fmt.Sprintf("%s by %s, %s", proof.Phone, proof.Proof, terminal.Moment(proof.ProvedAt, c.Zone))
		if !proof.ClosedAt.IsZero() {
			words += ", until " + terminal.Moment(proof.ClosedAt, c.Zone)
			if proof.Lapsed {
				words += ": not proved again in time"
			}
		}
		record.Add("proof", words)
	}
	for _, earlier := range person.EarlierNames {
		name := strings.TrimSpace(earlier.FirstName + " " + earlier.LastName + " " + at(earlier.Username))
		record.Add("earlier", name+", until "+terminal.Moment(earlier.Until, c.Zone))
	}
	return record.Write(c.Out)
}

// SubscribersForgetCmd erases a person.
type SubscribersForgetCmd struct {
	ID    string `arg:"" optional:"" help:"The subscriber's id, sub_..."`
	Bot   string `placeholder:"BOT" env:"HERALD_FORGET_BOT" help:"The bot, by @name or id."`
	Phone string `placeholder:"NUMBER" env:"HERALD_FORGET_PHONE" help:"Instead of an id: whoever proved this phone, on each of your bots, and what was sent to it though nobody had."`
	Output
	Remote
}

// Help is shown by herald subscribers forget --help.
func (SubscribersForgetCmd) Help() string {
	return `What names the person is gone at once, the texts of their messages within minutes. Messages that have not left yet are
cancelled. History keeps that there were messages, what became of them and what they cost. It cannot be undone; who writes to the
bot again is somebody new.

Examples:

    herald subscribers forget sub_06f0qv5n2cxw3y7m1k9hdz8t4r --bot @acme_bot
    herald subscribers forget --phone +380501234567`
}

// Run forgets.
func (s *SubscribersForgetCmd) Run(ctx context.Context, c *console) error {
	if (s.ID == "") == (s.Phone == "") || (s.ID == "") != (s.Bot == "") {
		return &exitError{code: exitUsage, text: "name a subscriber's id with its --bot, or a --phone alone"}
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	forgotten := client.Forgetting{Subscribers: []string{s.ID}}
	if s.ID != "" {
		err = api.ForgetSubscriber(ctx, s.Bot, s.ID)
	} else {
		forgotten, err = api.ForgetPhone(ctx, s.Phone)
	}
	if err != nil {
		return err
	}
	if s.JSON {
		return c.writeJSON(forgotten)
	}
	for _, id := range forgotten.Subscribers {
		if err := c.say(id + " is forgotten."); err != nil {
			return err
		}
	}
	if s.ID != "" {
		return nil
	}
	if len(forgotten.Subscribers) == 0 {
		c.hint("Nobody had proved this phone on a bot of yours.")
	}
	return c.say("What was sent to the phone is erased within minutes.")
}

// SubscribersSetCmd writes what a sender knows about a person.
type SubscribersSetCmd struct {
	ID         string   `arg:"" help:"The subscriber's id, sub_..."`
	Bot        string   `required:"" placeholder:"BOT" help:"The bot, by @name or id."`
	Tag        []string `placeholder:"TAG" env:"HERALD_SUBSCRIBER_TAG" help:"A tag; more flags are more tags. They replace all tags."`
	NoTags     bool     `env:"HERALD_SUBSCRIBER_NO_TAGS" help:"Remove all tags."`
	Field      []string `sep:"none" placeholder:"NAME=VALUE" env:"HERALD_SUBSCRIBER_FIELD" help:"A field: a number, true, false or a text; an empty value removes it. More flags are more fields."`
	ExternalID *string  `name:"external-id" placeholder:"ID" env:"HERALD_SUBSCRIBER_EXTERNAL_ID" help:"Your own id of the person: ext:ID names them in a message. An empty one removes it."`
	Language   *string  `placeholder:"TAG" env:"HERALD_SUBSCRIBER_LANGUAGE" help:"The language to speak, such as uk or pt-BR. An empty one goes back to the app's."`
	Timezone   *string  `placeholder:"ZONE" env:"HERALD_SUBSCRIBER_TIMEZONE" help:"The person's time zone, such as Europe/Kyiv."`
	Output
	Remote
}

// Help is shown by herald subscribers set --help.
func (SubscribersSetCmd) Help() string {
	return `What is left out stays as it is. Rules see all of it.

Examples:

    herald subscribers set sub_06f0qv5n2cxw3y7m1k9hdz8t4r --bot @acme_bot --tag vip --field orders=7 --external-id 42
    herald send --bot @acme_bot --to ext:42 --text Hello`
}

// Run writes it.
func (s *SubscribersSetCmd) Run(ctx context.Context, c *console) error {
	change := client.SubscriberChange{ExternalID: s.ExternalID, Language: s.Language, Timezone: s.Timezone}
	if len(s.Tag) > 0 || s.NoTags {
		tags := append([]string{}, s.Tag...)
		change.Tags = &tags
	}
	if len(s.Field) > 0 {
		values := map[string]any{}
		for _, text := range s.Field {
			name, value, found := strings.Cut(text, "=")
			if !found || name == "" {
				return &exitError{code: exitUsage, text: "a field is written NAME=VALUE, such as orders=7"}
			}
			values[name] = fieldValue(value)
		}
		raw, err := json.Marshal(values)
		if err != nil {
			return fmt.Errorf("write fields: %w", err)
		}
		change.Fields = raw
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	person, err := api.ChangeSubscriber(ctx, s.Bot, s.ID, change)
	if err != nil {
		return err
	}
	if s.JSON {
		return c.writeJSON(person)
	}
	return c.showSubscriber(person)
}

// fieldValue is a number or a boolean where the text is one, nil where there is none, and else the text.
func fieldValue(text string) any {
	if text == "" {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err == nil {
		switch value.(type) {
		case float64:
			return json.Number(text)
		case bool:
			return value
		}
	}
	return text
}
