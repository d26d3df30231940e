package network

import (
	"errors"
	"fmt"
	"net/http"
)

// Refusal is a "no" to a bot, in the words of the official Bot API server. Code is the HTTP status and the error_code.
type Refusal struct {
	Code        int
	Description string
	MigrateTo   ChatID // parameters.migrate_to_chat_id, 0 when absent
	RetryAfter  int    // seconds, parameters.retry_after and the header Retry-After, 0 when absent
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d %s", r.Code, r.Description) }

// BadRequest is a 400 with the official prefix.
func BadRequest(words string) *Refusal {
	return &Refusal{Code: 400, Description: "Bad Request: " + words}
}

// Forbidden is a 403 with the official prefix.
func Forbidden(words string) *Refusal {
	return &Refusal{Code: 403, Description: "Forbidden: " + words}
}

// TooManyRequests is a 429 that asks to wait.
func TooManyRequests(seconds int) *Refusal {
	return &Refusal{
		Code: 429, Description: fmt.Sprintf("Too Many Requests: retry after %d", seconds), RetryAfter: seconds,
	}
}

// GroupUpgraded is the refusal that names the supergroup that the group became.
func GroupUpgraded(to ChatID) *Refusal {
	r := BadRequest("group chat was upgraded to a supergroup chat")
	r.MigrateTo = to
	return r
}

// The words of the official server that more than one place needs.
const (
	WordsBlocked         = "bot was blocked by the user"
	WordsDeactivated     = "user is deactivated"
	WordsNotStarted      = "bot can't initiate conversation with a user"
	WordsBotToBot        = "bots can't send messages to bots"
	WordsChatNotFound    = "chat not found"
	WordsNotModified     = "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"
	WordsEditNotFound    = "message to edit not found"
	WordsReplyNotFound   = "message to be replied not found"
	WordsDeleteNotFound  = "message to delete not found"
	WordsForwardNotFound = "message to forward not found"
	WordsCopyNotFound    = "message to copy not found"
	WordsQueryTooOld     = "query is too old and response timeout expired or query ID is invalid"
)

// ProblemKind classifies what a person or a test asked for and cannot have.
type ProblemKind string

// The kinds of problems.
const (
	NotFound ProblemKind = "not_found"
	Invalid  ProblemKind = "invalid"
	Conflict ProblemKind = "conflict"
	Full     ProblemKind = "full" // a bound of the network is reached
)

// Status is the HTTP status that tells this kind of problem.
func (k ProblemKind) Status() int {
	switch k {
	case NotFound:
		return http.StatusNotFound
	case Conflict:
		return http.StatusConflict
	case Full:
		return http.StatusInsufficientStorage
	default:
		return http.StatusBadRequest
	}
}

// Problem is a "no" to a person or to the control API. Code is a machine word such as person:not_found.
type Problem struct {
	Kind    ProblemKind
	Code    string
	Message string
}

func (p *Problem) Error() string { return p.Message }

func problem(kind ProblemKind, code, format string, args ...any) *Problem {
	return &Problem{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// AsRefusal reports whether err is a Refusal.
func AsRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	return r, errors.As(err, &r)
}
