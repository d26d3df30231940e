package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
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
// workers are killed again and again. What the rules decide is the same, and what people see in their chats of both bots is
// exactly what was decided, in its order; only a reply whose call a kill cut off may be missing, and says that it may.
func TestRulesThroughCrashes(t *testing.T) {
	t.Parallel()
	const people, each = 100, 10
	o := newOutside(t)
	on := o.serve(t, o.migrate(t))
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
	worker := launch(t, append([]string{"worker"}, o.flags...)...)
	worker.awaitReady(t)
	crowd := on.starters(t, people, calm, rough)
	var updates []json.RawMessage
	want := map[int64][]string{}
	for n := range people * each {
		person, text := crowd[n%people], fmt.Sprintf("message %d", n)
		if n%3 == 0 {
			text = "a gift"
		}
		updates = append(updates, written(firstFed+n, person, text))
		want[person] = append(want[person], answersTo(text, want[person])...)
	}
	on.feed(t, calm, updates)
	on.processed(t, calm, people*(each+1))
	decided := on.decided(t, calm)
	for _, person := range crowd {
		require.Equal(t, want[person], byRules(decided[person]), "without a crash, decided for %d", person)
	}
	require.Zero(t, on.shows(t, calm, crowd)[wire.MessageStateUnknown], "nothing was cut off")

	random := rand.New(rand.NewPCG(1, 2))
	twice := append(append([]json.RawMessage{}, updates...), updates...)
	random.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
	fault(t, on, controlclient.Fault{Bot: rough.at(), Method: "sendMessage", Kind: "slow", Delay: 300 * time.Millisecond, Probability: 0.5})
	fed := make(chan struct{})
	go func() { defer close(fed); on.feed(t, rough, twice) }()
	const (
		done   = "SELECT count(*) FROM updates WHERE bot_id = $1 AND done_at IS NOT NULL"
		called = "SELECT count(*) FROM legs l JOIN messages m ON m.id = l.message_id WHERE m.bot_id = $1 AND l.state = 'pending' AND l.intent_at BETWEEN $2 AND now()"
	)
	for range 3 {
		began := time.Now()
		seen := on.count(t, done, rough.ID)
		await(t, patience, "progress", func() (bool, string) {
			now := on.count(t, done, rough.ID)
			return now != seen, now + " updates done"
		})
		await(t, patience, "a call under way", func() (bool, string) {
			return on.count(t, called, rough.ID, began) != "0", "none"
		})
		worker.kill9(t)
		worker = launch(t, append([]string{"worker"}, o.flags...)...)
		worker.awaitReady(t)
	}
	<-fed
	on.processed(t, rough, people*(each+1))

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
	require.Equal(t, on.remembered(t, calm), on.remembered(t, rough))
	decided = on.decided(t, rough)
	for _, person := range crowd {
		require.ElementsMatch(t, want[person], byRules(decided[person]), "through crashes, decided for %d", person)
	}
	on.shows(t, rough, crowd)
	require.Zero(t, worker.interrupt(t))
	require.Zero(t, on.interrupt(t))
}

// firstFed is the id of the first update that the tests feed: ids of those that the sandbox makes begin far above.
const firstFed = 1

// starters are people who have started the bots.
func (i *installation) starters(t testing.TB, people int, bots ...bot) (crowd []int64) {
	t.Helper()
	for n := range people {
		person, err := i.sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: fmt.Sprintf("Person %d", n)})
		require.NoError(t, err)
		crowd = append(crowd, person.ID)
		for _, b := range bots {
			require.NoError(t, i.sandbox.Start(t.Context(), person.ID, b.at(), ""))
		}
	}
	for _, b := range bots {
		i.processed(t, b, people)
	}
	return crowd
}

// answersTo are what countingRules say to a text, to a person to whom they have said this much already.
func answersTo(text string, before []string) []string {
	switch {
	case text == "a gift" && !slices.Contains(before, "A gift!"):
		return []string{"A gift!"}
	case strings.Contains(text, "7"):
		return []string{text + ", says the first", text + ", says the second"}
	default:
		return nil
	}
}

// decided are the bot's replies to each person, in the order in which they were decided: each names the one before it.
func (i *installation) decided(t testing.TB, b bot) map[int64][]client.Message {
	t.Helper()
	rows, err := i.query(t.Context(), "herald", "SELECT id, after_id FROM messages WHERE bot_id = $1 AND direction = 'out'", b.ID)
	require.NoError(t, err)
	before, next := map[string]string{}, map[string]string{}
	for row := range strings.Lines(rows) {
		id, after, _ := strings.Cut(strings.TrimSuffix(row, "\n"), "\t")
		before[id] = after
	}
	byID, first := map[string]client.Message{}, map[int64]string{}
	for m, err := range i.api.Messages(t.Context(), client.MessageFilter{Bot: b.ID, Direction: wire.Out}) {
		require.NoError(t, err)
		byID[m.ID] = m
		if after := before[m.ID]; after != "" {
			require.NotContains(t, next, after, "one reply follows another")
			next[after] = m.ID
			continue
		}
		require.NotContains(t, first, addressee(t, m), "one reply is the first")
		first[addressee(t, m)] = m.ID
	}
	require.NotEmpty(t, byID)
	told, decided := 0, map[int64][]client.Message{}
	for person, id := range first {
		for ; id != ""; id = next[id] {
			require.Equal(t, person, addressee(t, byID[id]))
			decided[person] = append(decided[person], byID[id])
			told++
		}
	}
	require.Len(t, byID, told, "every reply has its place")
	return decided
}

func addressee(t testing.TB, m client.Message) (person int64) {
	t.Helper()
	_, err := fmt.Sscanf(m.To, "#%d", &person)
	require.NoError(t, err, m.To)
	return person
}

// byRules are the texts of the file's rules, without what bots answer by themselves, such as to /start.
func byRules(messages []client.Message) (texts []string) {
	for _, m := range messages {
		if !strings.HasPrefix(m.Rule, "herald:") {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// shows waits until all replies of the bot have their outcome and holds the chats against them: what was accepted stands
// there once, in the order of the decisions, and what is unknown does so at most once. It returns how many ended how.
func (i *installation) shows(t testing.TB, b bot, crowd []int64) map[client.MessageState]int {
	t.Helper()
	await(t, 4*patience, "the outcomes of all replies", func() (bool, string) {
		open := i.count(t, "SELECT count(*) FROM messages WHERE bot_id = $1 AND state IN ('queued', 'scheduled', 'sending')", b.ID)
		return open == "0", open + " have none"
	})
	decided, states := i.decided(t, b), map[client.MessageState]int{}
	for _, person := range crowd {
		chat, err := i.sandbox.Messages(t.Context(), person, b.at())
		require.NoError(t, err)
		var shown []string
		for _, m := range chat {
			if !m.Out {
				shown = append(shown, m.Text)
			}
		}
		var want []string
		for _, m := range decided[person] {
			states[m.State]++
			if m.State == wire.MessageStateUnknown {
				require.Equal(t, "answer_lost", m.Reason, m.ID)
				if len(want) == len(shown) || shown[len(want)] != m.Text {
					continue // its call did not get as far as the messenger
				}
			} else {
				require.Equal(t, wire.MessageStateAccepted, m.State, "%s: %s", m.ID, m.Reason)
			}
			want = append(want, m.Text)
		}
		require.Equal(t, want, shown, "the chat of %d with %s", person, b.at())
	}
	t.Log(b.at(), states)
	return states
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
func written(id int, person int64, text string) json.RawMessage {
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
