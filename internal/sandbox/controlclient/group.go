package controlclient

import (
	"context"
	"fmt"
	"net/http"
)

// Group is a group, supergroup or channel of the sandbox.
type Group struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	Type  string `json:"type"`
}

// CreateGroup makes a group of people, the first of whom owns it, and bots.
func (c *Client) CreateGroup(ctx context.Context, title string, people []int64, bots ...string) (Group, error) {
	return c.create(ctx, "group", title, people, bots)
}

// CreateChannel makes a channel of people, the first of whom owns it, and bots, which become its administrators.
func (c *Client) CreateChannel(ctx context.Context, title string, people []int64, bots ...string) (Group, error) {
	return c.create(ctx, "channel", title, people, bots)
}

func (c *Client) create(ctx context.Context, form, title string, people []int64, bots []string) (Group, error) {
	var g Group
	body := map[string]any{"type": form, "title": title, "people": people, "bots": bots}
	err := c.do(ctx, http.MethodPost, "/groups", body, &g)
	return g, err
}

// UpgradeGroup makes a supergroup of the group; it has another id.
func (c *Client) UpgradeGroup(ctx context.Context, id int64) (Group, error) {
	var g Group
	err := c.do(ctx, http.MethodPost, fmt.Sprintf("/groups/%d/upgrade", id), nil, &g)
	return g, err
}

// AddToGroup puts a bot into the group, or makes it an administrator of the channel.
func (c *Client) AddToGroup(ctx context.Context, id int64, bot string) error {
	return c.do(ctx, http.MethodPost, fmt.Sprintf("/groups/%d/members", id), map[string]any{"add": []string{bot}}, nil)
}

// RemoveFromGroup throws a bot out of the group or channel.
func (c *Client) RemoveFromGroup(ctx context.Context, id int64, bot string) error {
	return c.do(ctx, http.MethodPost, fmt.Sprintf("/groups/%d/members", id), map[string]any{"remove": []string{bot}}, nil)
}
