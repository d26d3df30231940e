package bots_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/bots"
	"herald/internal/gateway"
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
