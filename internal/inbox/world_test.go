package inbox_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/inbox"
	"herald/internal/messaging"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
	"herald/internal/telegram"
	"herald/rules"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

const (
	account = gateway.AccountID("acc_1")
	bot     = gateway.BotID("bot_1")
	anna    = 42
)

// world is an inbox over a database of its own. Its clock stands still until the test moves it.
type world struct {
	t       *testing.T
	url     gateway.Secret // of the database
	store   *postgres.Store
	in      *inbox.Inbox
	deps    inbox.Deps // of in
	engine  *rules.Engine
	started *starts
	at      time.Time
	next    int64 // id of the next update
}

// starts remembers whose workflow was asked for.
type starts []gateway.MessageID

func (s *starts) StartDelivery(_ gateway.AccountID, id gateway.MessageID, _ gateway.Lane) {
	*s = append(*s, id)
}

func (s *starts) WakeDelivery(gateway.AccountID, gateway.MessageID) {}

// silence is a messenger that takes everything.
type silence struct{ gateway.Messenger }

func (silence) AnswerButton(context.Context, gateway.Bot, string, string) error { return nil }

func newWorld(t *testing.T, source string) *world {
	t.Helper()
	address := postgrestest.URL(t)
	store, err := postgres.Open(t.Context(), postgres.Options{URL: address, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	w := &world{t: t, url: address, store: store, started: &starts{}, at: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), next: 1}
	now := func() time.Time { return w.at }
	require.NoError(t, store.CreateAccount(t.Context(), gateway.Account{ID: account, Name: "Acme", Operator: true, CreatedAt: w.at}))
	require.NoError(t, store.CreateBot(t.Context(), gateway.Bot{
		ID: bot, AccountID: account, Platform: gateway.Telegram, Network: gateway.NetworkSandbox, PlatformID: 1, Username: "acme_bot", Name: "Acme",
		SealedToken: []byte("x"), Intake: gateway.IntakeWebhook, State: gateway.BotActive, CreatedAt: w.at, UpdatedAt: w.at,
	}))
	ids := gateway.NewIDs(nil, nil)
	w.engine = rules.NewEngine(store, func(text string) string {
		if text == "привіт" {
			return "uk"
		}
		return "en"
	})
	listener := postgres.NewListener(store, slog.New(slog.DiscardHandler))
	w.deps = inbox.Deps{
		Store: store, Readers: map[gateway.Platform]gateway.UpdateReader{gateway.Telegram: telegram.Reader{}}, Messenger: silence{}, IDs: ids, Now: now,
		Logger: slog.New(slog.DiscardHandler), Engine: w.engine, Starter: w.started, Waker: w.started,
		Composer: messaging.New(store, w.started, listener, "https://r.example/r/", ids, now),
	}
	w.in = inbox.New(w.deps)
	if source != "" {
		w.publish(source)
	}
	return w
}

// another is the inbox of another process on the same database.
func (w *world) another() *inbox.Inbox {
	deps := w.deps
	deps.Engine = rules.NewEngine(w.store, nil)
	return inbox.New(deps)
}

func (w *world) publish(source string) {
	w.t.Helper()
	_, file, found := rules.Check("rules.yaml", source, w.engine.Env())
	require.False(w.t, found.Failed(), "%v", found)
	_, err := w.store.PublishRules(w.t.Context(), gateway.RuleVersion{
		AccountID: account, BotID: bot, Source: source, Hash: sha256.Sum256([]byte(source)), Raises: rules.Raises(file), Author: "key_1", CreatedAt: w.at,
	}, true)
	require.NoError(w.t, err)
}

// outcome is what one update led to.
type outcome struct {
	verdict gateway.StoredVerdict
	replies []gateway.Message
	lines   []rules.EffectLine
	inbound gateway.Message
}

func (o outcome) texts() []string {
	texts := []string{}
	for _, m := range o.replies {
		texts = append(texts, m.Text)
	}
	return texts
}

// comes stores an update of Anna's and processes it.
func (w *world) comes(update map[string]any) outcome {
	w.t.Helper()
	w.receive(update)
	found, err := w.in.ProcessOne(w.t.Context())
	require.NoError(w.t, err)
	require.True(w.t, found)
	return w.latest()
}

// receive stores an update of Anna's.
func (w *world) receive(update map[string]any) {
	w.t.Helper()
	update["update_id"] = w.next
	body, err := json.Marshal(update)
	require.NoError(w.t, err)
	_, err = w.store.StoreUpdates(w.t.Context(), []gateway.RawUpdate{{
		AccountID: account, BotID: bot, UpdateID: w.next, ChatID: anna, Body: body, ReceivedAt: w.at,
	}})
	require.NoError(w.t, err)
	w.next++
}

// latest is what the newest line of History led to.
func (w *world) latest() (o outcome) {
	w.t.Helper()
	list, err := w.store.Messages(w.t.Context(), account, gateway.MessageFilter{Direction: gateway.In}, gateway.Page{Limit: 1})
	require.NoError(w.t, err)
	require.NotEmpty(w.t, list.Items)
	o.inbound = list.Items[0]
	return w.about(o.inbound)
}

func (w *world) about(m gateway.Message) (o outcome) {
	w.t.Helper()
	var err error
	o.inbound = m
	if o.verdict, err = w.store.StoredVerdict(w.t.Context(), account, m.ID); err != nil {
		require.ErrorIs(w.t, err, gateway.ErrVerdictNotFound)
		return o
	}
	require.NoError(w.t, json.Unmarshal(o.verdict.Effects, &o.lines))
	for _, l := range o.lines {
		if l.Message != "" {
			reply, err := w.store.Message(w.t.Context(), account, l.Message)
			require.NoError(w.t, err)
			o.replies = append(o.replies, reply)
		}
	}
	return o
}

var annaUser = map[string]any{"id": anna, "is_bot": false, "first_name": "Anna", "username": "anna", "language_code": "uk"}

func message(with map[string]any) map[string]any {
	m := map[string]any{"message_id": 1, "chat": map[string]any{"id": anna, "type": "private"}, "from": annaUser}
	for k, v := range with {
		m[k] = v
	}
	return map[string]any{"message": m}
}

func (w *world) says(text string) outcome {
	w.t.Helper()
	with := map[string]any{"text": text, "date": w.at.Unix()}
	if text[0] == '/' {
		end := len(text)
		for i, r := range text {
			if r == ' ' {
				end = i
				break
			}
		}
		with["entities"] = []any{map[string]any{"type": "bot_command", "offset": 0, "length": end}}
	}
	return w.comes(message(with))
}

func (w *world) presses(data string) outcome {
	w.t.Helper()
	return w.comes(map[string]any{"callback_query": map[string]any{
		"id": fmt.Sprint("cb", w.next), "from": annaUser, "data": data, "chat_instance": "1",
		"message": map[string]any{"message_id": 9, "date": w.at.Unix(), "chat": map[string]any{"id": anna, "type": "private"}},
	}})
}

func (w *world) later(d time.Duration) { w.at = w.at.Add(d) }
