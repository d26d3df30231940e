package bots

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"herald/internal/gateway"
)

// Bounds of what senders say about a person.
const (
	maxTags       = 100
	maxFields     = gateway.MaxFields
	maxName       = 64
	maxFieldValue = 1000
)

// Subscribers lists the people and chats that are connected to the bot, newest first.
func (s *Service) Subscribers(ctx context.Context, account gateway.AccountID, bot gateway.BotID, f gateway.SubscriberFilter, p gateway.Page) (gateway.List[gateway.Subscriber], error) {
	return s.subscribers.Subscribers(ctx, account, bot, f, p.Bounded())
}

// Subscriber returns one of them.
func (s *Service) Subscriber(ctx context.Context, account gateway.AccountID, bot gateway.BotID, id gateway.SubscriberID) (gateway.Subscriber, error) {
	return s.subscribers.Subscriber(ctx, account, bot, id)
}

// ChangeSubscriber writes what a sender says about a person.
func (s *Service) ChangeSubscriber(ctx context.Context, account gateway.AccountID, bot gateway.BotID, id gateway.SubscriberID, c gateway.SubscriberChange) (gateway.Subscriber, error) {
	if err := checkChange(c); err != nil {
		return gateway.Subscriber{}, err
	}
	return s.subscribers.ChangeSubscriber(ctx, account, bot, id, c, func(p gateway.Subscriber) error {
		if len(p.Fields) > maxFields {
			return gateway.Fault(gateway.CodeFieldInvalid, "fields", fmt.Sprintf("A person has at most %d fields; this would make %d.", maxFields, len(p.Fields)))
		}
		return nil
	})
}

// Forget erases a person: their name, phone and whatever else names them is gone at once, the texts of their messages within
// minutes. History keeps that there were messages, what became of them and what they cost.
func (s *Service) Forget(ctx context.Context, account gateway.AccountID, bot gateway.BotID, id gateway.SubscriberID) error {
	return s.subscribers.Forget(ctx, account, bot, id, s.now())
}

// ForgetPhone forgets whoever proved a phone, on each of the account's bots, and what was sent to it though nobody had. It tells
// who had proved it.
func (s *Service) ForgetPhone(ctx context.Context, account gateway.AccountID, phone string) ([]gateway.SubscriberID, error) {
	return s.subscribers.ForgetPhone(ctx, account, phone, s.now())
}

func checkChange(c gateway.SubscriberChange) error {
	var faults gateway.Faults
	refuse := func(field, message string) {
		faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, field, message))
	}
	if len(c.Tags) > maxTags {
		refuse("tags", fmt.Sprintf("A person has at most %d tags.", maxTags))
	}
	for i, tag := range c.Tags {
		if tag == "" || utf8.RuneCountInString(tag) > maxName || strings.TrimSpace(tag) != tag {
			refuse(fmt.Sprintf("tags[%d]", i), "A tag has 1 to 64 characters, without space around it.")
		}
	}
	for name, value := range c.Fields {
		if name == "" || utf8.RuneCountInString(name) > maxName {
			refuse("fields", "The name of a field has 1 to 64 characters.")
		}
		if text, ok := value.(string); ok && utf8.RuneCountInString(text) > maxFieldValue {
			refuse("fields."+name, "The text of a field has at most 1000 characters.")
		}
	}
	if c.ExternalID != nil && *c.ExternalID != "" && !gateway.ExternalID(*c.ExternalID) {
		refuse("external_id", "Your id of a person has 1 to 128 printable characters without spaces.")
	}
	if c.Language != nil && *c.Language != "" && !languageLike(*c.Language) {
		refuse("language", "A language is a BCP 47 tag, such as uk or pt-BR.")
	}
	if c.Timezone != nil && *c.Timezone != "" {
		if _, err := time.LoadLocation(*c.Timezone); err != nil || *c.Timezone == "Local" {
			refuse("timezone", "A time zone is a name of the IANA database, such as Europe/Kyiv.")
		}
	}
	return faults.OrNil()
}

// languageLike tells whether a text has the form of a BCP 47 tag.
func languageLike(tag string) bool {
	if len(tag) > 35 {
		return false
	}
	for i, part := range strings.Split(tag, "-") {
		if part == "" || len(part) > 8 || i == 0 && (len(part) < 2 || len(part) > 3) {
			return false
		}
		if strings.ContainsFunc(part, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && r >= '0' && r <= '9')
		}) {
			return false
		}
	}
	return true
}

// Identify makes a link for one person whom the sender knows by an id of its own. Who comes by it is known by that id from
// then on, and can be written to as ext:id. It works for one person.
func (s *Service) Identify(ctx context.Context, account gateway.AccountID, ref, externalID string) (gateway.Bot, string, error) {
	b, err := s.Owned(ctx, account, ref)
	if err != nil {
		return b, "", err
	}
	if !gateway.ExternalID(externalID) {
		return b, "", gateway.Fault(gateway.CodeFieldInvalid, "external_id", "Your id of a person has 1 to 128 printable characters without spaces.")
	}
	token := s.ids.Connect()
	err = s.subscribers.CreateConnectLink(ctx, gateway.ConnectLink{
		AccountID: account, BotID: b.ID, Token: token, ExternalID: externalID, CreatedAt: s.now(),
	})
	return b, token, err
}
