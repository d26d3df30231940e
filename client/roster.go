package client

import (
	"context"
	"io"
	"iter"
	"net/http"

	"herald/client/wire"
)

// RosterFormat is how a file of subscribers is written.
type RosterFormat string

const (
	CSV  RosterFormat = "csv"
	JSON RosterFormat = "json"
)

// ExportSubscribers returns a file of the people who connected to a bot, while it is written: close it. Reading ends with an
// error if the file breaks off.
func (c *Client) ExportSubscribers(ctx context.Context, bot string, f SubscriberFilter, format RosterFormat) (io.ReadCloser, error) {
	response, err := opened(func() (*http.Response, error) {
		return c.streams.ExportSubscribers(ctx, bot, &wire.ExportSubscribersParams{
			Format: optional(wire.ExportSubscribersParamsFormat(format)),
			Phone:  optional(f.Phone), Username: optional(f.Username), PlatformID: optional(f.PlatformID),
			Connection: optional(f.Connection), ExternalID: optional(f.ExternalID), Tag: optional(f.Tag), Language: optional(f.Language),
			Name: optional(f.Name), HasPhone: optional(wire.ExportSubscribersParamsHasPhone(f.HasPhone)),
		})
	})
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// SubscriberImport is a file of people to bring into a bot.
type SubscriberImport struct {
	Body     io.Reader // at most 50 MB and 200,000 rows
	Format   RosterFormat
	KeepGood bool   // whether good rows are kept where others are refused
	Region   string // two letters, for phones in national form; empty means the account's
}

// ImportLine is one line about an import: exactly one field is set.
type ImportLine struct {
	Progress *ImportProgress `json:"progress,omitempty"`
	Refused  *RefusedRow     `json:"refused,omitempty"`
	Report   *ImportReport   `json:"report,omitempty"`
}

// ImportProgress is how far an import has come.
type ImportProgress struct {
	Rows int   `json:"rows"`
	Read int64 `json:"read"` // bytes of the file
	Of   int64 `json:"of"`
}

// RefusedRow is one thing that is wrong with a row of a file.
type RefusedRow struct {
	Line   int    `json:"line"` // on which the row begins, from 1
	Code   string `json:"code"` // a stable machine word
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"` // what is wrong and what to do, for people
}

// ImportReport is what became of an import. Unless it is stored, nothing of it was kept.
type ImportReport struct {
	Stored          bool `json:"stored"`
	Rows            int  `json:"rows"`
	Created         int  `json:"created"`
	Changed         int  `json:"changed"`
	Unchanged       int  `json:"unchanged"`
	Refused         int  `json:"refused"`
	PhonesElsewhere int  `json:"phones_elsewhere"` // that somebody else proved later
}

// ImportSubscribers brings people into a bot, and tells about it while it does. It is not repeated by itself; importing the same
// file again changes nothing.
func (c *Client) ImportSubscribers(ctx context.Context, bot string, i SubscriberImport) iter.Seq2[ImportLine, error] {
	params := &wire.ImportSubscribersParams{Format: optional(wire.ImportSubscribersParamsFormat(i.Format)), Region: optional(i.Region)}
	if i.KeepGood {
		params.KeepGood = optional(wire.ImportSubscribersParamsKeepGoodYes)
	}
	return lines[ImportLine](func() (*http.Response, error) {
		return c.streams.ImportSubscribersWithBody(ctx, bot, params, "application/octet-stream", i.Body)
	})
}
