package controlclient

import (
	"context"
	"fmt"
	"net/http"
)

// Group is a group or supergroup of the sandbox.
type Group struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	Type  string `json:"type"`
}

// CreateGroup makes a group of people, the first of whom owns it, and bots.
func (c *Client) CreateGroup(ctx context.Context, title string, people []int64, bots ...string) (Group, error) {
	var g Group
	err := c.do(ctx, http.MethodPost, "/groups", map[string]any{"title": title, "people": people, "bots": bots}, &g)
	return g, err
}

// UpgradeGroup makes a supergroup of the group; it has another id.
func (c *Client) UpgradeGroup(ctx context.Context, id int64) (Group, error) {
	var g Group
	err := c.do(ctx, http.MethodPost, fmt.Sprintf("/groups/%d/upgrade", id), nil, &g)
	return g, err
}

// RemoveFromGroup throws a bot out of the group.
func (c *Client) RemoveFromGroup(ctx context.Context, id int64, bot string) error {
	return c.do(ctx, http.MethodPost, fmt.Sprintf("/groups/%d/members", id), map[string]any{"remove": []string{bot}}, nil)
}
