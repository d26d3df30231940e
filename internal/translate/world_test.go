package translate

import (
	"context"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/translate/apiv3/translatepb"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
	"herald/internal/seal"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// cloud is a local server of Google's published TranslationService. It answers with what answer makes of a request.
type cloud struct {
	translatepb.UnimplementedTranslationServiceServer
	address string
	answer  func(context.Context, *translatepb.TranslateTextRequest) (*translatepb.TranslateTextResponse, error)

	mu       sync.Mutex
	requests []*translatepb.TranslateTextRequest
}

func (c *cloud) TranslateText(ctx context.Context, r *translatepb.TranslateTextRequest) (*translatepb.TranslateTextResponse, error) {
	c.mu.Lock()
	c.requests = append(c.requests, r)
	c.mu.Unlock()
	return c.answer(ctx, r)
}

// asked returns the contents of all requests so far.
func (c *cloud) asked() (contents [][]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.requests {
		contents = append(contents, r.GetContents())
	}
	return contents
}

// each answers with what change makes of each text, found to be German if no language was given.
func each(change func(string) string) func(context.Context, *translatepb.TranslateTextRequest) (*translatepb.TranslateTextResponse, error) {
	return func(_ context.Context, r *translatepb.TranslateTextRequest) (*translatepb.TranslateTextResponse, error) {
		answer := &translatepb.TranslateTextResponse{}
		for _, text := range r.GetContents() {
			one := &translatepb.Translation{TranslatedText: change(text)}
			if r.GetSourceLanguageCode() == "" {
				one.DetectedLanguageCode = "de"
			}
			answer.Translations = append(answer.Translations, one)
		}
		return answer, nil
	}
}

// world is a Service with a real database and a local server as Google.
type world struct {
	*Service
	cloud *cloud
	store *postgres.Store
	url   gateway.Secret
	deps  Deps
	clock atomic.Int64 // milliseconds; it moves only when a test moves it
}

const (
	mine   = gateway.AccountID("acc_1")
	theirs = gateway.AccountID("acc_2")
)

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	w := &world{cloud: &cloud{answer: each(func(text string) string { return "«" + text + "»" })}, url: postgrestest.URL(t)}
	w.clock.Store(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).UnixMilli())
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	translatepb.RegisterTranslationServiceServer(server, w.cloud)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	w.cloud.address = "http://" + listener.Addr().String()

	w.store, err = postgres.Open(t.Context(), postgres.Options{URL: w.url, MaxConns: 10, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	t.Cleanup(w.store.Close)
	for _, id := range []gateway.AccountID{mine, theirs} {
		require.NoError(t, w.store.CreateAccount(t.Context(), gateway.Account{ID: id, Name: string(id), CreatedAt: w.now()}))
	}
	keyset, err := seal.Generate()
	require.NoError(t, err)
	box, err := seal.Parse(keyset)
	require.NoError(t, err)
	w.deps = Deps{Store: w.store, Sealer: box, IDs: gateway.NewIDs(w.now, nil), Now: w.now, Logger: slog.New(slog.DiscardHandler)}
	price, ok := gateway.ParseAmount(DefaultPrice)
	require.True(t, ok)
	config := Config{Project: "acme-project", Endpoint: w.cloud.address, Price: price, Timeout: 20 * time.Second}
	if change != nil {
		change(&config)
	}
	w.Service = w.another(t, config)
	return w
}

// another is a second process of the same installation.
func (w *world) another(t *testing.T, c Config) *Service {
	t.Helper()
	s, err := New(t.Context(), c, w.deps)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// ask asks for a text in Ukrainian.
func (w *world) ask(t *testing.T, text string, change ...func(*gateway.TranslationRequest)) (gateway.Translation, error) {
	t.Helper()
	r := gateway.TranslationRequest{AccountID: mine, Network: gateway.NetworkReal, Text: text, From: "en", To: "uk"}
	for _, c := range change {
		c(&r)
	}
	return w.Translate(t.Context(), r)
}

// today is what was counted for an account.
func (w *world) today(t *testing.T, account gateway.AccountID) gateway.TranslationDay {
	t.Helper()
	days, err := w.store.TranslationDays(t.Context(), account, w.now(), w.now())
	require.NoError(t, err)
	if len(days) == 0 {
		return gateway.TranslationDay{}
	}
	require.Len(t, days, 1)
	return days[0]
}
