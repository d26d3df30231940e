package main

import "context"

// WorkerCmd runs workflows and the inbox against outside parts.
type WorkerCmd struct {
	Listen string `help:"Address of health and metrics." default:":8081"`

	KeepFlags      `group:"Keeping"`
	ReconfirmFlags `group:"Proofs of phones"`
	OutsideFlags
}

// Help is shown by herald worker --help.
func (WorkerCmd) Help() string {
	return `Runs workflows, which carry messages to people, and the inbox, which processes what people write. Start as many as
needed, anywhere: they share the work through Temporal and PostgreSQL.`
}

// Run works until the end.
func (c *WorkerCmd) Run(ctx context.Context, out *console) error {
	o, err := c.part(out)
	if err != nil {
		return err
	}
	if o.Reconfirm, err = c.reconfirm(); err != nil {
		return err
	}
	o.Worker, o.PrivateListen, o.KeepEvents = true, c.Listen, c.KeepEvents
	return runPart(ctx, o, ready(out))
}
