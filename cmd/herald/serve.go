package main

import (
	"context"
	"fmt"

	"herald/internal/app"
	"herald/internal/gateway"
)

// ServeCmd runs the API and the intake of updates against outside parts.
type ServeCmd struct {
	Listen       string `help:"Private address: API and metrics." default:":8081"`
	PublicListen string `help:"Public address: webhooks of messengers." default:":8080"`
	SandboxURL   string `name:"sandbox-url" help:"A sandbox that runs elsewhere, for sandbox bots." placeholder:"URL"`

	ReachFlags    `group:"Reaching this installation"`
	SMSFlags      `group:"SMS"`
	KeyFlags      `group:"Secrets at rest"`
	DatabaseFlags `group:"Outside parts"`
	TemporalFlags `group:"Outside parts"`
	LogFlags      `group:"Logs"`
}

// Help is shown by herald serve --help.
func (ServeCmd) Help() string {
	return `Runs the API, its reference page and the intake of updates. Start as many as needed. Messages are accepted while
Temporal or the workers are away and go out when they are back. Run herald migrate first and after each upgrade.`
}

// Run serves until the end.
func (c *ServeCmd) Run(ctx context.Context, out *console) error {
	url, err := c.required()
	if err != nil {
		return err
	}
	return runPart(ctx, app.Options{
		DatabaseURL: url, Temporal: c.options(), API: true, SandboxURL: c.SandboxURL,
		PrivateListen: c.Listen, PublicListen: c.PublicListen, PublicURL: c.PublicURL, TelegramURL: c.TelegramURL,
		Keyset: gateway.Secret(c.Key), KeyFile: c.KeyFile, SMSConfig: c.SMSConfig, Logger: c.logger(), Progress: progress(out),
	}, ready(out))
}

// ready says where a part listens once it does.
func ready(out *console) func(*app.App) error {
	return func(a *app.App) error {
		_, _ = fmt.Fprintln(out.Out, "Ready:", a.Addresses().API)
		return nil
	}
}
