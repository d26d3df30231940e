package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"herald/client"
	"herald/internal/terminal"
)

// SubscribersExportCmd writes a bot's subscribers into a file.
type SubscribersExportCmd struct {
	File   string `arg:"" optional:"" default:"-" help:"The file to write; - is standard output, which is the default."`
	Bot    string `required:"" placeholder:"BOT" help:"The bot, by @name or id."`
	Format string `env:"HERALD_SUBSCRIBERS_FORMAT" enum:"csv,json," default:"" placeholder:"FORM" help:"csv or json (default: by the end of the file's name, else csv)."`
	SubscriberFlags
	Remote
}

// Help is shown by herald subscribers export --help.
func (SubscribersExportCmd) Help() string {
	return `Writes all people of a bot while they are read, however many they are. The file holds phones and names: only you can read it
(mode 0600). One that breaks off is removed again.

In CSV, tags stand with semicolons between them, and a cell that a spreadsheet would take for a formula begins with an
apostrophe. herald subscribers import reads the file as it is.

Examples:

    herald subscribers export people.csv --bot @acme_bot
    herald subscribers export --bot @acme_bot --tag vip --format json | jq '.[].external_id'`
}

// Run exports.
func (s *SubscribersExportCmd) Run(ctx context.Context, c *console) (err error) {
	api, err := s.client()
	if err != nil {
		return err
	}
	body, err := api.ExportSubscribers(ctx, s.Bot, s.filter(), rosterFormat(s.Format, s.File))
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	out, told := c.Out, &occasion{}
	if s.File != "-" {
		file, err := privateFile(s.File)
		if err != nil {
			return err
		}
		defer func() { err = file.end(err) }()
		out = file
	}
	written := int64(0)
	for {
		n, err := io.CopyN(out, body, 1<<20)
		written += n
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the export broke off after %s: %w", size(written), err)
		}
		if told.due() {
			c.hint("%s", size(written))
		}
	}
}

// private is a file that its owner alone can read, and that is whole or not there.
type private struct {
	*os.File
	regular bool // not a device or a pipe, which are neither changed nor removed
}

func privateFile(path string) (*private, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	p := &private{File: file}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		p.regular = true
		err = file.Chmod(0o600) // one that was there may be open to others
	}
	if err != nil {
		return nil, p.end(fmt.Errorf("keep file private: %w", err))
	}
	return p, nil
}

// end closes the file, and removes it if it is not whole.
func (p *private) end(err error) error {
	if closed := p.Close(); err == nil && closed != nil {
		err = fmt.Errorf("write file: %w", closed)
	}
	if err != nil && p.regular {
		_ = os.Remove(p.Name())
	}
	return err
}

// SubscribersImportCmd brings people in from a file.
type SubscribersImportCmd struct {
	File     string `arg:"" help:"The file; - is standard input."`
	Bot      string `required:"" placeholder:"BOT" help:"The bot, by @name or id."`
	Format   string `env:"HERALD_SUBSCRIBERS_FORMAT" enum:"csv,json," default:"" placeholder:"FORM" help:"csv or json (default: by the end of the file's name, else csv)."`
	KeepGood bool   `env:"HERALD_SUBSCRIBERS_KEEP_GOOD" help:"Keep the good rows where others are refused. Without it all are kept or none."`
	Region   string `env:"HERALD_SUBSCRIBERS_REGION" placeholder:"CC" help:"Country of phones in national form, two letters such as UA (default: the account's)."`
	Output
	Remote
}

// Help is shown by herald subscribers import --help.
func (SubscribersImportCmd) Help() string {
	return `Brings people in who started the bot while another program had it. The file is CSV with a line of column names, or JSON
objects; columns are those that herald subscribers export writes. Only platform_id, the person's user id at the messenger, must
be there. A phone needs phone_proved_at, the date of its proof. What is empty leaves what is known, and the same file once more
changes nothing.

Each row that is refused is told with its line and a code, and then nothing is stored unless --keep-good is given: the exit code
is 1. A file has at most 50 MB and 200,000 rows; a larger base is imported in parts. With --json the lines come as the API
writes them.

Examples:

    herald subscribers import people.csv --bot @acme_bot --region UA
    herald subscribers import people.json --bot @acme_bot --keep-good`
}

// Run imports.
func (s *SubscribersImportCmd) Run(ctx context.Context, c *console) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	body := c.In
	if s.File != "-" {
		file, err := os.Open(s.File)
		if err != nil {
			return fmt.Errorf("open file: %w", err)
		}
		defer file.Close()
		body = file
	}
	var report *client.ImportReport
	told := &occasion{}
	for line, err := range api.ImportSubscribers(ctx, s.Bot, client.SubscriberImport{
		Body: body, Format: rosterFormat(s.Format, s.File), KeepGood: s.KeepGood, Region: s.Region,
	}) {
		if err != nil {
			return err
		}
		if line.Report != nil {
			report = line.Report
		}
		if err := c.imported(line, s.JSON, told); err != nil {
			return err
		}
	}
	switch {
	case report == nil:
		return errors.New("the import ended without a report: import the file again, which changes nothing of what is stored already")
	case !report.Stored:
		return &exitError{code: exitFailure, text: fmt.Sprintf("%d of %s refused, so nothing was stored: correct them, or keep the others with --keep-good", report.Refused, counted(int(report.Rows), "row"))}
	}
	return nil
}

// imported tells a line of an import.
func (c *console) imported(line client.ImportLine, asJSON bool, told *occasion) error {
	switch {
	case asJSON:
		return c.writeJSON(line)
	case line.Progress != nil && line.Progress.Of > 0 && told.due():
		c.hint("%d rows, %d %%", line.Progress.Rows, 100*line.Progress.Read/line.Progress.Of)
	case line.Refused != nil:
		r := line.Refused
		words := fmt.Sprintf("line %d  %s", r.Line, r.Code)
		if r.Field != "" {
			words += "  " + r.Field
		}
		return c.say(terminal.Clean(words + "  " + r.Detail))
	case line.Report != nil && line.Report.Stored:
		r := line.Report
		words := fmt.Sprintf("%s: %d new, %d changed, %d known like that", counted(int(r.Rows), "row"), r.Created, r.Changed, r.Unchanged)
		if r.Refused > 0 {
			words += fmt.Sprintf(", %d refused", r.Refused)
		}
		words += "."
		if r.PhonesElsewhere > 0 {
			words += fmt.Sprintf(" %s proved later by somebody else: not moved.", counted(int(r.PhonesElsewhere), "phone"))
		}
		return c.say(words)
	}
	return nil
}

// rosterFormat is what was asked for, or what the file's name says.
func rosterFormat(asked, file string) client.RosterFormat {
	if asked != "" {
		return client.RosterFormat(asked)
	}
	switch strings.ToLower(filepath.Ext(file)) {
	case ".json", ".ndjson", ".jsonl":
		return client.JSON
	default:
		return client.CSV
	}
}

// occasion comes once a second: long work tells how far it is, and short work does not.
type occasion struct{ last time.Time }

func (o *occasion) due() bool {
	if o.last.IsZero() {
		o.last = time.Now()
	}
	if time.Since(o.last) < time.Second {
		return false
	}
	o.last = time.Now()
	return true
}

// size is a number of bytes for people.
func size(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
