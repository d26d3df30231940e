package roster

import (
	"fmt"
	"slices"
	"strings"

	"herald/internal/gateway"
)

// Format is how a file is written.
type Format string

const (
	CSV  Format = "csv"  // a line of column names, and a line for each person
	JSON Format = "json" // an array of objects, or objects one after another
)

// Columns of a file, in the order in which they are written.
const (
	PlatformID     = "platform_id"
	ExternalID     = "external_id"
	Username       = "username"
	UsernameSeenAt = "username_seen_at"
	FirstName      = "first_name"
	LastName       = "last_name"
	Language       = "language"
	LanguageChosen = "language_chosen"
	Timezone       = "timezone"
	Tags           = "tags"
	Fields         = "fields"
	Phone          = "phone"
	PhoneProof     = "phone_proof"
	PhoneProvedAt  = "phone_proved_at"
	Connection     = "connection"
	Reason         = "reason"
	StartPayload   = "start_payload"
	ConnectedAt    = "connected_at"
	DisconnectedAt = "disconnected_at"
	LastSeenAt     = "last_seen_at"
	ID             = "id"
	Kind           = "kind"
)

// columns are those that are written.
var columns = []string{
	PlatformID, ExternalID, Username, UsernameSeenAt, FirstName, LastName, Language, LanguageChosen, Timezone, Tags, Fields,
	Phone, PhoneProof, PhoneProvedAt, Connection, Reason, StartPayload, ConnectedAt, DisconnectedAt, LastSeenAt, ID,
}

// passing are further names that a row may have: what the API tells about a person and nobody can bring.
var passing = []string{Kind, "bot", "name", "chat_id", "reason_text", "earlier_names", "proofs", "phone_lapsed_at"}

// known tells whether a row may have a column of this name.
func known(name string) bool { return slices.Contains(columns, name) || slices.Contains(passing, name) }

// passes tells whether a column is one that nobody can bring: what is in it is not looked at.
func passes(name string) bool { return slices.Contains(passing, name) }

func unknown(name string) *gateway.Error {
	return gateway.Fault(gateway.CodeFieldUnknown, short(name), fmt.Sprintf("There is no such column. There are: %s.", strings.Join(columns, ", ")))
}

// short is an unknown name as it may be repeated.
func short(name string) string {
	const longest = 40
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return '?'
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return name
}
