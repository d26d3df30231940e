package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"herald/client"
	"herald/client/wire"
	"herald/internal/terminal"
)

// preview shows what would become of the message, and sends nothing.
func (s *SendCmd) preview(ctx context.Context, c *console, api *client.Client, m client.NewMessage) error {
	if err := s.Carried.pretend(&m); err != nil {
		return err
	}
	p, err := api.Preview(ctx, m)
	if err != nil {
		return err
	}
	if s.JSON {
		err = c.writeJSON(p)
	} else {
		err = c.showPreview(p)
	}
	if err == nil && p.State != wire.MessageStateAccepted && p.State != wire.MessageStateScheduled {
		err = &exitError{code: exitNotAccepted, text: fmt.Sprintf("the message would end as %s", p.State)}
	}
	return err
}

func (c *console) showPreview(p client.Preview) error {
	var record terminal.Record
	record.Add("to", p.To)
	record.Add("subscriber", p.Subscriber)
	record.Add("would be", string(p.State))
	record.Add("reason", reason(p.Reason, p.ReasonText))
	if p.Price != "" {
		record.Add("price", p.Price+" "+p.Currency)
	}
	record.Add("send at", terminal.Moment(p.SendAt, c.Zone))
	record.Add("expires", terminal.Moment(p.ExpiresAt, c.Zone))
	if err := record.Write(c.Out); err != nil {
		return err
	}
	if err := c.say(""); err != nil {
		return err
	}
	for _, sentence := range p.Explanation {
		if err := c.say(sentence); err != nil {
			return err
		}
	}
	table := terminal.NewTable("leg", "channel", "would be", "until", "SMS", "reason", "text…")
	for _, l := range p.Legs {
		segments := ""
		if l.Segments > 0 {
			segments = fmt.Sprint(l.Segments)
		}
		table.Add(fmt.Sprint(l.Number), string(l.Channel), string(l.Verdict), describeUntil(client.Leg{Until: l.Until, Within: l.Within}), segments, l.Reason, l.Text)
	}
	if err := c.say(""); err != nil {
		return err
	}
	return table.Write(c.Out)
}

// pretend puts what the message would carry into a preview. A file is not uploaded for it: an address stands in its place,
// and its limits are looked at here.
func (m Carried) pretend(to *client.NewMessage) error {
	kind, source, most := wire.Photo, m.Photo, int64(10<<20)
	if m.Document != "" {
		kind, source, most = wire.Document, m.Document, 50<<20
	}
	to.Silent, to.ProtectContent = m.Silent, m.Protect
	switch {
	case !m.given():
		return nil
	case m.Photo != "" && m.Document != "":
		return errBoth
	case isAddress(source):
		to.Media = client.NewMedia{Kind: kind, URL: source}
		return nil
	}
	info, err := os.Stat(source)
	switch {
	case err != nil:
		return fmt.Errorf("look at the file to send: %w", err)
	case !info.Mode().IsRegular():
		return errors.New(source + " is not a file that can be sent")
	case info.Size() > most:
		return fmt.Errorf("%s has more than %d MB, which is too much for a %s", source, most>>20, kind)
	}
	to.Media = client.NewMedia{Kind: kind, URL: "https://localhost/" + url.PathEscape(filepath.Base(source))}
	return nil
}
