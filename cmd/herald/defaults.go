package main

import (
	"context"
	"strings"

	"herald/client"
	"herald/internal/terminal"
)

// DefaultsCmd is about what the account wants of its messages.
type DefaultsCmd struct {
	Show DefaultsShowCmd `cmd:"" default:"withargs" help:"Show the account's defaults."`
	Set  DefaultsSetCmd  `cmd:"" help:"Replace the account's defaults."`
}

// Help is shown by herald defaults --help.
func (DefaultsCmd) Help() string {
	return `Defaults are for what a message leaves open; its own options win. The lifetime, the hours and what to do after a
lost answer are not for codes. Set replaces all of them: what you leave out goes back to Herald's own.

Examples:

    herald defaults
    herald defaults set --fallback sms --between 09:00-21:00 --timezone Europe/Kyiv --max-price 0.10
    herald defaults set`
}

// DefaultsShowCmd shows the defaults.
type DefaultsShowCmd struct {
	Output
	Remote
}

// Run shows the defaults.
func (d *DefaultsShowCmd) Run(ctx context.Context, c *console) error {
	api, err := d.client()
	if err != nil {
		return err
	}
	found, err := api.Defaults(ctx)
	if err != nil {
		return err
	}
	return showDefaults(c, found, d.JSON)
}

// DefaultsSetCmd replaces the defaults.
type DefaultsSetCmd struct {
	Fallback        string `placeholder:"CHANNEL" env:"HERALD_DEFAULTS_FALLBACK" help:"sms: by SMS if the person is not connected or the messenger does not take it."`
	Cascade         string `sep:"none" placeholder:"LEGS" env:"HERALD_DEFAULTS_CASCADE" help:"The ways that messages take, such as telegram:read:2m,sms."`
	TTL             string `name:"ttl" placeholder:"SPAN" env:"HERALD_DEFAULTS_TTL" help:"How long messages are worth sending, such as 10m or 7d (default 24h)."`
	OnUnknown       string `placeholder:"WHAT" env:"HERALD_DEFAULTS_ON_UNKNOWN" help:"When the messenger's answer is lost: resend or hold (default hold)."`
	Between         string `placeholder:"HOURS" env:"HERALD_DEFAULTS_BETWEEN" help:"Send only at these hours of the person's day, such as 09:00-21:00."`
	Timezone        string `placeholder:"ZONE" env:"HERALD_DEFAULTS_TIMEZONE" help:"The zone where the person's own is not known, such as Europe/Kyiv (default UTC)."`
	MaxPrice        string `placeholder:"AMOUNT" env:"HERALD_DEFAULTS_MAX_PRICE" help:"What a message may cost at most, such as 0.10."`
	ConfirmedWithin string `placeholder:"SPAN" env:"HERALD_DEFAULTS_CONFIRMED_WITHIN" help:"How old the proof of a person's phone may be, such as 90d (default any age)."`
	ConfirmBy       string `placeholder:"HOW" env:"HERALD_DEFAULTS_CONFIRM_BY" help:"How people prove it again: contact or sms (default contact)."`
	Format          string `placeholder:"FORMAT" env:"HERALD_DEFAULTS_FORMAT" help:"How texts are marked up: plain, html or markdown (default plain)."`
	Silent          bool   `env:"HERALD_DEFAULTS_SILENT" help:"Let messages arrive without a sound."`
	Output
	Remote
}

// Run replaces the defaults.
func (d *DefaultsSetCmd) Run(ctx context.Context, c *console) error {
	cascade, err := parseCascade(d.Cascade)
	if err != nil {
		return err
	}
	api, err := d.client()
	if err != nil {
		return err
	}
	stored, err := api.SetDefaults(ctx, client.Defaults{
		Fallback: d.Fallback, Cascade: cascade, TTL: d.TTL, OnUnknown: client.OnUnknown(d.OnUnknown), Between: d.Between,
		Timezone: d.Timezone, MaxPrice: d.MaxPrice, Format: client.Format(d.Format), Silent: d.Silent,
		ConfirmedWithin: d.ConfirmedWithin, ConfirmBy: client.ConfirmBy(d.ConfirmBy),
	})
	if err != nil {
		return err
	}
	return showDefaults(c, stored, d.JSON)
}

func showDefaults(c *console, d client.Defaults, asJSON bool) error {
	if asJSON {
		return c.writeJSON(d)
	}
	legs := make([]string, len(d.Cascade))
	for i, l := range d.Cascade {
		legs[i] = strings.TrimRight(string(l.Channel)+":"+string(l.Until)+":"+l.Within, ":")
	}
	silent := ""
	if d.Silent {
		silent = "yes"
	}
	var record terminal.Record
	for _, line := range [][2]string{
		{"fallback", d.Fallback},
		{"cascade", strings.Join(legs, ",")},
		{"ttl", d.TTL},
		{"on unknown", string(d.OnUnknown)},
		{"between", d.Between},
		{"timezone", d.Timezone},
		{"max price", d.MaxPrice},
		{"confirmed within", d.ConfirmedWithin},
		{"confirm by", string(d.ConfirmBy)},
		{"format", string(d.Format)},
		{"silent", silent},
	} {
		record.Add(line[0], line[1])
	}
	if record.Empty() {
		return c.say("No defaults: messages that leave an option open get Herald's own.")
	}
	return record.Write(c.Out)
}
