package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"herald/api/internal/wire"
	"herald/internal/bots"
	"herald/internal/gateway"
	"herald/internal/roster"
)

// Lines of an import. They are no schemas of the specification, which knows the stream as a whole only.
type (
	importRow struct {
		Progress *importProgress `json:"progress,omitempty"`
		Refused  *importRefused  `json:"refused,omitempty"`
		Report   *importReport   `json:"report,omitempty"`
	}
	importProgress struct {
		Rows int   `json:"rows"`
		Read int64 `json:"read"` // bytes of the file
		Of   int64 `json:"of"`
	}
	importRefused struct {
		Line   int          `json:"line"`
		Code   gateway.Code `json:"code"`
		Field  string       `json:"field,omitempty"`
		Detail string       `json:"detail"`
	}
	importReport struct {
		Stored          bool `json:"stored"`
		Rows            int  `json:"rows"`
		Created         int  `json:"created"`
		Changed         int  `json:"changed"`
		Unchanged       int  `json:"unchanged"`
		Refused         int  `json:"refused"`
		PhonesElsewhere int  `json:"phones_elsewhere"`
	}
)

func importLine(l bots.ImportLine) (row importRow) {
	switch {
	case l.Progress != nil:
		row.Progress = &importProgress{l.Progress.Rows, l.Progress.Read, l.Progress.Of}
	case l.Refused != nil:
		row.Refused = &importRefused{l.Refused.Line, l.Refused.Fault.Code, l.Refused.Fault.Field, l.Refused.Fault.Message}
	case l.Report != nil:
		r := l.Report
		row.Report = &importReport{r.Stored, r.Rows, r.Created, r.Changed, r.Unchanged, r.Refused, r.PhonesElsewhere}
	}
	return row
}

// ImportSubscribers brings people into a bot. Their file lies on disk, under no name, while it is read: the database does
// not wait for a slow sender.
func (s *server) ImportSubscribers(ctx context.Context, r wire.ImportSubscribersRequestObject) (wire.ImportSubscribersResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Owned(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	i := bots.Import{Format: roster.CSV, KeepGood: given(r.Params.KeepGood) == wire.ImportSubscribersParamsKeepGoodYes, Region: given(r.Params.Region)}
	if r.Params.Format != nil {
		i.Format = roster.Format(*r.Params.Format)
	}
	if i.Region == "" {
		owner, err := s.accounts.Account(ctx, account)
		if err != nil {
			return nil, err
		}
		i.Region = owner.Region
	}
	file, size, err := nameless(r.Body, bots.MaxImport)
	if err != nil {
		if gateway.CodeOf(err) == gateway.CodeFileTooLarge {
			_, _ = io.CopyN(io.Discard, r.Body, maxDrained) // so that the sender comes to read the answer
		}
		return nil, err
	}
	i.File, i.Size = file, size
	return s.lines(ctx, func(tell func(any) error) error {
		defer func() { _ = file.Close() }()
		return s.bots.Import(ctx, account, bot.ID, i, func(line bots.ImportLine) error { return tell(importLine(line)) })
	}), nil
}

// ExportSubscribers writes the people of a bot while it reads them.
func (s *server) ExportSubscribers(ctx context.Context, r wire.ExportSubscribersRequestObject) (wire.ExportSubscribersResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	filter, err := s.subscriberFilter(ctx, subscriberQuery{
		phone: r.Params.Phone, username: r.Params.Username, platformID: r.Params.PlatformID, externalID: r.Params.ExternalID, tag: r.Params.Tag,
		language: r.Params.Language, name: r.Params.Name, hasPhone: string(given(r.Params.HasPhone)), connection: r.Params.Connection,
	})
	if err != nil {
		return nil, err
	}
	bot, err := s.bots.Owned(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	return exporting{
		json: given(r.Params.Format) == wire.ExportSubscribersParamsFormatJSON,
		run: func(write func(gateway.Subscriber) error) error {
			return s.bots.Export(ctx, account, bot.ID, filter, write)
		},
	}, nil
}

// exporting is the answer to an export: the export itself.
type exporting struct {
	json bool
	run  func(write func(gateway.Subscriber) error) error
}

// exportBuffer is how much of an export is written at a time, in bytes.
const exportBuffer = 64 << 10

// VisitExportSubscribersResponse exports. An export that breaks off ends its connection without the end of the answer, so
// that nobody takes a part of it for the whole.
func (e exporting) VisitExportSubscribersResponse(w http.ResponseWriter) error {
	out := &onTime{w, http.NewResponseController(w)}
	buffer := bufio.NewWriterSize(out, exportBuffer)
	var err error
	if e.json {
		w.Header().Set("Content-Type", "application/json")
		err = exportJSON(buffer, e.run)
	} else {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		err = exportCSV(buffer, e.run)
	}
	if err == nil {
		err = buffer.Flush()
	}
	if err != nil && out.begun() {
		panic(http.ErrAbortHandler)
	}
	return err
}

func exportCSV(to io.Writer, run func(func(gateway.Subscriber) error) error) error {
	file, err := roster.NewWriter(to)
	if err != nil {
		return err
	}
	if err := run(file.Write); err != nil {
		return err
	}
	return file.Flush()
}

func exportJSON(to io.Writer, run func(func(gateway.Subscriber) error) error) error {
	before := "[\n"
	err := run(func(p gateway.Subscriber) error {
		body, err := subscriber(p)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("write subscriber %s: %w", p.ID, err)
		}
		_, err = fmt.Fprintf(to, "%s%s", before, raw)
		before = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	end := "\n]\n"
	if before == "[\n" {
		end = "[]\n"
	}
	_, err = io.WriteString(to, end)
	return err
}

// onTime bounds each write, in place of the time limit of whole answers.
type onTime struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (o *onTime) Write(part []byte) (int, error) {
	_ = o.control.SetWriteDeadline(time.Now().Add(lineTimeout)) // not every writer has one
	return o.ResponseWriter.Write(part)
}

// begun tells whether anything was written.
func (o *onTime) begun() bool {
	written, ok := o.ResponseWriter.(interface{ Written() bool })
	return ok && written.Written()
}
