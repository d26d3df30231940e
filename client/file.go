package client

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"herald/client/wire"
)

// NewFile is a file to upload.
type NewFile struct {
	Name string        // under which people see a document, without a folder
	Body io.ReadSeeker // at most 50 MB; read again from its beginning when the call is repeated
	Key  string        // names the upload: repeated with the same key, it is the same file; random if empty
}

// UploadFile keeps a file, to send it as a photo or a document: NewMessage{Media: NewMedia{Kind: wire.Photo, File: f.ID}}.
func (c *Client) UploadFile(ctx context.Context, f NewFile) (File, error) {
	params := wire.UploadFileParams{IdempotencyKey: newKey(), Name: optional(f.Name)}
	if f.Key != "" {
		params.IdempotencyKey = &f.Key
	}
	return call[File](ctx, c, func() (*http.Response, error) {
		if _, err := f.Body.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("read file from its beginning: %w", err)
		}
		// The transport closes what it has sent; this may have to be sent again.
		return c.calls.UploadFileWithBody(ctx, &params, "application/octet-stream", io.NopCloser(f.Body))
	})
}

// File describes a file.
func (c *Client) File(ctx context.Context, id string) (File, error) {
	return call[File](ctx, c, func() (*http.Response, error) { return c.calls.GetFile(ctx, id) })
}

// DeleteFile removes a file before its time. A message that still waits and carries it fails.
func (c *Client) DeleteFile(ctx context.Context, id string) (File, error) {
	return call[File](ctx, c, func() (*http.Response, error) { return c.calls.DeleteFile(ctx, id) })
}
