package gateway

import (
	"iter"
	"time"
)

// ImportedPerson is what the owner of a bot brings about a person who started it while it belonged to another program. A
// zero value says nothing: what is known stays.
type ImportedPerson struct {
	Line           int // of the file that they come from
	PlatformID     int64
	ExternalID     string
	Username       string
	UsernameSeenAt time.Time // as far as it is known
	FirstName      string
	LastName       string
	Language       string // of the app
	Chosen         string // by the person, or for them
	Timezone       string
	Tags           []string // all of them; empty and not nil removes them
	Fields         Fields   // to set; a nil value removes the field
	Phone          string   // E.164
	PhoneProvedAt  time.Time
	Connection     Connection
	Reason         Reason
	StartPayload   string
	ConnectedAt    time.Time
	DisconnectedAt time.Time
	LastSeenAt     time.Time
}

// ImportCounts tell what an import did.
type ImportCounts struct {
	Created   int
	Changed   int
	Unchanged int
	// PhonesElsewhere is how many phones somebody else proved later: they stay with those.
	PhonesElsewhere int
}

// Import is people to bring into the base of a bot.
type Import struct {
	AccountID AccountID
	BotID     BotID
	At        time.Time
	// Batches hands the people out, each at most once. It may be walked again from its beginning.
	Batches iter.Seq2[[]ImportedPerson, error]
	// NewID makes the ids of those who are new.
	NewID func() SubscriberID
	// Refuse is told who cannot be written as things are. They are left out, unless it returns an error.
	Refuse func(ImportedPerson, *Error) error
}
