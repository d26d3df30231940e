package client

import (
	"context"
	"iter"
	"net/http"

	"herald/client/wire"
)

// AddBot adds the bot that a token belongs to.
func (c *Client) AddBot(ctx context.Context, b NewBot) (Bot, error) {
	params := wire.AddBotParams{IdempotencyKey: newKey()}
	return call[Bot](ctx, c, func() (*http.Response, error) { return c.calls.AddBot(ctx, &params, b) })
}

// Bots walks the bots of the account, newest first.
func (c *Client) Bots(ctx context.Context) iter.Seq2[Bot, error] {
	return walk(func(cursor string) ([]Bot, string, error) {
		list, err := call[wire.BotList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListBots(ctx, &wire.ListBotsParams{Cursor: optional(cursor)})
		})
		return list.Items, list.Next, err
	})
}

// Bot returns one bot, named by id or by @name.
func (c *Client) Bot(ctx context.Context, bot string) (Bot, error) {
	return call[Bot](ctx, c, func() (*http.Response, error) { return c.calls.GetBot(ctx, bot) })
}

// ChangeBot does what its owner wants of a bot: pauses or resumes it, gives it a token or words of its own. What is left
// out stays as it is.
func (c *Client) ChangeBot(ctx context.Context, bot string, change BotChange) (Bot, error) {
	return call[Bot](ctx, c, func() (*http.Response, error) { return c.calls.ChangeBot(ctx, bot, change) })
}

// RemoveBot takes a bot away. Its messages stay in History.
func (c *Client) RemoveBot(ctx context.Context, bot string) (Bot, error) {
	return call[Bot](ctx, c, func() (*http.Response, error) { return c.calls.RemoveBot(ctx, bot) })
}

// ConnectLink returns the link by which people connect to the bot. The payload, which may be empty, comes back with
// their start.
func (c *Client) ConnectLink(ctx context.Context, bot, payload string) (ConnectLink, error) {
	return call[ConnectLink](ctx, c, func() (*http.Response, error) {
		return c.calls.GetConnectLink(ctx, bot, &wire.GetConnectLinkParams{Payload: optional(payload)})
	})
}

// Identify makes a connect link for a person whom you know by an id of your own: whoever uses it first is known by that id,
// and "ext:" and the id name them in a message.
func (c *Client) Identify(ctx context.Context, bot, externalID string) (ConnectLink, error) {
	params := wire.MakeConnectLinkParams{IdempotencyKey: newKey()}
	return call[ConnectLink](ctx, c, func() (*http.Response, error) {
		return c.calls.MakeConnectLink(ctx, bot, &params, wire.NewConnectLink{ExternalID: externalID})
	})
}

// ConnectSVG returns the connect link as a QR code that stays sharp at any size.
func (c *Client) ConnectSVG(ctx context.Context, bot, payload string) ([]byte, error) {
	return c.bytes(ctx, func() (*http.Response, error) {
		return c.calls.GetConnectSVG(ctx, bot, &wire.GetConnectSVGParams{Payload: optional(payload)})
	})
}

// ConnectPNG returns the connect link as a QR code of size by size pixels, 128 to 2048; 0 means 512.
func (c *Client) ConnectPNG(ctx context.Context, bot, payload string, size int) ([]byte, error) {
	return c.bytes(ctx, func() (*http.Response, error) {
		return c.calls.GetConnectPNG(ctx, bot, &wire.GetConnectPNGParams{Payload: optional(payload), Size: optional(size)})
	})
}

// SubscriberFilter narrows a list of subscribers. Zero fields mean any.
type SubscriberFilter struct {
	Phone      string // international form
	Username   string // with or without @
	PlatformID int64
	Connection Connection
	ExternalID string // your own id
	Tag        string
	Language   string // en is also en-GB
	Name       string // a part of the name
	HasPhone   string // yes or no
	Kind       string // person (the default) or chat: groups and channels
}

// Subscribers walks the people who connected to a bot, newest first.
func (c *Client) Subscribers(ctx context.Context, bot string, f SubscriberFilter) iter.Seq2[Subscriber, error] {
	return walk(func(cursor string) ([]Subscriber, string, error) {
		list, err := call[wire.SubscriberList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListSubscribers(ctx, bot, &wire.ListSubscribersParams{
				Phone: optional(f.Phone), Username: optional(f.Username), PlatformID: optional(f.PlatformID),
				Connection: optional(f.Connection), ExternalID: optional(f.ExternalID), Tag: optional(f.Tag), Language: optional(f.Language),
				Name: optional(f.Name), HasPhone: optional(wire.ListSubscribersParamsHasPhone(f.HasPhone)), Kind: optional(wire.ListSubscribersParamsKind(f.Kind)),
				Cursor: optional(cursor),
			})
		})
		return list.Items, list.Next, err
	})
}

// Subscriber returns one of them.
func (c *Client) Subscriber(ctx context.Context, bot, id string) (Subscriber, error) {
	return call[Subscriber](ctx, c, func() (*http.Response, error) { return c.calls.GetSubscriber(ctx, bot, id) })
}

// ForgetSubscriber erases a person: what names them at once, their messages' texts within minutes.
func (c *Client) ForgetSubscriber(ctx context.Context, bot, id string) error {
	_, err := call[wire.ForgottenSubscriber](ctx, c, func() (*http.Response, error) { return c.calls.ForgetSubscriber(ctx, bot, id) })
	return err
}

// ChangeSubscriber writes what you know about a person. What is left out stays as it is.
func (c *Client) ChangeSubscriber(ctx context.Context, bot, id string, change SubscriberChange) (Subscriber, error) {
	return call[Subscriber](ctx, c, func() (*http.Response, error) { return c.calls.ChangeSubscriber(ctx, bot, id, change) })
}

// ForgetPhone erases what the account has of a phone: whoever proved it, on each bot, and what was sent to it though nobody had.
func (c *Client) ForgetPhone(ctx context.Context, phone string) (Forgetting, error) {
	params := wire.ForgetPhoneParams{IdempotencyKey: newKey()}
	return call[Forgetting](ctx, c, func() (*http.Response, error) {
		return c.calls.ForgetPhone(ctx, &params, wire.NewForgetting{Phone: phone})
	})
}
