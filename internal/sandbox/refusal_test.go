package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scene is what a case of a refusal may need.
type scene struct {
	*bot
	anna     person // started the bot
	stranger person // did not
	own      message
	theirs   int64
}

func setScene(t *testing.T) *scene {
	b := start(t, noLimits()).bot("acme_bot")
	s := &scene{bot: b, anna: b.started("Anna", "+380501234567"), stranger: b.person("Boris", "")}
	s.own = b.send(s.anna, "mine")
	b.write(s.anna, "hers")
	history := b.history(s.anna)
	s.theirs = history[len(history)-1].ID
	return s
}

func (s *scene) message(more object) object {
	params := object{"chat_id": s.anna.ID, "text": "hi"}
	for k, v := range more {
		params[k] = v
	}
	return params
}

// buttons is a message with one inline button.
func (s *scene) buttons(button object) object {
	return s.message(object{"reply_markup": object{"inline_keyboard": [][]object{{button}}}})
}

func TestRefusalsInTelegramsWords(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		method string
		params func(s *scene) object
		want   string
	}{
		{"blocked by the person", "sendMessage", func(s *scene) object {
			s.do(http.MethodPost, s.chat(s.anna, "block"), nil)
			return s.message(nil)
		}, "403 Forbidden: bot was blocked by the user"},
		{"blocked, a chat action", "sendChatAction", func(s *scene) object {
			s.do(http.MethodPost, s.chat(s.anna, "block"), nil)
			return object{"chat_id": s.anna.ID, "action": "typing"}
		}, "403 Forbidden: bot was blocked by the user"},
		{"account deleted", "sendMessage", func(s *scene) object {
			s.do(http.MethodDelete, fmt.Sprint("/people/", s.anna.ID), nil)
			return s.message(nil)
		}, "403 Forbidden: user is deactivated"},
		{"never started", "sendMessage", func(s *scene) object {
			return s.message(object{"chat_id": s.stranger.ID})
		}, "403 Forbidden: bot can't initiate conversation with a user"},
		{"another bot", "sendMessage", func(s *scene) object {
			return s.message(object{"chat_id": s.world.bot("other_bot").ID})
		}, "403 Forbidden: bots can't send messages to bots"},
		{"unknown chat", "sendMessage", func(s *scene) object { return s.message(object{"chat_id": 1}) }, "400 Bad Request: chat not found"},
		{"unknown group", "sendMessage", func(s *scene) object { return s.message(object{"chat_id": -1}) }, "400 Bad Request: chat not found"},
		{"@name of a person", "sendMessage", func(s *scene) object { return s.message(object{"chat_id": "@anna"}) }, "400 Bad Request: chat not found"},
		{"no chat", "sendMessage", func(*scene) object { return object{"text": "hi"} }, "400 Bad Request: chat_id is empty"},
		{"null chat", "sendMessage", func(s *scene) object { return s.message(object{"chat_id": nil}) }, "400 Bad Request: chat_id is empty"},
		{"no text", "sendMessage", func(s *scene) object { return s.message(object{"text": ""}) }, "400 Bad Request: message text is empty"},
		{"white space", "sendMessage", func(s *scene) object { return s.message(object{"text": " \n\t "}) }, "400 Bad Request: message text is empty"},
		{"4097 characters", "sendMessage", func(s *scene) object {
			return s.message(object{"text": strings.Repeat("я", 4097)})
		}, "400 Bad Request: message is too long"},
		{"2049 emoji are 4098 UTF-16 units", "sendMessage", func(s *scene) object {
			return s.message(object{"text": strings.Repeat("🙂", 2049)})
		}, "400 Bad Request: message is too long"},
		{"32769 bytes", "sendMessage", func(s *scene) object {
			return s.message(object{"text": strings.Repeat("a", 32_769)})
		}, "400 Bad Request: text is too long"},
		{"broken HTML", "sendMessage", func(s *scene) object {
			return s.message(object{"text": "<b>hi", "parse_mode": "HTML"})
		}, "400 Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""},
		{"unknown tag", "sendMessage", func(s *scene) object {
			return s.message(object{"text": "a <p>hi</p>", "parse_mode": "html"})
		}, "400 Bad Request: can't parse entities: Unsupported start tag \"p\" at byte offset 2"},
		{"reserved character", "sendMessage", func(s *scene) object {
			return s.message(object{"text": "Done.", "parse_mode": "MarkdownV2"})
		}, "400 Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'"},
		{"open bold", "sendMessage", func(s *scene) object {
			return s.message(object{"text": "a *b", "parse_mode": "MarkdownV2"})
		}, "400 Bad Request: can't parse entities: Can't find end of Bold entity at byte offset 2"},
		{"open old Markdown", "sendMessage", func(s *scene) object {
			return s.message(object{"text": "a_b", "parse_mode": "Markdown"})
		}, "400 Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 1"},
		{"unknown parse mode", "sendMessage", func(s *scene) object {
			return s.message(object{"parse_mode": "BBCode"})
		}, "400 Bad Request: unsupported parse_mode"},
		{"callback data over 64 bytes", "sendMessage", func(s *scene) object {
			return s.buttons(object{"text": "x", "callback_data": strings.Repeat("я", 33)})
		}, "400 Bad Request: BUTTON_DATA_INVALID"},
		{"button without action", "sendMessage", func(s *scene) object {
			return s.buttons(object{"text": "x"})
		}, "400 Bad Request: Text buttons are not allowed in the inline keyboard"},
		{"button with an empty copy_text only", "sendMessage", func(s *scene) object {
			return s.buttons(object{"text": "x", "copy_text": object{"text": ""}})
		}, "400 Bad Request: Text buttons are not allowed in the inline keyboard"},
		{"button with a bad link", "sendMessage", func(s *scene) object {
			return s.buttons(object{"text": "x", "url": "nonsense"})
		}, "400 Bad Request: inline keyboard button URL 'nonsense' is invalid: Wrong HTTP URL"},
		{"markup that is no object", "sendMessage", func(s *scene) object {
			return s.message(object{"reply_markup": "[]"})
		}, "400 Bad Request: object expected as reply markup"},
		{"broken markup", "sendMessage", func(s *scene) object {
			return s.message(object{"reply_markup": "{"})
		}, "400 Bad Request: can't parse reply keyboard markup JSON object"},
		{"stale button", "answerCallbackQuery", func(*scene) object {
			return object{"callback_query_id": "12345"}
		}, "400 Bad Request: query is too old and response timeout expired or query ID is invalid"},
		{"the same text again", "editMessageText", func(s *scene) object {
			return s.message(object{"text": "mine", "message_id": s.own.ID})
		}, "400 Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"},
		{"edit what is not there", "editMessageText", func(s *scene) object {
			return s.message(object{"message_id": 999_999})
		}, "400 Bad Request: message to edit not found"},
		{"edit somebody else's", "editMessageText", func(s *scene) object {
			return s.message(object{"message_id": s.theirs})
		}, "400 Bad Request: message can't be edited"},
		{"edit without an id", "editMessageText", func(s *scene) object {
			return s.message(nil)
		}, "400 Bad Request: message identifier is not specified"},
		{"reply to what is not there", "sendMessage", func(s *scene) object {
			return s.message(object{"reply_parameters": object{"message_id": 999_999}})
		}, "400 Bad Request: message to be replied not found"},
		{"delete what is not there", "deleteMessage", func(s *scene) object {
			return s.message(object{"message_id": 999_999})
		}, "400 Bad Request: message to delete not found"},
		{"forward what is not there", "forwardMessage", func(s *scene) object {
			return s.message(object{"from_chat_id": s.anna.ID, "message_id": 999_999})
		}, "400 Bad Request: message to forward not found"},
		{"copy what is not there", "copyMessage", func(s *scene) object {
			return s.message(object{"from_chat_id": s.anna.ID, "message_id": 999_999})
		}, "400 Bad Request: message to copy not found"},
		{"no photo", "sendPhoto", func(s *scene) object { return s.message(nil) }, "400 Bad Request: there is no photo in the request"},
		{"unknown file", "sendDocument", func(s *scene) object {
			return s.message(object{"document": "AgAC"})
		}, "400 Bad Request: wrong file identifier/HTTP URL specified"},
		{"caption over 1024", "sendDocument", func(s *scene) object {
			return s.message(object{"document": "AgAC", "caption": strings.Repeat("a", 1025)})
		}, "400 Bad Request: message caption is too long"},
		{"unknown action", "sendChatAction", func(s *scene) object {
			return s.message(object{"action": "dancing"})
		}, "400 Bad Request: wrong parameter action in request"},
		{"getChat of a stranger", "getChat", func(s *scene) object {
			return object{"chat_id": s.stranger.ID}
		}, "400 Bad Request: chat not found"},
		{"webhook that is no address", "setWebhook", func(*scene) object {
			return object{"url": "ftp://x"}
		}, "400 Bad Request: bad webhook: invalid webhook URL specified"},
		{"webhook secret with a blank", "setWebhook", func(*scene) object {
			return object{"url": "http://127.0.0.1:1", "secret_token": "a b"}
		}, "400 Bad Request: secret token contains unallowed characters"},
		{"webhook secret of 257 characters", "setWebhook", func(*scene) object {
			return object{"url": "http://127.0.0.1:1", "secret_token": strings.Repeat("a", 257)}
		}, "400 Bad Request: secret token is too long"},
		{"command in capitals", "setMyCommands", func(*scene) object {
			return object{"commands": []object{{"command": "Start", "description": "x"}}}
		}, "400 Bad Request: BOT_COMMAND_INVALID"},
		{"unknown method", "sendNothing", func(*scene) object { return nil }, "404 Not Found: method not found"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := setScene(t)
			a := s.call(c.method, c.params(s))
			require.False(t, a.OK)
			require.Equal(t, c.want, fmt.Sprint(a.Code, " ", a.Description))
		})
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	require.Regexp(t, `^7000000001:SBX[A-Za-z0-9_-]{32}$`, b.Token)
	for _, c := range []struct{ name, path, want string }{
		{"unknown token", "/bot7000000001:SBX" + strings.Repeat("a", 32) + "/getMe", `401 {"ok":false,"error_code":401,"description":"Unauthorized"}`},
		{"unknown bot", "/bot7000000009" + b.Token[10:] + "/getMe", `401 {"ok":false,"error_code":401,"description":"Unauthorized"}`},
		{"malformed token", "/bot1:abc/getMe", `401 {"ok":false,"error_code":401,"description":"Unauthorized: invalid token specified"}`},
		{"no method", "/bot" + b.Token, `404 {"ok":false,"error_code":404,"description":"Not Found"}`},
		{"unknown file", "/file/bot" + b.Token + "/documents/file_9", `404 {"ok":false,"error_code":404,"description":"Not Found"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, body, _ := b.request(http.MethodGet, c.path, "", "")
			require.Equal(t, c.want, fmt.Sprint(status, " ", strings.TrimSpace(body)))
		})
	}
}

func TestParametersInEveryForm(t *testing.T) {
	t.Parallel()
	form := "application/x-www-form-urlencoded"
	multipart := func(parts ...string) string {
		var out strings.Builder
		for i := 0; i < len(parts); i += 2 {
			fmt.Fprintf(&out, "--B\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", parts[i], parts[i+1])
		}
		return out.String() + "--B--\r\n"
	}
	for _, c := range []struct{ name, verb, method, contentType, body string }{
		{"query", http.MethodGet, "sendMessage?chat_id=CHAT&text=a%20b", "", ""},
		{"urlencoded", http.MethodPost, "sendMessage", form, "chat_id=CHAT&text=a+b"},
		{"urlencoded with a charset", http.MethodPost, "sendMessage", form + "; charset=utf-8", "chat_id=CHAT&text=a%20b"},
		{"JSON", http.MethodPost, "sendMessage", "application/json", `{"chat_id":CHAT,"text":"a b"}`},
		{"JSON with strings and nulls", http.MethodPost, "sendMessage", "application/json", `{"chat_id":"CHAT","text":"a b","reply_markup":null,"parse_mode":null,"entities":null,"reply_parameters":null}`},
		{"JSON with markup as a string", http.MethodPost, "sendMessage", "application/json; charset=utf-8", `{"chat_id":CHAT,"text":"a b","reply_markup":"{\"remove_keyboard\":true}"}`},
		{"multipart", http.MethodPost, "sendMessage", "multipart/form-data; boundary=B", multipart("chat_id", "CHAT", "text", "a b", "reply_markup", "null")},
		{"query before body", http.MethodPost, "sendMessage?text=a+b", form, "chat_id=CHAT&text=other"},
		{"method in any case", http.MethodPost, "SENDmessage", form, "chat_id=CHAT&text=a+b"},
		{"slash at the end", http.MethodPost, "sendMessage/", form, "chat_id=CHAT&text=a+b"},
		{"white space around the text", http.MethodPost, "sendMessage", form, "chat_id=CHAT&text=+a+b%0A"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, noLimits()).bot("acme_bot")
			p := b.started("Anna", "")
			fill := strings.NewReplacer("CHAT", fmt.Sprint(p.ID))
			a := b.raw(c.verb, fill.Replace(c.method), c.contentType, fill.Replace(c.body))
			require.True(t, a.OK, a.Description)
			history := b.history(p)
			require.Equal(t, "a b", history[len(history)-1].Text)
		})
	}

	t.Run("an empty multipart body has no parameters", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		require.True(t, b.raw(http.MethodPost, "getMe", "multipart/form-data; boundary=B", "").OK)
	})
	t.Run("bodies over the limit are refused", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		a := b.raw(http.MethodPost, "sendMessage", "application/json", `{"text":"`+strings.Repeat("a", 1<<20)+`"}`)
		require.Equal(t, "413 Request Entity Too Large", fmt.Sprint(a.Code, " ", a.Description))
	})
	for name, body := range map[string]string{"broken": "{", "an array": "[]"} {
		t.Run(name+" JSON is refused", func(t *testing.T) {
			t.Parallel()
			b := start(t, noLimits()).bot("acme_bot")
			require.Equal(t, 400, b.raw(http.MethodPost, "sendMessage", "application/json", body).Code)
		})
	}
	t.Run("text that is not UTF-8 is refused", func(t *testing.T) {
		t.Parallel()
		b := start(t, noLimits()).bot("acme_bot")
		a := b.raw(http.MethodPost, "sendMessage", form, "chat_id=1&text=%ff%fe")
		require.Equal(t, "Bad Request: strings must be encoded in UTF-8", a.Description)
	})
}
