package bots_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/bots"
	"herald/internal/gateway"
	"herald/internal/sandbox/controlclient"
)

func TestAPausedBotLeavesItsUpdatesAtTheMessenger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *bots.Options) { o.PublicURL = "https://herald.example" })
	token := w.made(t, "acme_bot")
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.NoError(t, err)
	b, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{State: gateway.BotPaused})
	require.NoError(t, err)
	require.Equal(t, gateway.BotPaused, b.State)
	require.Empty(t, w.hook(t))
	require.NoError(t, w.store.SetBotState(t.Context(), b, gateway.BotConflict, "words", b.UpdatedAt))
	_, err = w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.Equal(t, gateway.CodeBotExists, gateway.CodeOf(err))
	b, err = w.Find(t.Context(), "acc_1", "@acme_bot")
	require.NoError(t, err)
	require.Equal(t, gateway.BotPaused, b.State, "what its owner wants stays, whatever others see")

	b, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{State: gateway.BotActive})
	require.NoError(t, err)
	require.Equal(t, gateway.BotActive, b.State)
	require.Contains(t, w.hook(t), string(b.ID))
}

func TestARefusedPolicyOfReconfirmingChangesNothing(t *testing.T) {
	t.Parallel()
	span := func(d time.Duration) *time.Duration { return &d }
	w := newWorld(t, nil)
	token := w.made(t, "acme_bot")
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token, Reconfirm: bots.Reconfirm{
		Every: span(90 * 24 * time.Hour), RemindAfter: span(10 * time.Hour), LapseAfter: span(20 * time.Hour),
	}})
	require.NoError(t, err)
	require.NoError(t, w.store.SetBotState(t.Context(), b, gateway.BotRevoked, "words", b.UpdatedAt))

	early := bots.Reconfirm{LapseAfter: span(5 * time.Hour)} // before the reminder
	_, err = w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token, Reconfirm: early})
	require.Equal(t, gateway.CodeFieldInvalid, gateway.CodeOf(err))
	_, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{Token: token, Reconfirm: early})
	require.Equal(t, gateway.CodeFieldInvalid, gateway.CodeOf(err))
	after, err := w.Find(t.Context(), "acc_1", "@acme_bot")
	require.NoError(t, err)
	require.Equal(t, gateway.BotRevoked, after.State, "no new token was taken")
	require.Equal(t, b.SealedToken, after.SealedToken)
	require.Equal(t, b.Reconfirm, after.Reconfirm)

	b, err = w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token, Reconfirm: bots.Reconfirm{LapseAfter: span(30 * time.Hour)}})
	require.NoError(t, err)
	require.Equal(t, gateway.BotActive, b.State)
	require.Equal(t, gateway.ReconfirmPolicy{Every: 90 * 24 * time.Hour, By: gateway.ConfirmContact, RemindAfter: 10 * time.Hour, LapseAfter: 30 * time.Hour}, b.Reconfirm)
}

func TestARemovedBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *bots.Options) { o.PublicURL = "https://herald.example" })
	token := w.made(t, "acme_bot")
	first, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.NoError(t, err)
	removed, err := w.Remove(t.Context(), "acc_1", "@acme_bot")
	require.NoError(t, err)
	require.Equal(t, gateway.BotRemoved, removed.State)
	require.Empty(t, removed.SealedToken, "its token is forgotten")
	require.NotEqual(t, first.WebhookSecret, removed.WebhookSecret)
	require.Empty(t, w.hook(t))
	_, err = w.store.BotForIntake(t.Context(), first.ID)
	require.ErrorIs(t, err, gateway.ErrBotNotFound)

	again, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID, "it comes back with its people")
	require.Equal(t, gateway.BotActive, again.State)

	_, err = w.Remove(t.Context(), "acc_1", "@acme_bot")
	require.NoError(t, err)
	theirs, err := w.Add(t.Context(), "acc_2", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, theirs.ID, "another account gets nothing of the first one's")
	_, err = w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.Equal(t, gateway.CodeBotExists, gateway.CodeOf(err))
	require.NotContains(t, err.Error(), "acc_2")
}

// says asks the messenger what it shows about the bot.
func (w world) says(t *testing.T, token gateway.Secret, method string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/bot"+token.Reveal()+"/"+method, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	var answer struct{ Result json.RawMessage }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	return string(answer.Result)
}

func TestWordsOfABotReachTheMessenger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	token := w.made(t, "acme_bot")
	_, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.NoError(t, err)
	description, about := "Codes and notices of Acme.", "Acme"
	_, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{
		Commands:    []gateway.BotCommand{{Command: "start", Description: "Connect"}, {Command: "stop", Description: "Disconnect"}},
		Description: &description, About: &about,
	})
	require.NoError(t, err)
	require.JSONEq(t, `[{"command":"start","description":"Connect"},{"command":"stop","description":"Disconnect"}]`, w.says(t, token, "getMyCommands"))
	require.JSONEq(t, `{"description":"Codes and notices of Acme."}`, w.says(t, token, "getMyDescription"))
	require.JSONEq(t, `{"short_description":"Acme"}`, w.says(t, token, "getMyShortDescription"))

	_, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{Commands: []gateway.BotCommand{}})
	require.NoError(t, err)
	require.JSONEq(t, `[]`, w.says(t, token, "getMyCommands"))
	require.JSONEq(t, `{"short_description":"Acme"}`, w.says(t, token, "getMyShortDescription"), "what is left out stays")
}

func TestWhatIsRefusedSharesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *bots.Options) { o.LocalURL = "" })
	_, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: w.made(t, "acme_bot")})
	require.NoError(t, err)
	yes, about := true, "Acme"
	all := bots.Sharing{Shared: &yes, Purpose: gateway.PurposeAny}
	for code, c := range map[gateway.Code]bots.Change{
		gateway.CodeBotWebhook:    {Sharing: all, About: &about, Intake: gateway.IntakeWebhook},
		gateway.CodeBotOther:      {Sharing: all, About: &about, Token: w.made(t, "other_bot")},
		gateway.CodeFieldInvalid:  {Sharing: bots.Sharing{Shared: &yes, Purpose: "adverts"}, About: &about},
		gateway.CodeMessengerDown: {Sharing: all, About: &about},
	} {
		if code == gateway.CodeMessengerDown {
			_, err := w.network.AddFault(t.Context(), controlclient.Fault{Bot: "@acme_bot", Method: "setMyShortDescription", Kind: "server_error", Times: 1})
			require.NoError(t, err)
		}
		_, err := w.Change(t.Context(), "acc_1", "@acme_bot", c)
		require.Equal(t, code, gateway.CodeOf(err))
		b, err := w.Find(t.Context(), "acc_1", "@acme_bot")
		require.NoError(t, err)
		require.False(t, b.Shared, code)
		require.Empty(t, b.About, code)
	}
	b, err := w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{Sharing: all, About: &about})
	require.NoError(t, err)
	require.True(t, b.Shared)
	require.Equal(t, gateway.PurposeAny, b.Purpose)
	require.Equal(t, "Acme", b.About)
}

func TestWordsThatTheMessengerRefusesChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: w.made(t, "acme_bot")})
	require.NoError(t, err)
	revoked, err := w.network.RevokeBot(t.Context(), "@acme_bot")
	require.NoError(t, err)
	about := "Acme"
	_, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{About: &about})
	require.Equal(t, gateway.CodeBotRevoked, gateway.CodeOf(err))
	b, err := w.Find(t.Context(), "acc_1", "@acme_bot")
	require.NoError(t, err)
	require.Empty(t, b.About)
	b, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{Token: gateway.Secret(revoked.Token), About: &about})
	require.NoError(t, err)
	require.Equal(t, "Acme", b.About)
}

func TestABotIsAddedWithItsPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	every, lapse := 90*24*time.Hour, 7*24*time.Hour
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{
		Platform: gateway.Telegram, Token: w.made(t, "acme_bot"), Reconfirm: bots.Reconfirm{Every: &every, LapseAfter: &lapse},
	})
	require.NoError(t, err)
	want := gateway.ReconfirmPolicy{Every: every, By: gateway.ConfirmContact, RemindAfter: gateway.DefaultRemindAfter, LapseAfter: lapse}
	require.Equal(t, want, b.Reconfirm)
	contacts, tooSoon := true, time.Duration(1)
	_, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{ContactOnly: &contacts, Reconfirm: bots.Reconfirm{Every: &tooSoon}})
	require.Equal(t, gateway.CodeFieldInvalid, gateway.CodeOf(err))
	b, err = w.Find(t.Context(), "acc_1", "@acme_bot")
	require.NoError(t, err)
	require.Equal(t, want, b.Reconfirm)
	require.False(t, b.ContactOnly, "what is refused changes nothing")
	b, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{ContactOnly: &contacts})
	require.NoError(t, err)
	require.True(t, b.ContactOnly)
	require.Equal(t, want, b.Reconfirm)
}
