package main

import (
	"context"

	"herald/internal/app"
	"herald/internal/gateway"
)

// WorkerCmd runs workflows and the inbox against outside parts.
type WorkerCmd struct {
	Listen     string `help:"Address of health and metrics." default:":8081"`
	SandboxURL string `name:"sandbox-url" help:"A sandbox that runs elsewhere, for sandbox bots." placeholder:"URL"`

	ReachFlags    `group:"Reaching this installation"`
	SMSFlags      `group:"SMS"`
	KeyFlags      `group:"Secrets at rest"`
	DatabaseFlags `group:"Outside parts"`
	TemporalFlags `group:"Outside parts"`
	LogFlags      `group:"Logs"`
}

// Help is shown by herald worker --help.
func (WorkerCmd) Help() string {
	return `Runs workflows, which carry messages to people, and the inbox, which processes what people write. Start as many as
needed, anywhere: they share the work through Temporal and PostgreSQL.`
}

// Run works until the end.
func (c *WorkerCmd) Run(ctx context.Context, out *console) error {
	url, err := c.required()
	if err != nil {
		return err
	}
	return runPart(ctx, app.Options{
		DatabaseURL: url, Temporal: c.options(), Worker: true, SandboxURL: c.SandboxURL, PrivateListen: c.Listen,
		PublicURL: c.PublicURL, TelegramURL: c.TelegramURL, Keyset: gateway.Secret(c.Key), KeyFile: c.KeyFile, SMSConfig: c.SMSConfig, Logger: c.logger(), Progress: progress(out),
	}, ready(out))
}
