package telegram

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

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

// staleHookError is how long the last error of a webhook says something about it: the server never forgets it.
const staleHookError = 10 * time.Minute

// Hook asks about the bot's webhook.
func (c *Client) Hook(ctx context.Context, b gateway.Bot) (gateway.BotHook, error) {
	api, err := c.api(ctx, b)
	if err != nil {
		return gateway.BotHook{}, err
	}
	ctx, e := withExchange(ctx)
	info, err := api.GetWebhookInfo(ctx)
	if err != nil {
		return gateway.BotHook{}, e.refusal(err)
	}
	hook := gateway.BotHook{URL: info.URL, Pending: info.PendingUpdateCount, Other: !sameKinds(info.AllowedUpdates)}
	if info.PendingUpdateCount > 0 && time.Since(time.Unix(int64(info.LastErrorDate), 0)) < staleHookError {
		hook.Error = shortened(info.LastErrorMessage)
	}
	return hook, nil
}

// sameKinds tells whether kinds are those that we take, in any order.
func sameKinds(kinds []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(kinds)), slices.Sorted(slices.Values(allowedUpdates)))
}

// probeWait is how long another program gets to come back after our poll has thrown it out.
const probeWait = 5 * time.Second

// PolledElsewhere polls for some seconds. Another program that polls comes back in that time and throws us out. What the
// poll brings is not confirmed, so it stays with the server.
func (c *Client) PolledElsewhere(ctx context.Context, b gateway.Bot) (bool, error) {
	_, err := c.updates(ctx, b, 0, probeWait, 1)
	var refusal *gateway.DeliveryError
	if errors.As(err, &refusal) && refusal.Class == gateway.ClassConflict {
		return true, nil
	}
	return false, err
}

// Describe sets the commands and texts of a bot.
func (c *Client) Describe(ctx context.Context, b gateway.Bot, commands []gateway.BotCommand, description, about *string) error {
	api, err := c.api(ctx, b)
	if err != nil {
		return err
	}
	ctx, e := withExchange(ctx)
	if commands != nil {
		list := make([]models.BotCommand, len(commands))
		for i, one := range commands {
			list[i] = models.BotCommand{Command: one.Command, Description: one.Description}
		}
		if _, err := api.SetMyCommands(ctx, &bot.SetMyCommandsParams{Commands: list}); err != nil {
			return e.refusal(err)
		}
	}
	if description != nil {
		if _, err := api.SetMyDescription(ctx, &bot.SetMyDescriptionParams{Description: *description}); err != nil {
			return e.refusal(err)
		}
	}
	if about != nil {
		if _, err := api.SetMyShortDescription(ctx, &bot.SetMyShortDescriptionParams{ShortDescription: *about}); err != nil {
			return e.refusal(err)
		}
	}
	return nil
}
