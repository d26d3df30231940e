package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"herald/internal/files"
	"herald/internal/gateway"
)

// uploadTimeout bounds a request that brings a file: 50 MB at 2 Mbit/s.
const uploadTimeout = 4 * time.Minute

// maxFormHead bounds what of a form may stand before its file, in bytes.
const maxFormHead = 64 << 10

var errFileTooLarge = gateway.Fault(gateway.CodeFileTooLarge, "", "The file is over 50 MB.")

// upload is what is known of a file before its body is read.
type upload struct {
	name string // in its form, "" if it came as the body itself
}

type uploadKey struct{}

func uploadOf(ctx context.Context) upload {
	u, _ := ctx.Value(uploadKey{}).(upload)
	return u
}

// openUpload makes the body of the request the file itself, however it was sent, and gives it the time that it needs.
func openUpload(c *gin.Context) error {
	control := http.NewResponseController(c.Writer)
	deadline := time.Now().Add(uploadTimeout)
	if err := errors.Join(control.SetReadDeadline(deadline), control.SetWriteDeadline(deadline)); err != nil {
		return fmt.Errorf("give an upload its time: %w", err)
	}
	r := c.Request
	if r.ContentLength > files.MaxFile+maxFormHead {
		drain(r)
		return errFileTooLarge
	}
	kind, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil
	}
	file, err := fileOfForm(r.Body, attributes["boundary"])
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(file)
	c.Request = r.WithContext(context.WithValue(r.Context(), uploadKey{}, upload{name: file.FileName()}))
	return nil
}

// fileOfForm finds the first file of a form. What stands before it is skipped, within a bound.
func fileOfForm(body io.Reader, boundary string) (*multipart.Part, error) {
	missing := gateway.Fault(gateway.CodeBodyInvalid, "", "The form has no file in it. Send one as curl -F file=@NAME does, or the file itself as the body.")
	if boundary == "" {
		return nil, missing
	}
	head := &headLimit{reader: body, left: maxFormHead}
	form := multipart.NewReader(head, boundary)
	for {
		part, err := form.NextRawPart()
		if err != nil {
			return nil, &gateway.Error{Code: missing.Code, Message: missing.Message, Err: err}
		}
		if part.FileName() != "" {
			head.off = true
			return part, nil
		}
	}
}

// headLimit ends a reader that goes on too long, until it is taken off.
type headLimit struct {
	reader io.Reader
	left   int
	off    bool
}

func (h *headLimit) Read(p []byte) (int, error) {
	if h.off {
		return h.reader.Read(p)
	}
	if h.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := h.reader.Read(p[:min(len(p), h.left)])
	h.left -= n
	return n, err
}

// spool writes the file of a request to a nameless file on disk and returns its digest: a repeat under an Idempotency-Key
// is known by its whole body, which may be too large for memory. The caller closes the request's body, which removes it.
func spool(r *http.Request) (digest []byte, err error) {
	hash := sha256.New()
	disk, _, err := nameless(io.TeeReader(r.Body, hash), files.MaxFile)
	if err != nil {
		if errors.Is(err, errFileTooLarge) {
			drain(r)
		}
		return nil, err
	}
	r.Body = disk
	return hash.Sum(nil), nil
}

// nameless writes what comes to a nameless file on disk, whose end is its removal, and tells how many bytes it has.
func nameless(body io.Reader, most int64) (disk *os.File, size int64, err error) {
	disk, err = os.CreateTemp("", "herald-upload-")
	if err != nil {
		return nil, 0, fmt.Errorf("make a place for an upload: %w", err)
	}
	if err := os.Remove(disk.Name()); err != nil {
		return nil, 0, errors.Join(fmt.Errorf("hide an upload: %w", err), disk.Close())
	}
	size, err = io.Copy(disk, io.LimitReader(body, most+1))
	switch {
	case err != nil:
		err = &gateway.Error{Code: gateway.CodeBodyInvalid, Message: "The file did not arrive whole.", Err: err}
	case size > most:
		err = errFileTooLarge
	default:
		_, err = disk.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, 0, errors.Join(err, disk.Close())
	}
	return disk, size, nil
}
