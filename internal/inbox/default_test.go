package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

// answers are what went out because of the newest line of History.
func (w *world) answers() []gateway.Message {
	w.t.Helper()
	list, err := w.store.Answers(w.t.Context(), account, w.latest().inbound.ID)
	require.NoError(w.t, err)
	return list
}

func (w *world) person() gateway.Subscriber {
	w.t.Helper()
	list, err := w.store.Subscribers(w.t.Context(), account, bot, gateway.SubscriberFilter{PlatformID: anna}, gateway.Page{}.Bounded())
	require.NoError(w.t, err)
	require.Len(w.t, list.Items, 1)
	return list.Items[0]
}

// asked lets Anna say something, and returns the one answer.
func (w *world) asked(text string) gateway.Message {
	w.t.Helper()
	w.later(time.Minute)
	w.says(text)
	got := w.answers()
	require.Len(w.t, got, 1)
	return got[0]
}

// shares lets Anna share the contact of somebody, herself perhaps.
func (w *world) shares(phone string, whose int64) {
	w.t.Helper()
	w.comes(message(map[string]any{"date": w.at.Unix(), "contact": map[string]any{"phone_number": phone, "first_name": "Anna", "user_id": whose}}))
}

// blocks lets Anna block the bot, or take that back.
func (w *world) blocks(out bool) {
	w.t.Helper()
	was, is := map[string]any{"status": "member", "user": annaUser}, map[string]any{"status": "kicked", "user": annaUser}
	if !out {
		was, is = is, was
	}
	w.receive(map[string]any{"my_chat_member": map[string]any{
		"chat": map[string]any{"id": anna, "type": "private"}, "from": annaUser, "date": w.at.Unix(), "old_chat_member": was, "new_chat_member": is,
	}})
	found, err := w.in.ProcessOne(w.t.Context())
	require.NoError(w.t, err)
	require.True(w.t, found)
}

// told are the kinds of all events, newest first.
func (w *world) told() (kinds []gateway.AccountEventKind) {
	w.t.Helper()
	list, err := w.store.AccountEvents(w.t.Context(), account, gateway.AccountEventFilter{}, gateway.Page{}.Bounded())
	require.NoError(w.t, err)
	for _, e := range list.Items {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestWhatBotsAnswerByThemselves(t *testing.T) {
	t.Parallel()
	t.Run("on a bot without rules, in the person's language, until they choose another one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		got := w.asked("/privacy")
		require.Contains(t, got.Text, "@acme_bot зберігає:\n• ваше ім'я")
		require.Equal(t, "herald:privacy", got.Rule)
		require.Contains(t, *w.started, got.ID)
		choice := w.asked("/language")
		require.Contains(t, choice.Buttons, []gateway.Button{{Text: "Polski", Data: "herald:language:pl"}})
		w.later(time.Minute)
		w.presses("herald:language:pl")
		require.Equal(t, "Od teraz po polsku.", w.answers()[0].Text)
		require.Contains(t, w.asked("/privacy").Text, "@acme_bot przechowuje")
		require.Equal(t, "pl", w.person().Chosen, "kept over the app's language")
		require.Equal(t, "Ab jetzt auf Deutsch.", w.asked("/language de").Text)
		require.Len(t, w.asked("/language tlh").Buttons, 6, "one that it does not speak")
		require.Equal(t, "de", w.person().Chosen)
	})
	t.Run("whoever wants to is forgotten by a button under /privacy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		got := w.asked("/privacy")
		require.Equal(t, [][]gateway.Button{{{Text: "Стерти все про мене", Data: "herald:forget"}}}, got.Buttons)
		before := w.person()
		w.later(time.Minute)
		w.presses("herald:forget")
		_, err := w.store.Subscriber(t.Context(), account, bot, before.ID)
		require.ErrorIs(t, err, gateway.ErrSubscriberNotFound)
		for more := true; more; {
			more, err = w.store.Erase(t.Context(), w.at)
			require.NoError(t, err)
		}
		list, err := w.store.Messages(t.Context(), account, gateway.MessageFilter{Direction: gateway.In}, gateway.Page{}.Bounded())
		require.NoError(t, err)
		require.Len(t, list.Items, 2, "that they wrote stays")
		for _, m := range list.Items {
			require.Empty(t, m.Text, "what they wrote does not")
		}
		w.asked("/privacy")
		require.NotEqual(t, before.ID, w.person().ID, "who comes back is somebody new")
	})
	t.Run("whoever was forgotten and then blocks the bot, or takes that back, stays unknown until they write again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, `
herald: 1
language: en
rules:
  - name: gone
    on: unsubscribed
    forward: gone
`)
		w.asked("/privacy")
		before := w.person()
		w.presses("herald:forget")
		for more, err := true, error(nil); more; {
			more, err = w.store.Erase(t.Context(), w.at)
			require.NoError(t, err)
		}
		told := w.told()
		w.later(time.Minute)
		w.blocks(true)
		w.later(time.Minute)
		w.blocks(false)
		list, err := w.store.Subscribers(t.Context(), account, bot, gateway.SubscriberFilter{}, gateway.Page{}.Bounded())
		require.NoError(t, err)
		require.Empty(t, list.Items)
		require.Equal(t, told, w.told())
		lines, err := w.store.Messages(t.Context(), account, gateway.MessageFilter{Direction: gateway.In}, gateway.Page{}.Bounded())
		require.NoError(t, err)
		require.Len(t, lines.Items, 2)
		var kept int
		require.NoError(t, postgrestest.Conn(t, w.url).QueryRow(t.Context(), "SELECT count(*) FROM updates WHERE body <> '' OR chat_id <> 0 OR done_at IS NULL").Scan(&kept))
		require.Zero(t, kept, "what the messenger said of them")

		w.later(time.Minute)
		w.asked("/start")
		require.NotEqual(t, before.ID, w.person().ID)
		w.blocks(true)
		require.Equal(t, gateway.ReasonBlocked, w.person().Reason, "whoever is known is known to be gone")
	})
	t.Run("the phone is shared or changed by a button", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		got := w.asked("/phone")
		require.True(t, got.AskPhone)
		require.Equal(t, "Поділитися телефоном", got.Buttons[0][0].Text)
		w.later(time.Minute)
		w.shares("380501234567", anna)
		require.Contains(t, w.asked("/phone").Text, "закінчується на 67")
	})
	t.Run("who stops a bot gets no messages until they start it again, but still what they ask for", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		w.says("/start")
		got := w.asked("/stop")
		require.Contains(t, got.Text, "/start поверне їх")
		require.Equal(t, gateway.Disconnected, w.person().Connection)
		require.Equal(t, gateway.ReasonStopped, w.person().Reason)
		w.asked("/privacy")
		w.later(time.Minute)
		w.says("hello?")
		require.Equal(t, gateway.ReasonStopped, w.person().Reason, "writing is no start")
		w.later(time.Minute)
		w.says("/start")
		require.Equal(t, gateway.Connected, w.person().Connection)
		require.Empty(t, w.person().Reason)
	})
	t.Run("greets whoever starts it, and asks for the phone where the owner wants it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		got := w.asked("/start shop7")
		require.Equal(t, "herald:welcome", got.Rule)
		require.Contains(t, got.Text, "Вітаємо! @acme_bot писатиме вам тут.")
		require.False(t, got.AskPhone, "its owner did not ask for that")
		require.Contains(t, *w.started, got.ID)
		b, err := w.store.Bot(t.Context(), account, bot)
		require.NoError(t, err)
		b.AskPhone = true
		b, err = w.store.DescribeBot(t.Context(), b, w.at)
		require.NoError(t, err)
		require.True(t, b.AskPhone)
		got = w.asked("/start")
		require.Equal(t, "herald:welcome_phone", got.Rule)
		require.True(t, got.AskPhone)
		w.later(time.Minute)
		w.shares("380501234567", anna)
		require.False(t, w.asked("/start").AskPhone, "it is known")
	})
	t.Run("rules come first", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "herald: 1\nlanguage: en\nrules:\n  - {name: secrets, on: /privacy, reply: We keep nothing.}\n")
		got := w.asked("/privacy")
		require.Equal(t, "We keep nothing.", got.Text)
		require.Equal(t, "secrets", got.Rule)
		require.Equal(t, "herald:stopped", w.asked("/stop").Rule, "what no rule answers the bot does")
		require.Equal(t, "herald:welcome", w.asked("/start").Rule)
	})
	t.Run("rules greet in the bot's stead, by what is first or by /start, or keep silent", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "herald: 1\nlanguage: en\nrules:\n  - {name: first, on: first_message, reply: New here.}\n  - {name: quiet, on: /start, tag: again}\n")
		require.Equal(t, []string{"New here."}, w.says("/start").texts())
		w.later(time.Minute)
		require.Empty(t, w.says("/start").texts())
		require.Equal(t, []string{"again"}, w.state().Tags)
	})
}

func TestWhatBotsSayToContacts(t *testing.T) {
	t.Parallel()
	const boris = 43
	shared := func(w *world, phone string, whose int64) gateway.Message {
		w.later(time.Minute)
		w.shares(phone, whose)
		got := w.answers()
		require.Len(w.t, got, 1)
		return got[0]
	}
	t.Run("thanks for one's own, in the person's language", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		got := shared(w, "380501234567", anna)
		require.Equal(t, "herald:phone_proved", got.Rule)
		require.Equal(t, "Дякуємо. Ваш телефон, що закінчується на 67, підтверджено.", got.Text)
		require.False(t, got.AskPhone)
		require.Contains(t, *w.started, got.ID)
	})
	t.Run("refuses somebody else's, and shows the button that shares the right one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		got := shared(w, "380671112233", boris)
		require.Equal(t, "herald:contact_foreign", got.Rule)
		require.Contains(t, got.Text, "Це не ваш контакт.")
		require.True(t, got.AskPhone)
		require.Empty(t, w.person().Phone)
		require.Equal(t, "herald:contact_foreign", shared(w, "380671112233", 0).Rule, "or of somebody who has no account")
	})
	t.Run("refuses one that was forwarded, though it is one's own", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		w.comes(message(map[string]any{
			"date": w.at.Unix(), "contact": map[string]any{"phone_number": "380501234567", "first_name": "Anna", "user_id": anna},
			"forward_origin": map[string]any{"type": "user", "date": w.at.Unix(), "sender_user": map[string]any{"id": boris, "is_bot": false, "first_name": "Boris"}},
		}))
		got := w.answers()
		require.Len(t, got, 1)
		require.Equal(t, "herald:contact_forwarded", got[0].Rule)
		require.Contains(t, got[0].Text, "переслано")
		require.True(t, got[0].AskPhone)
		require.Empty(t, w.person().Phone)
	})
	t.Run("explains that an anonymous number is no phone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "")
		got := shared(w, "88801234567", anna)
		require.Equal(t, "herald:contact_anonymous", got.Rule)
		require.Contains(t, got.Text, "+888")
		require.Contains(t, got.Text, "@acme_bot")
		require.False(t, got.AskPhone, "the button would share the same number")
		require.Empty(t, w.person().Phone)
		require.Equal(t, "herald:contact_invalid", shared(w, "12", anna).Rule)
	})
	t.Run("rules come first: phone is one's own, message is any other", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, `
herald: 1
language: en
rules:
  - {name: thanks, on: phone, reply: "Noted, {{ user.phone ?? 'nobody' }}."}
  - {name: odd contact, on: message, when: 'message.kind == "contact"', reply: Yours please.}
`)
		require.Equal(t, "Yours please.", shared(w, "380671112233", boris).Text)
		require.Equal(t, "Noted, +380501234567.", shared(w, "380501234567", anna).Text)
	})
}
