package gateway

import (
	"context"
	"errors"
)

// TranslationRequest asks for one text in another language.
type TranslationRequest struct {
	AccountID AccountID // who pays, and whose cache is asked
	Network   Network   // of the bot: texts of the sandbox go to nobody outside
	Text      string    // what people read; holes of templates are filled already, or stand as {{ ... }} and come back so
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
