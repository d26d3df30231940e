package api

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
)

func (w *world) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(w.server.URL, w.names["key"])
	require.NoError(t, err)
	return c
}

func collected[T any](t *testing.T, items iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for item, err := range items {
		require.NoError(t, err)
		all = append(all, item)
	}
	return all
}

// The Go client and the server are made from one file; here they meet.
func TestTheGoClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	c, ctx := w.client(t), t.Context()

	sent, err := c.Send(ctx, client.NewMessage{
		To: "+380501234567", Text: "Will you be at home?", Label: "order-77",
		Buttons: [][]client.Button{{{Text: "Yes", Data: "yes"}, {Text: "Where?", URL: "https://acme.example/77"}}},
	}, client.WithWait(20*time.Second))
	require.NoError(t, err)
	require.Equal(t, client.MessageState("accepted"), sent.State)
	require.Equal(t, w.names["anna"], sent.Subscriber)
	require.Len(t, sent.Legs, 1)

	read, err := c.Message(ctx, sent.ID)
	require.NoError(t, err)
	require.Equal(t, sent, read)
	events, err := c.Events(ctx, sent.ID)
	require.NoError(t, err)
	require.Equal(t, "queued", events[0].Kind)
	require.Equal(t, client.MessageState("accepted"), events[len(events)-1].State)

	found := collected(t, c.Messages(ctx, client.MessageFilter{Label: "order-77", Bot: "@acme_bot", Direction: "out", Subscriber: sent.Subscriber}))
	require.Len(t, found, 1)
	require.Equal(t, sent.ID, found[0].ID)

	added, err := c.AddBot(ctx, client.NewBot{Platform: "telegram", Token: w.names["free_token"]})
	require.NoError(t, err)
	require.Len(t, collected(t, c.Bots(ctx)), 2)
	bot, err := c.Bot(ctx, "@free_bot")
	require.NoError(t, err)
	require.Equal(t, added, bot)
	link, err := c.ConnectLink(ctx, bot.ID, "shop7")
	require.NoError(t, err)
	require.Equal(t, w.sandbox.URL()+"/free_bot?start=shop7", link.Link)
	svg, err := c.ConnectSVG(ctx, bot.ID, "")
	require.NoError(t, err)
	require.Contains(t, string(svg), "<svg")
	png, err := c.ConnectPNG(ctx, bot.ID, "shop7", 256)
	require.NoError(t, err)
	require.Equal(t, "\x89PNG", string(png[:4]))

	people := collected(t, c.Subscribers(ctx, "@acme_bot", client.SubscriberFilter{Phone: "+380501234567", Username: "@anna", Connection: "connected"}))
	require.Len(t, people, 1)
	anna, err := c.Subscriber(ctx, "@acme_bot", people[0].ID)
	require.NoError(t, err)
	require.Len(t, anna.Proofs, 1, "one that is read by itself tells how its phones were proved")
	anna.Proofs = nil
	require.Equal(t, people[0], anna)
	require.Empty(t, collected(t, c.Subscribers(ctx, "@acme_bot", client.SubscriberFilter{PlatformID: 1})))

	key, err := c.CreateKey(ctx, client.NewKey{Name: "shop", Scopes: []string{"messages:send"}})
	require.NoError(t, err)
	require.Equal(t, key.ID, collected(t, c.Keys(ctx))[0].ID)
	revoked, err := c.RevokeKey(ctx, key.ID)
	require.NoError(t, err)
	require.False(t, revoked.RevokedAt.IsZero())

	health, err := c.Ready(ctx)
	require.NoError(t, err)
	require.EqualValues(t, "ok", health.Status)
	w.broken.Store(true)
	health, err = c.Ready(ctx)
	require.NoError(t, err)
	require.EqualValues(t, "failing", health.Parts["postgresql"])

	_, err = c.Send(ctx, client.NewMessage{Bot: "@acme_bot", To: "Anna", Text: ""})
	require.Equal(t, "recipient:unknown_form", client.Code(err))
	var refused *client.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "to", refused.Field)
	require.Len(t, refused.Errors, 2)
	require.NotEmpty(t, refused.RequestID)
}

func TestASendUnderOneKeyIsOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	c, hi := w.client(t), client.NewMessage{To: "@anna", Text: "Hi"}
	first, err := c.Send(t.Context(), hi, client.WithIdempotencyKey("order-77"))
	require.NoError(t, err)
	w.tick(time.Second)
	second, err := c.Send(t.Context(), hi, client.WithIdempotencyKey("order-77"))
	require.NoError(t, err)
	require.Equal(t, first, second)
	other, err := c.Send(t.Context(), hi)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, other.ID)
}

// Messages that come while the list is walked neither hide nor repeat any that were there.
func TestPagesShowEveryItemOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	c := w.client(t)
	const count = 120 // over two pages of the default length
	want := map[string]bool{}
	for i := range count {
		w.tick(time.Millisecond)
		m, err := c.Send(t.Context(), client.NewMessage{To: "@anna", Text: fmt.Sprint(i), Label: "pages"})
		require.NoError(t, err)
		want[m.ID] = true
	}
	seen, last := map[string]bool{}, ""
	for m, err := range c.Messages(t.Context(), client.MessageFilter{Label: "pages"}) {
		require.NoError(t, err)
		require.False(t, seen[m.ID], "twice: %s", m.ID)
		require.True(t, last == "" || m.ID < last, "newest first")
		seen[m.ID], last = true, m.ID
		if len(seen) == 30 {
			w.tick(time.Millisecond)
			_, err := c.Send(t.Context(), client.NewMessage{To: "@anna", Text: "later", Label: "pages"})
			require.NoError(t, err)
		}
	}
	require.Equal(t, want, seen)
}
