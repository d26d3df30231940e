package telegram

import (
	"context"

	"github.com/go-telegram/bot"

	"herald/internal/gateway"
)

// Identify asks who the token belongs to.
func (c *Client) Identify(ctx context.Context, network gateway.Network, token gateway.Secret) (gateway.BotProfile, error) {
	api, err := c.apiOf(network, token)
	if err != nil {
		return gateway.BotProfile{}, err
	}
	ctx, e := withExchange(ctx)
	me, err := api.GetMe(ctx)
	if err != nil {
		return gateway.BotProfile{}, e.refusal(err)
	}
	return gateway.BotProfile{PlatformID: me.ID, Username: me.Username, Name: me.FirstName}, nil
}

// UseWebhook makes the server call url for every update, with the bot's secret.
func (c *Client) UseWebhook(ctx context.Context, b gateway.Bot, url string) error {
	api, err := c.api(ctx, b)
	if err != nil {
		return err
	}
	ctx, e := withExchange(ctx)
	_, err = api.SetWebhook(ctx, &bot.SetWebhookParams{
		URL: url, SecretToken: b.WebhookSecret.Reveal(), AllowedUpdates: allowedUpdates,
	})
	return e.refusal(err)
}

// UsePolling takes a webhook away. What waits at the server stays there.
func (c *Client) UsePolling(ctx context.Context, b gateway.Bot) error {
	api, err := c.api(ctx, b)
	if err != nil {
		return err
	}
	ctx, e := withExchange(ctx)
	_, err = api.DeleteWebhook(ctx, &bot.DeleteWebhookParams{})
	return e.refusal(err)
}
