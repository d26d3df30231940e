package main

import (
	"context"
	"fmt"
	"time"

	"herald/client"
	"herald/client/wire"
	"herald/internal/terminal"
)

// MessagesEditCmd changes what a message shows.
type MessagesEditCmd struct {
	ID        string   `arg:"" help:"The message's id, msg_..."`
	Text      string   `placeholder:"TEXT" env:"HERALD_MESSAGES_EDIT_TEXT" help:"The new text, or the new caption of a photo or document."`
	Format    string   `placeholder:"FORMAT" env:"HERALD_MESSAGES_EDIT_FORMAT" help:"How the new text is marked up: plain, html or markdown (default as it was)."`
	Button    []string `sep:"none" placeholder:"TEXT=DATA" env:"HERALD_MESSAGES_EDIT_BUTTON" help:"A button, as for herald send; they take the place of those that are there."`
	NoButtons bool     `env:"HERALD_MESSAGES_EDIT_NO_BUTTONS" help:"Take the buttons away."`
	EditWait
	Output
	Remote
}

// EditWait is how long to wait until the chat shows a change.
type EditWait struct {
	Wait time.Duration `default:"10s" placeholder:"SPAN" env:"HERALD_MESSAGES_EDIT_WAIT" help:"How long to wait until that is decided, at most 1m; 0 does not wait (default 10s)."`
}

// Validate is called by the parser.
func (w EditWait) Validate() error {
	if w.Wait < 0 || w.Wait > maxWait {
		return fmt.Errorf("--wait must be from 0 to %s", terminal.Span(maxWait))
	}
	return nil
}

// Help is shown by herald messages edit --help.
func (MessagesEditCmd) Help() string {
	return `Changes a message where it stands in the person's chat. What is not given stays as it is.

Examples:

    herald messages edit msg_06f0qv3x8k5y1n7c2m9hdw4z6s --text "Thank you!" --no-buttons
    herald messages edit msg_06f0qv3x8k5y1n7c2m9hdw4z6s --button "Another day=home:other"

Exit codes: 0 the chat shows it, or it is stored and --wait is 0; 1 or 3 it cannot be; 4 it was still to come when the
waiting ended.`
}

// Run changes the message.
func (m *MessagesEditCmd) Run(ctx context.Context, c *console) error {
	change, err := m.change()
	if err != nil {
		return err
	}
	api, err := m.client()
	if err != nil {
		return err
	}
	message, err := api.EditMessage(ctx, m.ID, change, m.Wait)
	if err != nil {
		return err
	}
	return c.showEdited(message, m.JSON, m.Wait)
}

func (m *MessagesEditCmd) change() (client.MessageChange, error) {
	var change client.MessageChange
	if m.Text != "" {
		change.Text = &m.Text
	}
	if m.Format != "" {
		format := client.Format(m.Format)
		change.Format = &format
	}
	rows := [][]client.Button{}
	for _, given := range m.Button {
		button, err := parseButton(given)
		if err != nil {
			return change, err
		}
		rows = append(rows, []client.Button{button})
	}
	switch {
	case m.NoButtons && len(rows) > 0:
		return change, &exitError{code: exitUsage, text: "--button and --no-buttons do not go together; see: herald messages edit --help"}
	case m.NoButtons || len(rows) > 0:
		change.Buttons = &rows
	case m.Text == "":
		return change, &exitError{code: exitUsage, text: "say what shall change: --text, --button or --no-buttons; see: herald messages edit --help"}
	}
	return change, nil
}

// MessagesDeleteCmd takes a message out of the chat.
type MessagesDeleteCmd struct {
	ID string `arg:"" help:"The message's id, msg_..."`
	EditWait
	Output
	Remote
}

// Help is shown by herald messages delete --help.
func (MessagesDeleteCmd) Help() string {
	return `Deletes a message where it stands in the person's chat, at most 48 hours after it was sent. The history keeps it. One that
has not left yet is cancelled instead: herald messages cancel.

Exit codes: as for herald messages edit.`
}

// Run deletes the message.
func (m *MessagesDeleteCmd) Run(ctx context.Context, c *console) error {
	api, err := m.client()
	if err != nil {
		return err
	}
	message, err := api.DeleteMessage(ctx, m.ID, m.Wait)
	if err != nil {
		return err
	}
	return c.showEdited(message, m.JSON, m.Wait)
}

// showEdited shows a message whose change was asked for, and turns what became of that into the exit code.
func (c *console) showEdited(m client.Message, asJSON bool, wait time.Duration) error {
	show := c.showMessage
	if asJSON {
		show = func(m client.Message) error { return c.writeJSON(m) }
	}
	if err := show(m); err != nil {
		return err
	}
	switch {
	case m.Edit.State == wire.EditStateFailed:
		return &exitError{code: exitNotAccepted, text: "it could not be done: " + reason(m.Edit.Reason, m.Edit.ReasonText)}
	case m.Edit.State == wire.EditStatePending && wait > 0:
		return &exitError{code: exitOnItsWay, text: fmt.Sprintf("not decided after %s; see later: herald messages events %s", terminal.Span(wait), m.ID)}
	default:
		return nil
	}
}

// describeEdit says what became of the newest change: edit, done.
func describeEdit(e client.Edit) string {
	if e.Kind == "" {
		return ""
	}
	words := string(e.Kind) + ", " + string(e.State)
	if e.Reason != "" {
		words += ", " + reason(e.Reason, e.ReasonText)
	}
	return words
}
