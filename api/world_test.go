package api

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/accounts"
	"herald/internal/bots"
	"herald/internal/files"
	"herald/internal/gateway"
	"herald/internal/language"
	"herald/internal/messaging"
	"herald/internal/policy"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
	"herald/internal/sandbox"
	"herald/internal/sandbox/network"
	"herald/internal/seal"
	"herald/internal/sms"
	"herald/internal/telegram"
	"herald/internal/translate"
	"herald/rules"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// world is an installation as the API sees one: a real database, the real adapter and a sandbox as the messenger. Only
// the workflows are missing, so a message stays queued, except in a world that delivers.
type world struct {
	url       gateway.Secret
	store     *postgres.Store
	ids       *gateway.IDs
	accounts  *accounts.Service
	sandbox   *sandbox.Server
	server    *httptest.Server
	public    *httptest.Server // what people and SMS providers call
	courier   *messaging.Deliverer
	service   *messaging.Service
	guard     *policy.Service
	messenger *telegram.Client
	sealer    *seal.Box
	anna      network.PersonID
	clock     atomic.Int64 // milliseconds; it moves only when a test moves it
	broken    atomic.Bool  // the database does not answer to /readyz
	names     map[string]string
	rows      func(table string) int // of a table, or of a part of it with WHERE
	exec      func(t *testing.T, sql string) error
	text      func(t *testing.T, sql string) string

	mine, theirs gateway.AccountID
}

// opening is when every world begins.
var opening = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

// tick moves the clock, so that ids made before and after sort.
func (w *world) tick(d time.Duration) { w.clock.Add(d.Milliseconds()) }

// newWorld makes an installation with two accounts. Mine has the bot @acme_bot with the subscribers Anna, who proved her
// phone, and Bert, who blocked the bot; theirs has @other_bot with Carl and a message to him.
func newWorld(t *testing.T, delivers bool) *world {
	t.Helper()
	w := &world{url: postgrestest.URL(t), names: map[string]string{}}
	w.clock.Store(opening.UnixMilli())
	w.ids = gateway.NewIDs(w.now, nil)
	var err error
	w.store, err = postgres.Open(t.Context(), postgres.Options{URL: w.url, MaxConns: 10, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	t.Cleanup(w.store.Close)
	w.sandbox, err = sandbox.New(sandbox.Options{})
	require.NoError(t, err)
	require.NoError(t, w.sandbox.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, w.sandbox.Stop(context.Background())) })

	keyset, err := seal.Generate()
	require.NoError(t, err)
	sealer, err := seal.Parse(keyset)
	require.NoError(t, err)
	w.sealer = sealer
	messenger := telegram.NewClient(map[gateway.Network]string{gateway.NetworkSandbox: w.sandbox.URL()}, sealer)
	t.Cleanup(messenger.Close)
	w.accounts = accounts.New(w.store, w.ids, w.now)
	botService := bots.New(bots.Deps{
		Bots: w.store, Subscribers: w.store, Registrar: messenger, Sealer: sealer, IDs: w.ids, Now: w.now,
	}, bots.Options{SandboxURL: w.sandbox.URL()})
	logger := slog.New(slog.DiscardHandler)
	listener := postgres.NewListener(w.store, logger)
	var starter messaging.Starter = resting{}
	w.public = httptest.NewUnstartedServer(nil)
	reachedAt := "http://" + w.public.Listener.Addr().String()
	router, err := sms.New(sms.Config{Providers: []sms.ProviderConfig{{
		Name: "sandbox", Kind: sms.KindSandbox, URL: w.sandbox.URL(), CallbackSecret: w.ids.Secret("cb"),
	}}}, sms.Deps{PublicURL: reachedAt, Clock: w.now})
	require.NoError(t, err)
	t.Cleanup(router.Close)
	w.messenger = messenger
	w.courier = messaging.NewDeliverer(w.store, messenger, router, w.now, messaging.Policy{}, logger)
	if delivers {
		ctx, cancel := context.WithCancel(context.Background())
		listening := make(chan struct{})
		go func() { defer close(listening); listener.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-listening })
		starter = delivering{t: t, deliverer: w.courier}
		editor := messaging.NewEditor(w.store, messenger, w.now, messaging.Policy{}, logger)
		editing := make(chan struct{})
		go func() { defer close(editing); editor.Run(ctx, listener.Edits()) }()
		t.Cleanup(func() { cancel(); <-editing })
	}
	service := messaging.New(w.store, starter, listener, reachedAt+"/r/", w.ids, w.now).WithRoutes(router)
	guard := policy.New(w.store, languageOf, w.now)
	service, w.guard = service.WithGuard(guard), guard
	w.service = service
	w.public.Config.Handler = Public(PublicDeps{
		SMS: router.Callbacks(messaging.NewReports(w.store, starter, w.ids, w.now)), Links: service, IDs: w.ids, Logger: logger,
	})
	w.public.Start()
	t.Cleanup(w.public.Close)
	engine := rules.NewEngine(w.store, nil)
	translator, err := translate.New(t.Context(), translate.Config{DailyLimit: 1000, Price: 20_000_000}, translate.Deps{
		Store: w.store, Sealer: sealer, IDs: w.ids, Now: w.now, Logger: logger,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, translator.Close()) })
	handler, err := New(Deps{
		Accounts: w.accounts, Bots: botService, Messaging: service, Rules: rules.NewService(w.store, engine, translator, w.now), Policy: guard, Files: files.New(w.store, w.ids, w.now),
		Events: w.store, Translation: translator, Claims: w.store, Updates: w.store, Sealer: sealer, Now: w.now, IDs: w.ids, Logger: logger,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			_, _ = w.Write([]byte("herald_up 1\n"))
		}),
		Ready: w.ready,
	})
	require.NoError(t, err)
	w.server = httptest.NewServer(handler)
	t.Cleanup(w.server.Close)
	conn := postgrestest.Conn(t, w.url)
	w.rows = func(table string) (n int) {
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		return n
	}
	w.exec = func(t *testing.T, sql string) error {
		_, err := conn.Exec(t.Context(), sql)
		return err
	}
	w.text = func(t *testing.T, sql string) (text string) {
		require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&text))
		return text
	}
	w.furnish(t, botService)
	return w
}

// ready is what the app says of its parts.
func (w *world) ready(context.Context) map[string]error {
	if w.broken.Load() {
		return map[string]error{"postgresql": errors.New("dial tcp 10.0.0.7:5432: refused"), "temporal": nil}
	}
	return map[string]error{"postgresql": nil, "temporal": nil}
}

func languageOf(text string) string {
	found, _ := language.Detect(text)
	return found
}

// resting starts nothing: the outbox keeps what was accepted. It wakes nobody.
type resting struct{}

func (resting) StartDelivery(gateway.AccountID, gateway.MessageID, gateway.Lane) {}
func (resting) WakeDelivery(gateway.AccountID, gateway.MessageID)                {}

// delivering takes one step at a time as the workflow does, without the waits between them.
type delivering struct {
	resting
	t         *testing.T
	deliverer *messaging.Deliverer
}

func (d delivering) StartDelivery(account gateway.AccountID, id gateway.MessageID, _ gateway.Lane) {
	go func() {
		for range 10 {
			step, err := d.deliverer.Attempt(context.Background(), account, id)
			if err != nil || step.Done || step.Wait > 0 {
				return // the test sees what became of the message, and moves the clock
			}
		}
	}()
}

func (w *world) furnish(t *testing.T, service *bots.Service) {
	t.Helper()
	ctx := t.Context()
	w.names["png"], w.names["strip_png"] = picture(t, 4, 3), picture(t, 63, 3)
	operator, err := w.accounts.EnsureOperator(ctx)
	require.NoError(t, err)
	w.mine = operator.ID
	w.tick(time.Second)
	w.theirs = w.ids.Account()
	require.NoError(t, w.store.CreateAccount(ctx, gateway.Account{ID: w.theirs, Name: "theirs", CreatedAt: w.now()}))
	w.names["key"] = w.newKey(t, w.mine)
	w.names["their_key"] = w.newKey(t, w.theirs)
	w.names["account"], w.names["their_account"] = string(w.mine), string(w.theirs)

	acme := w.sandboxBot(t, "Acme", "acme_bot")
	other := w.sandboxBot(t, "Other", "other_bot")
	w.names["other_token"] = other.Token
	w.names["free_token"] = w.sandboxBot(t, "Free", "free_bot").Token
	w.names["gone_token"] = w.sandboxBot(t, "Gone", "gone_bot").Token
	gone, err := w.sandbox.Network().Bot("@gone_bot")
	require.NoError(t, err)
	_, err = w.sandbox.Network().RevokeBot(gone.ID)
	require.NoError(t, err)

	mine := w.addBot(t, service, w.mine, acme)
	theirs := w.addBot(t, service, w.theirs, other)
	w.names["acme"], w.names["other"] = string(mine.ID), string(theirs.ID)
	w.names["anna"] = w.connect(t, mine, "Anna", "anna", "+380501234567", gateway.Connected)
	w.names["bert"] = w.connect(t, mine, "Bert", "Bert_The_2nd", "", gateway.Disconnected)
	w.names["carl"] = w.connect(t, theirs, "Carl", "carl", "+380671234567", gateway.Connected)
	w.tick(time.Second)
	their, err := messaging.New(w.store, resting{}, postgres.NewListener(w.store, slog.New(slog.DiscardHandler)), "", w.ids, w.now).
		Accept(ctx, w.theirs, messaging.Request{To: "@carl", Text: "Hi"})
	require.NoError(t, err)
	w.names["their_message"] = string(their.ID)
}

// picture is a PNG of that size.
func picture(t *testing.T, width, height int) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))))
	return b.String()
}

func (w *world) newKey(t *testing.T, account gateway.AccountID, scopes ...gateway.Scope) string {
	t.Helper()
	w.tick(time.Second)
	_, secret, err := w.accounts.CreateKey(t.Context(), account, accounts.NewKey{Name: "test", Scopes: scopes})
	require.NoError(t, err)
	return secret.Reveal()
}

func (w *world) sandboxBot(t *testing.T, name, username string) network.Bot {
	t.Helper()
	bot, err := w.sandbox.Network().CreateBot(network.NewBot{Name: name, Username: username})
	require.NoError(t, err)
	return bot
}

func (w *world) addBot(t *testing.T, service *bots.Service, account gateway.AccountID, bot network.Bot) gateway.Bot {
	t.Helper()
	w.tick(time.Second)
	added, err := service.Add(t.Context(), account, bots.NewBot{Platform: gateway.Telegram, Token: gateway.Secret(bot.Token)})
	require.NoError(t, err)
	return added
}

// connect makes a person who started the bot, in the sandbox and in the subscriber base.
func (w *world) connect(t *testing.T, bot gateway.Bot, name, username, phone string, connection gateway.Connection) string {
	t.Helper()
	w.tick(time.Second)
	person, err := w.sandbox.Network().CreatePerson(network.PersonChange{FirstName: &name, Username: &username})
	require.NoError(t, err)
	_, err = w.sandbox.Network().Start(person.ID, "@"+bot.Username, "")
	require.NoError(t, err)
	id, seen := w.ids.Subscriber(), gateway.UpdateMark{At: w.now(), UpdateID: 1}
	_, err = w.store.StoreUpdates(t.Context(), []gateway.RawUpdate{{
		AccountID: bot.AccountID, BotID: bot.ID, UpdateID: int64(person.ID), ChatID: int64(person.ID), Body: []byte("{}"), ReceivedAt: w.now(),
	}})
	require.NoError(t, err)
	done, err := w.store.ProcessUpdate(t.Context(), w.now(), func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		verdict := gateway.Verdict{
			Subscriber: &gateway.Subscriber{
				ID: id, PlatformID: int64(person.ID), ChatID: int64(person.ID), Username: username, UsernameSeenAt: w.now(),
				FirstName: name, Language: "uk",
			},
			Seen: seen, Connection: connection, Phone: phone, Payload: "shop7",
			Message: &gateway.Message{ID: w.ids.Message(), Kind: gateway.UpdateCommand, Text: "/start shop7", CreatedAt: w.now()},
		}
		if connection == gateway.Disconnected {
			verdict.Reason = gateway.ReasonBlocked
		}
		return verdict, nil
	})
	require.NoError(t, err)
	require.True(t, done.Found)
	if username == "anna" {
		w.anna = person.ID
	}
	w.names[username+"_number"] = strconv.FormatInt(int64(person.ID), 10)
	return string(id)
}

// tables are counted before and after each request: what a refused one leaves behind is nothing.
var tables = []string{
	"accounts", "api_keys", "idempotency_keys", "bots", "subscribers", "files", "file_parts", "file_handles", "messages", "legs", "read_links", "message_events", "edits", "outbox", "updates", "events", "connect_links", "forgettings",
	"policy", "policy_allowances", "policy_people", "policy_texts", "policy_days", "rule_versions", "rule_sets", "rule_activations", "person_states", "verdicts",
}

func (w *world) counts() map[string]int {
	counts := map[string]int{}
	for _, table := range tables {
		counts[table] = w.rows(table)
	}
	return counts
}
