package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"herald/client"
	"herald/internal/terminal"
)

// KeysCmd is about the API keys of the account.
type KeysCmd struct {
	List   KeysListCmd   `cmd:"" default:"withargs" help:"List keys, newest first, revoked ones too."`
	Create KeysCreateCmd `cmd:"" help:"Make a key and print its secret, this once."`
	Revoke KeysRevokeCmd `cmd:"" help:"End a key for good."`
}

// Help is shown by herald keys --help.
func (KeysCmd) Help() string {
	return `Without a command it lists; the flags of the list: herald keys list --help.

Examples:

    herald keys
    herald keys create "web shop" --scope messages:send --expires 90d
    herald keys revoke key_06f0qw1b7c3m9x5n8k2hdz4t6r

The operator also manages the keys of customers, with --account: for one who has lost theirs.

    herald keys --account acc_06f0qw1b7c3m9x5n8k2hdz4t6r
    herald keys create "corner shop" --account acc_06f0qw1b7c3m9x5n8k2hdz4t6r > key`
}

// KeyHolder says whose keys a command is about.
type KeyHolder struct {
	Account string `placeholder:"ACCOUNT" env:"HERALD_KEY_ACCOUNT" help:"Of this account, acc_..., as the operator (default: your own)."`
}

// KeysListCmd lists keys.
type KeysListCmd struct {
	KeyHolder
	Paging
	Output
	Remote
}

// Run lists keys.
func (k *KeysListCmd) Run(ctx context.Context, c *console) error {
	api, err := k.client()
	if err != nil {
		return err
	}
	keys := api.Keys(ctx)
	if k.Account != "" {
		keys = api.AccountKeys(ctx, k.Account)
	}
	items, more, err := collect(keys, k.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if k.JSON {
		return c.writeJSON(items)
	}
	table := terminal.NewTable("name…", "secret", "scopes", "made", "last used", "ends", "revoked", "id")
	for _, key := range items {
		table.Add(key.Name, key.Hint+"…", strings.Join(key.Scopes, " "), terminal.Moment(key.CreatedAt, c.Zone),
			terminal.Moment(key.LastUsedAt, c.Zone), terminal.Moment(key.ExpiresAt, c.Zone), terminal.Moment(key.RevokedAt, c.Zone), key.ID)
	}
	return c.writeTable(table, "No keys.")
}

// KeysCreateCmd makes a key.
type KeysCreateCmd struct {
	Name    string   `arg:"" help:"A name to know the key by: best the program that will use it."`
	Scope   []string `placeholder:"SCOPE" env:"HERALD_KEY_SCOPE" help:"What it allows, such as messages:send,messages:read (default: what your key allows)."`
	Expires string   `placeholder:"WHEN" env:"HERALD_KEY_EXPIRES" help:"When it ends by itself: a span such as 90d or 12h, or a day such as 2027-01-31."`
	KeyHolder
	Output
	Remote
}

// Help is shown by herald keys create --help.
func (KeysCreateCmd) Help() string {
	return `On standard output stands the secret alone, so that it can go straight into a file; about the key you read
on standard error.

Scopes: messages:send, messages:read, bots:read, bots:write, subscribers:read,
subscribers:write, events:read, rules:read, rules:write, account:read, account:write,
translation:use, keys:read, keys:write.

Examples:

    herald keys create "web shop" --scope messages:send > key
    herald keys create nightly --expires 12h --json`
}

// Run makes the key.
func (k *KeysCreateCmd) Run(ctx context.Context, c *console) error {
	ends, err := parseEnd(k.Expires, time.Now())
	if err != nil {
		return err
	}
	api, err := k.client()
	if err != nil {
		return err
	}
	wanted := client.NewKey{Name: k.Name, Scopes: k.Scope, ExpiresAt: ends}
	var key client.CreatedKey
	if k.Account == "" {
		key, err = api.CreateKey(ctx, wanted)
	} else {
		key, err = api.CreateAccountKey(ctx, k.Account, wanted)
	}
	if err != nil {
		return err
	}
	if k.JSON {
		return c.writeJSON(key)
	}
	c.hint("Key %s allows %s. Its secret is shown this once:", key.ID, strings.Join(key.Scopes, " "))
	return c.say(key.Secret)
}

// parseEnd reads a span (12h, 90d) or a day (2027-01-31, its end in UTC). Nothing given is the zero time.
func parseEnd(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36500 {
			return now.AddDate(0, 0, n), nil
		}
	}
	if span, err := time.ParseDuration(text); err == nil && span > 0 {
		return now.Add(span), nil
	}
	return time.Time{}, &exitError{code: exitUsage, text: fmt.Sprintf("--expires %q is neither a span such as 90d or 12h nor a day such as 2027-01-31", text)}
}

// KeysRevokeCmd ends a key.
type KeysRevokeCmd struct {
	ID string `arg:"" help:"The key's id, key_..., not its secret."`
	KeyHolder
	Output
	Remote
}

// Run ends the key.
func (k *KeysRevokeCmd) Run(ctx context.Context, c *console) error {
	if strings.HasPrefix(k.ID, "hk_") {
		return errors.New("this is a key's secret: name the key by its id, key_..., which `herald keys` lists")
	}
	api, err := k.client()
	if err != nil {
		return err
	}
	var key client.Key
	if k.Account == "" {
		key, err = api.RevokeKey(ctx, k.ID)
	} else {
		key, err = api.RevokeAccountKey(ctx, k.Account, k.ID)
	}
	if err != nil {
		return err
	}
	if k.JSON {
		return c.writeJSON(key)
	}
	return c.say(fmt.Sprintf("Key %s (%s) is revoked since %s.", key.ID, terminal.Clean(key.Name), terminal.Moment(key.RevokedAt, c.Zone)))
}
