package main

import (
	"context"
	"fmt"

	"herald/client"
	"herald/internal/terminal"
)

// AccountsCmd is about the accounts of the installation.
type AccountsCmd struct {
	List    AccountsListCmd    `cmd:"" default:"withargs" help:"List accounts, newest first."`
	Add     AccountsAddCmd     `cmd:"" help:"Make an account of a customer and print the secret of its first key, this once."`
	Rename  AccountsRenameCmd  `cmd:"" help:"Give an account another name."`
	Region  AccountsRegionCmd  `cmd:"" help:"Say of which country an account's phones are that have no country code."`
	Suspend AccountsSuspendCmd `cmd:"" help:"Refuse an account's keys, and let what it queued wait."`
	Resume  AccountsResumeCmd  `cmd:"" help:"Let a suspended account work again."`
}

// Help is shown by herald accounts --help.
func (AccountsCmd) Help() string {
	return `For the operator: the account that owns the installation. Without a command it lists.

Examples:

    herald accounts
    herald accounts add "Corner shop" --region UA > key
    herald accounts suspend acc_06f0qw1b7c3m9x5n8k2hdz4t6r`
}

// AccountsListCmd lists accounts.
type AccountsListCmd struct {
	Paging
	Output
	Remote
}

// Run lists accounts.
func (a *AccountsListCmd) Run(ctx context.Context, c *console) error {
	api, err := a.client()
	if err != nil {
		return err
	}
	items, more, err := collect(api.Accounts(ctx), a.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if a.JSON {
		return c.writeJSON(items)
	}
	table := terminal.NewTable("name…", "region", "made", "suspended", "id")
	for _, account := range items {
		table.Add(account.Name, account.Region, terminal.Moment(account.CreatedAt, c.Zone), terminal.Moment(account.SuspendedAt, c.Zone), account.ID)
	}
	return c.writeTable(table, "No accounts.")
}

// AccountsAddCmd makes an account.
type AccountsAddCmd struct {
	Name   string `arg:"" help:"What the customer is called."`
	Region string `placeholder:"XX" env:"HERALD_ACCOUNT_REGION" help:"Two letters such as UA, for phones that are written without a country code (default: they need the international form)."`
	Output
	Remote
}

// Help is shown by herald accounts add --help.
func (AccountsAddCmd) Help() string {
	return `On standard output stands the secret of the account's first key alone, so that it can go straight into a file;
about the account you read on standard error. The key allows everything in that account, and nothing outside of it.`
}

// Run makes the account.
func (a *AccountsAddCmd) Run(ctx context.Context, c *console) error {
	api, err := a.client()
	if err != nil {
		return err
	}
	account, err := api.CreateAccount(ctx, client.NewAccount{Name: a.Name, Region: a.Region})
	if err != nil {
		return err
	}
	if a.JSON {
		return c.writeJSON(account)
	}
	c.hint("Account %s (%s) is made. The secret of its first key is shown this once:", account.ID, terminal.Clean(account.Name))
	return c.say(account.Key.Secret)
}

// AccountsRenameCmd renames an account.
type AccountsRenameCmd struct {
	ID   string `arg:"" help:"The account's id, acc_..., which herald accounts lists."`
	Name string `arg:"" help:"Its new name."`
	Output
	Remote
}

// Run renames the account.
func (a *AccountsRenameCmd) Run(ctx context.Context, c *console) error {
	return changeAccount(ctx, c, a.Remote, a.Output, a.ID, client.AccountChange{Name: a.Name})
}

// AccountsRegionCmd gives an account a region.
type AccountsRegionCmd struct {
	ID     string `arg:"" help:"The account's id, acc_..., which herald accounts lists."`
	Region string `arg:"" help:"Two capital letters such as UA, or none: then phones need the international form."`
	Output
	Remote
}

// Help is shown by herald accounts region --help.
func (AccountsRegionCmd) Help() string {
	return `With a region phones may be written as people there write them, such as 050 123 45 67. The account that owns the
installation begins without one. Phones that were read before stay as they were read.

Examples:

    herald accounts region acc_06f0qw1b7c3m9x5n8k2hdz4t6r UA
    herald accounts region acc_06f0qw1b7c3m9x5n8k2hdz4t6r none`
}

// Run gives the account the region.
func (a *AccountsRegionCmd) Run(ctx context.Context, c *console) error {
	region := a.Region
	if region == "none" {
		region = ""
	}
	return changeAccount(ctx, c, a.Remote, a.Output, a.ID, client.AccountChange{Region: &region})
}

// AccountsSuspendCmd suspends an account.
type AccountsSuspendCmd struct {
	ID string `arg:"" help:"The account's id, acc_..., which herald accounts lists."`
	Output
	Remote
}

// Run suspends the account.
func (a *AccountsSuspendCmd) Run(ctx context.Context, c *console) error {
	rest := true
	return changeAccount(ctx, c, a.Remote, a.Output, a.ID, client.AccountChange{Suspended: &rest})
}

// AccountsResumeCmd lets an account work again.
type AccountsResumeCmd struct {
	ID string `arg:"" help:"The account's id, acc_..., which herald accounts lists."`
	Output
	Remote
}

// Run lets the account work again.
func (a *AccountsResumeCmd) Run(ctx context.Context, c *console) error {
	rest := false
	return changeAccount(ctx, c, a.Remote, a.Output, a.ID, client.AccountChange{Suspended: &rest})
}

func changeAccount(ctx context.Context, c *console, r Remote, o Output, id string, change client.AccountChange) error {
	api, err := r.client()
	if err != nil {
		return err
	}
	account, err := api.ChangeAccount(ctx, id, change)
	if err != nil {
		return err
	}
	if o.JSON {
		return c.writeJSON(account)
	}
	if change.Region != nil {
		state := "takes phones in international form only"
		if account.Region != "" {
			state = "reads phones without a country code as of " + account.Region
		}
		return c.say(fmt.Sprintf("Account %s (%s) %s.", account.ID, terminal.Clean(account.Name), state))
	}
	state := "works"
	if !account.SuspendedAt.IsZero() {
		state = "is suspended since " + terminal.Moment(account.SuspendedAt, c.Zone)
	}
	return c.say(fmt.Sprintf("Account %s (%s) %s.", account.ID, terminal.Clean(account.Name), state))
}
