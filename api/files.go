package api

import (
	"context"
	"io"

	"herald/api/internal/wire"
	"herald/internal/files"
	"herald/internal/gateway"
)

// UploadFile keeps a file.
func (s *server) UploadFile(ctx context.Context, r wire.UploadFileRequestObject) (wire.UploadFileResponseObject, error) {
	who := callerOf(ctx)
	name := given(r.Params.Name)
	if name == "" {
		name = uploadOf(ctx).name
	}
	f, err := s.files.Upload(ctx, who.key.AccountID, files.Upload{ID: gateway.FileID(who.newID("file")), Name: name, Body: r.Body})
	if err != nil {
		if gateway.CodeOf(err) == gateway.CodeFileTooLarge {
			_, _ = io.CopyN(io.Discard, r.Body, maxDrained) // so that the sender comes to read the answer
		}
		return nil, err
	}
	return wire.UploadFile201JSONResponse(file(f)), nil
}

// GetFile describes a file.
func (s *server) GetFile(ctx context.Context, r wire.GetFileRequestObject) (wire.GetFileResponseObject, error) {
	if !gateway.HasPrefix(r.File, "file") {
		return nil, gateway.ErrFileNotFound
	}
	f, err := s.files.File(ctx, callerOf(ctx).key.AccountID, gateway.FileID(r.File))
	if err != nil {
		return nil, err
	}
	return wire.GetFile200JSONResponse(file(f)), nil
}

// DeleteFile removes a file before its time.
func (s *server) DeleteFile(ctx context.Context, r wire.DeleteFileRequestObject) (wire.DeleteFileResponseObject, error) {
	if !gateway.HasPrefix(r.File, "file") {
		return nil, gateway.ErrFileNotFound
	}
	f, err := s.files.Remove(ctx, callerOf(ctx).key.AccountID, gateway.FileID(r.File))
	if err != nil {
		return nil, err
	}
	return wire.DeleteFile200JSONResponse(file(f)), nil
}

func file(f gateway.File) wire.File {
	return wire.File{
		ID: string(f.ID), Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height, CreatedAt: f.CreatedAt, ExpiresAt: f.ExpiresAt,
	}
}
