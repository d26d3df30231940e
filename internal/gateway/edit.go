package gateway

import (
	"context"
	"time"
)

// EditKind is what shall happen to a message that stands in a chat.
type EditKind string

// Kinds of edits.
const (
	EditContent EditKind = "edit"   // it gets another text or other buttons
	EditDelete  EditKind = "delete" // it is taken away
)

// EditState is where an edit is.
type EditState string

// States of an edit.
const (
	EditPending  EditState = "pending"  // asked for, and not carried out yet
	EditDone     EditState = "done"     // the chat shows it
	EditFailed   EditState = "failed"   // it cannot be, with a reason
	EditReplaced EditState = "replaced" // a newer one was asked for first
)

// Edit is a change of a message after it was sent. Text, Format and Buttons are all that the message shall show then, so
// that an edit may be repeated.
type Edit struct {
	ID        EditID
	AccountID AccountID
	MessageID MessageID
	Number    int // from 1 within a message
	Kind      EditKind
	Text      string
	Format    Format
	Buttons   [][]Button
	State     EditState
	Reason    Reason
	Intent    time.Time // when a call was announced that has no answer yet
	Attempts  int
	Plain     bool      // without its markup, which the messenger did not understand
	Slot      time.Time // when its turn comes, zero if it holds none
	DueAt     time.Time // when a worker looks at it next
	CreatedAt time.Time
	ExpiresAt time.Time // until then it is tried
	SettledAt time.Time
}

// EditRef names an edit that is due.
type EditRef struct {
	AccountID AccountID
	MessageID MessageID
	ID        EditID
}

// EditStore keeps edits.
type EditStore interface {
	// ChangeEdit locks the message, lets decide look at it and at its newest edit, and writes what it returns: the change
	// of the message's story, and the edit. One with a new id is added, and takes the place of one that is pending.
	ChangeEdit(ctx context.Context, account AccountID, id MessageID, decide func(d Delivery, last *Edit) (Change, *Edit, error)) (Delivery, *Edit, error)
	// LastEdit returns the newest edit of a message, nil if there is none.
	LastEdit(ctx context.Context, account AccountID, id MessageID) (*Edit, error)
	// DueEdits returns edits that are due at now, and hides them until hideUntil.
	DueEdits(ctx context.Context, now, hideUntil time.Time, limit int) ([]EditRef, error)
}

// Alteration is one call that changes, or takes away, what a messenger shows already.
type Alteration struct {
	Bot       Bot
	ChatID    int64
	MessageID int64 // what the messenger calls it
	Caption   bool  // the text is the caption of a photo or document
	Text      string
	Format    Format
	Buttons   [][]Button
	NoPreview bool
}
