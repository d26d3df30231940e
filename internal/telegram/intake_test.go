package telegram_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
	"herald/internal/sandbox"
	"herald/internal/sandbox/controlclient"
	"herald/internal/seal"
	"herald/internal/telegram"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// world is the adapter between a real database and a sandbox.
type world struct {
	store   *postgres.Store
	network *controlclient.Client
	client  *telegram.Client
	bot     gateway.Bot
	anna    int64
	url     string

	database gateway.Secret
}

const botName = "@acme_bot"

func newWorld(t *testing.T) world {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{})
	require.NoError(t, err)
	require.NoError(t, box.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, box.Stop(context.Background())) })
	network, err := controlclient.New(box.URL())
	require.NoError(t, err)
	keyset, err := seal.Generate()
	require.NoError(t, err)
	sealer, err := seal.Parse(keyset)
	require.NoError(t, err)
	database := postgrestest.URL(t)
	store, err := postgres.Open(t.Context(), postgres.Options{URL: database, MaxConns: 10, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	w := world{
		store: store, database: database, network: network, url: box.URL(),
		client: telegram.NewClient(map[gateway.Network]string{gateway.NetworkSandbox: box.URL()}, sealer),
	}
	t.Cleanup(w.client.Close)
	made, err := network.CreateBot(t.Context(), "Acme", "acme_bot")
	require.NoError(t, err)
	person, err := network.CreatePerson(t.Context(), controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	w.anna = person.ID
	w.bot = gateway.Bot{
		ID: "bot_1", AccountID: "acc_1", Platform: gateway.Telegram, Network: gateway.NetworkSandbox, PlatformID: made.ID, Username: made.Username,
		WebhookSecret: "wh_secret", Intake: gateway.IntakePolling, State: gateway.BotActive, CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
	w.bot.SealedToken, err = sealer.Seal(t.Context(), []byte(made.Token), w.bot.ID.TokenBound())
	require.NoError(t, err)
	require.NoError(t, w.store.CreateAccount(t.Context(), gateway.Account{ID: "acc_1", Name: "a", CreatedAt: time.Now()}))
	require.NoError(t, w.store.CreateBot(t.Context(), w.bot))
	return w
}

func (w world) waiting(t *testing.T) int {
	t.Helper()
	waiting, _, err := w.store.InboxDepth(t.Context())
	require.NoError(t, err)
	return waiting
}

func (w world) state(t *testing.T) gateway.BotState {
	t.Helper()
	b, err := w.store.Bot(t.Context(), "acc_1", "bot_1")
	require.NoError(t, err)
	return b.State
}

// holders counts the pollers of all tests.
var holders atomic.Int64

// poll polls until the test ends or stop is called.
func (w world) poll(t *testing.T, store telegram.PollStore) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	poller := telegram.NewPoller(w.client, store, fmt.Sprintf("%s/%d", t.Name(), holders.Add(1)), nil, time.Now, slog.New(slog.DiscardHandler))
	poller.CalmAfter(2 * time.Second)
	wg.Go(func() { poller.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(stop)
	return stop
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 20*time.Second, 20*time.Millisecond, what)
}

func TestPolling(t *testing.T) {
	t.Parallel()
	t.Run("stores every update once, over a restart", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
		stop := w.poll(t, w.store)
		eventually(t, "the start is stored", func() bool { return w.waiting(t) == 1 })
		stop()
		for range 3 {
			_, err := w.network.Write(t.Context(), w.anna, botName, "hello")
			require.NoError(t, err)
		}
		w.poll(t, w.store)
		eventually(t, "what was written meanwhile is stored", func() bool { return w.waiting(t) == 4 })
	})
	t.Run("confirms nothing that is not stored", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
		failing := &failingStore{Store: w.store, failures: 2}
		w.poll(t, failing)
		eventually(t, "the update came again until it was stored", func() bool { return w.waiting(t) == 1 })
		require.Zero(t, failing.left())
	})
	t.Run("stops a bot whose token was revoked, with words for its owner", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.poll(t, w.store)
		_, err := w.network.RevokeBot(t.Context(), botName)
		require.NoError(t, err)
		eventually(t, "the bot is stopped", func() bool { return w.state(t) == gateway.BotRevoked })
		b, err := w.store.Bot(t.Context(), "acc_1", "bot_1")
		require.NoError(t, err)
		require.Contains(t, b.StateReason, "revoked at BotFather")
	})
	t.Run("says that another program takes the updates, and goes on when it is gone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id, err := w.network.AddFault(t.Context(), controlclient.Fault{Bot: botName, Kind: "two_pollers"})
		require.NoError(t, err)
		w.poll(t, w.store)
		eventually(t, "the conflict is noticed", func() bool { return w.state(t) == gateway.BotConflict })
		require.NoError(t, w.network.RemoveFault(t.Context(), id))
		require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
		eventually(t, "it goes on by itself", func() bool { return w.waiting(t) == 1 && w.state(t) == gateway.BotActive })
	})
	t.Run("raises and ends the alarm though the database refuses the first word of each", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id, err := w.network.AddFault(t.Context(), controlclient.Fault{Bot: botName, Kind: "two_pollers"})
		require.NoError(t, err)
		store := &forgetfulStore{Store: w.store, refused: map[gateway.BotState]bool{}}
		w.poll(t, store)
		eventually(t, "the conflict is told after all", func() bool { return w.state(t) == gateway.BotConflict })
		require.NoError(t, w.network.RemoveFault(t.Context(), id))
		eventually(t, "and so is its end", func() bool { return w.state(t) == gateway.BotActive })
		require.Equal(t, map[gateway.BotState]bool{gateway.BotConflict: true, gateway.BotActive: true}, store.refused)
	})
	t.Run("ends an alarm that the watchdog raised while no poll was disturbed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.poll(t, w.store)
		require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
		eventually(t, "it polls", func() bool { return w.waiting(t) == 1 })
		require.NoError(t, w.store.SetBotState(t.Context(), w.bot, gateway.BotConflict, gateway.WordsConflict, time.Now()))
		eventually(t, "it goes on by itself", func() bool {
			_, err := w.network.Write(t.Context(), w.anna, botName, "hello") // so that polls end
			require.NoError(t, err)
			return w.state(t) == gateway.BotActive
		})
	})
	t.Run("alarms when a program of somebody else polls the bot, once, and goes on when that one ends", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.poll(t, w.store)
		stop := w.thief(t)
		eventually(t, "the thief is noticed", func() bool { return w.state(t) == gateway.BotConflict })
		b, err := w.store.Bot(t.Context(), "acc_1", "bot_1")
		require.NoError(t, err)
		require.Contains(t, b.StateReason, "The bot is connected to another service; only the last one connected receives messages.")
		stop()
		eventually(t, "it goes on by itself", func() bool { return w.state(t) == gateway.BotActive })
		list, err := w.store.AccountEvents(t.Context(), "acc_1", gateway.AccountEventFilter{Kind: "bot.*"}, gateway.Page{Limit: 10})
		require.NoError(t, err)
		var kinds []gateway.AccountEventKind
		for _, e := range list.Items {
			kinds = append(kinds, e.Kind)
		}
		require.Equal(t, []gateway.AccountEventKind{gateway.BotRecovered, gateway.BotInConflict, gateway.BotAdded}, kinds, "one alarm, however often they throw each other out")
		require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
		eventually(t, "updates come again", func() bool { return w.waiting(t) == 1 })
	})
	t.Run("is taken over from a process that died, and not by one that lives", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		now := time.Now()
		held, err := w.store.AcquirePolls(t.Context(), "one that was killed", now, now.Add(2*time.Second))
		require.NoError(t, err)
		require.Len(t, held, 1)
		require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
		w.poll(t, w.store)
		w.poll(t, w.store)
		eventually(t, "one of them takes over", func() bool { return w.waiting(t) == 1 })
		require.Equal(t, gateway.BotActive, w.state(t))
	})
	t.Run("a process that lost its lease makes way instead of crying thief", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.poll(t, w.store)
		require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
		eventually(t, "the first process polls", func() bool { return w.waiting(t) == 1 })
		now := time.Now()
		_, err := w.store.AcquirePolls(t.Context(), "stranger", now.Add(time.Hour), now.Add(2*time.Hour)) // as if its clock had stood still
		require.NoError(t, err)
		stop := w.thief(t) // what the other process of ours does then
		_, err = w.network.Write(t.Context(), w.anna, botName, "hello")
		require.NoError(t, err)
		before, err := w.network.LastCall(t.Context())
		require.NoError(t, err)
		eventually(t, "the other process alone polls", func() bool {
			calls, err := w.network.Log(t.Context(), before)
			require.NoError(t, err)
			served := 0
			for _, c := range calls {
				if c.Method == "getUpdates" && c.OK {
					served++
				}
			}
			return served >= 2
		})
		require.Equal(t, gateway.BotActive, w.state(t))
		stop()
	})
}

// thief is another program that polls the bot with its own loop, and comes back each time that it is thrown out.
func (w world) thief(t *testing.T) (stop func()) {
	t.Helper()
	made, err := w.network.Bot(t.Context(), botName)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		offset := int64(0)
		for ctx.Err() == nil {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/bot%s/getUpdates?timeout=3&offset=%d", w.url, made.Token, offset), nil)
			if err != nil {
				return
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				continue
			}
			var got struct {
				Result []struct {
					UpdateID int64 `json:"update_id"`
				} `json:"result"`
			}
			_ = json.NewDecoder(response.Body).Decode(&got)
			_ = response.Body.Close()
			for _, u := range got.Result {
				offset = u.UpdateID + 1
			}
			if response.StatusCode != http.StatusOK {
				select {
				case <-ctx.Done():
				case <-time.After(200 * time.Millisecond):
				}
			}
		}
	})
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(stop)
	return stop
}

// forgetfulStore is a database that refuses the first word of each state. One bot's polls use it, one after the other.
type forgetfulStore struct {
	*postgres.Store
	refused map[gateway.BotState]bool
}

func (s *forgetfulStore) SetBotState(ctx context.Context, b gateway.Bot, state gateway.BotState, reason string, at time.Time) error {
	if !s.refused[state] {
		s.refused[state] = true
		return context.DeadlineExceeded
	}
	return s.Store.SetBotState(ctx, b, state, reason, at)
}

// failingStore is a database that refuses a number of updates.
type failingStore struct {
	*postgres.Store
	mu       sync.Mutex
	failures int
}

func (s *failingStore) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures
}

func (s *failingStore) StoreUpdates(ctx context.Context, updates []gateway.RawUpdate) (int, error) {
	s.mu.Lock()
	refuse := s.failures > 0
	if refuse {
		s.failures--
	}
	s.mu.Unlock()
	if refuse {
		return 0, context.DeadlineExceeded
	}
	return s.Store.StoreUpdates(ctx, updates)
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const update = `{"update_id":5,"message":{"message_id":3,"date":1772452800,"chat":{"id":1,"type":"private"},"text":"hi"}}`
	hook := telegram.NewWebhook(w.store, time.Now, slog.New(slog.DiscardHandler))
	call := func(bot, secret, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/telegram/"+bot, strings.NewReader(body))
		if secret != "" {
			r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
		}
		answer := httptest.NewRecorder()
		hook.ServeHTTP(answer, r)
		return answer
	}
	for _, c := range []struct {
		name, bot, secret, body string
		status                  int
	}{
		{"no secret", "bot_1", "", update, http.StatusUnauthorized},
		{"a wrong secret", "bot_1", "wh_other", update, http.StatusUnauthorized},
		{"the beginning of the secret", "bot_1", "wh_", update, http.StatusUnauthorized},
		{"a bot that does not exist", "bot_2", "wh_secret", update, http.StatusUnauthorized},
		{"a body that is no JSON", "bot_1", "wh_secret", "{", http.StatusBadRequest},
		{"a body that is no update", "bot_1", "wh_secret", `{"message":{}}`, http.StatusBadRequest},
		{"a body over 1 MiB", "bot_1", "wh_secret", `{"update_id":1,"x":"` + strings.Repeat("x", 1<<20) + `"}`, http.StatusRequestEntityTooLarge},
	} {
		require.Equal(t, c.status, call(c.bot, c.secret, c.body).Code, c.name)
		require.Zero(t, w.waiting(t), "%s: nothing is stored", c.name)
	}
	require.Equal(t, call("bot_1", "x", update).Body.String(), call("bot_2", "x", update).Body.String(), "nobody learns which bots there are")

	require.Equal(t, http.StatusOK, call("bot_1", "wh_secret", update).Code)
	require.Equal(t, 1, w.waiting(t))
	require.Equal(t, http.StatusOK, call("bot_1", "wh_secret", update).Code, "it comes again when the first answer was lost")
	require.Equal(t, 1, w.waiting(t))
	require.Equal(t, http.StatusOK, call("bot_1", "wh_secret", `{"update_id":6,"telepathy":{}}`).Code, "kinds that are newer than we are")
	require.Equal(t, 2, w.waiting(t))

	get := httptest.NewRecorder()
	hook.ServeHTTP(get, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/telegram/bot_1", nil))
	require.Equal(t, http.StatusMethodNotAllowed, get.Code)

	w.store.Close()
	require.Equal(t, http.StatusServiceUnavailable, call("bot_1", "wh_secret", update).Code, "the server shall bring it again")
}

func TestSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
	receipt, err := w.client.Send(t.Context(), gateway.Outgoing{
		Bot: w.bot, ChatID: w.anna, Text: "choose",
		Buttons: [][]gateway.Button{{{Text: "Yes", Data: "yes"}, {Text: "Site", URL: "https://acme.example/"}}},
	})
	require.NoError(t, err)
	require.Equal(t, w.anna, receipt.ChatID)
	messages, err := w.network.Messages(t.Context(), w.anna, botName)
	require.NoError(t, err)
	last := messages[len(messages)-1]
	require.Equal(t, receipt.PlatformMessageID, last.ID)
	require.Equal(t, "choose", last.Text)
	require.Equal(t, [][]controlclient.Button{{{Text: "Yes", Data: "yes"}, {Text: "Site", URL: "https://acme.example/"}}}, last.Buttons)

	t.Run("the secrets of a bot stay out of logs", func(t *testing.T) {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "bot", w.bot)
		require.NotContains(t, log.String(), "wh_secret")
	})
}
