package controlclient_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
	"herald/internal/sandbox/controlclient"
)

func start(t *testing.T) (*controlclient.Client, string) {
	t.Helper()
	server, err := sandbox.New(sandbox.Options{})
	require.NoError(t, err)
	require.NoError(t, server.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	control, err := controlclient.New(server.URL() + "/")
	require.NoError(t, err)
	return control, server.URL()
}

// asBot calls the Bot API as a bot would.
func asBot(t *testing.T, address, token, method string, params url.Values) {
	t.Helper()
	response, err := http.PostForm(address+"/bot"+token+"/"+method, params)
	require.NoError(t, err)
	defer response.Body.Close()
	var answer struct{ OK bool }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	require.True(t, answer.OK, "%s: %d", method, response.StatusCode)
}

func TestPeopleAndBots(t *testing.T) {
	t.Parallel()
	control, address := start(t)
	ctx := t.Context()

	bot, err := control.CreateBot(ctx, "Acme", "acme_bot")
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", bot, bot, bot), bot.Token, "a token must not be printed")
	anna, err := control.CreatePerson(ctx, controlclient.Person{ID: 7, FirstName: "Anna", Username: "anna", Phone: "+380501234567"})
	require.NoError(t, err)
	require.NotEqual(t, int64(7), anna.ID, "the sandbox gives the ids")
	require.Equal(t, "+380501234567", anna.Phone)

	found, payload, err := control.Resolve(ctx, bot.Link+"?start=shop7")
	require.NoError(t, err)
	require.Equal(t, bot.ID, found.ID)
	require.Equal(t, "shop7", payload)

	require.NoError(t, control.Start(ctx, anna.ID, "@acme_bot", payload))
	require.NoError(t, control.ShareContact(ctx, anna.ID, "@acme_bot"))
	wrote, err := control.Write(ctx, anna.ID, "@acme_bot", "Hello")
	require.NoError(t, err)
	require.True(t, wrote.Out)

	ben, err := control.CreatePerson(ctx, controlclient.Person{FirstName: "Ben", Phone: "+380501234568"})
	require.NoError(t, err)
	require.NoError(t, control.SharePerson(ctx, anna.ID, "@acme_bot", ben.ID))

	before, err := control.LastCall(ctx)
	require.NoError(t, err)
	asBot(t, address, bot.Token, "sendMessage", url.Values{
		"chat_id": {fmt.Sprint(anna.ID)}, "text": {"Yes?"},
		"reply_markup": {`{"inline_keyboard":[[{"text":"Yes","callback_data":"y"},{"text":"Page","url":"https://acme.example"}]]}`},
	})
	asked, err := control.AwaitMessage(ctx, anna.ID, "@acme_bot", "Yes?")
	require.NoError(t, err)
	require.False(t, asked.Out)
	require.Equal(t, [][]controlclient.Button{{{Text: "Yes", Data: "y"}, {Text: "Page", URL: "https://acme.example/"}}}, asked.Buttons)
	calls, err := control.Log(ctx, before)
	require.NoError(t, err)
	require.Len(t, calls, 1)
	require.Equal(t, bot.ID, calls[0].Bot)
	require.True(t, strings.EqualFold("sendMessage", calls[0].Method), calls[0].Method)
	require.Equal(t, asked.ID, calls[0].MessageID)
	require.True(t, calls[0].OK)

	messages, err := control.Messages(ctx, anna.ID, "@acme_bot")
	require.NoError(t, err)
	require.Equal(t, "/start shop7", messages[0].Text, "oldest first")

	pressed, err := control.Press(ctx, anna.ID, "@acme_bot", asked.ID, "y")
	require.NoError(t, err)
	require.False(t, pressed.Answered, "nobody answers for this bot")

	require.NoError(t, control.Block(ctx, anna.ID, "@acme_bot"))
	_, err = control.Write(ctx, anna.ID, "@acme_bot", "Are you there?")
	require.Error(t, err, "one cannot write to a bot that one has blocked")
	require.NoError(t, control.Unblock(ctx, anna.ID, "@acme_bot"))

	revoked, err := control.RevokeBot(ctx, "@acme_bot")
	require.NoError(t, err)
	require.NotEqual(t, bot.Token, revoked.Token)
	again, err := control.Bot(ctx, fmt.Sprint(bot.ID))
	require.NoError(t, err)
	require.Equal(t, revoked.Token, again.Token)
}

func TestPhonesAndLinks(t *testing.T) {
	t.Parallel()
	control, address := start(t)
	ctx := t.Context()
	phone, err := control.Phone(ctx, "+380501234567")
	require.NoError(t, err)
	require.Empty(t, phone.SMS)
	response, err := http.Post(address+"/sms/v1/messages", "application/json", strings.NewReader(`{"from": "Acme", "to": "+380501234567", "text": "Hello"}`))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	phone, err = control.Phone(ctx, "+380501234567")
	require.NoError(t, err)
	require.Equal(t, "+380501234567", phone.Number)
	require.Len(t, phone.SMS, 1)
	require.Equal(t, "Hello", phone.SMS[0].Text)
	require.Equal(t, 1, phone.SMS[0].Segments)

	_, err = control.CreateBot(ctx, "Acme", "acme_bot")
	require.NoError(t, err)
	anna, err := control.CreatePerson(ctx, controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Redirect(w, r, "https://acme.example", http.StatusSeeOther)
			return
		}
		_, _ = w.Write([]byte(`<form method="post"><button>Go</button></form>`))
	}))
	defer page.Close()
	opened, err := control.Open(ctx, anna.ID, "@acme_bot", page.URL, "preview_robot")
	require.NoError(t, err)
	require.Equal(t, controlclient.Opened{Status: http.StatusOK}, opened)
	opened, err = control.Open(ctx, anna.ID, "@acme_bot", page.URL, "person")
	require.NoError(t, err)
	require.Equal(t, controlclient.Opened{Status: http.StatusSeeOther, Location: "https://acme.example", Confirmed: true}, opened)
}

func TestAwaitMessageEndsWithItsContext(t *testing.T) {
	t.Parallel()
	control, _ := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := control.CreateBot(ctx, "Acme", "acme_bot")
	require.NoError(t, err)
	anna, err := control.CreatePerson(ctx, controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	require.NoError(t, control.Start(ctx, anna.ID, "@acme_bot", ""))
	_, err = control.AwaitMessage(ctx, anna.ID, "@acme_bot", "/start")
	require.ErrorIs(t, err, context.DeadlineExceeded, "what Anna wrote is no message of the bot")
}

func TestLimitsAndFaults(t *testing.T) {
	t.Parallel()
	control, address := start(t)
	ctx := t.Context()

	limits, err := control.Limits(ctx)
	require.NoError(t, err)
	require.True(t, limits.Enforce)
	limits.Enforce, limits.Burst = false, 9
	require.NoError(t, control.SetLimits(ctx, limits))
	changed, err := control.Limits(ctx)
	require.NoError(t, err)
	require.Equal(t, limits, changed)

	bot, err := control.CreateBot(ctx, "Acme", "acme_bot")
	require.NoError(t, err)
	id, err := control.AddFault(ctx, controlclient.Fault{
		Bot: "@acme_bot", Method: "getMe", Kind: "too_many_requests", RetryAfter: 7, Times: 2,
	})
	require.NoError(t, err)
	response, err := http.Get(address + "/bot" + bot.Token + "/getMe")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusTooManyRequests, response.StatusCode)
	require.Equal(t, "7", response.Header.Get("Retry-After"))

	require.NoError(t, control.RemoveFault(ctx, id))
	asBot(t, address, bot.Token, "getMe", nil)
	_, err = control.AddFault(ctx, controlclient.Fault{Kind: "slow", Delay: time.Millisecond, Probability: 0.5, Chat: 5, Status: 500})
	require.NoError(t, err)
	require.NoError(t, control.ClearFaults(ctx))
	require.Error(t, control.RemoveFault(ctx, id))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	control, _ := start(t)
	ctx := t.Context()
	_, err := control.CreateBot(ctx, "Acme", "acme")
	var refused *controlclient.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusBadRequest, refused.Status)
	require.Equal(t, "bot:username", refused.Code)
	require.ErrorContains(t, err, "the sandbox answered bot:username: username must")
	_, err = control.AddFault(ctx, controlclient.Fault{Kind: "rain"})
	require.ErrorAs(t, err, &refused)

	for _, address := range []string{"", "127.0.0.1:8082", "ftp://127.0.0.1", "http://"} {
		_, err := controlclient.New(address)
		require.ErrorContains(t, err, "looks like http://127.0.0.1:8082", address)
	}

	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	stranger, err := controlclient.New(other.URL)
	require.NoError(t, err)
	_, err = stranger.Limits(ctx)
	require.EqualError(t, err, "the sandbox answered 404")
}
