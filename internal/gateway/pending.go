package gateway

import (
	"context"
	"encoding/binary"
	"math"
	"time"
)

// UpdateID names a stored update, upd_...: a typed id that sorts by arrival.
type UpdateID string

// UpdateIDOf returns the id of the update with this sequence.
func UpdateIDOf(sequence int64) UpdateID {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[8:], uint64(sequence))
	return UpdateID("upd_" + idAlphabet.EncodeToString(raw[:]))
}

// Sequence is the number behind the id; 0, which no update has, if it is none.
func (u UpdateID) Sequence() int64 {
	if !HasPrefix(string(u), "upd") {
		return 0
	}
	raw, err := idAlphabet.DecodeString(string(u)[len("upd_"):])
	if err != nil || [8]byte(raw[:8]) != [8]byte{} || raw[8] > math.MaxInt8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(raw[8:]))
}

// PendingUpdate is an update that is not done with, as an operator sees it: without what it says and who sent it.
type PendingUpdate struct {
	ID         UpdateID
	AccountID  AccountID
	BotID      BotID
	ReceivedAt time.Time
	Attempts   int
	Error      string // why it was put aside; empty while it waits
}

// PendingFilter narrows a list of updates; zero values mean any.
type PendingFilter struct {
	BotID BotID
	Aside bool // only those that were put aside
}

// PendingStore shows the operator what the inbox has not done, over all accounts.
type PendingStore interface {
	// PendingUpdates lists them, newest first.
	PendingUpdates(ctx context.Context, f PendingFilter, p Page) (List[PendingUpdate], error)
	// RetryUpdate gives an update that was put aside back to the inbox. ErrUpdateNotFound if there is none, or it waits.
	RetryUpdate(ctx context.Context, id UpdateID) (PendingUpdate, error)
}
