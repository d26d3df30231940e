package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// The storm: so many messages to so many chats, and what goes wrong with calls to them.
const (
	stormBots     = 10
	stormPeople   = 10 // of each bot
	stormMessages = 10 // to each chat
	stormSeed     = 20260302
	stormSenders  = 8
)

// stormFaults are what goes wrong, each so often with each bot, in chats that are drawn. A 429 makes the whole bot wait and
// go slower afterwards, so there are few.
var stormFaults = []struct {
	fault  controlclient.Fault
	perBot int
}{
	{controlclient.Fault{Kind: "too_many_requests", RetryAfter: 1}, 2},
	{controlclient.Fault{Kind: "server_error"}, 6},
	{controlclient.Fault{Kind: "server_error", Status: 503}, 3},
	{controlclient.Fault{Kind: "html"}, 3},
	{controlclient.Fault{Kind: "reset_before"}, 6},
	{controlclient.Fault{Kind: "reset_after"}, 8},
	{controlclient.Fault{Kind: "slow", Delay: 700 * time.Millisecond}, 6},
}

// stormMessage is a message of the storm and where it goes.
type stormMessage struct {
	id, text string
	bot      int
	person   int
	policy   client.OnUnknown
}

// TestStorm sends a thousand messages while the messenger throttles, fails, resets connections before and after it has
// done what was asked, and takes its time. Whatever a message met, its state and the messenger's own log agree.
func TestStorm(t *testing.T) {
	t.Parallel()
	on := up(t, newFolder(t))
	limits, err := on.sandbox.Limits(t.Context())
	require.NoError(t, err)
	limits.Enforce = false // what goes wrong is drawn below
	require.NoError(t, on.sandbox.SetLimits(t.Context(), limits))
	bots, people := on.crowd(t)
	random := rand.New(rand.NewPCG(stormSeed, 0))
	drawn := 0
	for _, b := range bots {
		for _, f := range stormFaults {
			for range f.perBot {
				f.fault.Bot, f.fault.Method, f.fault.Chat, f.fault.Times = b.at(), "sendMessage", people[random.IntN(stormPeople)].ID, 1
				fault(t, on, f.fault)
				drawn++
			}
		}
	}
	messages := make([]stormMessage, stormBots*stormPeople*stormMessages)
	for n := range messages {
		messages[n] = stormMessage{
			text: fmt.Sprintf("storm %d", n), bot: n % stormBots, person: n / stormBots % stormPeople,
			policy: []client.OnUnknown{wire.Hold, wire.Resend}[random.IntN(2)],
		}
	}
	var group errgroup.Group
	group.SetLimit(stormSenders)
	for n := range messages {
		m := &messages[n]
		group.Go(func() error {
			sent, err := on.api.Send(t.Context(), client.NewMessage{
				Bot: bots[m.bot].ID, To: fmt.Sprintf("#%d", people[m.person].ID), Text: m.text, OnUnknown: m.policy,
			})
			m.id = sent.ID
			return err
		})
	}
	require.NoError(t, group.Wait())

	ended := make([]client.Message, len(messages))
	states := map[string]int{}
	for n, m := range messages {
		ended[n] = on.outcome(t, m.id)
		states[fmt.Sprint(m.policy, " ", ended[n].State)]++
	}
	t.Log(states)
	require.NotZero(t, states["hold unknown"], "some answers were lost")
	seen, repeated := on.inChats(t, bots, people), 0
	attempts := map[[2]int]int{}
	for n, m := range messages {
		copies := seen.texts[m.text]
		what := fmt.Sprintf("%s to chat %d of bot %d, on_unknown %s, ended as %s with %d copies", m.text, m.person, m.bot, m.policy, ended[n].State, copies)
		attempts[[2]int{m.bot, m.person}] += ended[n].Legs[0].Attempts
		switch {
		case m.policy == wire.Hold && ended[n].State == wire.MessageStateUnknown:
			require.LessOrEqual(t, copies, 1, what)
			require.Equal(t, "answer_lost", ended[n].Reason, what)
		case m.policy == wire.Hold:
			require.Equal(t, wire.MessageStateAccepted, ended[n].State, what)
			require.Equal(t, 1, copies, what)
		default:
			require.Equal(t, wire.MessageStateAccepted, ended[n].State, what)
			require.GreaterOrEqual(t, copies, 1, what)
			repeated += copies - 1
		}
	}
	require.NotZero(t, repeated, "what may be sent again was, after an answer that was lost")
	require.Len(t, seen.texts, len(messages)-seen.missing(messages), "nothing else was sent")

	// The messenger's log: every call is one that a message tells of, and every one with an effect stands in a chat.
	for n, b := range bots {
		calls, err := on.calls(t.Context(), b.PlatformID, "sendMessage")
		require.NoError(t, err)
		made, effects := map[int64]int{}, map[int64]int{}
		for _, c := range calls {
			if made[c.ChatID]++; c.OK {
				effects[c.ChatID]++
			}
		}
		for p, person := range people {
			require.Equal(t, attempts[[2]int{n, p}], made[person.ID], "calls of %s to chat %d", b.at(), p)
			require.Equal(t, seen.chats[[2]int{n, p}], effects[person.ID], "calls of %s to chat %d with an effect", b.at(), p)
		}
	}
	require.Greater(t, drawn, 300, "the storm was one")
	require.Equal(t, "0", on.count(t, "SELECT count(*) FROM outbox"), "nothing is left to start")
	require.Equal(t, "0", on.count(t, "SELECT count(*) FROM legs WHERE state = 'pending'"), "nothing is left open")
}

// crowd makes bots and people, everybody connected to every bot.
func (i *installation) crowd(t *testing.T) ([]bot, []controlclient.Person) {
	t.Helper()
	bots, people := make([]bot, stormBots), make([]controlclient.Person, stormPeople)
	for n := range people {
		var err error
		people[n], err = i.sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: fmt.Sprintf("Person %d", n)})
		require.NoError(t, err)
	}
	for n := range bots {
		var err error
		bots[n], err = i.addBot(t.Context(), fmt.Sprintf("storm_%d_bot", n), wire.Polling)
		require.NoError(t, err)
		require.NoError(t, i.quiet(t.Context(), bots[n]))
		for _, p := range people {
			require.NoError(t, i.sandbox.Start(t.Context(), p.ID, bots[n].at(), ""))
		}
	}
	for _, b := range bots {
		for _, p := range people {
			i.subscribed(t, b.ID, client.SubscriberFilter{PlatformID: p.ID})
		}
	}
	return bots, people
}

// shown is what stands in the chats: how often each text does, and how many messages each chat has of its bot.
type shown struct {
	texts map[string]int
	chats map[[2]int]int // by bot and person
}

func (i *installation) inChats(t *testing.T, bots []bot, people []controlclient.Person) shown {
	t.Helper()
	s := shown{texts: map[string]int{}, chats: map[[2]int]int{}}
	for n, b := range bots {
		for p, person := range people {
			messages, err := i.sandbox.Messages(t.Context(), person.ID, b.at())
			require.NoError(t, err)
			for _, m := range messages {
				if !m.Out {
					s.texts[m.Text]++
					s.chats[[2]int{n, p}]++
				}
			}
		}
	}
	return s
}

// missing counts the messages of which there is no copy.
func (s shown) missing(messages []stormMessage) int {
	n := 0
	for _, m := range messages {
		if s.texts[m.text] == 0 {
			n++
		}
	}
	return n
}
