package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"herald/internal/gateway"
)

// table is a CSV file behind its column names.
type table struct {
	window  *window
	comma   rune
	columns []string
}

// newTable reads the column names. What stands between columns is what stands between them there: a comma, a semicolon or
// a tab.
func newTable(w *window) (*table, error) {
	t := &table{window: w}
	head, fault, err := t.record()
	if err != nil {
		return nil, err
	}
	if fault != nil {
		return nil, gateway.Fault(gateway.CodeRowUnreadable, "", "The file has no line of column names that can be read, in UTF-8.")
	}
	line := string(head)
	t.comma = ','
	for _, other := range ";\t" {
		if strings.Count(line, string(other)) > strings.Count(line, string(t.comma)) {
			t.comma = other
		}
	}
	names, ok := t.split(head)
	if !ok {
		return nil, gateway.Fault(gateway.CodeRowUnreadable, "", "The line of column names cannot be read.")
	}
	var faults gateway.Faults
	seen := map[string]bool{}
	for _, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case !known(name) && len(faults) < maxHeadFaults:
			faults = append(faults, unknown(name))
		case seen[name]:
			faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, name, "This column stands here twice."))
		}
		seen[name] = true
		t.columns = append(t.columns, name)
	}
	if len(faults) == 0 && !seen[PlatformID] {
		faults = append(faults, gateway.Fault(gateway.CodeRequired, PlatformID, "There must be a column platform_id: the user ids of people at the messenger."))
	}
	return t, faults.OrNil()
}

// maxHeadFaults bounds how many unknown columns are told.
const maxHeadFaults = 20

// row reads a row; lines with nothing in them are none.
func (t *table) row(values map[string]string) (map[string]string, *gateway.Error, error) {
	for {
		record, fault, err := t.record()
		if err != nil || fault != nil {
			return nil, fault, err
		}
		if len(bytes.TrimSpace(record)) == 0 {
			continue
		}
		cells, ok := t.split(record)
		if !ok {
			return nil, gateway.Fault(gateway.CodeRowUnreadable, "", `A quote stands where none may: write a value with quotes in it between quotes, and each of them twice, like "Anna ""Ann"" May".`), nil
		}
		if len(cells) > len(t.columns) {
			return nil, gateway.Fault(gateway.CodeRowUnreadable, "", "The row has more values than there are columns."), nil
		}
		for i, cell := range cells {
			if cell = strings.TrimSpace(cell); cell != "" {
				values[t.columns[i]] = plain(cell)
			}
		}
		return values, nil, nil
	}
}

// record reads the bytes of the next record: a line, or several where a line break stands between quotes. One whose quotes
// do not end is a fault, and only its first line is left behind.
func (t *table) record() ([]byte, *gateway.Error, error) {
	w := t.window
	w.begun = w.line
	if ended, err := w.atEnd(); ended || err != nil {
		if err == nil {
			err = io.EOF
		}
		return nil, nil, err
	}
	looked, quoted := 0, false
	found, err := w.find(func(seen []byte, last bool) int {
		for ; looked < len(seen); looked++ {
			switch seen[looked] {
			case '"':
				quoted = !quoted
			case '\n':
				if !quoted {
					return looked + 1
				}
			}
		}
		if last && !quoted {
			return len(seen)
		}
		return 0
	})
	if err != nil {
		return nil, nil, err
	}
	if found != nil {
		record := bytes.Clone(found)
		if quotedLines(record) && !t.fits(record) {
			return nil, errQuote, w.skipLine()
		}
		w.skip(len(found))
		if !gateway.Storable(string(record)) {
			return nil, errRowEncoding, nil
		}
		return record, nil, nil
	}
	fault := errRowTooLong
	if seen, _ := w.file.Peek(maxRow); len(seen) < maxRow || quoted && bytes.IndexByte(seen, '\n') >= 0 {
		fault = errQuote
	}
	return nil, fault, w.skipLine()
}

var errQuote = gateway.Fault(gateway.CodeRowUnreadable, "", `A quote begins here that does not end: write a value with quotes in it between quotes, and each of them twice, like "Anna ""Ann"" May".`)

// quotedLines tells whether a record has a line break before its end.
func quotedLines(record []byte) bool {
	at := bytes.IndexByte(record, '\n')
	return at >= 0 && at < len(record)-1
}

func (t *table) fits(record []byte) bool {
	_, ok := t.split(record)
	return ok
}

func (t *table) split(record []byte) ([]string, bool) {
	reader := csv.NewReader(bytes.NewReader(record))
	if t.comma != 0 {
		reader.Comma = t.comma
	}
	reader.FieldsPerRecord = -1
	cells, err := reader.Read()
	return cells, err == nil || errors.Is(err, io.EOF)
}

// formulas begin cells that a spreadsheet would carry out.
const formulas = "=+-@\t\r"

// guarded is a text as it stands in a cell: a spreadsheet that opens the file shall show it and not carry it out. People
// choose their names.
func guarded(text string) string {
	if text != "" && strings.ContainsRune(formulas+"'", rune(text[0])) {
		return "'" + text
	}
	return text
}

// plain is its inverse. A cell that no guard made keeps its sign, unless another sign follows.
func plain(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formulas+"'", rune(cell[1])) {
		return cell[1:]
	}
	return cell
}
