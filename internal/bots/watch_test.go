package bots_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/bots"
	"herald/internal/gateway"
	"herald/internal/sandbox/controlclient"
)

const elsewhere = "https://another-service.example/hook/123:secret"

// call calls the Bot API as another program that has the token.
func (w world) call(t *testing.T, token gateway.Secret, method string, params url.Values) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/bot"+token.Reveal()+"/"+method+"?"+params.Encode(), nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// look looks at the bot once and returns it as it is then.
func (w world) look(t *testing.T, b gateway.Bot) gateway.Bot {
	t.Helper()
	b, err := w.store.Bot(t.Context(), b.AccountID, b.ID)
	require.NoError(t, err)
	require.NoError(t, w.Look(t.Context(), b))
	b, err = w.store.Bot(t.Context(), b.AccountID, b.ID)
	require.NoError(t, err)
	return b
}

func (w world) hook(t *testing.T) string {
	t.Helper()
	at, err := w.network.Bot(t.Context(), "@acme_bot")
	require.NoError(t, err)
	return at.Webhook
}

func (w world) told(t *testing.T) (kinds []gateway.AccountEventKind) {
	t.Helper()
	list, err := w.store.AccountEvents(t.Context(), "acc_1", gateway.AccountEventFilter{Kind: "bot.*"}, gateway.Page{Limit: 50})
	require.NoError(t, err)
	for i := len(list.Items) - 1; i >= 0; i-- {
		kinds = append(kinds, list.Items[i].Kind)
	}
	return kinds[1:] // after bot.added
}

func TestABotThatAnotherServiceTook(t *testing.T) {
	t.Parallel()
	public := func(o *bots.Options) { o.PublicURL = "https://herald.example" }
	stolen := func(t *testing.T, w world, intake gateway.Intake) (gateway.Bot, gateway.Secret) {
		token := w.made(t, "acme_bot")
		b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token, Intake: intake})
		require.NoError(t, err)
		require.Equal(t, gateway.BotActive, w.look(t, b).State, "all is well")
		w.call(t, token, "setWebhook", url.Values{"url": {elsewhere}})
		return b, token
	}
	t.Run("is told with words that help and without secrets, and goes on by itself", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, public)
		b, token := stolen(t, w, gateway.IntakeWebhook)
		for range 2 {
			b = w.look(t, b)
			require.Equal(t, gateway.BotConflict, b.State)
			require.Contains(t, b.StateReason, "The bot is connected to another service; only the last one connected receives messages.")
			require.Contains(t, b.StateReason, "another-service.example")
			require.NotContains(t, b.StateReason, "secret")
		}
		require.Equal(t, elsewhere, w.hook(t), "nobody takes it back without its owner's word")

		w.call(t, token, "deleteWebhook", nil)
		b = w.look(t, b)
		require.Equal(t, gateway.BotActive, b.State)
		require.Contains(t, w.hook(t), string(b.ID))
		require.Equal(t, []gateway.AccountEventKind{gateway.BotInConflict, gateway.BotRecovered}, w.told(t))
	})
	t.Run("is taken back when its owner allows it", func(t *testing.T) {
		t.Parallel()
		for _, intake := range []gateway.Intake{gateway.IntakeWebhook, gateway.IntakePolling} {
			w := newWorld(t, public)
			b, _ := stolen(t, w, intake)
			yes := true
			_, err := w.Change(t.Context(), "acc_1", string(b.ID), bots.Change{Reclaim: &yes})
			require.NoError(t, err)
			b = w.look(t, b)
			require.NotEqual(t, elsewhere, w.hook(t))
			require.Equal(t, gateway.BotInConflict, w.told(t)[0], "the alarm is raised all the same")
			if intake == gateway.IntakeWebhook {
				require.Equal(t, gateway.BotActive, b.State)
				require.Equal(t, []gateway.AccountEventKind{gateway.BotInConflict, gateway.BotRecovered}, w.told(t))
			}
		}
	})
	t.Run("is not taken from a program that polls it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, public)
		token := w.made(t, "acme_bot")
		b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
		require.NoError(t, err)
		w.call(t, token, "deleteWebhook", nil)
		require.NoError(t, w.network.StealPolling(t.Context(), "@acme_bot", 20*time.Second))
		b = w.look(t, b)
		require.Equal(t, gateway.BotConflict, b.State)
		require.Empty(t, w.hook(t))
	})
	t.Run("is not confused with an earlier address of ours", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, public)
		token := w.made(t, "acme_bot")
		b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
		require.NoError(t, err)
		w.call(t, token, "setWebhook", url.Values{"url": {"https://old.example/telegram/" + string(b.ID)}})
		b = w.look(t, b)
		require.Equal(t, gateway.BotActive, b.State)
		require.NotContains(t, w.hook(t), "old.example")
		require.Empty(t, w.told(t))
	})
}

func TestARevokedTokenIsSeenWithoutASend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *bots.Options) { o.PublicURL = "https://herald.example" })
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: w.made(t, "acme_bot")})
	require.NoError(t, err)
	revoked, err := w.network.RevokeBot(t.Context(), "@acme_bot")
	require.NoError(t, err)
	b = w.look(t, b)
	require.Equal(t, gateway.BotRevoked, b.State)
	require.Equal(t, gateway.WordsRevoked, b.StateReason)
	b, err = w.Change(t.Context(), "acc_1", "@acme_bot", bots.Change{Token: gateway.Secret(revoked.Token)})
	require.NoError(t, err)
	require.Equal(t, gateway.BotActive, b.State)
	require.Equal(t, []gateway.AccountEventKind{gateway.BotWasRevoked, gateway.BotTokenReplaced, gateway.BotRecovered}, w.told(t))
}

func TestUpdatesThatPileUpAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *bots.Options) { o.PublicURL = "https://herald.example" })
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: w.made(t, "acme_bot")})
	require.NoError(t, err)
	anna, err := w.network.CreatePerson(t.Context(), controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	require.NoError(t, w.network.Start(t.Context(), anna.ID, "@acme_bot", ""))
	for range 4 {
		require.False(t, w.look(t, b).Watch.Lagging)
		for range 30 { // nobody listens at the webhook's address
			_, err := w.network.Write(t.Context(), anna.ID, "@acme_bot", "hello")
			require.NoError(t, err)
		}
	}
	b = w.look(t, b)
	require.True(t, b.Watch.Lagging)
	require.Equal(t, 121, b.Watch.Pending)
	require.NotEmpty(t, b.Watch.HookError)
	require.Equal(t, []gateway.AccountEventKind{gateway.BotLagging}, w.told(t))
}

func TestWhatIsPiledUp(t *testing.T) {
	t.Parallel()
	var w gateway.BotWatch
	var lagging []bool
	for i, pending := range []int{0, 49, 60, 70, 80, 80, 55, 49, 60} {
		w = w.Seen(time.Unix(int64(i), 0), pending, "")
		lagging = append(lagging, w.Lagging)
	}
	require.Equal(t, []bool{false, false, false, false, true, true, true, false, false}, lagging)
}

func TestEachBotIsWatchedByOneProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: w.made(t, "acme_bot")})
	require.NoError(t, err)
	now := time.Now()
	for want := range 2 {
		taken, err := w.store.TakeWatches(t.Context(), now, now.Add(-time.Minute), 10)
		require.NoError(t, err)
		require.Len(t, taken, 1-want)
	}
	taken, err := w.store.TakeWatches(t.Context(), now.Add(time.Minute), now, 10)
	require.NoError(t, err)
	require.Len(t, taken, 1)
}
