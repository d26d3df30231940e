package telegram_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
	yes := [][]gateway.Button{{{Text: "Yes", Data: "yes"}}}
	sent, err := w.client.Send(t.Context(), gateway.Outgoing{Bot: w.bot, ChatID: w.anna, Text: "At home?", Buttons: yes})
	require.NoError(t, err)
	of := func(change func(*gateway.Alteration)) gateway.Alteration {
		a := gateway.Alteration{Bot: w.bot, ChatID: w.anna, MessageID: sent.PlatformMessageID, Text: "At <b>home</b> today?", Format: gateway.FormatHTML, Buttons: yes}
		if change != nil {
			change(&a)
		}
		return a
	}
	refused := func(t *testing.T, err error, class gateway.Class) {
		t.Helper()
		var refusal *gateway.DeliveryError
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, class, refusal.Class, refusal.Text)
	}

	require.NoError(t, w.client.Edit(t.Context(), of(nil)))
	require.Equal(t, "At home today?", w.last(t).Text)
	require.Equal(t, "yes", w.last(t).Buttons[0][0].Data)
	refused(t, w.client.Edit(t.Context(), of(nil)), gateway.ClassNotModified)
	refused(t, w.client.Edit(t.Context(), of(func(a *gateway.Alteration) { a.Text = "<b>" })), gateway.ClassMarkup)
	refused(t, w.client.Edit(t.Context(), of(func(a *gateway.Alteration) { a.MessageID = 999 })), gateway.ClassMessageGone)
	require.NoError(t, w.client.Edit(t.Context(), of(func(a *gateway.Alteration) { a.Buttons = nil })))
	require.Empty(t, w.last(t).Buttons)

	require.NoError(t, w.client.Delete(t.Context(), of(nil)))
	refused(t, w.client.Delete(t.Context(), of(nil)), gateway.ClassMessageGone)
	refused(t, w.client.Edit(t.Context(), of(nil)), gateway.ClassMessageGone)

	photo, err := w.client.Send(t.Context(), gateway.Outgoing{
		Bot: w.bot, ChatID: w.anna, Text: "At the door", Media: &gateway.Attachment{Kind: gateway.Photo, Body: bytes.NewReader(picture(t))},
	})
	require.NoError(t, err)
	require.NoError(t, w.client.Edit(t.Context(), of(func(a *gateway.Alteration) { a.Caption, a.MessageID = true, photo.PlatformMessageID })))
	require.Equal(t, "At home today?", w.last(t).Caption)

	require.NoError(t, w.network.Block(t.Context(), w.anna, botName))
	refused(t, w.client.Delete(t.Context(), of(func(a *gateway.Alteration) { a.MessageID = photo.PlatformMessageID })), gateway.ClassUnsubscribed)
}
