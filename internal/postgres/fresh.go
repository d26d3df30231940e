package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

// Bounds of fresh.
const (
	freshAtMost = 1024
	freshFor    = outboxGrace // somebody else may have started the message by then
)

// fresh remembers messages that this process has just accepted, with their legs. It mostly is the one that makes the first
// attempt, a moment later, and would read all of what it has written a moment ago: the widest rows on a message's way. These
// are words to people, and who they are: so it remembers few, the oldest goes first, none stays longer than moments or is
// handed out again once something has happened to it, and nobody may log it.
type fresh struct {
	mu    sync.Mutex
	all   map[gateway.MessageID]*accepted
	order [freshAtMost]gateway.MessageID // a ring: what stands where the next one goes is the oldest
	next  int
	sweep *time.Timer // nil while nothing is remembered
}

// accepted is a message as the database shows it until something happens to it.
type accepted struct {
	message gateway.Message
	legs    []gateway.Leg
	at      time.Time
}

// add remembers a new message, unless its first attempt looks at another one, too.
func (f *fresh) add(m gateway.Message, legs []gateway.Leg) {
	if m.After != "" || len(legs) == 0 {
		return
	}
	stored, err := asStored(m, legs)
	if err != nil {
		return // the database has it
	}
	f.keep(stored)
}

// keep remembers a message, or what was taken of one to which nothing has happened.
func (f *fresh) keep(a *accepted) {
	if a == nil || time.Since(a.at) >= freshFor {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[gateway.MessageID]*accepted{}
	}
	delete(f.all, f.order[f.next])
	f.all[a.message.ID], f.order[f.next] = a, a.message.ID
	f.next = (f.next + 1) % freshAtMost
	if f.sweep == nil {
		f.sweep = time.AfterFunc(freshFor, f.forgetOld)
	}
}

// take hands out what is remembered of an account's message, and forgets it; nil if nothing is.
func (f *fresh) take(account gateway.AccountID, id gateway.MessageID) *accepted {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.all[id]
	if a == nil || a.message.AccountID != account {
		return nil
	}
	delete(f.all, id)
	return a
}

func (f *fresh) forgetOld() {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.all, func(_ gateway.MessageID, a *accepted) bool { return time.Since(a.at) >= freshFor })
	f.sweep = nil
	if len(f.all) > 0 {
		f.sweep = time.AfterFunc(freshFor, f.forgetOld)
	}
}

// forget forgets everything.
func (f *fresh) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.all)
	if f.sweep != nil {
		f.sweep.Stop()
		f.sweep = nil
	}
}

// asStored brings a message and its legs to what is read of them after acceptMessage, and shares nothing with them.
func asStored(m gateway.Message, legs []gateway.Leg) (a *accepted, err error) {
	m.Direction, m.State, m.Format = gateway.Out, gateway.Queued, cmp.Or(m.Format, gateway.FormatPlain)
	m.NotBefore, m.ExpiresAt, m.CreatedAt = storedTime(m.NotBefore), storedTime(m.ExpiresAt), storedTime(m.CreatedAt)
	m.UpdatedAt, m.Confirmed = m.CreatedAt, m.Confirmed.Truncate(time.Millisecond)
	m.Keep = append([]string(nil), m.Keep...)
	if m.MaxPrice != nil {
		most := *m.MaxPrice
		m.MaxPrice = &most
	}
	if m.Buttons, err = storedButtons(m.Buttons); err != nil {
		return nil, err
	}
	if m.Media, err = storedMedia(m.Media); err != nil {
		return nil, err
	}
	// What only comes to be later, or is not read back.
	m.Kind, m.Reason, m.Note, m.Cost, m.Translation = "", "", "", 0, gateway.Translated{}
	m.Evidence, m.EvidenceAt, m.EditedAt, m.DeletedAt = "", time.Time{}, time.Time{}, time.Time{}

	a = &accepted{message: m, legs: make([]gateway.Leg, len(legs)), at: time.Now()}
	for i, l := range legs {
		a.legs[i] = gateway.Leg{
			ID: l.ID, MessageID: m.ID, AccountID: m.AccountID, Number: l.Number, Channel: l.Channel, State: gateway.LegPending,
			Until: l.Until, Within: l.Within.Truncate(time.Millisecond), Price: l.Price,
		}
	}
	slices.SortFunc(a.legs, func(x, y gateway.Leg) int { return cmp.Compare(x.Number, y.Number) })
	return a, nil
}

// storedTime is a time as the database keeps it, which counts microseconds.
func storedTime(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

func storedButtons(rows [][]gateway.Button) (stored [][]gateway.Button, err error) {
	raw, err := marshalButtons(rows)
	if err == nil && raw != nil {
		err = json.Unmarshal(raw, &stored)
	}
	return stored, err
}

func storedMedia(m *gateway.Media) (stored *gateway.Media, err error) {
	raw, err := marshalMedia(m)
	if err == nil && raw != nil {
		err = json.Unmarshal(raw, &stored)
	}
	return stored, err
}

// read locks the message and completes d from memory. Untouched tells whether d is true: something may have happened to the
// message since.
func (a *accepted) read(ctx context.Context, v *vault, d *gateway.Delivery, untouched *bool) []step {
	m := a.message
	return []step{
		func(q *queries) error {
			row, err := q.LockFresh(ctx, dbsqlc.LockFreshParams{AccountID: string(m.AccountID), ID: string(m.ID), BotID: string(m.BotID)})
			if err = found(err, gateway.ErrMessageNotFound, "lock message"); err != nil {
				return err
			}
			*untouched = row.Untouched
			*d = gateway.Delivery{
				Message: m, Bot: bot(row.Bot), Leg: current(a.legs), Legs: a.legs, Sequence: 1, Suspended: row.Suspended,
			}
			return nil
		},
		a.recipient(ctx, v, d),
	}
}

// recipient finds the person as long as nobody is called for the message: by a statement for its kind of address alone, for the
// two kinds that most messages have.
func (a *accepted) recipient(ctx context.Context, v *vault, d *gateway.Delivery) step {
	m := a.message
	switch m.To.Kind {
	case gateway.AddressPlatform:
		id, err := strconv.ParseInt(m.To.Value, 10, 64)
		if err != nil {
			break // the database may read it otherwise
		}
		return func(q *queries) error {
			row, err := q.ByPlatformID(ctx, dbsqlc.ByPlatformIDParams{BotID: string(m.BotID), PlatformID: id})
			return resolved(q, d, row.Subscriber, row.BotSlot, err)
		}
	case gateway.AddressPhone:
		p := dbsqlc.ByPhoneParams{BotID: string(m.BotID), PhoneIndex: v.phoneIndex(string(m.BotID), m.To.Value)}
		return func(q *queries) error {
			row, err := q.ByPhone(ctx, p)
			return resolved(q, d, row.Subscriber, row.BotSlot, err)
		}
	}
	return readRecipient(ctx, m.AccountID, m.ID, d)
}

// readFirst begins the transaction and reads the delivery in it: from what is known of it, if that is still true. What it
// returns is what is known then.
func (h *held) readFirst(ctx context.Context, account gateway.AccountID, id gateway.MessageID, known *accepted, d *gateway.Delivery) (*accepted, error) {
	whole := readDelivery(ctx, account, id, d)
	if known == nil {
		return nil, h.first(ctx, whole...)
	}
	untouched := false
	if err := h.first(ctx, known.read(ctx, h.vault, d, &untouched)...); err != nil || untouched {
		return known, err
	}
	if err := h.undo(ctx); err != nil { // it may be about another person
		return nil, err
	}
	return nil, h.first(ctx, whole...)
}
