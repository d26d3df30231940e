package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
	"herald/internal/sandbox/network"
)

func TestTextsWithTheirOwnEntities(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", "")
	m := must[message](b, "sendMessage", object{"chat_id": p.ID, "text": "🙂 bold Anna /go", "entities": []object{
		{"type": "bold", "offset": 3, "length": 4},
		{"type": "text_mention", "offset": 8, "length": 4, "user": object{"id": p.ID}},
		{"type": "url", "offset": 0, "length": 2},
	}})
	require.Equal(t, []entity{
		{Type: "bold", Offset: 3, Length: 4}, {Type: "text_mention", Offset: 8, Length: 4}, {Type: "bot_command", Offset: 13, Length: 3},
	}, m.Entities, "what is detected cannot be set")
	m = must[message](b, "sendMessage", object{"chat_id": p.ID, "text": `<a href="tg://user?id=5">who</a>`, "parse_mode": "HTML"})
	require.Empty(t, m.Entities, "nobody has this id")
	require.Equal(t, "Bad Request: can't parse entities: entity beyond the end of the text", b.call("sendMessage", object{
		"chat_id": p.ID, "text": "a", "entities": []object{{"type": "bold", "offset": 0, "length": 9}},
	}).Description)
}

func TestSendContact(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", number)
	m := must[message](b, "sendContact", object{"chat_id": p.ID, "phone_number": "380501234567", "first_name": "Anna"})
	require.Equal(t, p.ID, m.Contact.UserID, "the number is Anna's")
	m = must[message](b, "sendContact", object{"chat_id": p.ID, "phone_number": "+380991234567", "first_name": "Support"})
	require.Zero(t, m.Contact.UserID)
	require.Equal(t, "Bad Request: contact first name is empty", b.call("sendContact", object{"chat_id": p.ID, "phone_number": "1"}).Description)
}

func TestCaptionsAndManyDeletions(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", "")
	contentType, body := form(t, "document", "a.txt", []byte("x"), map[string]string{"chat_id": fmt.Sprint(p.ID), "caption": "old"})
	require.True(t, b.raw(http.MethodPost, "sendDocument", contentType, body).OK)
	history := b.history(p)
	file := history[len(history)-1]
	edited := must[message](b, "editMessageCaption", object{"chat_id": p.ID, "message_id": file.ID, "caption": "*new*", "parse_mode": "Markdown"})
	require.Equal(t, "new", edited.Caption)
	require.Equal(t, "Bad Request: there is no text in the message to edit",
		b.call("editMessageText", object{"chat_id": p.ID, "message_id": file.ID, "text": "x"}).Description)
	require.Equal(t, "Bad Request: there is no caption in the message to edit",
		b.call("editMessageCaption", object{"chat_id": p.ID, "message_id": b.send(p, "text").ID, "caption": "x"}).Description)

	other := b.send(p, "b")
	must[bool](b, "deleteMessages", object{"chat_id": p.ID, "message_ids": []int64{file.ID, other.ID, 999_999}})
	require.Equal(t, []string{"/start", "text"}, messageTexts(b.history(p)))
}

func TestCommandScopesAndMenu(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	scope := object{"type": "chat", "chat_id": 5}
	must[bool](b, "setMyCommands", object{"commands": []object{{"command": "/here", "description": "Here"}}, "scope": scope})
	require.Empty(t, must[[]object](b, "getMyCommands", nil))
	require.Equal(t, "here", must[[]object](b, "getMyCommands", object{"scope": scope})[0]["command"])
	require.Equal(t, "Bad Request: can't parse BotCommandScope: unsupported type specified",
		b.call("getMyCommands", object{"scope": object{"type": "planet"}}).Description)
	must[bool](b, "setChatMenuButton", object{"menu_button": object{"type": "default"}})
	require.Equal(t, object{"type": "default"}, must[object](b, "getChatMenuButton", nil))
	require.Equal(t, "Bad Request: can't parse MenuButton: MenuButton has unsupported type",
		b.call("setChatMenuButton", object{"menu_button": object{"type": "round"}}).Description)
}

func TestListOfChats(t *testing.T) {
	t.Parallel()
	w := start(t, noLimits())
	first, second := w.bot("first_bot"), w.bot("second_bot")
	p := first.started("Anna", "")
	type conversation struct {
		Bot     *bot     `json:"bot"`
		Started bool     `json:"started"`
		Blocked bool     `json:"blocked"`
		Unread  int      `json:"unread"`
		Action  string   `json:"action"`
		Last    *message `json:"last"`
	}
	chats := func() []conversation {
		return control[[]conversation](w, http.MethodGet, fmt.Sprint("/people/", p.ID, "/chats"), nil)
	}
	require.Empty(t, second.history(p), "looking at a chat does not begin it")
	require.Len(t, chats(), 1)
	first.send(p, "one")
	must[bool](first, "sendChatAction", object{"chat_id": p.ID, "action": "typing"})
	got := chats()[0]
	require.Equal(t, []any{first.ID, true, false, 1, "typing"}, []any{got.Bot.ID, got.Started, got.Blocked, got.Unread, got.Action})
	require.Empty(t, got.Bot.Token, "a person does not see tokens")
	require.Equal(t, "one", got.Last.Text)
	w.do(http.MethodPost, first.chat(p, "read"), nil)
	w.do(http.MethodPost, first.chat(p, "block"), nil)
	got = chats()[0]
	require.Equal(t, []any{0, true}, []any{got.Unread, got.Blocked})

	w.do(http.MethodPost, "/groups", object{"title": "Team", "people": []int64{p.ID}})
	require.Len(t, chats(), 2)
	w.do(http.MethodDelete, "/bots/@first_bot", nil)
	require.Len(t, chats(), 1)
	require.Equal(t, 401, first.call("getMe", nil).Code)
	require.Len(t, control[[]bot](w, http.MethodGet, "/bots?q=SECOND", nil), 1)
	require.Len(t, control[[]person](w, http.MethodGet, "/people?limit=5", nil), 1)
	require.Equal(t, false, control[object](w, http.MethodGet, "/limits", nil)["enforce"])
}

func TestPeopleEditWhatTheyWrote(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", "")
	b.write(p, "helo")
	m := b.updates(object{})[0].Message
	b.do(http.MethodPatch, b.chat(p, fmt.Sprint("messages/", m.ID)), object{"text": "hello"})
	got := b.updates(object{})
	require.Equal(t, "hello", got[1].EditedMessage.Text)
	require.Equal(t, m.ID, got[1].EditedMessage.ID)
	reply := must[message](b, "sendMessage", object{"chat_id": p.ID, "text": "yes?", "reply_to_message_id": m.ID})
	require.Equal(t, "hello", reply.ReplyTo.Text)
	again := must[message](b, "sendMessage", object{"chat_id": p.ID, "text": "and?", "reply_parameters": object{"message_id": reply.ID}})
	require.Nil(t, again.ReplyTo.ReplyTo, "a quoted message does not quote again")
	gone := must[message](b, "sendMessage", object{"chat_id": p.ID, "text": "x", "reply_parameters": object{"message_id": 999, "allow_sending_without_reply": true}})
	require.Nil(t, gone.ReplyTo)
}

func TestWebhooksGoOnAfterARestart(t *testing.T) {
	t.Parallel()
	o := noLimits()
	o.StateDir = t.TempDir()
	s, err := sandbox.New(o)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	w := &world{t: t, server: s, url: s.URL()}
	b := w.bot("acme_bot")
	p := b.started("Anna", "")
	hook, url := receive(t, nil)
	must[bool](b, "setWebhook", object{"url": url, "secret_token": "kept"})
	w.stop()
	b.world = start(t, o)
	b.write(p, "hello again")
	require.Equal(t, "kept", hook.next(t).header.Get("X-Telegram-Bot-Api-Secret-Token"))
}

func TestBounds(t *testing.T) {
	t.Parallel()
	o := noLimits()
	o.Bounds = network.Bounds{MessagesPerChat: 10, PendingPerBot: 5, FileBytes: 1000}
	b := start(t, o).bot("acme_bot")
	p := b.started("Anna", "")
	for i := range 40 {
		b.write(p, fmt.Sprint(i))
	}
	require.Equal(t, []string{"35", "36", "37", "38", "39"}, texts(b.updates(object{})), "the oldest updates are dropped")
	history := b.history(p)
	require.LessOrEqual(t, len(history), 13)
	require.Equal(t, "39", history[len(history)-1].Text)

	for range 3 {
		contentType, body := form(t, "document", "a.txt", []byte(strings.Repeat("x", 400)), map[string]string{"chat_id": fmt.Sprint(p.ID)})
		require.True(t, b.raw(http.MethodPost, "sendDocument", contentType, body).OK)
	}
	history = b.history(p)
	files := history[len(history)-3:]
	require.Equal(t, "Bad Request: wrong file_id or the file is temporarily unavailable", b.call("getFile", object{"file_id": files[0].Document.FileID}).Description)
	require.True(t, b.call("getFile", object{"file_id": files[2].Document.FileID}).OK)
}
