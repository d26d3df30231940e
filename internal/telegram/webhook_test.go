package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
	"herald/internal/telegram"
)

// watched is a database that counts what it is asked for, and cannot store one update.
type watched struct {
	*postgres.Store
	mu      sync.Mutex
	refused int64
	looks   int
	stores  [][]int64 // the ids of updates that were stored together
}

func (s *watched) BotForIntake(ctx context.Context, id gateway.BotID) (gateway.Bot, error) {
	s.mu.Lock()
	s.looks++
	s.mu.Unlock()
	return s.Store.BotForIntake(ctx, id)
}

func (s *watched) StoreUpdates(ctx context.Context, updates []gateway.RawUpdate) (int, error) {
	var ids []int64
	for _, u := range updates {
		ids = append(ids, u.UpdateID)
	}
	s.mu.Lock()
	s.stores = append(s.stores, ids)
	s.mu.Unlock()
	if s.refused != 0 && slices.Contains(ids, s.refused) {
		return 0, errors.New("refused")
	}
	return s.Store.StoreUpdates(ctx, updates)
}

func (s *watched) storings() [][]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.stores)
}

func (s *watched) looked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks
}

// call posts an update with a secret.
func call(ctx context.Context, hook http.Handler, secret string, update int) *httptest.ResponseRecorder {
	body := fmt.Sprintf(`{"update_id":%d,"message":{"message_id":3,"date":1772452800,"chat":{"id":1,"type":"private"},"text":"hi"}}`, update)
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/telegram/bot_1", strings.NewReader(body))
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	answer := httptest.NewRecorder()
	hook.ServeHTTP(answer, r)
	return answer
}

// stuck makes the database take no updates until release is called.
func (w world) stuck(t *testing.T) (release func()) {
	t.Helper()
	tx, err := postgrestest.Conn(t, w.database).Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE updates IN SHARE MODE")
	require.NoError(t, err)
	release = sync.OnceFunc(func() { require.NoError(t, tx.Rollback(context.Background())) })
	t.Cleanup(release)
	return release
}

func TestUpdatesThatComeTogetherAreStoredTogether(t *testing.T) {
	t.Parallel()
	const calls = 300
	// burst makes one call whose storing is held up, and many while it is.
	burst := func(t *testing.T, w world, store *watched) (answers []int) {
		t.Helper()
		hook := telegram.NewWebhook(store, time.Now, slog.New(slog.DiscardHandler))
		require.Equal(t, http.StatusOK, call(t.Context(), hook, "wh_secret", 1).Code)
		release := w.stuck(t)
		answers = make([]int, calls)
		var answered atomic.Int64
		var group sync.WaitGroup
		post := func(n int) {
			group.Go(func() {
				answers[n] = call(t.Context(), hook, "wh_secret", 100+n).Code
				answered.Add(1)
			})
		}
		post(0)
		eventually(t, "the first is on its way to the database", func() bool { return len(store.storings()) == 2 })
		for n := 1; n < calls; n++ {
			post(n)
		}
		eventually(t, "all wait", func() bool { return hook.Waiting() == calls-1 })
		require.Zero(t, answered.Load(), "nobody is told that an update is stored before it is")
		release()
		group.Wait()
		return answers
	}
	t.Run("in few statements, each once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		store := &watched{Store: w.store}
		for _, code := range burst(t, w, store) {
			require.Equal(t, http.StatusOK, code)
		}
		require.Equal(t, 1+calls, w.waiting(t))
		storings := store.storings()
		require.Len(t, storings, 4, "the one before, the one that was held up, and the rest in two, since a batch has a bound")
		require.Len(t, storings[2], 256)
	})
	t.Run("and one that the database refuses holds up no other", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		store := &watched{Store: w.store, refused: 150}
		for n, code := range burst(t, w, store) {
			want := http.StatusOK
			if n == 50 {
				want = http.StatusServiceUnavailable
			}
			require.Equal(t, want, code, "update %d", 100+n)
		}
		require.Equal(t, calls, w.waiting(t))
	})
	t.Run("and a caller that goes away takes none with it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		store := &watched{Store: w.store}
		hook := telegram.NewWebhook(store, time.Now, slog.New(slog.DiscardHandler))
		require.Equal(t, http.StatusOK, call(t.Context(), hook, "wh_secret", 1).Code)
		release := w.stuck(t)
		ctx, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { call(ctx, hook, "wh_secret", 2) })
		eventually(t, "the first is on its way to the database", func() bool { return len(store.storings()) == 2 })
		var code int
		group.Go(func() { code = call(t.Context(), hook, "wh_secret", 3).Code })
		leave()
		eventually(t, "the other waits", func() bool { return hook.Waiting() == 1 })
		release()
		group.Wait()
		require.Equal(t, http.StatusOK, code)
		require.Equal(t, 3, w.waiting(t), "what was on its way is stored although nobody waits: it comes again, and is known")
	})
}

func TestWebhookRemembersItsBots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := time.Now()
	var mu sync.Mutex
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); at = at.Add(d) }
	store := &watched{Store: w.store}
	hook := telegram.NewWebhook(store, now, slog.New(slog.DiscardHandler))
	for n := range 20 {
		require.Equal(t, http.StatusOK, call(t.Context(), hook, "wh_secret", n).Code)
	}
	require.Equal(t, 1, store.looked(), "one reading for all calls of a moment")

	require.Equal(t, http.StatusUnauthorized, call(t.Context(), hook, "wh_other", 20).Code)
	require.Equal(t, 2, store.looked(), "a secret that does not fit may be newer than what is remembered")

	w.bot.WebhookSecret = "wh_new"
	require.NoError(t, w.store.ReplaceToken(t.Context(), w.bot))
	require.Equal(t, http.StatusOK, call(t.Context(), hook, "wh_new", 21).Code, "a new secret holds at once")
	require.Equal(t, http.StatusUnauthorized, call(t.Context(), hook, "wh_secret", 22).Code, "and then the old one does not")

	pass(700 * time.Millisecond)
	before := store.looked()
	require.Equal(t, http.StatusOK, call(t.Context(), hook, "wh_new", 23).Code)
	eventually(t, "what grows old is read again beside the answer", func() bool { return store.looked() == before+1 })

	_, err := w.store.PauseBot(t.Context(), "acc_1", "bot_1", now())
	require.NoError(t, err)
	pass(time.Second)
	require.Equal(t, http.StatusServiceUnavailable, call(t.Context(), hook, "wh_new", 24).Code, "a bot that is paused is noticed within a second")
	require.Equal(t, 22, w.waiting(t))
}
