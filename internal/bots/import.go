package bots

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"herald/internal/gateway"
	"herald/internal/roster"
)

// Bounds of an import.
const (
	MaxImport     = 50 << 20 // bytes of a file
	maxImportRows = 200_000
	importBatch   = 1000 // people written at a time
	importsAtOnce = 2    // of a process: each holds a connection to the database
)

// Import is a file of people to bring into the base of a bot.
type Import struct {
	Format   roster.Format
	File     io.ReadSeeker
	Size     int64  // of the file, in bytes
	KeepGood bool   // whether the good rows are kept where others are refused
	Region   string // two letters, for phones in national form; empty refuses them
}

// ImportLine is one thing to tell about an import: exactly one field is set.
type ImportLine struct {
	Progress *ImportProgress
	Refused  *roster.RowError
	Report   *ImportReport
}

// ImportProgress is how far it has come.
type ImportProgress struct {
	Rows int
	Read int64 // bytes of the file
	Of   int64
}

// ImportReport is what became of it.
type ImportReport struct {
	Stored  bool // false: some rows were refused, and nothing was kept
	Rows    int
	Refused int
	gateway.ImportCounts
}

// Import brings people into the base of a bot. Each row that is refused is told with its line. Then nothing is kept of the
// others either, unless that is wanted.
func (s *Service) Import(ctx context.Context, account gateway.AccountID, bot gateway.BotID, i Import, tell func(ImportLine) error) error {
	select {
	case s.imports <- struct{}{}:
		defer func() { <-s.imports }()
	case <-ctx.Done():
		return ctx.Err()
	}
	run := &importRun{Import: i, at: s.now(), tell: tell}
	counts, freed, err := s.subscribers.Import(ctx, gateway.Import{
		AccountID: account, BotID: bot, At: run.at, Batches: run.batches(), NewID: s.ids.Subscriber, Refuse: run.refusePerson,
	})
	if err != nil && !errors.Is(err, errRowsRefused) {
		return err
	}
	if s.waker != nil {
		for _, m := range freed {
			s.waker.WakeDelivery(m.AccountID, m.MessageID)
		}
	}
	return tell(ImportLine{Report: &ImportReport{Stored: err == nil, Rows: run.rows, Refused: run.refused, ImportCounts: counts}})
}

// errRowsRefused ends an import of which nothing is kept.
var errRowsRefused = errors.New("rows were refused")

// importRun is one walk through a file.
type importRun struct {
	Import
	at      time.Time
	tell    func(ImportLine) error
	told    int // the last line whose refusal was told: the file may be walked again
	rows    int
	refused int
}

// batches walks the file from its beginning. Where nothing is kept because of a refused row, it goes on to its end to tell
// about all of them.
func (r *importRun) batches() iter.Seq2[[]gateway.ImportedPerson, error] {
	return func(yield func([]gateway.ImportedPerson, error) bool) {
		if err := r.walk(func(batch []gateway.ImportedPerson) error {
			if !yield(batch, nil) {
				return errStopped
			}
			return nil
		}); err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// errStopped ends a walk whose people nobody wants any more.
var errStopped = errors.New("the walk was ended")

func (r *importRun) walk(hand func([]gateway.ImportedPerson) error) error {
	r.rows, r.refused = 0, 0
	if _, err := r.File.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read file from its beginning: %w", err)
	}
	read := &counter{reader: r.File}
	rows, err := roster.NewReader(read, r.Format)
	if err != nil {
		return err
	}
	check := newRowCheck(r.Region, r.at)
	batch := make([]gateway.ImportedPerson, 0, importBatch)
	flush := func() error {
		if len(batch) > 0 && (r.refused == 0 || r.KeepGood) {
			if err := hand(batch); err != nil {
				return err
			}
		}
		batch = batch[:0]
		return r.tell(ImportLine{Progress: &ImportProgress{Rows: r.rows, Read: read.n, Of: r.Size}})
	}
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *roster.RowError
		if err != nil && !errors.As(err, &broken) {
			return err
		}
		if r.rows++; r.rows > maxImportRows {
			return gateway.Fault(gateway.CodeTooManyRows, "", fmt.Sprintf("The file has over %d rows. Import it in parts.", maxImportRows))
		}
		if broken != nil {
			err = r.refuse(broken.Line, broken.Fault)
		} else if person, faults := check.person(row); len(faults) > 0 {
			err = r.refuse(row.Line, faults...)
		} else {
			batch = append(batch, person)
		}
		if err == nil && (r.rows%importBatch == 0) {
			err = flush()
		}
		if err != nil {
			return err
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if r.refused > 0 && !r.KeepGood {
		return errRowsRefused
	}
	return nil
}

// refuse tells what is wrong with a row, once.
func (r *importRun) refuse(line int, faults ...*gateway.Error) error {
	r.refused++
	if line <= r.told {
		return nil
	}
	r.told = line
	for _, fault := range faults {
		if err := r.tell(ImportLine{Refused: &roster.RowError{Line: line, Fault: fault}}); err != nil {
			return err
		}
	}
	return nil
}

// refusePerson is asked by the store about somebody who cannot be written as things are.
func (r *importRun) refusePerson(p gateway.ImportedPerson, fault *gateway.Error) error {
	r.refused++
	if err := r.tell(ImportLine{Refused: &roster.RowError{Line: p.Line, Fault: fault}}); err != nil || r.KeepGood {
		return err
	}
	return errRowsRefused
}

// counter counts what was read.
type counter struct {
	reader io.Reader
	n      int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.n += int64(n)
	return n, err
}
