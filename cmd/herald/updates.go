package main

import (
	"context"
	"errors"
	"strconv"

	"herald/client"
	"herald/client/wire"
	"herald/internal/terminal"
)

// UpdatesCmd is about what bots received.
type UpdatesCmd struct {
	List  UpdatesListCmd  `cmd:"" default:"withargs" help:"List updates that are not done with."`
	Retry UpdatesRetryCmd `cmd:"" help:"Try updates again that were put aside."`
}

// Help is shown by herald updates --help.
func (UpdatesCmd) Help() string {
	return `What bots received and Herald has not done with yet, over all accounts: for the operator. An update that cannot
be processed is put aside with its error and holds up nobody. What it says and who sent it is not shown.

Examples:

    herald updates --aside
    herald updates retry upd_00000000000000000000000058
    herald updates retry --all`
}

// UpdatesListCmd lists them.
type UpdatesListCmd struct {
	Aside bool   `env:"HERALD_UPDATES_ASIDE" help:"Only those that were put aside."`
	Bot   string `placeholder:"BOT" env:"HERALD_BOT" help:"Only those of this bot of yours, by @name or id."`
	Paging
	Output
	Remote
}

// Run lists updates.
func (u *UpdatesListCmd) Run(ctx context.Context, c *console) error {
	api, err := u.client()
	if err != nil {
		return err
	}
	filter := client.PendingFilter{Bot: u.Bot}
	if u.Aside {
		filter.State = wire.UpdateAside
	}
	items, more, err := collect(api.PendingUpdates(ctx, filter), u.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if u.JSON {
		return c.writeJSON(items)
	}
	return showUpdates(c, items)
}

func showUpdates(c *console, items []client.PendingUpdate) error {
	table := terminal.NewTable("update", "received", "state", "attempts", "bot", "account", "error…")
	for _, u := range items {
		table.Add(u.ID, terminal.Moment(u.ReceivedAt, c.Zone), string(u.State), strconv.Itoa(u.Attempts), u.Bot, u.Account, u.Error)
	}
	return c.writeTable(table, "Nothing waits.")
}

// UpdatesRetryCmd has updates tried again.
type UpdatesRetryCmd struct {
	ID  []string `arg:"" optional:"" placeholder:"UPDATE" help:"The ids of the updates, upd_..."`
	All bool     `help:"All that are aside now."`
	Output
	Remote
}

// Run gives updates back to the inbox.
func (u *UpdatesRetryCmd) Run(ctx context.Context, c *console) error {
	if u.All == (len(u.ID) > 0) {
		return &exitError{code: exitUsage, text: "name the updates, or say --all; see: herald updates retry --help"}
	}
	api, err := u.client()
	if err != nil {
		return err
	}
	ids := u.ID
	if u.All { // all are read first: one that fails again at once would be found again and again
		aside, _, err := collect(api.PendingUpdates(ctx, client.PendingFilter{State: wire.UpdateAside}), Paging{All: true})
		if err != nil {
			return err
		}
		for _, a := range aside {
			ids = append(ids, a.ID)
		}
	}
	retried := []client.PendingUpdate{}
	for _, id := range ids {
		one, err := api.RetryUpdate(ctx, id)
		var problem *client.Error
		if u.All && errors.As(err, &problem) && problem.Code == "update:not_found" {
			continue // somebody else was faster
		}
		if err != nil {
			return err
		}
		retried = append(retried, one)
	}
	if u.JSON {
		return c.writeJSON(retried)
	}
	return showUpdates(c, retried)
}
