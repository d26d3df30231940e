package telegram

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// plain is a sealer that seals nothing.
type plain struct{}

func (plain) Seal(_ context.Context, b []byte, _ string) ([]byte, error) { return b, nil }
func (plain) Open(_ context.Context, b []byte, _ string) ([]byte, error) { return b, nil }

const testToken = "7000000001:SBXaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func clientOf(t *testing.T, url string) (*Client, gateway.Bot) {
	t.Helper()
	c := NewClient(map[gateway.Network]string{gateway.NetworkSandbox: url}, plain{})
	t.Cleanup(c.Close)
	return c, gateway.Bot{ID: "bot_1", AccountID: "acc_1", Network: gateway.NetworkSandbox, SealedToken: []byte(testToken), WebhookSecret: "wh_secret"}
}

// refusalOf sends one message to a server that answers as told and returns what it means.
func refusalOf(t *testing.T, answer http.HandlerFunc) *gateway.DeliveryError {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c, b := clientOf(t, server.URL)
	_, err := c.Send(t.Context(), gateway.Outgoing{Bot: b, ChatID: 1, Text: "hi"})
	var refusal *gateway.DeliveryError
	require.ErrorAs(t, err, &refusal)
	require.NotContains(t, fmt.Sprintf("%v %+v %v", err, err, refusal.Err), testToken, "an error never shows the token")
	return refusal
}

func envelopeOf(code int, description, parameters string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		if parameters != "" {
			parameters = `,"parameters":` + parameters
		}
		_, _ = fmt.Fprintf(w, `{"ok":false,"error_code":%d,"description":%q%s}`, code, description, parameters)
	}
}

// Every row of the table of refusals, in the official server's words.
func TestRefusalsInTheServersWords(t *testing.T) {
	t.Parallel()
	cases := []struct {
		code        int
		description string
		parameters  string
		class       gateway.Class
	}{
		{403, "Forbidden: bot was blocked by the user", "", gateway.ClassUnsubscribed},
		{403, "Forbidden: user is deactivated", "", gateway.ClassGone},
		{403, "Forbidden: bot can't initiate conversation with a user", "", gateway.ClassNotSubscribed},
		{403, "Forbidden: bot can't send messages to bots", "", gateway.ClassNotSubscribed},
		{403, "Forbidden: bot was kicked from the group chat", "", gateway.ClassChatLost},
		{403, "Forbidden: bot was kicked from the supergroup chat", "", gateway.ClassChatLost},
		{403, "Forbidden: bot was kicked from the channel chat", "", gateway.ClassChatLost},
		{403, "Forbidden: bot is not a member of the supergroup chat", "", gateway.ClassChatLost},
		{403, "Forbidden: bot is not a member of the channel chat", "", gateway.ClassChatLost},
		{403, "Forbidden: the group chat was deleted", "", gateway.ClassChatLost},
		{403, "Forbidden: words of a later version", "", gateway.ClassChatLost},
		{400, "Bad Request: group chat was upgraded to a supergroup chat", `{"migrate_to_chat_id":-1001}`, gateway.ClassMigrated},
		{400, "Bad Request: chat not found", "", gateway.ClassNotSubscribed},
		{400, "Bad Request: chat_id is empty", "", gateway.ClassNotSubscribed},
		{400, "Bad Request: PEER_ID_INVALID", "", gateway.ClassNotSubscribed},
		{400, "Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 0", "", gateway.ClassMarkup},
		{400, "Bad Request: message text is empty", "", gateway.ClassContent},
		{400, "Bad Request: message is too long", "", gateway.ClassContent},
		{400, "Bad Request: text is too long", "", gateway.ClassContent},
		{400, "Bad Request: BUTTON_DATA_INVALID", "", gateway.ClassContent},
		{400, "Bad Request: BUTTON_URL_INVALID", "", gateway.ClassContent},
		{400, "Bad Request: Text buttons are not allowed in the inline keyboard", "", gateway.ClassContent},
		{400, "Bad Request: inline keyboard button URL 'x' is invalid: Wrong HTTP URL", "", gateway.ClassContent},
		{400, "Bad Request: message to be replied not found", "", gateway.ClassContent},
		{400, "Bad Request: query is too old and response timeout expired or query ID is invalid", "", gateway.ClassStale},
		{400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same", "", gateway.ClassNotModified},
		{400, "Bad Request: message to edit not found", "", gateway.ClassMessageGone},
		{400, "Bad Request: message to delete not found", "", gateway.ClassMessageGone},
		{400, "Bad Request: MESSAGE_ID_INVALID", "", gateway.ClassMessageGone},
		{400, "Bad Request: message can't be edited", "", gateway.ClassTooLate},
		{400, "Bad Request: message can't be deleted", "", gateway.ClassTooLate},
		{400, "Bad Request: message can't be deleted for everyone", "", gateway.ClassTooLate},
		{400, "Bad Request: BUTTON_TYPE_INVALID", "", gateway.ClassContent},
		{400, "Bad Request: message caption is too long", "", gateway.ClassContent},
		{400, "Bad Request: failed to get HTTP URL content", "", gateway.ClassContent},
		{400, "Bad Request: wrong type of the web page content", "", gateway.ClassContent},
		{400, "Bad Request: WEBPAGE_CURL_FAILED", "", gateway.ClassContent},
		{400, "Bad Request: WEBPAGE_MEDIA_EMPTY", "", gateway.ClassContent},
		{400, "Bad Request: wrong file identifier/HTTP URL specified", "", gateway.ClassContent},
		{400, "Bad Request: wrong remote file identifier specified: can't unserialize it", "", gateway.ClassContent},
		{400, "Bad Request: IMAGE_PROCESS_FAILED", "", gateway.ClassContent},
		{400, "Bad Request: PHOTO_INVALID_DIMENSIONS", "", gateway.ClassContent},
		{400, "Bad Request: file is too big", "", gateway.ClassContent},
		{400, "Bad Request: file must be non-empty", "", gateway.ClassContent},
		{413, "Request Entity Too Large", "", gateway.ClassContent},
		{400, "Bad Request: something new", "", gateway.ClassDefect},
		{429, "Too Many Requests: retry after 7", `{"retry_after":7}`, gateway.ClassThrottled},
		{409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", "", gateway.ClassConflict},
		{409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", "", gateway.ClassConflict},
		{401, "Unauthorized", "", gateway.ClassRevoked},
		{401, "Unauthorized: invalid token specified", "", gateway.ClassRevoked},
		{404, "Not Found: method not found", "", gateway.ClassDefect},
		{404, "Not Found", "", gateway.ClassDefect},
		{500, "Internal Server Error: restart", "", gateway.ClassUnknown},
		{502, "Bad Gateway", "", gateway.ClassUnknown},
	}
	met := map[int]bool{}
	for _, c := range cases {
		met[rowOf(c.code, c.description)] = true
		t.Run(fmt.Sprintf("%d %s", c.code, c.description), func(t *testing.T) {
			t.Parallel()
			got := refusalOf(t, envelopeOf(c.code, c.description, c.parameters))
			require.Equal(t, c.class, got.Class)
			require.Equal(t, c.code, got.HTTPStatus)
			if c.class == gateway.ClassThrottled {
				require.Equal(t, 7*time.Second, got.RetryAfter)
			}
			if c.class == gateway.ClassMigrated {
				require.Equal(t, int64(-1001), got.MigrateTo)
			}
		})
	}
	for i, r := range refusals {
		require.True(t, met[i], "no case for the row %d %q", r.status, r.words)
	}
}

// rowOf is the row of the table that decides, -1 if none does.
func rowOf(status int, description string) int {
	for i, r := range refusals {
		if r.status == status && strings.Contains(strings.ToLower(description), r.words) {
			return i
		}
	}
	return -1
}

func TestRefusalsOfTheWire(t *testing.T) {
	t.Parallel()
	t.Run("an HTML page leaves doubt: something between us and the server answered", func(t *testing.T) {
		t.Parallel()
		got := refusalOf(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte("<html><body>502 Bad Gateway</body></html>"))
		})
		require.Equal(t, gateway.ClassUnknown, got.Class)
	})
	t.Run("a connection that is reset after the request had left leaves doubt", func(t *testing.T) {
		t.Parallel()
		got := refusalOf(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		require.Equal(t, gateway.ClassUnknown, got.Class)
	})
	t.Run("a success that cannot be read leaves doubt", func(t *testing.T) {
		t.Parallel()
		got := refusalOf(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"ok":true,"result":{"message_id":`))
		})
		require.Equal(t, gateway.ClassUnknown, got.Class)
	})
	t.Run("a server that does not listen was not reached for certain", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		c, b := clientOf(t, "http://"+l.Addr().String())
		_, err = c.Send(t.Context(), gateway.Outgoing{Bot: b, ChatID: 1, Text: "hi"})
		var refusal *gateway.DeliveryError
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, gateway.ClassUnavailable, refusal.Class)
		require.NotContains(t, refusal.Err.Error(), testToken)
	})
	t.Run("a redirect is not followed: the token stands in the address that it would hand on", func(t *testing.T) {
		t.Parallel()
		elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			t.Errorf("called with Referer %q", r.Referer())
		}))
		t.Cleanup(elsewhere.Close)
		got := refusalOf(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		})
		require.Equal(t, gateway.ClassUnknown, got.Class)
	})
	t.Run("a 429 without a time waits a second, one with an absurd time a day", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, time.Second, refusalOf(t, envelopeOf(429, "Too Many Requests", "")).RetryAfter)
		require.Equal(t, 24*time.Hour, refusalOf(t, envelopeOf(429, "Too Many Requests", `{"retry_after":9999999}`)).RetryAfter)
	})
	t.Run("the messenger's words are bounded", func(t *testing.T) {
		t.Parallel()
		require.LessOrEqual(t, len(refusalOf(t, envelopeOf(400, strings.Repeat("й", 5000), "")).Text), maxWords)
	})
	t.Run("a network that is off is unavailable", func(t *testing.T) {
		t.Parallel()
		c, b := clientOf(t, "")
		_, err := c.Send(t.Context(), gateway.Outgoing{Bot: b, ChatID: 1, Text: "hi"})
		var refusal *gateway.DeliveryError
		require.True(t, errors.As(err, &refusal) && refusal.Class == gateway.ClassUnavailable)
	})
}
