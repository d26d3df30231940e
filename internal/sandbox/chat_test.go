package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
)

func TestContacts(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", "+380501234567")
	other := b.person("Boris", "+380670000001")

	b.do(http.MethodPost, b.chat(p, "contact"), nil)
	b.do(http.MethodPost, b.chat(p, "contact"), object{"person": other.ID})
	b.do(http.MethodPost, b.chat(p, "contact"), object{"forwarded": true})
	b.do(http.MethodPost, b.chat(p, "contact"), object{"contact": object{"phone_number": "123", "first_name": "Nobody"}})
	got := b.updates(object{})
	require.Len(t, got, 4)
	own, others, forwarded, made := got[0].Message, got[1].Message, got[2].Message, got[3].Message
	require.Equal(t, []any{"380501234567", p.ID}, []any{own.Contact.Phone, own.Contact.UserID})
	require.Nil(t, own.ForwardOrigin)
	require.Equal(t, []any{"+380670000001", other.ID}, []any{others.Contact.Phone, others.Contact.UserID})
	require.Equal(t, "user", forwarded.ForwardOrigin.Type)
	require.Equal(t, []any{"123", int64(0)}, []any{made.Contact.Phone, made.Contact.UserID})
}

func TestButtons(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", "+380501234567")
	m := must[message](b, "sendMessage", object{"chat_id": p.ID, "text": "Choose", "reply_markup": object{"inline_keyboard": [][]object{
		{{"text": "Yes", "callback_data": "y", "copy_text": object{"text": ""}}, {"text": "Site", "url": "https://acme.example/x"}},
	}}})
	require.Equal(t, object{"text": "Yes", "callback_data": "y"}, m.ReplyMarkup.Rows[0][0], "only the action that counts is kept")

	type pressed struct {
		CallbackID string `json:"callback_id"`
		Answered   bool   `json:"answered"`
		Text       string `json:"text"`
		Alert      bool   `json:"alert"`
		URL        string `json:"url"`
	}
	result := make(chan pressed)
	go func() {
		result <- control[pressed](b.world, http.MethodPost, b.chat(p, "press"), object{"message_id": m.ID, "data": "y"})
	}()
	got := b.updates(object{"timeout": 10})
	require.Len(t, got, 1)
	require.Equal(t, "y", got[0].Callback.Data)
	must[bool](b, "answerCallbackQuery", object{"callback_query_id": got[0].Callback.ID, "text": "Noted", "show_alert": true})
	require.Equal(t, pressed{CallbackID: got[0].Callback.ID, Answered: true, Text: "Noted", Alert: true}, <-result)

	link := control[pressed](b.world, http.MethodPost, b.chat(p, "press"), object{"message_id": m.ID, "row": 0, "col": 1})
	require.Equal(t, pressed{URL: "https://acme.example/x"}, link)

	status, _, _ := b.request(http.MethodPost, "/control/v1"+b.chat(p, "press"), "application/json", fmt.Sprintf(`{"message_id":%d,"data":"n"}`, m.ID))
	require.Equal(t, http.StatusNotFound, status)

	must[message](b, "editMessageReplyMarkup", object{"chat_id": p.ID, "message_id": m.ID})
	history := b.history(p)
	require.Nil(t, history[len(history)-1].ReplyMarkup)
}

func TestLateAnswersToButtonsAreRefused(t *testing.T) {
	t.Parallel()
	now := newClock()
	b := start(t, sandbox.Options{Clock: now.Now}).bot("acme_bot")
	p := b.started("Anna", "")
	m := must[message](b, "sendMessage", object{"chat_id": p.ID, "text": "Choose", "reply_markup": object{"inline_keyboard": [][]object{{{"text": "Yes", "callback_data": "y"}}}}})
	go func() {
		// Nobody answers in time: the press itself ends unanswered.
		_, _, _ = b.request(http.MethodPost, "/control/v1"+b.chat(p, "press"), "application/json", fmt.Sprintf(`{"message_id":%d,"data":"y"}`, m.ID))
	}()
	got := b.updates(object{"timeout": 10})
	now.advance(time.Minute)
	require.Equal(t, "Bad Request: query is too old and response timeout expired or query ID is invalid",
		b.call("answerCallbackQuery", object{"callback_query_id": got[0].Callback.ID}).Description)
}

func TestReplyKeyboards(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", "+380501234567")
	m := must[message](b, "sendMessage", object{"chat_id": p.ID, "text": "Share?", "reply_markup": object{
		"keyboard": [][]any{{object{"text": "My phone", "request_contact": true}, "Later"}}, "one_time_keyboard": true,
	}})
	require.Nil(t, m.ReplyMarkup, "the Bot API shows inline keyboards only")
	b.do(http.MethodPost, b.chat(p, "press"), object{"text": "My phone"})
	got := b.updates(object{})
	require.Equal(t, p.ID, got[0].Message.Contact.UserID)
	require.Equal(t, m.ID, got[0].Message.ReplyTo.ID, "a contact that was asked for replies to the question")
	status, _, _ := b.request(http.MethodPost, "/control/v1"+b.chat(p, "press"), "application/json", `{"text":"Later"}`)
	require.Equal(t, http.StatusNotFound, status, "a one-time keyboard is gone after the first press")
}

func TestEditingAndDeleting(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", "")
	m := b.send(p, "first")
	edited := must[message](b, "editMessageText", object{"chat_id": p.ID, "message_id": m.ID, "text": "<i>second</i>", "parse_mode": "HTML"})
	require.Equal(t, "second", edited.Text)
	require.Equal(t, m.Date, edited.Date)
	require.NotZero(t, edited.EditDate)
	must[bool](b, "deleteMessage", object{"chat_id": p.ID, "message_id": m.ID})
	for _, left := range b.history(p) {
		require.NotEqual(t, m.ID, left.ID)
	}
	next := b.send(p, "third")
	require.Greater(t, next.ID, m.ID, "ids are not given twice")
}

func TestForwardingAndCopying(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	anna, boris := b.started("Anna", ""), b.started("Boris", "")
	b.write(anna, "look https://acme.example")
	source := b.updates(object{})[0].Message
	forwarded := must[message](b, "forwardMessage", object{"chat_id": boris.ID, "from_chat_id": anna.ID, "message_id": source.ID})
	require.Equal(t, "user", forwarded.ForwardOrigin.Type)
	require.Equal(t, source.Text, forwarded.Text)
	copied := must[message](b, "copyMessage", object{"chat_id": boris.ID, "from_chat_id": anna.ID, "message_id": source.ID})
	require.Empty(t, copied.Text, "copyMessage answers with the id only")
	history := b.history(boris)
	require.Equal(t, copied.ID, history[len(history)-1].ID)
	require.Nil(t, history[len(history)-1].ForwardOrigin)
}

// form builds a multipart body with one file.
func form(t *testing.T, field, name string, content []byte, values map[string]string) (contentType, body string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for k, v := range values {
		require.NoError(t, w.WriteField(k, v))
	}
	part, err := w.CreateFormFile(field, name)
	require.NoError(t, err)
	_, err = part.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return w.FormDataContentType(), out.String()
}

func picture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, image.NewGray(image.Rect(0, 0, 16, 9))))
	return out.Bytes()
}

func TestFiles(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", "")

	contentType, body := form(t, "photo", "a.png", picture(t), map[string]string{"chat_id": fmt.Sprint(p.ID), "caption": "see #this"})
	a := b.raw(http.MethodPost, "sendPhoto", contentType, body)
	require.True(t, a.OK, a.Description)
	var sent message
	require.NoError(t, json.Unmarshal(a.Result, &sent))
	require.Equal(t, 16, sent.Photo[0].Width)
	require.Equal(t, "see #this", sent.Caption)

	again := must[message](b, "sendPhoto", object{"chat_id": p.ID, "photo": sent.Photo[0].FileID})
	require.Equal(t, sent.Photo[0].FileID, again.Photo[0].FileID, "a file that was sent can be sent again by its id")

	contentType, body = form(t, "attached", "words.txt", []byte("some words"), map[string]string{"chat_id": fmt.Sprint(p.ID), "document": "attach://attached"})
	require.True(t, b.raw(http.MethodPost, "sendDocument", contentType, body).OK)

	history := b.history(p)
	last := history[len(history)-1]
	require.Equal(t, "words.txt", last.Document.Name)
	file := must[struct {
		Path string `json:"file_path"`
		Size int    `json:"file_size"`
	}](b, "getFile", object{"file_id": last.Document.FileID})
	require.Equal(t, 10, file.Size)
	status, content, _ := b.request(http.MethodGet, "/file/bot"+b.Token+"/"+file.Path, "", "")
	require.Equal(t, "200 some words", fmt.Sprint(status, " ", content))
	status, content, header := b.request(http.MethodGet, last.FileURL, "", "")
	require.Equal(t, "200 some words", fmt.Sprint(status, " ", content))
	require.Contains(t, header.Get("Content-Disposition"), "attachment")

	contentType, body = form(t, "file", "b.png", picture(t), map[string]string{"caption": "mine"})
	status, content, _ = b.request(http.MethodPost, "/control/v1"+b.chat(p, "photo"), contentType, body)
	require.Equal(t, http.StatusCreated, status, content)
	require.Equal(t, "mine", b.updates(object{})[0].Message.Caption)

	contentType, body = form(t, "photo", "a.png", []byte("no picture"), map[string]string{"chat_id": fmt.Sprint(p.ID)})
	require.Equal(t, "Bad Request: IMAGE_PROCESS_FAILED", b.raw(http.MethodPost, "sendPhoto", contentType, body).Description)
}

func TestProfile(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	must[bool](b, "setMyCommands", object{"commands": []object{{"command": "help", "description": "Help"}}})
	must[bool](b, "setMyCommands", object{"commands": []object{{"command": "help", "description": "Допомога"}}, "language_code": "uk"})
	type commands []struct {
		Command     string `json:"command"`
		Description string `json:"description"`
	}
	require.Equal(t, "Help", must[commands](b, "getMyCommands", nil)[0].Description)
	require.Equal(t, "Допомога", must[commands](b, "getMyCommands", object{"language_code": "uk"})[0].Description)
	must[bool](b, "deleteMyCommands", nil)
	require.Empty(t, must[commands](b, "getMyCommands", nil))

	require.Equal(t, object{"name": "Acme"}, must[object](b, "getMyName", nil))
	must[bool](b, "setMyName", object{"name": "Acme 2"})
	require.Equal(t, "Acme 2", must[object](b, "getMe", nil)["first_name"])
	must[bool](b, "setMyDescription", object{"description": "What it does"})
	require.Equal(t, object{"description": "What it does"}, must[object](b, "getMyDescription", object{"language_code": "de"}))
	must[bool](b, "setMyShortDescription", object{"short_description": "Short"})
	require.Equal(t, object{"short_description": "Short"}, must[object](b, "getMyShortDescription", nil))
	require.Equal(t, object{"type": "commands"}, must[object](b, "getChatMenuButton", nil))

	p := b.started("Anna", "")
	require.Equal(t, "Anna", must[object](b, "getChat", object{"chat_id": p.ID})["first_name"])
	require.Equal(t, "member", must[object](b, "getChatMember", object{"chat_id": p.ID, "user_id": p.ID})["status"])
}

type group struct {
	ID    int64   `json:"id"`
	Type  string  `json:"type"`
	Bots  []int64 `json:"bots"`
	Title string  `json:"title"`
}

func TestGroups(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	anna, boris := b.person("Anna", ""), b.person("Boris", "")
	g := control[group](b.world, http.MethodPost, "/groups", object{"title": "Team", "people": []int64{anna.ID}, "bots": []string{"@acme_bot"}})
	path := fmt.Sprint("/groups/", g.ID)
	inGroup := func(p person, action string) string { return fmt.Sprintf("/people/%d/chats/%d/%s", p.ID, g.ID, action) }
	read := func() []update {
		got := b.updates(object{})
		if len(got) > 0 {
			b.updates(object{"offset": got[len(got)-1].ID + 1})
		}
		return got
	}
	require.NotNil(t, read()[0].MyChatMember, "the bot learns that it is in")

	sent := must[message](b, "sendMessage", object{"chat_id": g.ID, "text": "hello all"})
	require.Equal(t, "group", sent.Chat.Type)
	b.do(http.MethodPost, inGroup(anna, "messages"), object{"text": "not for the bot"})
	b.do(http.MethodPost, inGroup(anna, "messages"), object{"text": "/status"})
	b.do(http.MethodPost, inGroup(anna, "messages"), object{"text": "/status@other_bot"})
	b.do(http.MethodPost, inGroup(anna, "messages"), object{"text": "hey @Acme_Bot"})
	b.do(http.MethodPost, inGroup(anna, "messages"), object{"text": "yes", "reply_to": sent.ID})
	require.Equal(t, []string{"/status", "hey @Acme_Bot", "yes"}, texts(read()), "privacy mode hides the rest")

	b.do(http.MethodPost, path+"/members", object{"add": []int64{boris.ID}})
	require.NotNil(t, read()[0].Message, "service messages reach all bots")
	require.Equal(t, "creator", must[object](b, "getChatMember", object{"chat_id": g.ID, "user_id": anna.ID})["status"])
	require.InDelta(t, 3, must[float64](b, "getChatMemberCount", object{"chat_id": g.ID}), 0)

	super := control[group](b.world, http.MethodPost, path+"/upgrade", nil)
	require.Less(t, super.ID, int64(-1_000_000_000_000))
	a := b.call("sendMessage", object{"chat_id": g.ID, "text": "hi"})
	require.Equal(t, "400 Bad Request: group chat was upgraded to a supergroup chat", fmt.Sprint(a.Code, " ", a.Description))
	require.Equal(t, super.ID, a.Parameters.MigrateTo)
	moved := read()
	require.Equal(t, super.ID, moved[0].Message.MigrateTo)
	require.Equal(t, g.ID, moved[1].Message.MigrateFrom)
	require.Equal(t, "supergroup", must[message](b, "sendMessage", object{"chat_id": super.ID, "text": "hi"}).Chat.Type)

	path = fmt.Sprint("/groups/", super.ID)
	b.do(http.MethodPost, path+"/members", object{"remove": []string{"@acme_bot"}})
	a = b.call("sendMessage", object{"chat_id": super.ID, "text": "hi"})
	require.Equal(t, "403 Forbidden: bot was kicked from the supergroup chat", fmt.Sprint(a.Code, " ", a.Description))
	b.do(http.MethodPost, path+"/members", object{"add": []string{"@acme_bot"}})
	must[bool](b, "leaveChat", object{"chat_id": super.ID})
	require.Equal(t, "Forbidden: bot is not a member of the supergroup chat", b.call("sendMessage", object{"chat_id": super.ID, "text": "hi"}).Description)
	b.do(http.MethodDelete, path, nil)
	require.Equal(t, "Forbidden: the group chat was deleted", b.call("sendMessage", object{"chat_id": super.ID, "text": "hi"}).Description)
}

func TestChannels(t *testing.T) {
	t.Parallel()
	b := start(t, noLimits()).bot("acme_bot")
	anna, boris := b.person("Anna", ""), b.person("Boris", "")
	c := control[group](b.world, http.MethodPost, "/groups", object{"type": "channel", "title": "News", "people": []int64{anna.ID, boris.ID}})
	require.Equal(t, "channel", c.Type)
	require.Less(t, c.ID, int64(-1_000_000_000_000))
	path := fmt.Sprint("/groups/", c.ID)
	inChannel := func(p person, action string) string { return fmt.Sprintf("/people/%d/chats/%d/%s", p.ID, c.ID, action) }
	read := func() []update {
		got := b.updates(object{})
		if len(got) > 0 {
			b.updates(object{"offset": got[len(got)-1].ID + 1})
		}
		return got
	}
	problem := func(method, path string, in object) string {
		raw, err := json.Marshal(in)
		require.NoError(t, err)
		_, answer, _ := b.request(method, "/control/v1"+path, "application/json", string(raw))
		var out struct {
			Error struct {
				Code string `json:"code"`
			} `json:"error"`
		}
		require.NoError(t, json.Unmarshal([]byte(answer), &out))
		return out.Error.Code
	}
	refused := func(words string) {
		a := b.call("sendMessage", object{"chat_id": c.ID, "text": "hi"})
		require.Equal(t, words, fmt.Sprint(a.Code, " ", a.Description))
	}
	refused("403 Forbidden: bot is not a member of the channel chat")

	b.do(http.MethodPost, path+"/members", object{"add": []string{"@acme_bot"}})
	joined := read()
	require.Len(t, joined, 1, "a channel does not say who joined")
	require.Equal(t, "left", joined[0].MyChatMember.Old.Status)
	require.Equal(t, "administrator", joined[0].MyChatMember.New.Status)
	me := must[object](b, "getChatMember", object{"chat_id": c.ID, "user_id": b.ID})
	require.Equal(t, "administrator", me["status"])
	require.Equal(t, true, me["can_post_messages"])
	require.NotContains(t, must[object](b, "getChat", object{"chat_id": c.ID}), "permissions")

	sent := must[message](b, "sendMessage", object{
		"chat_id": c.ID, "text": "news", "reply_markup": object{"inline_keyboard": [][]object{{{"text": "More", "callback_data": "more"}}}},
	})
	require.Nil(t, sent.From, "the channel wrote it")
	require.Equal(t, chat{ID: c.ID, Type: "channel"}, *sent.Sender)
	require.Equal(t, "Bad Request: inline keyboard expected", b.call("sendMessage", object{
		"chat_id": c.ID, "text": "hi", "reply_markup": object{"keyboard": [][]string{{"A"}}},
	}).Description)

	post := control[message](b.world, http.MethodPost, inChannel(anna, "messages"), object{"text": "from the owner, no command"})
	require.True(t, post.Out)
	b.do(http.MethodPatch, inChannel(anna, fmt.Sprint("messages/", post.ID)), object{"text": "from the owner"})
	got := read()
	require.Equal(t, "from the owner, no command", got[0].Post.Text, "an administrator sees all posts")
	require.Nil(t, got[0].Post.From)
	require.Equal(t, c.ID, got[0].Post.Sender.ID)
	require.Equal(t, "from the owner", got[1].EditedPost.Text)
	require.Equal(t, "channel:not_administrator", problem(http.MethodPost, inChannel(boris, "messages"), object{"text": "a reader"}))

	b.do(http.MethodPost, inChannel(boris, "press"), object{"message_id": sent.ID, "data": "more"})
	require.Equal(t, "more", read()[0].Callback.Data, "the press reaches the bot that posted")
	must[message](b, "editMessageText", object{"chat_id": c.ID, "message_id": post.ID, "text": "put right"})
	copied := must[message](b, "forwardMessage", object{"chat_id": c.ID, "from_chat_id": c.ID, "message_id": post.ID})
	require.Equal(t, "channel", copied.ForwardOrigin.Type)
	require.Equal(t, c.ID, copied.ForwardOrigin.Chat.ID)
	must[bool](b, "deleteMessage", object{"chat_id": c.ID, "message_id": post.ID})
	require.Equal(t, "group:supergroup", problem(http.MethodPost, path+"/upgrade", nil))
	require.Equal(t, "group:type", problem(http.MethodPost, "/groups", object{"type": "supergroup", "title": "T", "people": []int64{anna.ID}}))

	b.do(http.MethodPost, path+"/members", object{"remove": []string{"@acme_bot"}})
	out := read()
	require.Len(t, out, 1)
	require.Equal(t, "administrator", out[0].MyChatMember.Old.Status)
	require.Equal(t, "left", out[0].MyChatMember.New.Status)
	refused("403 Forbidden: bot is not a member of the channel chat")
	b.do(http.MethodPost, path+"/members", object{"add": []string{"@acme_bot"}})
	b.do(http.MethodDelete, path, nil)
	refused("403 Forbidden: bot is not a member of the channel chat")
}

func TestOldMessagesStay(t *testing.T) {
	t.Parallel()
	now := newClock()
	b := start(t, sandbox.Options{Clock: now.Now}).bot("acme_bot")
	p := b.started("Anna", "")
	first := b.send(p, "first")
	now.advance(47 * time.Hour)
	second := b.send(p, "second")
	now.advance(time.Hour)
	require.Equal(t, "Bad Request: message can't be deleted for everyone",
		b.call("deleteMessage", object{"chat_id": p.ID, "message_id": first.ID}).Description)
	must[bool](b, "deleteMessage", object{"chat_id": p.ID, "message_id": second.ID})
}
