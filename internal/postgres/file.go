package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.FileStore = (*Store)(nil)

// arrivalGrace is how long a file may take to arrive before it counts as abandoned.
const arrivalGrace = time.Hour

func (s *Store) BeginFile(ctx context.Context, f gateway.File) error {
	ctx = of(ctx, f.AccountID)
	err := s.q.BeginFile(ctx, dbsqlc.BeginFileParams{
		ID: string(f.ID), AccountID: string(f.AccountID), Name: f.Name, CreatedAt: f.CreatedAt, ExpiresAt: f.CreatedAt.Add(arrivalGrace),
	})
	if err != nil {
		return fmt.Errorf("insert file %s: %w", f.ID, err)
	}
	return nil
}

func (s *Store) AddPart(ctx context.Context, account gateway.AccountID, id gateway.FileID, number int, part []byte, quota int64) (fits bool, err error) {
	ctx = of(ctx, account)
	rows, err := s.q.AddPart(ctx, dbsqlc.AddPartParams{AccountID: string(account), ID: string(id), Number: int32(number), Body: part, Quota: quota})
	if err != nil {
		return false, fmt.Errorf("add part %d of file %s: %w", number, id, err)
	}
	return rows == 1, nil
}

func (s *Store) FinishFile(ctx context.Context, f gateway.File) error {
	ctx = of(ctx, f.AccountID)
	err := s.q.FinishFile(ctx, dbsqlc.FinishFileParams{
		AccountID: string(f.AccountID), ID: string(f.ID), Type: f.Type, Width: int32(f.Width), Height: int32(f.Height),
		FinishedAt: &f.CreatedAt, ExpiresAt: f.ExpiresAt,
	})
	if err != nil {
		return fmt.Errorf("finish file %s: %w", f.ID, err)
	}
	return nil
}

func (s *Store) RemoveFile(ctx context.Context, account gateway.AccountID, id gateway.FileID) error {
	ctx = of(ctx, account)
	if err := s.q.RemoveFile(ctx, dbsqlc.RemoveFileParams{AccountID: string(account), ID: string(id)}); err != nil {
		return fmt.Errorf("remove file %s: %w", id, err)
	}
	return nil
}

func (s *Store) File(ctx context.Context, account gateway.AccountID, id gateway.FileID) (gateway.File, error) {
	ctx = of(ctx, account)
	row, err := s.q.File(ctx, dbsqlc.FileParams{AccountID: string(account), ID: string(id)})
	return file(row), found(err, gateway.ErrFileNotFound, "read file")
}

func (s *Store) HoldFile(ctx context.Context, account gateway.AccountID, id gateway.FileID, until time.Time) (gateway.File, error) {
	ctx = of(ctx, account)
	row, err := s.q.HoldFile(ctx, dbsqlc.HoldFileParams{AccountID: string(account), ID: string(id), Until: until})
	return file(row), found(err, gateway.ErrFileNotFound, "hold file")
}

// FileHandle returns what the messenger calls the file when this bot sends it as this kind, "" if it has not yet. It is the
// account's whose file it is: the bot may be lent by somebody else.
func (s *Store) FileHandle(ctx context.Context, account gateway.AccountID, b gateway.BotID, m gateway.Media) (string, error) {
	ctx = of(ctx, account)
	handle, err := s.q.FileHandle(ctx, dbsqlc.FileHandleParams{
		AccountID: string(account), FileID: string(m.File), BotID: string(b), Kind: string(m.Kind),
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("read handle of file %s: %w", m.File, err)
	}
	return handle, nil
}

func (s *Store) OpenFile(ctx context.Context, account gateway.AccountID, id gateway.FileID) (io.Reader, error) {
	ctx = of(ctx, account)
	if _, err := s.File(ctx, account, id); err != nil {
		return nil, err
	}
	return &partReader{ctx: ctx, store: s, account: account, id: id}, nil
}

// partReader reads a file part by part; it holds one at a time.
type partReader struct {
	ctx     context.Context //nolint:containedctx // io.Reader has no place for it
	store   *Store
	account gateway.AccountID
	id      gateway.FileID
	number  int
	rest    []byte
}

func (r *partReader) Read(into []byte) (int, error) {
	for len(r.rest) == 0 {
		r.number++
		part, err := r.store.q.FilePart(r.ctx, dbsqlc.FilePartParams{AccountID: string(r.account), FileID: string(r.id), Number: int32(r.number)})
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("read part %d of file %s: %w", r.number, r.id, err)
		}
		r.rest = part
	}
	n := copy(into, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// writeHandle keeps or forgets what the messenger calls the file of the delivery's message.
func writeHandle(ctx context.Context, q *queries, d *gateway.Delivery, c gateway.Change) error {
	m := d.Message.Media
	if m == nil || m.File == "" {
		return nil
	}
	var err error
	switch {
	case c.Handle != "":
		err = q.KeepFileHandle(ctx, dbsqlc.KeepFileHandleParams{
			AccountID: string(d.Message.AccountID), FileID: string(m.File), BotID: string(d.Bot.ID), Kind: string(m.Kind), Handle: c.Handle,
		})
	case c.ForgetHandle:
		err = q.DropFileHandle(ctx, dbsqlc.DropFileHandleParams{
			AccountID: string(d.Message.AccountID), FileID: string(m.File), BotID: string(d.Bot.ID), Kind: string(m.Kind),
		})
	}
	if err != nil {
		return fmt.Errorf("write handle of file %s: %w", m.File, err)
	}
	return nil
}

func file(r dbsqlc.File) gateway.File {
	return gateway.File{
		ID: gateway.FileID(r.ID), AccountID: gateway.AccountID(r.AccountID), Name: r.Name, Type: r.Type, Size: r.Size,
		Width: int(r.Width), Height: int(r.Height), CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
	}
}
