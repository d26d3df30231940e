package main

import (
	"context"
	"errors"
	"fmt"

	"herald/client"
	"herald/internal/demo"
	"herald/internal/sandbox/controlclient"
	"herald/internal/terminal"
)

// DemoCmd plays the story of package demo.
type DemoCmd struct {
	SandboxURL string `name:"sandbox-url" placeholder:"URL" help:"Address of the sandbox (default: the one of the running 'herald up')."`
	Output
	Remote
}

// Help is shown by herald demo --help.
func (DemoCmd) Help() string {
	return `Anna finds a bot by its link, starts it and shares her phone; messages reach her by phone, @name and #id; a stranger's
number sends nothing, or an SMS where that is allowed; a link proves that Anna read her message, and one that she did
not read follows by SMS; the messenger throttles the bot, and loses an answer; Anna blocks the bot and the next message
says so. Every step is checked on both sides: by the API, and in Anna's chat or on the phone. Play it as often as you
like: each time it has a bot and an Anna of its own. It takes about ten seconds.

Exit code 0 means that every step held.

Examples:

    herald up                        in one terminal
    herald demo                      in another
    herald demo --data /var/lib/herald --json`
}

// Run plays the story.
func (d *DemoCmd) Run(ctx context.Context, c *console) error {
	found, err := d.find()
	if err != nil {
		return err
	}
	if d.SandboxURL != "" {
		found.Sandbox = d.SandboxURL
	}
	if found.Sandbox == "" {
		return errors.New("the story needs a sandbox: start Herald with `herald up --sandbox`, or give --sandbox-url")
	}
	api, err := client.New(found.API, found.APIKey.Reveal())
	if err != nil {
		return err
	}
	people, err := controlclient.New(found.Sandbox)
	if err != nil {
		return err
	}
	tell, err := d.teller(c)
	if err != nil {
		return err
	}
	story, err := demo.Play(ctx, demo.Options{API: api, Sandbox: people}, tell)
	if err != nil {
		return err
	}
	if err := d.finish(c, story, found.Sandbox); err != nil {
		return err
	}
	if !story.OK {
		failed := story.Steps[len(story.Steps)-1]
		return fmt.Errorf("step %d did not hold: expected %s, saw %s", failed.Number, failed.Expected, failed.Saw)
	}
	return nil
}

// teller writes a row for each step when it is over. JSON is written in one piece at the end.
func (d *DemoCmd) teller(c *console) (func(demo.Result), error) {
	if d.JSON {
		return func(demo.Result) {}, nil
	}
	widest := 0
	for _, title := range demo.Titles() {
		widest = max(widest, terminal.Width(title))
	}
	table, err := terminal.NewLive(
		c.Out,
		terminal.Column{Title: "#", Width: 2, Right: true},
		terminal.Column{Title: "at", Width: len("15:04:05.000")},
		terminal.Column{Title: "took", Width: len("1.25s"), Right: true},
		terminal.Column{Title: "step", Width: widest},
		terminal.Column{Title: "state", Width: len("not_subscribed")},
		terminal.Column{Title: "seen"},
	)
	if err != nil {
		return nil, err
	}
	return func(r demo.Result) {
		state, saw := r.State, r.Saw
		if !r.OK {
			state, saw = "FAILED", "expected "+r.Expected+", saw "+r.Saw
		}
		// A terminal that is gone ends the command at its last line.
		_ = table.Add(fmt.Sprint(r.Number), terminal.Clock(r.At, c.Zone), terminal.Span(r.Took), r.Title, state, saw)
	}, nil
}

func (d *DemoCmd) finish(c *console, story demo.Report, sandbox string) error {
	if d.JSON {
		return c.writeJSON(story)
	}
	if !story.OK {
		if len(story.Left) == 0 {
			return nil
		}
		return c.say(fmt.Sprintf("\n%d steps were not played.", len(story.Left)))
	}
	return c.say(fmt.Sprintf("\nAll %d steps held. %s's chat with %s is at %s", len(story.Steps), story.Person, story.Bot, sandbox))
}
