package bots

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"herald/internal/gateway"
	"herald/internal/phone"
	"herald/internal/roster"
)

const (
	maxPersonName   = 64      // characters of a first or last name, as the messenger has them
	maxPlatformID   = 1 << 52 // the messenger says that ids have at most 52 bits
	maxUsername     = 32
	importTolerance = 5 * time.Minute // clocks differ
)

// earliest is before any messenger had bots: an earlier time is a slip.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// rowCheck turns rows into people. What it remembers of earlier rows are two short words for each.
type rowCheck struct {
	region   string
	now      time.Time
	people   map[int64]int32  // on which line
	external map[uint64]int32 // likewise, by a hash: of 64 bits, so two of 200,000 ids are the same once in a billion files
	seed     maphash.Seed
	zones    map[string]bool // that exist
}

func newRowCheck(region string, now time.Time) *rowCheck {
	return &rowCheck{region: region, now: now, people: map[int64]int32{}, external: map[uint64]int32{}, seed: maphash.MakeSeed(), zones: map[string]bool{}}
}

// rowReader reads the values of one row and gathers what is wrong with them.
type rowReader struct {
	values map[string]string
	now    time.Time
	faults gateway.Faults
}

func (r *rowReader) refuse(code gateway.Code, column, message string) {
	r.faults = append(r.faults, gateway.Fault(code, column, message))
}

// person reads a row.
func (c *rowCheck) person(row roster.Row) (gateway.ImportedPerson, gateway.Faults) {
	r := &rowReader{values: row.Values, now: c.now}
	p := gateway.ImportedPerson{
		Line: row.Line, PlatformID: r.platformID(), ExternalID: r.values[roster.ExternalID], Timezone: r.values[roster.Timezone],
		FirstName: r.name(roster.FirstName), LastName: r.name(roster.LastName), Username: r.username(), UsernameSeenAt: r.moment(roster.UsernameSeenAt),
		PhoneProvedAt: r.moment(roster.PhoneProvedAt), ConnectedAt: r.moment(roster.ConnectedAt), DisconnectedAt: r.moment(roster.DisconnectedAt),
		LastSeenAt: r.moment(roster.LastSeenAt), StartPayload: r.payload(),
	}
	if p.UsernameSeenAt.IsZero() {
		p.UsernameSeenAt = p.LastSeenAt
	}
	p.Language, p.Chosen = r.language()
	p.Connection, p.Reason = r.connection()
	p.Tags, p.Fields = r.state()
	p.Phone = c.phone(r, p.PhoneProvedAt)
	c.senders(r, p)
	if len(r.faults) == 0 {
		c.twice(r, p)
	}
	return p, r.faults
}

func (r *rowReader) platformID() int64 {
	text := r.values[roster.PlatformID]
	id, err := strconv.ParseInt(text, 10, 64)
	switch {
	case text == "":
		r.refuse(gateway.CodeRequired, roster.PlatformID, "The person's user id at the messenger is missing.")
	case err != nil || id <= 0 || id >= maxPlatformID:
		r.refuse(gateway.CodeFieldInvalid, roster.PlatformID, "A user id of the messenger is a whole number above zero. Groups and channels cannot be imported.")
	}
	if kind := r.values[roster.Kind]; kind != "" && kind != string(gateway.KindPerson) {
		r.refuse(gateway.CodeFieldInvalid, roster.Kind, "Only people can be imported: a bot meets groups and channels when they take it in.")
	}
	return id
}

func (r *rowReader) name(column string) string {
	name := r.values[column]
	if utf8.RuneCountInString(name) > maxPersonName || strings.ContainsFunc(name, unicode.IsControl) {
		r.refuse(gateway.CodeFieldInvalid, column, "A name has at most 64 characters, in one line.")
	}
	return name
}

func (r *rowReader) username() string {
	name := strings.TrimPrefix(r.values[roster.Username], "@")
	if len(name) > maxUsername || strings.ContainsFunc(name, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_')
	}) {
		r.refuse(gateway.CodeFieldInvalid, roster.Username, "A username has at most 32 letters, digits and _.")
	}
	return name
}

// momentForms are how a time may be written; without a zone it is in UTC.
var momentForms = []string{time.RFC3339Nano, time.DateOnly, time.DateTime, "2006-01-02T15:04:05"}

func (r *rowReader) moment(column string) time.Time {
	text := r.values[column]
	if text == "" {
		return time.Time{}
	}
	for _, form := range momentForms {
		at, err := time.Parse(form, text)
		if err != nil {
			continue
		}
		switch at = at.UTC().Truncate(time.Microsecond); { // as the database keeps it
		case at.Before(earliest):
			r.refuse(gateway.CodeFieldInvalid, column, "This time is before the year 2000.")
		case at.After(r.now.Add(importTolerance)):
			r.refuse(gateway.CodeFieldInvalid, column, "This time is yet to come.")
		}
		return at
	}
	r.refuse(gateway.CodeFieldInvalid, column, "A time is written like 2026-03-01T09:20:40Z, or 2026-03-01.")
	return time.Time{}
}

func (r *rowReader) payload() string {
	payload := r.values[roster.StartPayload]
	if payload != "" && !gateway.StartPayload(payload) {
		r.refuse(gateway.CodeFieldInvalid, roster.StartPayload, "A payload has at most 64 characters of A-Z, a-z, 0-9, _ and -.")
	}
	return payload
}

// language is that of the app, or the one that was chosen.
func (r *rowReader) language() (app, chosen string) {
	language := r.values[roster.Language]
	if language != "" && !languageLike(language) {
		r.refuse(gateway.CodeFieldInvalid, roster.Language, "A language is a BCP 47 tag, such as uk or pt-BR.")
	}
	switch strings.ToLower(r.values[roster.LanguageChosen]) {
	case "", "false", "0", "no":
		return language, ""
	case "true", "1", "yes":
		return "", language
	}
	r.refuse(gateway.CodeFieldInvalid, roster.LanguageChosen, "This is true or false.")
	return "", ""
}

func (r *rowReader) connection() (gateway.Connection, gateway.Reason) {
	connection, reason := gateway.Connection(r.values[roster.Connection]), gateway.Reason(r.values[roster.Reason])
	switch connection {
	case "", gateway.Connected:
		if reason != "" {
			r.refuse(gateway.CodeFieldInvalid, roster.Reason, "Only somebody who is disconnected has a reason.")
		}
	case gateway.Disconnected:
		switch reason {
		case "":
			reason = gateway.ReasonBlocked
		case gateway.ReasonBlocked, gateway.ReasonStopped, gateway.ReasonDeactivated:
		default:
			r.refuse(gateway.CodeFieldInvalid, roster.Reason, "A reason is blocked, stopped or deactivated.")
		}
	default:
		r.refuse(gateway.CodeFieldInvalid, roster.Connection, "A person is connected or disconnected.")
	}
	return connection, reason
}

func (r *rowReader) state() (tags []string, fields gateway.Fields) {
	if cell := r.values[roster.Tags]; cell != "" {
		var ok bool
		if tags, ok = roster.TagsOf(cell); !ok {
			r.refuse(gateway.CodeFieldInvalid, roster.Tags, `Tags stand with semicolons between them, or as a JSON array of texts: ["vip"].`)
		}
	}
	if cell := r.values[roster.Fields]; cell != "" {
		var err error
		if fields, err = ReadFields(json.RawMessage(cell)); err != nil {
			fault := gateway.Fault(gateway.CodeFieldInvalid, roster.Fields, `Fields are a JSON object of texts, numbers, true and false: {"orders": 7}.`)
			fault.Err = err
			r.faults = append(r.faults, fault)
		}
	}
	return tags, fields
}

// phone reads a number with the date of its proof: one is nothing without the other.
func (c *rowCheck) phone(r *rowReader, proved time.Time) string {
	text := r.values[roster.Phone]
	switch gateway.PhoneProof(r.values[roster.PhoneProof]) {
	case "", gateway.ProofContact, gateway.ProofSMS, gateway.ProofImport:
	default:
		r.refuse(gateway.CodeFieldInvalid, roster.PhoneProof, "A proof is contact, sms or import.")
	}
	if text == "" {
		if r.values[roster.PhoneProvedAt] != "" {
			r.refuse(gateway.CodeRequired, roster.Phone, "There is a proof, and no phone that it proves.")
		}
		return ""
	}
	number, err := phone.Parse(text, c.region)
	switch {
	case errors.Is(err, phone.ErrAnonymous):
		r.refuse(gateway.CodePhoneAnonymous, roster.Phone, "A number that begins with +888 is anonymous and proves nobody's phone: leave it out.")
		return ""
	case err != nil:
		r.refuse(gateway.CodePhoneInvalid, roster.Phone, phone.Refusal(err, c.region))
	}
	if r.values[roster.PhoneProvedAt] == "" {
		r.refuse(gateway.CodeRequired, roster.PhoneProvedAt, "When was the phone proved? Without a date it says nothing.")
	}
	return number
}

// senders checks what senders say about people, as when they say it of one of them.
func (c *rowCheck) senders(r *rowReader, p gateway.ImportedPerson) {
	change := gateway.SubscriberChange{Tags: p.Tags, Fields: p.Fields, ExternalID: &p.ExternalID}
	if p.Timezone != "" && !c.zones[p.Timezone] {
		change.Timezone = &p.Timezone
	}
	var faults gateway.Faults
	if errors.As(checkChange(change), &faults) {
		r.faults = append(r.faults, faults...)
	} else {
		c.zones[p.Timezone] = true
	}
	if len(p.Fields) > maxFields {
		r.refuse(gateway.CodeFieldInvalid, roster.Fields, fmt.Sprintf("A person has at most %d fields.", maxFields))
	}
}

// twice refuses whoever stands in the file already.
func (c *rowCheck) twice(r *rowReader, p gateway.ImportedPerson) {
	if line, known := c.people[p.PlatformID]; known {
		r.refuse(gateway.CodeRowDuplicate, roster.PlatformID, fmt.Sprintf("Line %d names the same person.", line))
		return
	}
	if p.ExternalID != "" {
		hash := maphash.String(c.seed, p.ExternalID)
		if line, known := c.external[hash]; known {
			r.refuse(gateway.CodeRowDuplicate, roster.ExternalID, fmt.Sprintf("Line %d has the same id of yours.", line))
			return
		}
		c.external[hash] = int32(p.Line)
	}
	c.people[p.PlatformID] = int32(p.Line)
}
