package roster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"herald/internal/gateway"
)

// maxRow bounds one row, in bytes.
const maxRow = 64 << 10

// Row is one person as the file has them.
type Row struct {
	Line   int               // where it begins, from 1
	Values map[string]string // by column; what is empty or null is left out. Of JSON, arrays and objects are as they stand
}

// RowError is a row that cannot be read. Reading may go on behind it.
type RowError struct {
	Line  int
	Fault *gateway.Error
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Fault) }

func (e *RowError) Unwrap() error { return e.Fault }

// Reader reads rows.
type Reader struct {
	window *window
	next   func() (map[string]string, *gateway.Error, error)
	values map[string]string // used again for every row
}

// NewReader returns a Reader of a file, which begins with its column names if it is CSV. A file whose columns cannot be
// is an error of package gateway.
func NewReader(file io.Reader, format Format) (*Reader, error) {
	r := &Reader{window: newWindow(file), values: map[string]string{}}
	if err := r.window.skipMark(); err != nil {
		return nil, err
	}
	switch format {
	case JSON:
		r.next = r.object
		return r, nil
	case CSV:
		table, err := newTable(r.window)
		if err != nil {
			return nil, err
		}
		r.next = func() (map[string]string, *gateway.Error, error) { return table.row(r.values) }
		return r, nil
	default:
		return nil, gateway.Fault(gateway.CodeFieldInvalid, "format", "A file is csv or json.")
	}
}

// Next returns the next row, which is good until the next call. A row that cannot be read is a *RowError; behind the last
// one comes io.EOF.
func (r *Reader) Next() (Row, error) {
	clear(r.values)
	values, fault, err := r.next()
	switch line := r.window.begun; {
	case err != nil:
		return Row{}, err
	case fault != nil:
		return Row{}, &RowError{line, fault}
	default:
		return Row{line, values}, nil
	}
}

var (
	errRowTooLong  = gateway.Fault(gateway.CodeRowTooLong, "", "A row has at most 64 KiB.")
	errRowEncoding = gateway.Fault(gateway.CodeRowUnreadable, "", "The row is not valid UTF-8, or contains a NUL character.")
)

// window looks at a file a row at a time.
type window struct {
	file  *bufio.Reader
	line  int // of the next byte, from 1
	begun int // where the row began that was read last
}

func newWindow(file io.Reader) *window {
	return &window{file: bufio.NewReaderSize(file, maxRow+utf8.UTFMax), line: 1}
}

// skipMark skips the mark that some programs put before UTF-8, and refuses a file with nothing in it.
func (w *window) skipMark() error {
	mark, err := w.file.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read file: %w", err)
	}
	if len(mark) == 0 {
		return gateway.Fault(gateway.CodeFileEmpty, "", "The file is empty.")
	}
	if bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		w.skip(3)
	}
	return nil
}

// find looks for the end of something that begins here: end is called with more and more bytes and tells how many belong
// to it, 0 if it needs more. found is what belongs to it; nothing if it is longer than a row may be, or the file ends first.
func (w *window) find(end func(seen []byte, last bool) int) (found []byte, err error) {
	for want := 512; ; want *= 2 {
		seen, err := w.file.Peek(min(want, maxRow))
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return nil, fmt.Errorf("read file: %w", err)
		}
		if n := end(seen, last); n > 0 {
			return seen[:n], nil
		}
		if last || want >= maxRow {
			return nil, nil
		}
	}
}

// skip leaves bytes behind that were seen.
func (w *window) skip(n int) {
	seen, _ := w.file.Peek(n)
	w.line += bytes.Count(seen, []byte{'\n'})
	_, _ = w.file.Discard(n)
}

// skipLine leaves the rest of a line behind, however long it is.
func (w *window) skipLine() error {
	for {
		part, err := w.file.ReadSlice('\n')
		w.line += bytes.Count(part, []byte{'\n'})
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read file: %w", err)
		default:
			return nil
		}
	}
}

// atEnd tells whether there is nothing more.
func (w *window) atEnd() (bool, error) {
	_, err := w.file.Peek(1)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read file: %w", err)
	}
	return err != nil, nil
}
