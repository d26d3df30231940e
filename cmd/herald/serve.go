package main

import (
	"context"
	"fmt"

	"herald/internal/app"
)

// ServeCmd runs the API and the intake of updates against outside parts.
type ServeCmd struct {
	Listen       string `help:"Private address: API and metrics." default:":8081"`
	PublicListen string `help:"Public address: webhooks of messengers." default:":8080"`

	OutsideFlags
}

// Help is shown by herald serve --help.
func (ServeCmd) Help() string {
	return `Runs the API, its reference page and the intake of updates. Start as many as needed. Messages are accepted while
Temporal or the workers are away and go out when they are back. Run herald migrate first and after each upgrade.`
}

// Run serves until the end.
func (c *ServeCmd) Run(ctx context.Context, out *console) error {
	o, err := c.part(out)
	if err != nil {
		return err
	}
	o.API, o.PrivateListen, o.PublicListen = true, c.Listen, c.PublicListen
	return runPart(ctx, o, ready(out))
}

// ready says where a part listens once it does.
func ready(out *console) func(*app.App) error {
	return func(a *app.App) error {
		_, _ = fmt.Fprintln(out.Out, "Ready:", a.Addresses().API)
		return nil
	}
}
