package main

import (
	"context"
	"fmt"

	"herald/client"
	"herald/internal/terminal"
)

// SubscribersCmd is about the people who connected to a bot.
type SubscribersCmd struct {
	List SubscribersListCmd `cmd:"" default:"withargs" help:"List subscribers, newest first."`
	Get  SubscribersGetCmd  `cmd:"" help:"Show one subscriber."`
}

// Help is shown by herald subscribers --help.
func (SubscribersCmd) Help() string {
	return `Without a command it lists; the flags of the list: herald subscribers list --help.

Examples:

    herald subscribers --bot @acme_bot
    herald subscribers --bot @acme_bot --phone +380501234567
    herald subscribers --bot @acme_bot --connection disconnected --all --json`
}

// SubscribersListCmd lists subscribers.
type SubscribersListCmd struct {
	Bot        string `required:"" placeholder:"BOT" help:"The bot, by @name or id."`
	Phone      string `placeholder:"NUMBER" env:"HERALD_SUBSCRIBERS_PHONE" help:"Only who proved this phone."`
	Username   string `placeholder:"@NAME" env:"HERALD_SUBSCRIBERS_USERNAME" help:"Only who had this name when last seen."`
	PlatformID int64  `name:"platform-id" placeholder:"N" env:"HERALD_SUBSCRIBERS_PLATFORM_ID" help:"Only who has this user id at the messenger, the number of #id."`
	Connection string `placeholder:"STATE" env:"HERALD_SUBSCRIBERS_CONNECTION" help:"Only connected or disconnected people."`
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
	items, more, err := collect(api.Subscribers(ctx, s.Bot, client.SubscriberFilter{
		Phone: s.Phone, Username: s.Username, PlatformID: s.PlatformID, Connection: client.Connection(s.Connection),
	}), s.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if s.JSON {
		return c.writeJSON(items)
	}
	table := terminal.NewTable("name…", "username", "phone", "connection", "why", "#id", "last seen", "id")
	for _, person := range items {
		table.Add(person.Name, at(person.Username), person.Phone, string(person.Connection), person.Reason,
			fmt.Sprintf("#%d", person.PlatformID), terminal.Moment(person.LastSeenAt, c.Zone), person.ID)
	}
	return c.writeTable(table, "Nobody. Send people the bot's link: herald bots connect "+s.Bot)
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
	var record terminal.Record
	record.Add("subscriber", person.ID)
	record.Add("bot", person.Bot)
	record.Add("name", person.Name)
	record.Add("username", at(person.Username))
	record.Add("#id", fmt.Sprintf("#%d", person.PlatformID))
	record.Add("phone", person.Phone)
	record.Add("proved by", string(person.PhoneProof))
	record.Add("proved at", terminal.Moment(person.PhoneProvedAt, c.Zone))
	record.Add("language", person.Language)
	record.Add("payload", person.StartPayload)
	record.Add("connection", string(person.Connection))
	record.Add("reason", reason(person.Reason, person.ReasonText))
	record.Add("connected", terminal.Moment(person.ConnectedAt, c.Zone))
	record.Add("disconnected", terminal.Moment(person.DisconnectedAt, c.Zone))
	record.Add("last seen", terminal.Moment(person.LastSeenAt, c.Zone))
	return record.Write(c.Out)
}
