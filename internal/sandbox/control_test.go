package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
	"herald/internal/sandbox/network"
)

func TestControlRefusals(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{Bounds: network.Bounds{People: 3}})
	b := w.bot("acme_bot")
	p := b.started("Anna", "+380501234567")
	w.person("Boris", "")
	chat := "/people/%d/chats/%s/"
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"unknown field", "POST", "/people", `{"first_name":"A","age":3}`, 400, "body:invalid"},
		{"broken JSON", "POST", "/people", `{`, 400, "body:invalid"},
		{"two values", "POST", "/people", `{"first_name":"A"} {}`, 400, "body:invalid"},
		{"body over 1 MiB", "POST", "/people", `{"first_name":"` + strings.Repeat("a", 1<<20) + `"}`, 400, "body:too_large"},
		{"person without a name", "POST", "/people", `{}`, 400, "person:first_name"},
		{"bad phone", "POST", "/people", `{"first_name":"A","phone":"12"}`, 400, "person:phone"},
		{"bad username", "POST", "/people", `{"first_name":"A","username":"1a"}`, 400, "person:username"},
		{"taken username", "POST", "/people", `{"first_name":"A","username":"ACME_bot"}`, 409, "person:username_taken"},
		{"bot name that does not end in bot", "POST", "/bots", `{"name":"A","username":"acme"}`, 400, "bot:username"},
		{"bot twice", "POST", "/bots", `{"name":"A","username":"Acme_Bot"}`, 409, "bot:username_taken"},
		{"unknown person", "GET", "/people/5", "", 404, "person:not_found"},
		{"no id", "GET", "/people/anna", "", 400, "path:person"},
		{"unknown bot", "GET", "/bots/@no_such_bot", "", 404, "bot:not_found"},
		{"unknown link", "GET", "/resolve?link=https://t.me/no_such_bot", "", 404, "bot:not_found"},
		{"link to nothing", "GET", "/resolve?link=https://t.me/", "", 400, "link:invalid"},
		{"payload too long", "GET", "/resolve?link=https://t.me/acme_bot?start=" + strings.Repeat("a", 65), "", 400, "link:payload"},
		{"bad payload", "POST", fmt.Sprintf(chat, p.ID, "@acme_bot") + "start", `{"payload":"a b"}`, 400, "start:payload"},
		{"write before start", "POST", fmt.Sprintf(chat, 100002, "@acme_bot") + "messages", `{"text":"hi"}`, 409, "chat:not_started"},
		{"empty text", "POST", fmt.Sprintf(chat, p.ID, "@acme_bot") + "messages", `{"text":" "}`, 400, "message:text"},
		{"reply to nothing", "POST", fmt.Sprintf(chat, p.ID, "@acme_bot") + "messages", `{"text":"x","reply_to":99}`, 404, "message:not_found"},
		{"no phone to share", "POST", fmt.Sprintf(chat, p.ID, "@acme_bot") + "contact", `{"person":100002}`, 409, "person:no_phone"},
		{"group without people", "POST", "/groups", `{"title":"G"}`, 400, "group:people"},
		{"unknown group", "GET", "/groups/-5", "", 404, "group:not_found"},
		{"unknown fault", "POST", "/faults", `{"kind":"rain"}`, 400, "fault:invalid"},
		{"fault of a bot that is not there", "POST", "/faults", `{"kind":"html","bot":"@nobody_bot"}`, 404, "bot:not_found"},
		{"no such fault", "DELETE", "/faults/77", "", 404, "fault:not_found"},
		{"bad phone state", "PATCH", "/phones/+380501234567", `{"state":"broken"}`, 400, "phone:state"},
		{"outside link", "POST", fmt.Sprintf(chat, p.ID, "@acme_bot") + "open", `{"url":"http://192.0.2.1/"}`, 400, "open:forbidden"},
		{"query that is no number", "GET", "/log?after=x", "", 400, "query:after"},
		{"steal how", "POST", "/bots/@acme_bot/steal", `{"how":"force"}`, 400, "steal:how"},
		{"no such path", "GET", "/nothing", "", 404, "path:not_found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body, _ := w.request(c.method, "/control/v1"+c.path, "application/json", c.body)
			require.Equal(t, c.status, status, body)
			var answer struct {
				Error struct{ Code, Message string } `json:"error"`
			}
			require.NoError(t, json.Unmarshal([]byte(body), &answer))
			require.Equal(t, c.code, answer.Error.Code)
			require.NotEmpty(t, answer.Error.Message)
		})
	}

	t.Run("a full network", func(t *testing.T) {
		w.person("Third", "")
		status, body, _ := w.request("POST", "/control/v1/people", "application/json", `{"first_name":"Fourth"}`)
		require.Equal(t, http.StatusInsufficientStorage, status)
		require.Contains(t, body, "person:too_many")
	})

	t.Run("a page of another site", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/control/v1/reset", nil)
		require.NoError(t, err)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusConflict, response.StatusCode)
	})
}

func TestResolve(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	b := w.bot("acme_bot")
	for link, payload := range map[string]string{
		"https://t.me/acme_bot?start=a-1_B":           "a-1_B",
		"t.me/ACME_bot":                               "",
		"tg://resolve?domain=acme_bot&start=xyz":      "xyz",
		"@acme_bot":                                   "",
		w.url + "/acme_bot?start=local":               "local",
		"https://telegram.me/acme_bot?start=x&other=": "x",
	} {
		got := control[struct {
			Bot     bot    `json:"bot"`
			Payload string `json:"payload"`
		}](w, http.MethodGet, "/resolve?link="+url.QueryEscape(link), nil)
		require.Equal(t, b.ID, got.Bot.ID, link)
		require.Equal(t, payload, got.Payload, link)
	}
}

func TestStateAndReset(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	b := w.bot("acme_bot")
	p := b.started("Anna", "+380501234567")
	w.fault(object{"kind": "html", "method": "sendPhoto"})
	type state struct {
		People, Bots, Groups, Phones, Faults []object
		Limits                               object
	}
	got := control[state](w, http.MethodGet, "/state", nil)
	require.Equal(t, []int{1, 1, 0, 1, 1}, []int{len(got.People), len(got.Bots), len(got.Groups), len(got.Phones), len(got.Faults)})
	require.Equal(t, true, got.Limits["enforce"])
	require.Equal(t, "Anna", got.People[0]["first_name"])
	require.InDelta(t, float64(p.ID), got.Phones[0]["person"], 0)

	w.do(http.MethodPost, "/reset", nil)
	got = control[state](w, http.MethodGet, "/state", nil)
	require.Equal(t, []int{0, 0, 0, 0, 0}, []int{len(got.People), len(got.Bots), len(got.Groups), len(got.Phones), len(got.Faults)})
	require.Equal(t, 401, b.call("getMe", nil).Code)
	require.Greater(t, w.bot("acme_bot").ID, b.ID, "a bot's id is not given again")
}

func TestCallLog(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	b := w.bot("acme_bot")
	p := b.started("Anna", "")
	sent := b.send(p, "hi")
	got := w.lastCall()
	require.Equal(t, callLog{Seq: got.Seq, Method: "sendMessage", ChatID: p.ID, MessageID: sent.ID, OK: true}, got)
	b.call("sendmessage", object{"chat_id": 5, "text": "hi"})
	after := control[[]callLog](w, http.MethodGet, fmt.Sprint("/log?after=", got.Seq), nil)
	require.Equal(t, []callLog{{Seq: got.Seq + 1, Method: "sendMessage", ChatID: 5, Code: 400, Description: "Bad Request: chat not found"}}, after)
	_, raw, _ := w.request(http.MethodGet, "/control/v1/log", "", "")
	require.NotContains(t, raw, b.Token)
	require.NotContains(t, raw, "SBX")
}

func TestEvents(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	b := w.bot("acme_bot")
	p := b.started("Anna", "")

	listen := func(last string) (*bufio.Scanner, func()) {
		ctx, cancel := context.WithCancel(context.Background())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/control/v1/events", nil)
		require.NoError(t, err)
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
		lines := bufio.NewScanner(response.Body)
		require.True(t, lines.Scan())
		require.Equal(t, "retry: 1000", lines.Text())
		return lines, func() {
			cancel()
			_ = response.Body.Close()
		}
	}
	type change struct {
		Seq    int64  `json:"seq"`
		Kind   string `json:"kind"`
		Person int64  `json:"person"`
		Bot    int64  `json:"bot"`
		Chat   int64  `json:"chat"`
		ID     string `json:"id"`
	}
	next := func(lines *bufio.Scanner) change {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var c change
				require.NoError(t, json.Unmarshal([]byte(data), &c))
				return c
			}
		}
		require.FailNow(t, "the stream ended")
		return change{}
	}

	lines, stop := listen("")
	sent := b.send(p, "hi")
	got := next(lines)
	require.Equal(t, change{Seq: got.Seq, Kind: "message", Person: p.ID, Bot: b.ID, Chat: b.ID, ID: fmt.Sprint(sent.ID)}, got)
	stop()
	w.do(http.MethodPatch, fmt.Sprint("/people/", p.ID), object{"first_name": "Hanna"})
	w.fault(object{"kind": "html", "method": "x"})
	lines, stop = listen(fmt.Sprint(got.Seq))
	defer stop()
	require.Equal(t, "person", next(lines).Kind, "a stream goes on where the last one ended")
	require.Equal(t, "fault", next(lines).Kind)
}

func TestLinks(t *testing.T) {
	t.Parallel()
	page, address := receive(t, func(_ int, w http.ResponseWriter, r received) {
		if strings.Contains(r.body, "token=t%261") {
			w.Header().Set("Location", "https://acme.example/target")
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		_, _ = fmt.Fprint(w, `<html><form method="POST" action="/confirm"><input type="hidden" name="token" value="t&amp;1"><button>Open</button></form></html>`)
	})
	b := start(t, noLimits()).bot("acme_bot")
	p := b.started("Anna", "")

	t.Run("Telegram's robot looks at links of messages, unless previews are off", func(t *testing.T) {
		b.send(p, "look: "+address+"/first")
		got := page.next(t)
		require.Equal(t, "TelegramBot (like TwitterBot)", got.header.Get("User-Agent"))
		must[message](b, "sendMessage", object{"chat_id": p.ID, "text": address + "/off", "link_preview_options": object{"is_disabled": true}})
		must[message](b, "sendMessage", object{"chat_id": p.ID, "text": address + "/off", "disable_web_page_preview": true})
		must[message](b, "sendMessage", object{"chat_id": p.ID, "text": `<a href="` + address + `/hidden">here</a>`, "parse_mode": "HTML"})
		page.next(t)
		require.Empty(t, page.requests, "one visit per message with a preview")
	})

	open := func(as string) object {
		return control[object](b.world, http.MethodPost, b.chat(p, "open"), object{"url": address + "/r", "as": as})
	}
	t.Run("a person opens the page and presses its button", func(t *testing.T) {
		got := open("person")
		require.Equal(t, []any{float64(303), "https://acme.example/target", true}, []any{got["status"], got["location"], got["confirmed"]})
		require.Contains(t, page.next(t).header.Get("User-Agent"), "Chrome/")
		require.Equal(t, "token=t%261", page.next(t).body)
	})
	t.Run("a robot only looks", func(t *testing.T) {
		require.InDelta(t, 200, open("preview_robot")["status"], 0)
		require.Equal(t, "TelegramBot (like TwitterBot)", page.next(t).header.Get("User-Agent"))
	})
	t.Run("a scanner poses as a browser", func(t *testing.T) {
		require.Equal(t, false, open("scanner")["confirmed"])
		for range 2 { // HEAD, then GET
			require.Contains(t, page.next(t).header.Get("User-Agent"), "Chrome/")
		}
		require.Empty(t, page.requests)
	})
}
