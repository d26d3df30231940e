package gateway

import (
	"errors"
	"strings"
)

// Code is the stable machine word of an error, noun:what. Clients compare it; it never changes its meaning.
type Code string

const (
	CodeInternal Code = "internal" // our defect; the log has the cause

	CodeUnauthorized Code = "key:invalid"         // no API key, or one that is unknown, expired or revoked
	CodeForbidden    Code = "key:scope_missing"   // the key is good but lacks the scope of this call
	CodeKeyNotFound  Code = "key:not_found"       // no such API key in this account
	CodeKeyScope     Code = "key:scope_unknown"   // a scope that does not exist
	CodeBodyTooLarge Code = "request:too_large"   // the body is over 1 MiB
	CodeBodyInvalid  Code = "request:invalid"     // the body is not the JSON that the call takes
	CodeFieldUnknown Code = "field:unknown"       // a field that the call does not know
	CodeFieldInvalid Code = "field:invalid"       // a field whose value cannot be
	CodeRequired     Code = "field:required"      // a field that is missing
	CodeCursor       Code = "page:cursor_invalid" // the cursor was not made by this list
	CodeNotFound     Code = "route:not_found"     // no such address
	CodeMethod       Code = "route:method_not_allowed"

	CodeIdempotencyKey      Code = "idempotency:key_invalid" // the Idempotency-Key header is empty or over 255 characters
	CodeIdempotencyMismatch Code = "idempotency:mismatch"    // the key was used with another body
	CodeIdempotencyRunning  Code = "idempotency:running"     // the first request with this key still runs

	CodeAccountNotFound Code = "account:not_found"
	CodeUpdateNotFound  Code = "update:not_found"     // no such update was put aside
	CodeNotOperator     Code = "account:not_operator" // only the account that owns the installation may
	CodeSuspended       Code = "account:suspended"    // the operator rests the account
	CodeOperatorWorks   Code = "account:operator"     // the operator's own account cannot be suspended

	CodeMessageNotFound  Code = "message:not_found"
	CodeRecipientUnknown Code = "recipient:unknown_form"  // neither a phone, nor @name, nor #id
	CodePhoneInvalid     Code = "recipient:phone_invalid" // not a phone number by libphonenumber
	CodeTextEmpty        Code = "text:empty"
	CodeTextTooLong      Code = "text:too_long"        // over 4096 UTF-16 units
	CodeButtonTooLong    Code = "button:data_too_long" // data over 64 bytes
	CodeButtonInvalid    Code = "button:invalid"       // no text, neither data nor url, or too many
	CodeMedia            Code = "media:invalid"        // no such kind, neither a file nor a url, or no leg that can carry it
	CodeMediaPhoto       Code = "media:not_a_photo"    // the file cannot be shown as a photo
	CodeMediaTooLarge    Code = "media:too_large"      // the file is larger than the messenger takes of this kind
	CodeTTL              Code = "ttl:invalid"
	CodeSendAt           Code = "send_at:past"            // the time to send at has passed
	CodeCascade          Code = "cascade:invalid"         // no legs, an unknown channel, or one twice
	CodeLink             Code = "link:invalid"            // not an http(s) address
	CodeLinkNotFound     Code = "link:not_found"          // no such read link
	CodePrice            Code = "price:invalid"           // not a decimal number from zero on, or a price list that cannot be
	CodeOverPrice        Code = "price:over_max"          // every way of the message costs more than its max_price
	CodeNotEditable      Code = "message:not_editable"    // it does not stand in a chat, or cannot be changed there
	CodeNotDeletable     Code = "message:not_deletable"   // it does not stand in a chat, or is over 48 hours old
	CodeNotCancellable   Code = "message:not_cancellable" // a leg has left already, or the message has its outcome

	CodeFileNotFound Code = "file:not_found"
	CodeFileTooLarge Code = "file:too_large" // over 50 MB
	CodeFileEmpty    Code = "file:empty"
	CodeFileQuota    Code = "file:quota" // the account keeps as many bytes of files as it may

	CodeBotNotFound   Code = "bot:not_found"
	CodeBotRequired   Code = "bot:required"      // the account has several bots, or none: name one
	CodeBotToken      Code = "bot:token_invalid" // the messenger does not know the token
	CodeBotExists     Code = "bot:exists"        // the bot is registered already
	CodeBotPlatform   Code = "bot:platform_unknown"
	CodeBotRevoked    Code = "bot:revoked"        // the token was revoked: give the bot a new one
	CodeBotPaused     Code = "bot:paused"         // its owner rests it
	CodeBotOther      Code = "bot:token_of_other" // the token is of another bot
	CodeBotText       Code = "bot:text_invalid"   // the messenger does not take a command or a text of the bot
	CodeBotNetwork    Code = "bot:network_off"    // a sandbox token, and no sandbox runs here
	CodeBotWebhook    Code = "bot:webhook_no_url" // webhook wanted, and no public URL is configured
	CodeBotShared     Code = "bot:shared"         // the bot is the operator's: it is used, and not managed
	CodeBotPurpose    Code = "bot:purpose"        // the shared bot does not carry messages of this lane
	CodePolicy        Code = "policy:refused"     // the policy of shared bots refuses the text
	CodeMessengerDown Code = "messenger:unavailable"

	CodeSubscriberNotFound Code = "subscriber:not_found"

	CodeRowUnreadable  Code = "import:row_unreadable"  // a row of a file is neither CSV nor JSON, or not UTF-8
	CodeRowTooLong     Code = "import:row_too_long"    // a row has over 64 KiB
	CodeRowDuplicate   Code = "import:duplicate"       // an earlier row names the same person
	CodePhoneAnonymous Code = "import:phone_anonymous" // a number of Telegram's (+888), which proves nobody's phone
	CodeTooManyRows    Code = "import:too_many_rows"   // over 200,000
	CodeImportRunning  Code = "import:running"         // another import into this bot is under way

	CodeRulesNotFound   Code = "rules:not_found"     // no version of the rule file is active, or none has this number
	CodeRulesRefused    Code = "rules:refused"       // the rule file has errors, or tests of it fail
	CodeRulesConflict   Code = "rules:conflict"      // another version was published since the one that the caller knows
	CodeVerdictNotFound Code = "verdict:not_found"   // no rules were active when the message came
	CodeUnavailable     Code = "service:unavailable" // a part of the installation does not answer; try again
)

// Error is a failure that somebody can act on.
type Error struct {
	Code    Code
	Message string // for the person who can act
	Field   string // where in the request, as a path such as buttons[0][1].data; empty if it is not about one field
	Err     error  // the cause, for the log only
}

// Fault makes an Error of a code, a field and a sentence.
func Fault(code Code, field, message string) *Error {
	return &Error{Code: code, Field: field, Message: message}
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	if e.Field != "" {
		b.WriteString(" at " + e.Field)
	}
	b.WriteString(": " + e.Message)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is compare by code, so that callers write errors.Is(err, gateway.ErrMessageNotFound).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Faults are all the faults of one request, in the order of its fields.
type Faults []*Error

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, e := range f {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "; ")
}

func (f Faults) Unwrap() []error {
	errs := make([]error, len(f))
	for i, e := range f {
		errs[i] = e
	}
	return errs
}

// OrNil returns the faults as an error, or nil if there are none.
func (f Faults) OrNil() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// CodeOf returns the code of the first Error in err's chain, or CodeInternal.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// What callers compare with errors.Is.
var (
	ErrAccountNotFound    = &Error{Code: CodeAccountNotFound, Message: "There is no such account."}
	ErrMessageNotFound    = &Error{Code: CodeMessageNotFound, Message: "There is no such message in this account."}
	ErrLinkNotFound       = &Error{Code: CodeLinkNotFound, Message: "There is no such link."}
	ErrFileNotFound       = &Error{Code: CodeFileNotFound, Message: "There is no such file in this account. Files that no message needs are removed after 7 days."}
	ErrBotNotFound        = &Error{Code: CodeBotNotFound, Message: "There is no such bot in this account. GET /v1/bots lists them."}
	ErrUpdateNotFound     = &Error{Code: CodeUpdateNotFound, Message: "No update with this id was put aside. It may be done with meanwhile."}
	ErrSubscriberNotFound = &Error{Code: CodeSubscriberNotFound, Message: "This bot has no such subscriber."}
	ErrRulesNotFound      = &Error{Code: CodeRulesNotFound, Message: "This bot has no such version of a rule file. GET /v1/bots/{bot}/rules/versions lists them."}
	ErrVerdictNotFound    = &Error{Code: CodeVerdictNotFound, Message: "No rules decided about this message: none were active, or none had to say anything to it."}
	ErrKeyNotFound        = &Error{Code: CodeKeyNotFound, Message: "There is no such API key in this account."}
	ErrUnauthorized       = &Error{Code: CodeUnauthorized, Message: "The API key is missing, unknown, expired or revoked. Send it as: Authorization: Bearer hk_..."}
)
