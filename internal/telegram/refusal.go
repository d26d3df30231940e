package telegram

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"herald/internal/gateway"
)

// answer is the envelope of every answer of the Bot API.
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	ErrorCode   int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter      int   `json:"retry_after"`
		MigrateToChatID int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

// refusals tells classes by status and words: refusals of one status differ by their text alone. The first row that
// fits counts. Words are the official server's of Bot API 10.1, compared without regard to case.
var refusals = []struct {
	status int
	words  string // contained in the description; empty fits any
	class  gateway.Class
}{
	{http.StatusForbidden, "bot was blocked by the user", gateway.ClassUnsubscribed},
	{http.StatusForbidden, "user is deactivated", gateway.ClassGone},
	{http.StatusForbidden, "can't initiate conversation", gateway.ClassNotSubscribed},
	{http.StatusForbidden, "bot can't send messages to bots", gateway.ClassNotSubscribed},
	{http.StatusForbidden, "bot was kicked", gateway.ClassChatLost},
	{http.StatusForbidden, "bot is not a member", gateway.ClassChatLost},
	{http.StatusForbidden, "group chat was deleted", gateway.ClassChatLost},
	{http.StatusForbidden, "", gateway.ClassChatLost},
	{http.StatusBadRequest, "group chat was upgraded", gateway.ClassMigrated},
	{http.StatusBadRequest, "chat not found", gateway.ClassNotSubscribed},
	{http.StatusBadRequest, "chat_id is empty", gateway.ClassNotSubscribed},
	{http.StatusBadRequest, "peer_id_invalid", gateway.ClassNotSubscribed},
	{http.StatusBadRequest, "can't parse entities", gateway.ClassMarkup},
	{http.StatusBadRequest, "message text is empty", gateway.ClassContent},
	{http.StatusBadRequest, "message is too long", gateway.ClassContent},
	{http.StatusBadRequest, "text is too long", gateway.ClassContent},
	{http.StatusBadRequest, "button_data_invalid", gateway.ClassContent},
	{http.StatusBadRequest, "button_url_invalid", gateway.ClassContent},
	{http.StatusBadRequest, "text buttons are not allowed", gateway.ClassContent},
	{http.StatusBadRequest, "inline keyboard button", gateway.ClassContent},
	{http.StatusBadRequest, "button_type_invalid", gateway.ClassContent},
	{http.StatusBadRequest, "caption is too long", gateway.ClassContent},
	{http.StatusBadRequest, "failed to get http url content", gateway.ClassContent},
	{http.StatusBadRequest, "wrong type of the web page content", gateway.ClassContent},
	{http.StatusBadRequest, "webpage_curl_failed", gateway.ClassContent},
	{http.StatusBadRequest, "webpage_media_empty", gateway.ClassContent},
	{http.StatusBadRequest, "wrong file identifier", gateway.ClassContent},
	{http.StatusBadRequest, "wrong remote file identifier", gateway.ClassContent},
	{http.StatusBadRequest, "image_process_failed", gateway.ClassContent},
	{http.StatusBadRequest, "photo_invalid_dimensions", gateway.ClassContent},
	{http.StatusBadRequest, "file is too big", gateway.ClassContent},
	{http.StatusBadRequest, "file must be non-empty", gateway.ClassContent},
	{http.StatusRequestEntityTooLarge, "", gateway.ClassContent},
	{http.StatusBadRequest, "query is too old", gateway.ClassStale},
	{http.StatusBadRequest, "message is not modified", gateway.ClassNotModified},
	{http.StatusBadRequest, "message to edit not found", gateway.ClassMessageGone},
	{http.StatusBadRequest, "message to delete not found", gateway.ClassMessageGone},
	{http.StatusBadRequest, "message_id_invalid", gateway.ClassMessageGone},
	{http.StatusBadRequest, "message can't be edited", gateway.ClassTooLate},
	{http.StatusBadRequest, "message can't be deleted", gateway.ClassTooLate},
	{http.StatusBadRequest, "message to be replied not found", gateway.ClassContent},
	{http.StatusBadRequest, "", gateway.ClassDefect},
	{http.StatusUnauthorized, "", gateway.ClassRevoked},
	{http.StatusConflict, "", gateway.ClassConflict},
	{http.StatusTooManyRequests, "", gateway.ClassThrottled},
	{http.StatusNotFound, "", gateway.ClassDefect},
}

const (
	// leastPause is how long to wait when a 429 names no time.
	leastPause = time.Second
	// maxPause bounds what a 429 may ask for: a day.
	maxPause = 24 * time.Hour
	// maxWords bounds the messenger's words that are kept.
	maxWords = 300
)

// refusal tells what a call that brought err means. A call without an error is none.
func (e *exchange) refusal(err error) error {
	if err == nil {
		return nil
	}
	out := &gateway.DeliveryError{HTTPStatus: e.status, Err: err}
	var a answer
	understood := e.status != 0 && json.Unmarshal(e.body, &a) == nil && !a.OK && a.ErrorCode != 0
	switch {
	case e.status == 0 && !e.left.Load():
		out.Class = gateway.ClassUnavailable // no connection: the request never left
	case !understood:
		// No answer after the request had left; or one that the Bot API did not give, from something between us and
		// it; or a success that could not be read.
		out.Class = gateway.ClassUnknown
	case a.ErrorCode >= http.StatusInternalServerError:
		// The request had reached the server, and what broke there may have broken after the message was sent.
		out.Class, out.Text = gateway.ClassUnknown, a.Description
	default:
		out.Class, out.Text = classOf(a.ErrorCode, a.Description), a.Description
		out.MigrateTo = a.Parameters.MigrateToChatID
	}
	if out.Class == gateway.ClassThrottled {
		out.RetryAfter = min(max(time.Duration(a.Parameters.RetryAfter)*time.Second, leastPause), maxPause)
	}
	out.Text = shortened(out.Text)
	return out
}

// shortened bounds words of the messenger.
func shortened(words string) string {
	if len(words) > maxWords {
		words = strings.ToValidUTF8(words[:maxWords], "")
	}
	return words
}

func classOf(status int, description string) gateway.Class {
	description = strings.ToLower(description)
	for _, r := range refusals {
		if r.status == status && strings.Contains(description, r.words) {
			return r.class
		}
	}
	return gateway.ClassDefect
}
