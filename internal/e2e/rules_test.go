package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
)

const countingRules = `herald: 1
language: en
fields: {seen: int}
rules:
  - name: count
    on: message
    set: {seen: (user.fields.seen ?? 0) + 1}
    forward: counted
    continue: true
  - name: gift
    on: message
    when: has(text, "gift")
    once: true
    reply: A gift!
  - name: echo
    on: message
    when: text contains "7"
    reply: ["{{ text }}, says the first", "{{ text }}, says the second"]
`

// TestRulesThroughCrashes feeds one bot in order, and another one with the same updates twice, disordered, and while its
// workers are killed again and again: both answer the same.
func TestRulesThroughCrashes(t *testing.T) {
	t.Parallel()
	const people, each = 100, 10
	o := newOutside(t)
	on := o.serve(t, o.migrate(t))
	on.data = filepath.Join(o.folder, "postgres")
	on.Public = regexp.MustCompile(`public listener +(http://\S+)`).FindStringSubmatch(on.stdout.String() + on.stderr.String())[1]
	_, err := on.addBot(t.Context(), "spare_bot", wire.Polling) // the ids of bots are not those of people
	require.NoError(t, err)
	calm, err := on.addBot(t.Context(), "calm_bot", wire.Webhook)
	require.NoError(t, err)
	rough, err := on.addBot(t.Context(), "rough_bot", wire.Webhook)
	require.NoError(t, err)
	for _, b := range []bot{calm, rough} {
		_, err := on.api.PublishRules(t.Context(), b.ID, client.NewRuleVersion{Source: countingRules})
		require.NoError(t, err)
	}
	var updates []json.RawMessage
	for n := range people * each {
		text := fmt.Sprintf("message %d", n)
		if n%3 == 0 {
			text = "a gift"
		}
		updates = append(updates, written(n+1, 500_000+n%people, text))
	}
	worker := launch(t, append([]string{"worker"}, o.flags...)...)
	worker.awaitReady(t)
	on.feed(t, calm, updates)
	on.processed(t, calm, people*each)

	random := rand.New(rand.NewPCG(1, 2))
	twice := append(append([]json.RawMessage{}, updates...), updates...)
	random.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
	fed := make(chan struct{})
	go func() { defer close(fed); on.feed(t, rough, twice) }()
	for range 3 {
		seen := on.count(t, "SELECT count(*) FROM updates WHERE bot_id = $1 AND done_at IS NOT NULL", rough.ID)
		await(t, patience, "progress", func() (bool, string) {
			now := on.count(t, "SELECT count(*) FROM updates WHERE bot_id = $1 AND done_at IS NOT NULL", rough.ID)
			return now != seen, now + " updates done"
		})
		worker.kill9(t)
		worker = launch(t, append([]string{"worker"}, o.flags...)...)
		worker.awaitReady(t)
	}
	<-fed
	on.processed(t, rough, people*each)

	require.Equal(t, "0", on.count(t, "SELECT count(*) FROM updates WHERE error <> ''"))
	for what, sql := range map[string]string{
		"counts":   "SELECT s.platform_id, p.messages FROM person_states p JOIN subscribers s ON s.id = p.subscriber_id WHERE s.bot_id = $1 ORDER BY 1",
		"events":   "SELECT count(*) FROM events WHERE bot_id = $1 AND kind = 'rule.forwarded'",
		"verdicts": "SELECT count(*) FROM verdicts WHERE bot_id = $1",
	} {
		want, err := on.query(t.Context(), "herald", sql, calm.ID)
		require.NoError(t, err)
		got, err := on.query(t.Context(), "herald", sql, rough.ID)
		require.NoError(t, err)
		require.NotEmpty(t, strings.TrimSpace(want), what)
		require.Equal(t, want, got, what)
	}
	require.Equal(t, on.replies(t, calm), on.replies(t, rough))
	require.Equal(t, on.remembered(t, calm), on.remembered(t, rough))
	require.Zero(t, worker.interrupt(t))
	require.Zero(t, on.interrupt(t))
}

// replies are what the bot's rules sent, in an order of their own.
func (i *installation) replies(t testing.TB, b bot) (replies []string) {
	t.Helper()
	for m, err := range i.api.Messages(t.Context(), client.MessageFilter{Bot: b.ID, Direction: wire.Out}) {
		require.NoError(t, err)
		replies = append(replies, fmt.Sprint(m.To, " ", m.Rule, " ", m.Text))
	}
	require.NotEmpty(t, replies)
	slices.Sort(replies)
	return replies
}

// remembered is what the bot's rules keep about people.
func (i *installation) remembered(t testing.TB, b bot) map[int64]any {
	t.Helper()
	people := map[int64]any{}
	for s, err := range i.api.Subscribers(t.Context(), b.ID, client.SubscriberFilter{}) {
		require.NoError(t, err)
		people[s.PlatformID] = s.Fields
	}
	require.NotEmpty(t, people)
	return people
}

// written is an update of somebody who writes.
func written(id, person int, text string) json.RawMessage {
	who := map[string]any{"id": person, "is_bot": false, "first_name": "Anna", "language_code": "en"}
	body, err := json.Marshal(map[string]any{"update_id": id, "message": map[string]any{
		"message_id": id, "date": time.Now().Unix(), "text": text, "from": who, "chat": map[string]any{"id": person, "type": "private"},
	}})
	if err != nil {
		panic(err)
	}
	return body
}

// feed calls the bot's webhook as the messenger does, eight calls at a time.
func (i *installation) feed(t testing.TB, b bot, updates []json.RawMessage) {
	secret, err := i.query(context.Background(), "herald", "SELECT webhook_secret FROM bots WHERE id = $1", b.ID)
	if err != nil {
		t.Error(err)
		return
	}
	next := make(chan json.RawMessage)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for update := range next {
				if status := i.webhook(b, strings.TrimSpace(secret), update); status != http.StatusOK {
					t.Errorf("the webhook answers %d", status)
				}
			}
		})
	}
	for _, update := range updates {
		next <- update
	}
	close(next)
	callers.Wait()
}

func (i *installation) webhook(b bot, secret string, update json.RawMessage) (status int) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, i.Public+"/telegram/"+b.ID, bytes.NewReader(update))
	if err != nil {
		return 0
	}
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// processed waits until so many updates of the bot are done with.
func (i *installation) processed(t testing.TB, b bot, n int) {
	t.Helper()
	await(t, 4*patience, "all updates", func() (bool, string) {
		done := i.count(t, "SELECT count(*) FROM updates WHERE bot_id = $1 AND done_at IS NOT NULL", b.ID)
		return done == fmt.Sprint(n), done + " are done"
	})
}
