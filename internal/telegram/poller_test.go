package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// memory is a database for one poller.
type memory struct {
	mu       sync.Mutex
	stored   []int64
	failures int // of writing a bot's state
	state    gateway.BotState
	held     []gateway.Bot // whose leases are ours
	lost     int           // so many times somebody else has the lease when it is looked for
	looked   func()        // called when a lease is looked for
}

func (m *memory) StoreUpdates(_ context.Context, updates []gateway.RawUpdate) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range updates {
		m.stored = append(m.stored, u.UpdateID)
	}
	return len(updates), nil
}

func (m *memory) AcquirePolls(context.Context, string, time.Time, time.Time) ([]gateway.Bot, error) {
	return m.held, nil
}

func (m *memory) StillPolls(ctx context.Context, _ string, _ gateway.BotID, _ time.Time) (bool, error) {
	if m.looked != nil {
		m.looked()
		return false, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost--
	return m.lost < 0, nil
}
func (m *memory) ReleasePolls(context.Context, string) error { return nil }

func (m *memory) SetBotState(_ context.Context, _ gateway.Bot, state gateway.BotState, _ string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures > 0 {
		m.failures--
		return context.DeadlineExceeded
	}
	m.state = state
	return nil
}

// pollsOf polls a server that gives one answer after the other, and returns the queries of the polls. The last answer
// ends the polling.
func pollsOf(t *testing.T, store *memory, answers ...string) []url.Values {
	t.Helper()
	var polls []url.Values
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		polls = append(polls, r.URL.Query())
		_, _ = fmt.Fprintf(w, `{"ok":true,"result":%s}`, answers[len(polls)-1])
		if len(polls) == len(answers) {
			cancel()
		}
	}))
	t.Cleanup(server.Close)
	client, bot := clientOf(t, server.URL)
	NewPoller(client, store, "", nil, time.Now, slog.New(slog.DiscardHandler)).poll(ctx, bot, new(atomic.Bool))
	require.Len(t, polls, len(answers))
	return polls
}

func offsets(polls []url.Values) (out []string) {
	for _, p := range polls {
		out = append(out, p.Get("offset"))
	}
	return out
}

func TestPollsConfirmWhatWasStored(t *testing.T) {
	t.Parallel()
	t.Run("and ask for no offset when nothing is left: after a quiet week ids begin anew, perhaps lower", func(t *testing.T) {
		t.Parallel()
		store := &memory{}
		polls := pollsOf(t, store, `[{"update_id":900},{"update_id":901}]`, `[]`, `[{"update_id":5}]`, `[]`)
		require.Equal(t, []string{"", "902", "", "6"}, offsets(polls))
		require.Equal(t, []int64{900, 901, 5}, store.stored)
	})
	t.Run("and what cannot be read holds up nobody", func(t *testing.T) {
		t.Parallel()
		store := &memory{}
		polls := pollsOf(t, store, `[{"message":{}},{"update_id":8},"odd"]`, `[]`)
		require.Equal(t, []string{"", "9"}, offsets(polls))
		require.Equal(t, []int64{8}, store.stored)
	})
}

// Between two looks at the leases a bot may go to another process, or to a webhook, and come back.
func TestABotThatIsOursAgainIsPolledAgain(t *testing.T) {
	t.Parallel()
	var polls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if polls.Add(1) == 1 {
			envelopeOf(http.StatusConflict, "Conflict: terminated by other getUpdates request", "")(w, r)
			return
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	client, bot := clientOf(t, server.URL)
	store := &memory{held: []gateway.Bot{bot}, lost: 1}
	wake := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() { cancel(); wg.Wait() })
	wg.Go(func() { NewPoller(client, store, "", wake, time.Now, slog.New(slog.DiscardHandler)).Run(ctx) })
	require.Eventually(t, func() bool {
		select {
		case wake <- struct{}{}:
		default:
		}
		return polls.Load() == 2
	}, 10*time.Second, 10*time.Millisecond)
	require.Empty(t, store.state, "nobody cries thief")
}

// A poll that is stopped while it finds out who threw it out has nothing to tell: it may have been us.
func TestAPollThatIsStoppedCriesNoThief(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(envelopeOf(http.StatusConflict, "Conflict: can't use getUpdates method while webhook is active", ""))
	t.Cleanup(server.Close)
	client, bot := clientOf(t, server.URL)
	ctx, cancel := context.WithCancel(t.Context())
	store := &memory{looked: cancel}
	NewPoller(client, store, "", nil, time.Now, slog.New(slog.DiscardHandler)).poll(ctx, bot, new(atomic.Bool))
	require.Empty(t, store.state)
}

// Whoever polls next waits for the lease of a process that died, and then for its own turn to look; docs/bots.md says 8 s.
func TestALeaseOfADeadProcessIsSoonOver(t *testing.T) {
	t.Parallel()
	require.LessOrEqual(t, leaseFor+renewEvery, 8*time.Second)
	require.Less(t, 2*renewEvery, leaseFor, "one renewal may be lost")
}

func TestARevokedBotIsNotForgottenWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(envelopeOf(http.StatusUnauthorized, "Unauthorized", ""))
	t.Cleanup(server.Close)
	client, bot := clientOf(t, server.URL)
	store := &memory{failures: 1}
	NewPoller(client, store, "", nil, time.Now, slog.New(slog.DiscardHandler)).poll(t.Context(), bot, new(atomic.Bool))
	require.Equal(t, gateway.BotRevoked, store.state)
}

func TestAllowedUpdatesAreAlwaysSet(t *testing.T) {
	t.Parallel()
	const wanted = `["message","edited_message","callback_query","my_chat_member"]`
	for _, poll := range pollsOf(t, &memory{}, `[]`, `[]`) {
		require.JSONEq(t, wanted, poll.Get("allowed_updates"))
	}
	var form url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err == nil {
			form = r.PostForm
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "result": true})
	}))
	t.Cleanup(server.Close)
	client, bot := clientOf(t, server.URL)
	require.NoError(t, client.UseWebhook(t.Context(), bot, "https://herald.example/telegram/bot_1"))
	require.JSONEq(t, wanted, form.Get("allowed_updates"))
	require.Equal(t, "wh_secret", form.Get("secret_token"))
}
