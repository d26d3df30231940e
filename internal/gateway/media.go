package gateway

import (
	"context"
	"io"
	"time"
)

// MediaKind is what a message carries besides its text.
type MediaKind string

// Kinds of media.
const (
	Photo    MediaKind = "photo"    // shown in the chat
	Document MediaKind = "document" // any file, to be opened or kept
)

// Media is a photo or a document that a message carries, in a file of the account or at an address that the messenger
// opens by itself. The message's text is its caption.
type Media struct {
	Kind MediaKind `json:"kind"`
	File FileID    `json:"file,omitempty"`
	URL  string    `json:"url,omitempty"`
	Name string    `json:"name,omitempty"` // of the file, as the person sees it
}

// File is something that an account uploaded, to send it.
type File struct {
	ID        FileID
	AccountID AccountID
	Name      string // as its sender calls it, without a folder
	Type      string // what its first bytes say that it is, such as image/jpeg
	Size      int64  // bytes
	Width     int    // of a picture that can be sent as a photo, in pixels; else 0
	Height    int
	CreatedAt time.Time
	ExpiresAt time.Time // when it is removed, unless a message that was accepted since needs it longer
}

// FileStore keeps files, in parts, so that neither the way in nor the way out needs a whole one in memory.
type FileStore interface {
	// BeginFile makes a place for a file. It cannot be read before FinishFile.
	BeginFile(ctx context.Context, f File) error
	// AddPart adds the next part, unless the account would keep more than quota bytes with it: fits is false then.
	AddPart(ctx context.Context, account AccountID, id FileID, number int, part []byte, quota int64) (fits bool, err error)
	// FinishFile tells what was found out about the file on its way in, and makes it readable.
	FinishFile(ctx context.Context, f File) error
	// RemoveFile removes a file with all its parts.
	RemoveFile(ctx context.Context, account AccountID, id FileID) error
	File(ctx context.Context, account AccountID, id FileID) (File, error)
}

// Attachment is a photo or a document as one call to a messenger has it. Exactly one of Handle, URL and Body is set.
type Attachment struct {
	Kind   MediaKind
	Name   string
	Handle string    // what the messenger calls the file, from an earlier call of the same bot
	URL    string    // where the messenger fetches it
	Body   io.Reader // what is uploaded
}
