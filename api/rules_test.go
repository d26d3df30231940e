package api

import (
	"bufio"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/api/internal/wire"
	"herald/internal/gateway"
	"herald/internal/inbox"
	"herald/internal/telegram"
	"herald/internal/translate"
	"herald/rules"
)

const shopRules = `herald: 1
language: en
fields: {order: string}
rules:
  - name: order
    on: message
    let: {number: 'find(text, "[0-9]{6}")'}
    when: number != nil
    set: {order: number}
    reply: "Looking for {{ number }}."
  - name: price
    on: message
    when: has(text, "price")
    reply: Ten.
`

// says lets Anna write, and processes it.
func (w *world) says(t *testing.T, in *inbox.Inbox, id int64, text string) gateway.Message {
	t.Helper()
	w.tick(time.Second)
	people, err := w.store.Subscribers(t.Context(), w.mine, gateway.BotID(w.names["acme"]), gateway.SubscriberFilter{Username: "anna"}, gateway.Page{Limit: 1})
	require.NoError(t, err)
	anna := people.Items[0]
	body, err := json.Marshal(map[string]any{"update_id": id, "message": map[string]any{
		"message_id": id, "date": w.now().Unix(), "text": text, "chat": map[string]any{"id": anna.ChatID, "type": "private"},
		"from": map[string]any{"id": anna.PlatformID, "first_name": "Anna", "username": "anna", "language_code": "uk"},
	}})
	require.NoError(t, err)
	_, err = w.store.StoreUpdates(t.Context(), []gateway.RawUpdate{{
		AccountID: w.mine, BotID: anna.BotID, UpdateID: id, ChatID: anna.ChatID, Body: body, ReceivedAt: w.now(),
	}})
	require.NoError(t, err)
	found, err := in.ProcessOne(t.Context())
	require.NoError(t, err)
	require.True(t, found)
	list, err := w.store.Messages(t.Context(), w.mine, gateway.MessageFilter{Direction: gateway.In}, gateway.Page{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, text, list.Items[0].Text)
	return list.Items[0]
}

func (w *world) inbox() *inbox.Inbox { return w.inboxBy(nil) }

// inboxBy is an inbox that knows where SMS can go.
func (w *world) inboxBy(sms gateway.SMSRoutes) *inbox.Inbox {
	return inbox.New(inbox.Deps{
		SMS:   sms,
		Store: w.store, Readers: map[gateway.Platform]gateway.UpdateReader{gateway.Telegram: telegram.Reader{}}, IDs: w.ids, Now: w.now,
		Logger: slog.New(slog.DiscardHandler), Engine: rules.NewEngine(w.store, nil), Starter: resting{}, Waker: resting{}, Composer: w.service,
	})
}

// call makes a request with my key and reads the answer.
func (w *world) call(t *testing.T, method, path, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+w.names["key"])
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(t, http.StatusOK, response.StatusCode, path)
	return response
}

func (w *world) publish(t *testing.T, source string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"source": source})
	require.NoError(t, err)
	w.call(t, "PUT", "/v1/bots/@acme_bot/rules", string(body))
}

func TestVerdictsAreExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	w.publish(t, shopRules)
	m := w.says(t, w.inbox(), 900, "where is 123456?")
	w.publish(t, "herald: 1\nlanguage: en\nrules: [{name: other, on: message, reply: No}]\n")

	var v wire.Verdict
	require.NoError(t, json.NewDecoder(w.call(t, "GET", "/v1/messages/"+string(m.ID)+"/verdict", "").Body).Decode(&v))
	require.Equal(t, 1, v.Version, "the version that answered then")
	require.True(t, v.Exact)
	require.Equal(t, []string{"order"}, v.Rules)
	require.Equal(t, "where is 123456?", v.Input["text"])
	require.Len(t, v.Tried, 2)
	require.Equal(t, "matched", v.Tried[0].Outcome)
	require.Equal(t, "not_reached", v.Tried[1].Outcome)
	var shown []string
	for _, value := range v.Tried[0].Values {
		shown = append(shown, value.Source+" = "+value.Value)
	}
	require.Contains(t, shown, `number != nil = true`)
	require.Len(t, v.Effects, 2)
	require.Equal(t, `"123456"`, v.Effects[0].Value)
	require.Equal(t, "Looking for 123456.", v.Effects[1].Text)
	require.Equal(t, wire.MessageState("queued"), v.Effects[1].State)

	var ofReply wire.Verdict
	require.NoError(t, json.NewDecoder(w.call(t, "GET", "/v1/messages/"+v.Effects[1].Message+"/verdict", "").Body).Decode(&ofReply))
	require.Equal(t, v, ofReply, "a reply is explained by what it answers")
}

func TestBacktestTellsWhatWouldChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	w.publish(t, shopRules)
	require.NoError(t, w.store.SetPrices(t.Context(), gateway.PriceList{Currency: "EUR", Prices: []gateway.Price{{Channel: gateway.ChannelTelegram, Amount: 15_000}}}, w.now()))
	in := w.inbox()
	w.says(t, in, 900, "where is 123456?")
	priced := w.says(t, in, 901, "the price?")
	w.says(t, in, 902, "thanks")

	draft, err := json.Marshal(map[string]string{"since": "30d", "source": strings.Replace(shopRules, "Ten.", "Twelve, for {{ user.fields.order ?? 'nothing' }}.", 1)})
	require.NoError(t, err)
	lines := bufio.NewScanner(w.call(t, "POST", "/v1/bots/@acme_bot/rules/backtest", string(draft)).Body)
	var rows []backtestRow
	for lines.Scan() {
		var row backtestRow
		require.NoError(t, json.Unmarshal(lines.Bytes(), &row))
		rows = append(rows, row)
	}
	require.Len(t, rows, 3)
	require.Equal(t, &backtestProgress{0, 5}, rows[0].Progress, "the two starts of people who connected are among them")
	change := rows[1].Change
	require.Equal(t, string(priced.ID), change.Message)
	require.Equal(t, []string{"Ten."}, change.Was.Replies)
	require.Equal(t, []string{"Twelve, for 123456."}, change.Is.Replies, "what the draft kept before counts")
	require.Equal(t, 1, rows[2].Summary.Changed)
	require.Equal(t, 2, rows[2].Summary.Is.Answered)
	require.Equal(t, backtestFigures{Answered: 2, Replies: 2, Cost: "0.03", Currency: "EUR", TranslationCost: "0"}, rows[2].Summary.Was)
}

// The same text is translated for many and paid once, and what is in the right language already is not paid at all.
func TestBacktestCountsWhatTranslationsWouldCost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	w.publish(t, shopRules)
	in := w.inbox()
	for id, text := range []string{"the price?", "a price, please", "thanks"} {
		w.says(t, in, int64(900+id), text)
	}
	translator, err := translate.New(t.Context(), translate.Config{Project: "acme", Endpoint: "http://127.0.0.1:1", Price: 20_000_000, Currency: "USD"}, translate.Deps{
		Store: w.store, Sealer: w.sealer, IDs: w.ids, Now: w.now, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, translator.Close()) })
	bot, err := w.store.Bot(t.Context(), w.mine, gateway.BotID(w.names["acme"]))
	require.NoError(t, err)
	bot.Network = gateway.NetworkReal

	draft := strings.Replace(shopRules, "rules:", "translate: {replies: [{when: 'true', to: uk}], incoming: [{when: 'has(text, \"thanks\")', to: uk}]}\nrules:", 1)
	draft = strings.Replace(draft, "reply: Ten.", "reply: {text: Ten., buttons: [[{text: More, data: m}], [{text: Site, url: 'https://acme.example'}]]}", 1)
	draft += "  - {name: more, on: button, reply: No more.}\n"
	var summary *rules.BacktestSummary
	var change *rules.BacktestChange
	service := rules.NewService(w.store, rules.NewEngine(w.store, func(string) string { return "en" }), translator, w.now)
	require.NoError(t, service.Backtest(t.Context(), w.mine, bot, rules.Backtest{Source: draft}, func(l rules.BacktestLine) error {
		summary = l.Summary
		if l.Change != nil {
			change = l.Change
		}
		return nil
	}))
	require.Equal(t, rules.BacktestFigures{Answered: 2, Replies: 2}, summary.Was)
	require.Equal(t, rules.BacktestFigures{
		Answered: 2, Replies: 2, Translations: 3 + 3 + 1, Characters: 2*(4+4+4) + 6, TranslationCost: (4 + 4 + 4 + 6) * 20, TranslationCurrency: "USD",
	}, summary.Is)
	require.Equal(t, []string{"Ten."}, change.Was.Replies)
	require.Equal(t, []string{"[uk] Ten. [More: m] / [Site: https://acme.example]"}, change.Is.Replies)
}
