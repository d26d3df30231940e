package gateway

import (
	"context"
	"errors"
	"time"
)

// TranslationRequest asks for one text in another language.
type TranslationRequest struct {
	AccountID AccountID // who pays, and whose cache is asked
	Network   Network   // of the bot: texts of the sandbox go to nobody outside
	Text      string    // what people read; holes of templates are filled already, or stand as {{ ... }} and come back so
	Format    Format    // of the text: its markup is locked, and what is translated is escaped as the format wants
	From      string    // BCP 47; empty: the translator finds out
	To        string    // BCP 47
	Keep      []string  // terms that come back as they are, such as names of products; in any case of letters
}

// Translation is a text in the language that was asked for.
type Translation struct {
	Text       string
	From       string // the language that it was written in: as asked, or as found out; empty if nobody knows
	Characters int    // billed: 0 from the cache, in the sandbox, and where nothing had to be translated
	Cached     bool
	Key        *TranslationKey // under which it is kept, or may be; nil: it is not. A translation that failed may have one, too
}

// TranslationReason is why a text was not translated: a stable word for verdicts, metrics and the API.
type TranslationReason string

// Reasons. After each of them the caller goes on with the original text.
const (
	TranslationOff         TranslationReason = "off"         // no translator is configured
	TranslationUnavailable TranslationReason = "unavailable" // the translator does not answer, refuses our login, or answered nonsense
	TranslationTimeout     TranslationReason = "timeout"     // no answer in time
	TranslationQuota       TranslationReason = "quota"       // the translator's own limit is used up
	TranslationTooLong     TranslationReason = "too_long"    // the text is longer than is translated
	TranslationLimit       TranslationReason = "limit"       // the account has used up its characters of the day
	TranslationLanguage    TranslationReason = "language"    // not a language, or a pair that the translator does not know
	TranslationDamaged     TranslationReason = "damaged"     // placeholders, links or markup did not survive
)

// TranslationReasons are all reasons, in the order in which they are documented.
func TranslationReasons() []TranslationReason {
	return []TranslationReason{
		TranslationOff, TranslationUnavailable, TranslationTimeout, TranslationQuota, TranslationTooLong,
		TranslationLimit, TranslationLanguage, TranslationDamaged,
	}
}

// TranslationError is why there is no translation. Its text names no word of what was to be translated.
type TranslationError struct {
	Reason TranslationReason
	Err    error // the cause, for the log only; may be nil
}

func (e *TranslationError) Error() string {
	if e.Err == nil {
		return "translate: " + string(e.Reason)
	}
	return "translate: " + string(e.Reason) + ": " + e.Err.Error()
}

func (e *TranslationError) Unwrap() error { return e.Err }

// TranslationReasonOf returns why a translation failed; empty if err is nil. What is no TranslationError counts as
// TranslationUnavailable.
func TranslationReasonOf(err error) TranslationReason {
	if err == nil {
		return ""
	}
	var e *TranslationError
	if errors.As(err, &e) {
		return e.Reason
	}
	return TranslationUnavailable
}

// Translator translates texts. It is safe for concurrent use.
type Translator interface {
	// Translate ends within the translator's own time-out, or with ctx. It may use a database connection of its own, so
	// nobody should hold a transaction open around it. A failure is always a *TranslationError.
	Translate(ctx context.Context, r TranslationRequest) (Translation, error)
}

// TranslationQuote is what a translation would take.
type TranslationQuote struct {
	Characters int    // billed; 0 if it is cached already, or nothing has to be translated
	Cost       Amount // at the price of the installation
	Currency   string // ISO 4217
	Cached     bool
}

// TranslationPricer tells what a translation would take, without asking anybody outside: for trying rules out.
type TranslationPricer interface {
	// QuoteTranslation fails with a *TranslationError where Translate would for certain.
	QuoteTranslation(ctx context.Context, r TranslationRequest) (TranslationQuote, error)
}

// TranslationDay is what an account had translated on one day, by UTC.
type TranslationDay struct {
	Day        time.Time
	Calls      int64 // of the translator
	Characters int64 // billed
	Cost       Amount
	Currency   string // ISO 4217
}

// TranslationUsage is what an account had translated, and how far it may go.
type TranslationUsage struct {
	On         bool   // real bots have a translator
	DailyLimit int64  // characters an account may have translated in a day; 0: as many as it likes
	Price      Amount // of a million characters
	Currency   string
	Days       []TranslationDay // the latest first; days without a translation are left out
}

// TranslationLedger tells accounts what translation costs them.
type TranslationLedger interface {
	// TranslationUsage covers the days from first to last, both included.
	TranslationUsage(ctx context.Context, account AccountID, first, last time.Time) (TranslationUsage, error)
}

// TranslationKey names a text in the cache of an account: a keyed hash, so that nobody who reads the database can try
// texts against it.
type TranslationKey [32]byte

// TranslationStore keeps translations, and counts what they cost.
type TranslationStore interface {
	// TranslationSecret returns the account's sealed secret of its keys; the first call of all stores fresh.
	TranslationSecret(ctx context.Context, account AccountID, fresh []byte) (sealed []byte, err error)
	// KeptTranslation returns the sealed translation of a key, if it was kept after since.
	KeptTranslation(ctx context.Context, account AccountID, key TranslationKey, since time.Time) (sealed []byte, found bool, err error)
	KeepTranslation(ctx context.Context, account AccountID, key TranslationKey, sealed []byte, now time.Time) error
	// DropTranslations removes what is kept under these keys.
	DropTranslations(ctx context.Context, account AccountID, keys []TranslationKey) error
	// TrimTranslations removes what was kept before a time, and of each account what is beyond its newest most.
	TrimTranslations(ctx context.Context, before time.Time, most int) (removed int64, err error)

	// SpendTranslation counts a call before it is made, unless that would take the account's day over limit characters
	// (0: no limit). Only one of several callers gets the last characters.
	SpendTranslation(ctx context.Context, account AccountID, spent TranslationDay, limit int64) (ok bool, err error)
	// RefundTranslation takes back what was counted for a call that was refused for certain.
	RefundTranslation(ctx context.Context, account AccountID, spent TranslationDay) error
	// TranslationDays lists the days from first to last, the latest first.
	TranslationDays(ctx context.Context, account AccountID, first, last time.Time) ([]TranslationDay, error)
}
