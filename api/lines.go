package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// lineTimeout bounds the writing of one line, in place of the time limit of whole answers.
const lineTimeout = 30 * time.Second

// lines is an answer that is written line by line while it is found out.
type lines func(w http.ResponseWriter) error

// VisitBacktestRulesResponse writes the lines of a backtest.
func (l lines) VisitBacktestRulesResponse(w http.ResponseWriter) error { return l(w) }

// VisitImportSubscribersResponse writes the lines of an import.
func (l lines) VisitImportSubscribersResponse(w http.ResponseWriter) error { return l(w) }

// lines is the answer of something that tells about itself. An error before the first line is told as a problem; a later
// one, when 200 is on its way, in a last line.
func (s *server) lines(ctx context.Context, run func(tell func(line any) error) error) lines {
	return func(w http.ResponseWriter) error {
		control, encoder, begun := http.NewResponseController(w), json.NewEncoder(w), false
		tell := func(line any) error {
			if !begun {
				begun = true
				w.Header().Set("Content-Type", "application/x-ndjson")
				w.WriteHeader(http.StatusOK)
			}
			_ = control.SetWriteDeadline(time.Now().Add(lineTimeout)) // not every writer has one
			if err := encoder.Encode(line); err != nil {
				return err
			}
			_ = control.Flush()
			return nil
		}
		err := run(tell)
		if err == nil || !begun {
			return err
		}
		p := problem(err)
		if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
			s.logger.ErrorContext(ctx, "answer broke off", "code", p.Code, "request_id", requestID(ctx), "error", err)
		}
		_ = tell(map[string]any{"error": map[string]string{"code": p.Code, "detail": p.Detail}})
		return nil
	}
}
