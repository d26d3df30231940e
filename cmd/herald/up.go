package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"herald/internal/app"
	"herald/internal/gateway"
)

// UpCmd runs everything in one process.
type UpCmd struct {
	Data          string `help:"Folder that holds everything: the database, the key, herald.json." default:"./herald-data"`
	Listen        string `help:"Private address: API and metrics. Port 0 picks a free one." default:"127.0.0.1:8081"`
	PublicListen  string `help:"Public address: webhooks of messengers." default:"127.0.0.1:8080"`
	Sandbox       bool   `help:"Run a sandbox: a Telegram network and phones in a box." default:"true" negatable:""`
	SandboxListen string `help:"Address of the sandbox." default:"127.0.0.1:8082"`
	SandboxURL    string `name:"sandbox-url" help:"A sandbox that runs elsewhere, instead of one of its own." placeholder:"URL"`
	PostgresBin   string `name:"postgres-bin" help:"Folder with PostgreSQL's programs; by default PATH and the usual folders are searched." placeholder:"FOLDER" type:"path"`

	ReachFlags       `group:"Reaching this installation"`
	SMSFlags         `group:"SMS"`
	TranslationFlags `group:"Translation"`
	KeepFlags        `group:"Keeping"`
	ReconfirmFlags   `group:"Proofs of phones"`
	KeyFlags         `group:"Secrets at rest"`
	DatabaseFlags    `group:"Outside parts, instead of the embedded ones"`
	TemporalFlags    `group:"Outside parts, instead of the embedded ones"`
	LogFlags         `group:"Logs"`
}

// Help is shown by herald up --help.
func (UpCmd) Help() string {
	return `Starts PostgreSQL, Temporal, the API, a worker and a sandbox in one process, with everything it keeps under
--data. Ctrl-C stops all of it in order; after a crash the next start goes on where it was. PostgreSQL's binaries
must be on the machine (apt install postgresql).

While it runs <data>/herald.json tells other programs its addresses and the operator's API key.`
}

// Run starts everything and waits for the end.
func (c *UpCmd) Run(ctx context.Context, out *console) error {
	url, err := c.url()
	if err != nil {
		return err
	}
	translation, err := c.translation()
	if err != nil {
		return err
	}
	reconfirm, err := c.reconfirm()
	if err != nil {
		return err
	}
	o := app.Options{
		Data: c.Data, DatabaseURL: url, PostgresBin: c.PostgresBin, Migrate: true, API: true, Worker: true, Sandbox: c.Sandbox && c.SandboxURL == "", SandboxURL: c.SandboxURL,
		PrivateListen: c.Listen, PublicListen: c.PublicListen, SandboxListen: c.SandboxListen,
		PublicURL: c.PublicURL, LinkURL: c.LinkURL, TelegramURL: c.TelegramURL, WatchEvery: c.WatchEvery, Keyset: gateway.Secret(c.Key), KeyFile: c.KeyFile, SMSConfig: c.SMSConfig,
		Translation: translation, Reconfirm: reconfirm,
		KeepEvents: c.KeepEvents, Logger: c.logger(), Progress: progress(out),
	}
	if c.TemporalAddress != "" {
		o.Temporal = c.options()
	}
	begun := time.Now()
	_, _ = fmt.Fprintln(out.Out, "Starting Herald")
	err = runPart(ctx, o, func(a *app.App) error {
		if err := a.WriteRunFile(ctx); err != nil {
			return err
		}
		c.greet(out, a.Addresses(), time.Since(begun))
		return nil
	})
	if ctx.Err() != nil {
		_, _ = fmt.Fprintln(out.Out, "Stopped.")
	}
	return err
}

func (c *UpCmd) greet(out *console, at app.Addresses, took time.Duration) {
	_, _ = fmt.Fprintf(out.Out, "\nReady in %.1f s. Ctrl-C stops everything.\n\n", took.Seconds())
	for _, line := range [][3]string{
		{"API", at.API, "its reference is at " + at.API + "/docs"},
		{"API key", filepath.Join(c.Data, app.RunFileName), "every command here finds it there"},
		{"Sandbox", at.Sandbox, "a chat app and phones, for your browser"},
		{"Public", at.Public, "what messengers call"},
		{"Temporal", at.Temporal, "runs the workflows"},
	} {
		if line[1] != "" {
			_, _ = fmt.Fprintf(out.Out, "  %-9s %-28s %s\n", line[0], line[1], line[2])
		}
	}
	self, data := selfName(), ""
	if c.Data != "./herald-data" {
		data = " --data " + c.Data
	}
	_, _ = fmt.Fprintf(out.Out, "\nWorth trying next, in another terminal:\n\n")
	commands := [][2]string{
		{self + " demo" + data, "Anna connects to a bot and gets a code"},
		{self + " bots add TOKEN" + data, "a bot of your own: the sandbox's page makes tokens"},
		{self + " messages" + data, "History: what was sent and what became of it"},
	}
	width := 40
	for _, c := range commands {
		width = max(width, len(c[0])+1)
	}
	for _, c := range commands {
		_, _ = fmt.Fprintf(out.Out, "  %-*s %s\n", width, c[0], c[1])
	}
	_, _ = fmt.Fprintln(out.Out)
}
