package e2e

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// TestBots plays what befalls bots: somebody takes them, their owner rests them, groups take them in.
func TestBots(t *testing.T) {
	t.Parallel()
	on := up(t, newFolder(t), "--watch-every", "500ms", "--link-url", shortHost+"/")
	anna, err := on.sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	t.Run("a person whom the sender knows by an id of its own", func(t *testing.T) { testIdentified(t, on, anna.ID) })
	t.Run("read links by a short host of their own", func(t *testing.T) { testShortLink(t, on, anna.ID) })
	t.Run("a channel", func(t *testing.T) { testChannel(t, on, anna.ID) })
	t.Run("a group, which becomes a supergroup", func(t *testing.T) { testGroup(t, on, anna.ID) })
	t.Run("another service takes a bot", func(t *testing.T) { testStolen(t, on) })
	t.Run("updates that pile up", func(t *testing.T) { testLagging(t, on, anna.ID) })
	t.Run("a rest", func(t *testing.T) { testPaused(t, on, anna.ID) })
	t.Run("an account that the operator rests", func(t *testing.T) { testSuspended(t, on, anna.ID) })
	t.Run("another key for secrets", func(t *testing.T) { testKeyChanged(t, on, anna.ID) })
	require.Zero(t, on.interrupt(t))
}

func testKeyChanged(t *testing.T, on *installation, person int64) {
	acme := on.connected(t, "sealed_bot", wire.Polling, person)
	const sealed = "SELECT encode(sealed_token, 'hex') FROM bots WHERE id = $1"
	before := on.count(t, sealed, acme.ID)
	change := func(what string) {
		r, err := run(t.Context(), on.env(), "", "secrets", what, "--key-file", filepath.Join(on.data, "herald.key"))
		require.NoError(t, err)
		require.Zero(t, r.code, r.stderr)
	}
	change("rotate")
	await(t, patience, "the token to be sealed anew", func() (bool, string) {
		return on.count(t, sealed, acme.ID) != before, "it is as it was"
	})
	await(t, patience, "everything to be sealed anew", func() (bool, string) {
		return strings.Contains(metricsOf(t, on), "herald_reseal_pending 0"), "it is pending"
	})
	change("prune")
	m := on.send(t, acme, person, "sealed by another key", wire.Hold)
	require.Equal(t, wire.MessageStateAccepted, on.outcome(t, m.ID).State)
	_, err := on.sandbox.Write(t.Context(), person, acme.at(), "Do you still hear me?")
	require.NoError(t, err)
	on.awaitInbound(t, acme, "Do you still hear me?")
}

func testIdentified(t *testing.T, on *installation, person int64) {
	acme, err := on.addBot(t.Context(), "known_bot", wire.Polling)
	require.NoError(t, err)
	r, err := run(t.Context(), on.env(), "", "bots", "connect", acme.at(), "--for", "customer-42")
	require.NoError(t, err)
	require.Zero(t, r.code, r.stderr)
	_, payload, found := strings.Cut(strings.SplitN(r.stdout, "\n", 2)[0], "?start=")
	require.True(t, found, r.stdout)
	require.Contains(t, r.stdout, "By SMS: Messages from known_bot in Telegram: http")
	require.NoError(t, on.sandbox.Start(t.Context(), person, acme.at(), payload))
	known := on.subscribed(t, acme.ID, client.SubscriberFilter{ExternalID: "customer-42"})
	require.Equal(t, person, known.PlatformID)
	m, err := on.api.Send(t.Context(), client.NewMessage{Bot: acme.ID, To: "ext:customer-42", Text: "we know you"})
	require.NoError(t, err)
	require.Equal(t, wire.MessageStateAccepted, on.outcome(t, m.ID).State)
	require.Equal(t, 1, on.copies(t, person, acme.at(), "we know you"))
	require.Contains(t, metricsOf(t, on), fmt.Sprintf(`herald_bot_subscribers{bot=%q,connection="connected"} 1`, acme.ID))
}

// shortHost leads to the public listener, as a proxy before it would see to.
const shortHost = "https://hld.example"

func testShortLink(t *testing.T, on *installation, person int64) {
	acme := on.connected(t, "link_bot", wire.Polling, person)
	m, err := on.api.Send(t.Context(), client.NewMessage{Bot: acme.ID, To: fmt.Sprintf("#%d", person), Text: "Ready: {link:https://acme.example/order/77}"})
	require.NoError(t, err)
	require.Equal(t, wire.MessageStateAccepted, on.outcome(t, m.ID).State)
	messages, err := on.sandbox.Messages(t.Context(), person, acme.at())
	require.NoError(t, err)
	_, token, found := strings.Cut(messages[len(messages)-1].Text, "Ready: "+shortHost+"/r/")
	require.True(t, found, messages[len(messages)-1].Text)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, on.Public+"/r/"+token, nil)
	require.NoError(t, err)
	request.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36")
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, "https://acme.example/order/77", response.Header.Get("Location"))
	read, err := on.api.Message(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, wire.MessageStateRead, read.State)
}

func testChannel(t *testing.T, on *installation, person int64) {
	acme, err := on.addBot(t.Context(), "channel_bot", wire.Polling)
	require.NoError(t, err)
	channel, err := on.sandbox.CreateChannel(t.Context(), "News", []int64{person})
	require.NoError(t, err)
	require.NoError(t, on.sandbox.AddToGroup(t.Context(), channel.ID, acme.at()))
	on.subscribed(t, acme.ID, client.SubscriberFilter{Kind: "chat"})
	for chat, err := range on.api.Subscribers(t.Context(), acme.ID, client.SubscriberFilter{Kind: "chat"}) {
		require.NoError(t, err)
		require.Equal(t, "channel", string(chat.Kind))
		require.Equal(t, "News", chat.Name)
		require.Equal(t, channel.ID, chat.PlatformID)
	}
	send := func(text string) client.Message {
		m, err := on.api.Send(t.Context(), client.NewMessage{Bot: acme.ID, To: "chat:" + strconv.FormatInt(channel.ID, 10), Text: text})
		require.NoError(t, err)
		return on.outcome(t, m.ID)
	}
	ended := send("we are open")
	require.Equal(t, wire.MessageStateAccepted, ended.State, ended.Reason)
	posts, err := on.sandbox.Messages(t.Context(), person, strconv.FormatInt(channel.ID, 10))
	require.NoError(t, err)
	require.Len(t, posts, 1)
	require.Equal(t, "we are open", posts[0].Text)

	require.NoError(t, on.sandbox.RemoveFromGroup(t.Context(), channel.ID, acme.at()))
	on.lost(t, acme.ID)
	ended = send("nobody reads this")
	require.Equal(t, wire.MessageStateNotSubscribed, ended.State)
	require.Equal(t, "chat_lost", ended.Reason)
}

func testGroup(t *testing.T, on *installation, person int64) {
	acme, err := on.addBot(t.Context(), "group_bot", wire.Webhook)
	require.NoError(t, err)
	group, err := on.sandbox.CreateGroup(t.Context(), "Staff", []int64{person}, acme.at())
	require.NoError(t, err)
	to := "chat:" + strconv.FormatInt(group.ID, 10)
	on.subscribed(t, acme.ID, client.SubscriberFilter{Kind: "chat"})
	reached := func(text string) (client.Message, int64) {
		m, err := on.api.Send(t.Context(), client.NewMessage{Bot: acme.ID, To: to, Text: text})
		require.NoError(t, err)
		ended := on.outcome(t, m.ID)
		calls, err := on.calls(t.Context(), acme.PlatformID, "sendMessage")
		require.NoError(t, err)
		if len(calls) == 0 {
			return ended, 0
		}
		return ended, calls[len(calls)-1].ChatID
	}
	ended, chat := reached("to all of you")
	require.Equal(t, wire.MessageStateAccepted, ended.State, ended.Reason)
	require.Equal(t, group.ID, chat)

	upgraded, err := on.sandbox.UpgradeGroup(t.Context(), group.ID)
	require.NoError(t, err)
	ended, chat = reached("to all of you, by the earlier id")
	require.Equal(t, wire.MessageStateAccepted, ended.State, ended.Reason)
	require.Equal(t, upgraded.ID, chat)

	require.NoError(t, on.sandbox.RemoveFromGroup(t.Context(), upgraded.ID, acme.at()))
	on.lost(t, acme.ID)
	ended, _ = reached("nobody reads this")
	require.Equal(t, wire.MessageStateNotSubscribed, ended.State)
	require.Equal(t, "chat_lost", ended.Reason)
}

// lost waits until the only chat of a bot is one that threw it out.
func (i *installation) lost(t *testing.T, bot string) {
	t.Helper()
	await(t, patience, "the chat to be lost", func() (bool, string) {
		for chat, err := range i.api.Subscribers(t.Context(), bot, client.SubscriberFilter{Kind: "chat"}) {
			if err != nil {
				return false, err.Error()
			}
			return chat.Connection == "disconnected", "it is " + string(chat.Connection)
		}
		return false, "there is none"
	})
}

// inState waits until the bot is in a state.
func (i *installation) inState(t *testing.T, b bot, state wire.BotState) client.Bot {
	t.Helper()
	var seen client.Bot
	await(t, patience, b.at()+" to be "+string(state), func() (bool, string) {
		var err error
		if seen, err = i.api.Bot(t.Context(), b.ID); err != nil {
			return false, err.Error()
		}
		return seen.State == state, "it is " + string(seen.State)
	})
	return seen
}

func testStolen(t *testing.T, on *installation) {
	for _, intake := range []client.Intake{wire.Webhook, wire.Polling} {
		acme, err := on.addBot(t.Context(), "stolen_"+string(intake)+"_bot", intake)
		require.NoError(t, err)
		require.NoError(t, on.sandbox.StealWebhook(t.Context(), acme.at(), "https://another-service.example/hook/secret"))
		stolen := on.inState(t, acme, wire.BotStateConflict)
		const words = "The bot is connected to another service; only the last one connected receives messages."
		require.Contains(t, stolen.StateReason, words)
		require.NotContains(t, stolen.StateReason, "hook/secret")
		r, err := run(t.Context(), on.env(), "", "bots")
		require.NoError(t, err)
		require.Contains(t, r.stderr, acme.at()+": "+words)
		require.Contains(t, metricsOf(t, on), fmt.Sprintf(`herald_bot_state{bot=%q,state="conflict",username=%q} 1`, acme.ID, acme.Username))

		yes := true
		_, err = on.api.ChangeBot(t.Context(), acme.ID, client.BotChange{Reclaim: &yes})
		require.NoError(t, err)
		on.inState(t, acme, wire.BotStateActive)
		var kinds []string
		for e, err := range on.api.AccountEvents(t.Context(), client.EventFilter{Bot: acme.ID, Kind: "bot.*"}) {
			require.NoError(t, err)
			kinds = append(kinds, e.Kind)
		}
		slices.Reverse(kinds)
		require.Equal(t, []string{"bot.added", "bot.conflict", "bot.recovered"}, kinds, "one alarm")
	}
}

// testLagging lets a person write faster than updates can be fetched, and then lets them be fetched.
func testLagging(t *testing.T, on *installation, person int64) {
	acme := on.connected(t, "lagging_bot", wire.Polling, person)
	fault(t, on, controlclient.Fault{Bot: acme.at(), Method: "getUpdates", Kind: "server_error"})
	lags := func(value string) func() (bool, string) {
		return func() (bool, string) {
			metrics := metricsOf(t, on)
			_, pending, _ := strings.Cut(metrics, fmt.Sprintf("herald_bot_pending_updates{bot=%q} ", acme.ID))
			pending, _, _ = strings.Cut(pending, "\n")
			return strings.Contains(metrics, fmt.Sprintf("herald_bot_lagging{bot=%q} %s\n", acme.ID, value)), pending + " wait"
		}
	}
	await(t, patience, "the bot to lag", func() (bool, string) {
		for range 20 {
			_, err := on.sandbox.Write(t.Context(), person, acme.at(), "hello")
			require.NoError(t, err)
		}
		return lags("1")()
	})
	require.NoError(t, on.sandbox.ClearFaults(t.Context()))
	await(t, patience, "the bot to catch up", lags("0"))
	var kinds []string
	for e, err := range on.api.AccountEvents(t.Context(), client.EventFilter{Bot: acme.ID, Kind: "bot.*"}) {
		require.NoError(t, err)
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []string{"bot.caught_up", "bot.lagging", "bot.added"}, kinds)
}

func metricsOf(t *testing.T, on *installation) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, on.API+"/metrics", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return string(text)
}

func testPaused(t *testing.T, on *installation, person int64) {
	acme := on.connected(t, "resting_bot", wire.Polling, person)
	early, err := on.api.Send(t.Context(), client.NewMessage{
		Bot: acme.ID, To: fmt.Sprintf("#%d", person), Text: "on its way", SendAt: time.Now().Add(2 * time.Second).Format(time.RFC3339Nano),
	})
	require.NoError(t, err)
	r, err := run(t.Context(), on.env(), "", "bots", "pause", acme.at())
	require.NoError(t, err)
	require.Zero(t, r.code, r.stderr)
	_, err = on.api.Send(t.Context(), client.NewMessage{Bot: acme.ID, To: fmt.Sprintf("#%d", person), Text: "not now"})
	require.Equal(t, "bot:paused", client.Code(err))
	await(t, patience, "the story to tell what it waits for", func() (bool, string) {
		events, err := on.api.Events(t.Context(), early.ID)
		require.NoError(t, err)
		last := events[len(events)-1]
		return last.Detail == "The bot is paused by its owner. It is sent once the bot is resumed.", last.Detail
	})
	_, err = on.sandbox.Write(t.Context(), person, acme.at(), "Are you there?")
	require.NoError(t, err)
	r, err = run(t.Context(), on.env(), "", "bots", "resume", acme.at())
	require.NoError(t, err)
	require.Zero(t, r.code, r.stderr)
	on.awaitInbound(t, acme, "Are you there?")
	require.Equal(t, wire.MessageStateAccepted, on.outcome(t, early.ID).State)
	m := on.send(t, acme, person, "here again", wire.Hold)
	require.Equal(t, wire.MessageStateAccepted, on.outcome(t, m.ID).State)
}

// TestPollingIsTakenOver kills the one of two processes that polls a bot. The other one goes on, and nobody cries thief.
func TestPollingIsTakenOver(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	key := o.migrate(t)
	parts := []*installation{o.serve(t, key), o.serve(t, key)}
	worker := launch(t, append([]string{"worker"}, o.flags...)...)
	worker.awaitReady(t)
	anna, err := parts[0].sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	acme := parts[0].connected(t, "acme_bot", wire.Polling, anna.ID)
	conn, err := pgx.Connect(t.Context(), o.postgres.URL("herald"))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	holder := func() (pid int) {
		var name string
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT poll_holder FROM bots WHERE id = $1", acme.ID).Scan(&name))
		fields := strings.Split(name, "/")
		require.Len(t, fields, 3, name)
		pid, err := strconv.Atoi(fields[1])
		require.NoError(t, err)
		return pid
	}
	first := holder()
	at := slices.IndexFunc(parts, func(p *installation) bool { return p.cmd.Process.Pid == first })
	require.GreaterOrEqual(t, at, 0)
	left := parts[1-at]
	parts[at].kill9(t)
	killed := time.Now()
	_, err = left.sandbox.Write(t.Context(), anna.ID, acme.at(), "Is anybody there?")
	require.NoError(t, err)
	left.awaitInbound(t, acme, "Is anybody there?")
	t.Logf("taken over and stored after %s", time.Since(killed).Round(100*time.Millisecond))
	require.Equal(t, left.cmd.Process.Pid, holder())
	seen, err := left.api.Bot(t.Context(), acme.ID)
	require.NoError(t, err)
	require.Equal(t, wire.BotStateActive, seen.State)
	for e, err := range left.api.AccountEvents(t.Context(), client.EventFilter{Bot: acme.ID, Kind: "bot.conflict"}) {
		require.NoError(t, err)
		require.Fail(t, "an alarm about ourselves", e.ID)
	}
	require.Zero(t, left.interrupt(t))
	require.Zero(t, worker.interrupt(t))
}
