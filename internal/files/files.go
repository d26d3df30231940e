package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // what can be sent as a photo is measured
	_ "image/png"  //
	"io"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"herald/internal/gateway"
)

// Limits of files. The Bot API takes documents of 50 MB; all of them are kept in the database, so an account keeps few.
const (
	MaxFile = 50 << 20  // bytes of one file
	MaxName = 100       // characters of its name
	quota   = 256 << 20 // bytes of all files of an account
	keep    = 7 * 24 * time.Hour
	part    = 512 << 10 // bytes that are held at a time
)

// Service takes files in.
type Service struct {
	store gateway.FileStore
	ids   *gateway.IDs
	now   gateway.Clock
}

// New returns a Service.
func New(store gateway.FileStore, ids *gateway.IDs, now gateway.Clock) *Service {
	return &Service{store: store, ids: ids, now: now}
}

// Upload is a file that is to be kept.
type Upload struct {
	ID   gateway.FileID // filled if empty; the same id twice is the same file
	Name string
	Body io.Reader
}

// Upload keeps a file.
func (s *Service) Upload(ctx context.Context, account gateway.AccountID, u Upload) (gateway.File, error) {
	name, fault := fileName(u.Name)
	if fault != nil {
		return gateway.File{}, fault
	}
	if u.ID == "" {
		u.ID = s.ids.File()
	} else if f, err := s.again(ctx, account, u.ID); err == nil || !errors.Is(err, gateway.ErrFileNotFound) {
		return f, err
	}
	f := gateway.File{ID: u.ID, AccountID: account, Name: name, CreatedAt: s.now()}
	f.ExpiresAt = f.CreatedAt.Add(keep)
	if err := s.store.BeginFile(ctx, f); err != nil {
		return gateway.File{}, err
	}
	err := s.fill(ctx, &f, u.Body)
	if err == nil {
		err = s.store.FinishFile(ctx, f)
	}
	if err != nil {
		return gateway.File{}, errors.Join(err, s.store.RemoveFile(context.WithoutCancel(ctx), account, f.ID))
	}
	return f, nil
}

// again returns the file of an upload that is repeated. One that broke off is begun anew.
func (s *Service) again(ctx context.Context, account gateway.AccountID, id gateway.FileID) (gateway.File, error) {
	f, err := s.store.File(ctx, account, id)
	if !errors.Is(err, gateway.ErrFileNotFound) {
		return f, err
	}
	return f, errors.Join(err, s.store.RemoveFile(ctx, account, id))
}

// fill moves the body into the store, part by part.
func (s *Service) fill(ctx context.Context, f *gateway.File, body io.Reader) error {
	buffer := make([]byte, part)
	for number := 1; ; number++ {
		n, err := io.ReadFull(body, buffer)
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return &gateway.Error{Code: gateway.CodeBodyInvalid, Message: "The file did not arrive whole.", Err: err}
		}
		f.Size += int64(n)
		switch {
		case f.Size == 0:
			return gateway.Fault(gateway.CodeFileEmpty, "", "The file is empty.")
		case f.Size > MaxFile:
			return gateway.Fault(gateway.CodeFileTooLarge, "", "The file is over 50 MB.")
		case n == 0:
			return nil
		}
		if number == 1 {
			describe(f, buffer[:n])
		}
		fits, err := s.store.AddPart(ctx, f.AccountID, f.ID, number, buffer[:n], quota)
		if err != nil {
			return err
		}
		if !fits {
			return gateway.Fault(gateway.CodeFileQuota, "", "The account keeps as many files as it may, 256 MB in all. Remove some with DELETE /v1/files/{file}, or wait until they expire.")
		}
		if ended {
			return nil
		}
	}
}

// describe finds out what a file is by how it begins. Its name may say anything.
func describe(f *gateway.File, beginning []byte) {
	f.Type = http.DetectContentType(beginning)
	if f.Type == "image/jpeg" || f.Type == "image/png" {
		if c, _, err := image.DecodeConfig(bytes.NewReader(beginning)); err == nil {
			f.Width, f.Height = c.Width, c.Height
		}
	}
}

// fileName is the name that people see: without folders, and without characters that nobody sees.
func fileName(given string) (string, *gateway.Error) {
	name := path.Base(strings.ReplaceAll(given, `\`, "/"))
	switch {
	case given == "":
		return "file", nil
	case !utf8.ValidString(given) || utf8.RuneCountInString(name) > MaxName || strings.ContainsFunc(name, unicode.IsControl) || name == "." || name == "/" || name == "..":
		return "", gateway.Fault(gateway.CodeFieldInvalid, "name", fmt.Sprintf("A file's name has 1 to %d characters and no control characters.", MaxName))
	default:
		return name, nil
	}
}

// File describes a file.
func (s *Service) File(ctx context.Context, account gateway.AccountID, id gateway.FileID) (gateway.File, error) {
	return s.store.File(ctx, account, id)
}

// Remove removes a file before its time and returns what it was.
func (s *Service) Remove(ctx context.Context, account gateway.AccountID, id gateway.FileID) (gateway.File, error) {
	f, err := s.store.File(ctx, account, id)
	if err != nil {
		return f, err
	}
	return f, s.store.RemoveFile(ctx, account, id)
}
