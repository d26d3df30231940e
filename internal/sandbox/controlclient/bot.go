package controlclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// Bot is a bot of the sandbox.
type Bot struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Username string `json:"username"` // without @
	Token    string `json:"token"`    // only in the answers to CreateBot, RevokeBot and Bot
	Link     string `json:"link"`
	Webhook  string `json:"webhook"` // where its updates are delivered, empty if they are not
}

// String names the bot; its token stays out of logs and failed comparisons.
func (b Bot) String() string { return fmt.Sprintf("@%s (%d)", b.Username, b.ID) }

// GoString is String.
func (b Bot) GoString() string { return b.String() }

// CreateBot does what BotFather does. The username must end in "bot".
func (c *Client) CreateBot(ctx context.Context, name, username string) (Bot, error) {
	var b Bot
	err := c.do(ctx, http.MethodPost, "/bots", map[string]string{"name": name, "username": username}, &b)
	return b, err
}

// Bot finds a bot by id or @name.
func (c *Client) Bot(ctx context.Context, bot string) (Bot, error) {
	var b Bot
	err := c.do(ctx, http.MethodGet, "/bots/"+url.PathEscape(bot), nil, &b)
	return b, err
}

// RevokeBot gives the bot a new token; the old one is refused from now on.
func (c *Client) RevokeBot(ctx context.Context, bot string) (Bot, error) {
	var b Bot
	err := c.do(ctx, http.MethodPost, "/bots/"+url.PathEscape(bot)+"/revoke", nil, &b)
	return b, err
}

// StealWebhook has another program set its webhook for the bot.
func (c *Client) StealWebhook(ctx context.Context, bot, theirs string) error {
	return c.do(ctx, http.MethodPost, "/bots/"+url.PathEscape(bot)+"/steal", map[string]string{"how": "webhook", "url": theirs}, nil)
}

// Resolve finds the bot that a link leads to, and the link's payload.
func (c *Client) Resolve(ctx context.Context, link string) (Bot, string, error) {
	var found struct {
		Bot     Bot    `json:"bot"`
		Payload string `json:"payload"`
	}
	err := c.do(ctx, http.MethodGet, "/resolve?link="+url.QueryEscape(link), nil, &found)
	return found.Bot, found.Payload, err
}
