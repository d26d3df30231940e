package roster

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"herald/internal/gateway"
)

// Writer writes people as CSV.
type Writer struct{ csv *csv.Writer }

// NewWriter returns a Writer that has written the column names.
func NewWriter(to io.Writer) (*Writer, error) {
	w := &Writer{csv.NewWriter(to)}
	return w, w.write(columns)
}

// Write writes a person.
func (w *Writer) Write(p gateway.Subscriber) error {
	fields := ""
	if len(p.Fields) > 0 {
		raw, err := json.Marshal(map[string]any(p.Fields))
		if err != nil {
			return fmt.Errorf("write fields of subscriber %s: %w", p.ID, err)
		}
		fields = string(raw)
	}
	return w.write([]string{
		strconv.FormatInt(p.PlatformID, 10), guarded(p.ExternalID), guarded(p.Username), moment(p.UsernameSeenAt), guarded(p.FirstName), guarded(p.LastName),
		p.Language, strconv.FormatBool(p.Chosen != ""), p.Timezone, guarded(tagList(p.Tags)), fields,
		p.Phone, string(p.PhoneProof), moment(p.PhoneProvedAt), string(p.Connection), string(p.Reason), guarded(p.StartPayload),
		moment(p.ConnectedAt), moment(p.DisconnectedAt), moment(p.LastSeenAt), string(p.ID),
	})
}

// Flush hands on what was written.
func (w *Writer) Flush() error {
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func (w *Writer) write(cells []string) error {
	if err := w.csv.Write(cells); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// tagList is tags in one cell: with semicolons between them, or as JSON where one holds what would be misread.
func tagList(tags []string) string {
	list := strings.Join(tags, ";")
	if len(tags) == 0 || strings.Count(list, ";") == len(tags)-1 && list[0] != '[' {
		return list
	}
	raw, _ := json.Marshal(tags) // texts always can
	return string(raw)
}

// TagsOf reads the tags of a cell.
func TagsOf(cell string) (tags []string, ok bool) {
	if !strings.HasPrefix(cell, "[") {
		for tag := range strings.SplitSeq(cell, ";") {
			if tag = strings.TrimSpace(tag); tag != "" {
				tags = append(tags, tag)
			}
		}
		return tags, true
	}
	tags = []string{}
	if json.Unmarshal([]byte(cell), &tags) != nil {
		return nil, false
	}
	return tags, true
}
