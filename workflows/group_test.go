package workflows_test

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/sandbox"
	"herald/internal/sandbox/controlclient"
	"herald/workflows"
)

// leaps is a clock that goes on by itself, and leaps where a test would wait.
type leaps struct {
	begun time.Time
	ahead atomic.Int64
}

func (l *leaps) now() time.Time {
	return noon.Add(time.Since(l.begun) + time.Duration(l.ahead.Load())).Truncate(time.Microsecond)
}

func (l *leaps) reach(at time.Time) { l.ahead.Add(int64(max(at.Sub(l.now()), 0))) }

// In a group the messenger takes 20 messages a minute. Two minutes' worth that wait at once leave slower than that, and are
// never refused.
func TestAGroupGetsNoMoreThanItsMessengerAllows(t *testing.T) {
	t.Parallel()
	const count, allowed = 40, 20
	clock := &leaps{begun: time.Now()}
	w := newWorld(t, sandbox.Options{Clock: clock.now})
	group, err := w.network.CreateGroup(t.Context(), "Staff", []int64{w.anna}, w.botName)
	require.NoError(t, err)
	_, err = w.store.StoreUpdates(t.Context(), []gateway.RawUpdate{{AccountID: "acc_1", BotID: w.bot.ID, UpdateID: 2, ChatID: group.ID, Body: []byte("{}"), ReceivedAt: noon}})
	require.NoError(t, err)
	_, err = w.store.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{
			Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), Kind: gateway.KindGroup, PlatformID: group.ID, ChatID: group.ID, FirstName: "Staff"},
			Connection: gateway.Connected, Seen: gateway.UpdateMark{At: noon, UpdateID: 2},
		}, nil
	})
	require.NoError(t, err)

	deliverer := messaging.NewDeliverer(w.store, w.messenger, w.sms, clock.now, messaging.Policy{Horizon: time.Millisecond}, quiet())
	due := map[int]time.Time{}
	var sent []workflows.DeliverMessageInput
	for n := range count {
		sent = append(sent, w.accept(t, func(m *gateway.Message) {
			m.Text, m.To = fmt.Sprint("notice ", n), gateway.Address{Kind: gateway.AddressChat, Value: strconv.FormatInt(group.ID, 10)}
		}))
		due[n] = noon
	}
	for len(due) > 0 {
		next := -1
		for n := range count {
			if at, waits := due[n]; waits && (next < 0 || at.Before(due[next])) {
				next = n
			}
		}
		clock.reach(due[next])
		step, err := deliverer.Attempt(t.Context(), "acc_1", sent[next].MessageID)
		require.NoError(t, err)
		due[next] = clock.now().Add(step.Wait)
		if step.Done {
			require.Equal(t, gateway.Accepted, step.State)
			delete(due, next)
		}
	}

	calls := w.groupCalls(t, group.ID)
	require.Len(t, calls, count, "one call for each")
	for n, c := range calls {
		require.True(t, c.OK, "call %d: %s", n, c.Description)
		if n >= allowed {
			require.Greater(t, c.At.Sub(calls[n-allowed].At), time.Minute, "call %d is the 21st of a minute", n)
		}
	}
	require.Less(t, calls[count-1].At.Sub(calls[0].At), 3*time.Minute, "and not much slower than that")

	var refusal *gateway.DeliveryError
	for range allowed + 1 {
		if _, err := w.messenger.Send(t.Context(), gateway.Outgoing{Bot: w.bot, ChatID: group.ID, Text: "without a turn"}); err != nil {
			require.ErrorAs(t, err, &refusal)
		}
	}
	require.NotNil(t, refusal, "the messenger does count")
	require.Equal(t, gateway.ClassThrottled, refusal.Class)
}

// groupCalls are the calls that sent something to a chat, the oldest first.
func (w *world) groupCalls(t *testing.T, chat int64) (calls []controlclient.Call) {
	t.Helper()
	all, err := w.network.Log(t.Context(), 0)
	require.NoError(t, err)
	for _, c := range all {
		if c.Method == "sendMessage" && c.ChatID == chat {
			calls = append(calls, c)
		}
	}
	return calls
}
