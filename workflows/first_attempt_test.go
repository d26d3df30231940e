package workflows_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/sandbox/controlclient"
	"herald/workflows"
)

// listeningTemporal takes every start and runs nothing, or does not answer.
type listeningTemporal struct {
	client.Client
	away  bool
	runs  bool          // the workflow was started by somebody else
	woken chan string   // who was signalled
	hangs chan struct{} // until it is closed

	mu     sync.Mutex
	starts []workflows.DeliverMessageInput
	asked  int
}

func (l *listeningTemporal) ExecuteWorkflow(ctx context.Context, _ client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	if l.hangs != nil {
		select {
		case <-l.hangs:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.away {
		return nil, serviceerror.NewUnavailable("nobody is there")
	}
	l.starts = append(l.starts, args[0].(workflows.DeliverMessageInput))
	if l.runs {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("it runs", "", "")
	}
	return nil, nil
}

func (l *listeningTemporal) SignalWorkflow(_ context.Context, id, _, _ string, _ any) error {
	if l.woken == nil {
		panic("nobody was to be woken")
	}
	l.woken <- id
	return nil
}

func (l *listeningTemporal) started() []workflows.DeliverMessageInput {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.starts
}

func (l *listeningTemporal) wasAsked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked > 0
}

// starts runs a starter that makes first attempts. stop ends it, but not the attempts.
func (w *world) starts(t *testing.T, temporal *listeningTemporal) (starter *workflows.Starter, stop func()) {
	t.Helper()
	starter = workflows.NewStarter(temporal, w.store, w.now, quiet())
	starter.AttemptWith(w.deliverer)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { starter.Run(ctx) })
	return starter, func() { cancel(); group.Wait() }
}

// begins has messages begun, one after another. It tells what was started for them.
func (w *world) begins(t *testing.T, temporal *listeningTemporal, messages ...workflows.DeliverMessageInput) []workflows.DeliverMessageInput {
	t.Helper()
	starter, stop := w.starts(t, temporal)
	for _, in := range messages {
		starter.StartDelivery(in.AccountID, in.MessageID, gateway.LaneService)
		require.Eventually(t, func() bool {
			ended := !w.open(t, in)
			return ended || temporal.wasAsked() && (temporal.away || w.waits(t) == 0)
		}, time.Minute, time.Millisecond, "it ends, or leaves the outbox once Temporal has its workflow")
		starter.Finish()
	}
	stop()
	return temporal.started()
}

// open tells whether a leg of the message waits.
func (w *world) open(t *testing.T, in workflows.DeliverMessageInput) bool {
	legs, err := w.store.Legs(t.Context(), "acc_1", in.MessageID)
	return err == nil && gateway.Delivery{Legs: legs}.Open()
}

// waits counts what stands in the outbox.
func (w *world) waits(t *testing.T) int {
	t.Helper()
	n, _ := depth(t, w.store, w.now().Add(time.Hour))
	return n
}

// busy makes the bot's slots taken until then, in all lanes, by a message that is nobody's any more.
func (w *world) busy(t *testing.T, until time.Time) {
	t.Helper()
	in := w.accept(t, nil)
	_, err := w.store.ChangeDelivery(t.Context(), in.AccountID, in.MessageID, func(d gateway.Delivery) (gateway.Change, error) {
		return gateway.Change{
			State: gateway.Cancelled, SkipRest: true,
			Slots:  &gateway.Slots{Free: until, ServiceFree: until, BulkFree: until, CodeFree: until},
			Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: gateway.Queued, State: gateway.Cancelled}},
		}, nil
	})
	require.NoError(t, err)
}

func TestFirstAttempt(t *testing.T) {
	t.Parallel()
	toStranger := func(m *gateway.Message) {
		m.To = gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}
	}
	orSMS := []gateway.Leg{
		{Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted},
		{Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted},
	}

	for name, story := range map[string]struct {
		message func(*gateway.Message)
		legs    []gateway.Leg
		fault   string
		ends    gateway.State
		copies  int
	}{
		"is all that a message needs which the messenger takes": {ends: gateway.Accepted, copies: 1},
		"goes on to an SMS for who is not connected":            {message: toStranger, legs: orSMS, ends: gateway.Accepted},
		"ends what cannot be sent":                              {message: toStranger, ends: gateway.NotSubscribed},
		"holds a message whose answer was lost":                 {fault: "reset_after", ends: gateway.Unknown, copies: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if story.fault != "" {
				w.fault(t, controlclient.Fault{Kind: story.fault, Times: 1})
			}
			in := w.accept(t, story.message, story.legs...)
			require.Equal(t, 1, w.waits(t), "it stands in the outbox")
			later := w.accept(t, func(m *gateway.Message) { m.NotBefore = noon.Add(time.Minute) })
			require.Equal(t, []workflows.DeliverMessageInput{later}, w.begins(t, &listeningTemporal{}, in, later), "no workflow is started for the first")
			require.Equal(t, story.ends, w.stateOf(t, in))
			require.Equal(t, story.copies, w.copies(t))
			require.Zero(t, w.waits(t), "it has left the outbox with its end")
		})
	}

	t.Run("tells the story as the workflow's would", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, nil)
		w.begins(t, &listeningTemporal{}, in)
		require.Equal(t, []gateway.EventKind{gateway.EventQueued, gateway.EventIntent, gateway.EventState}, w.kinds(t, in.MessageID))
	})
	t.Run("sends markup that the messenger refuses once more as plain text", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.fault(t, controlclient.Fault{Kind: "refuse_entities", Times: 1})
		in := w.accept(t, func(m *gateway.Message) { m.Format, m.Text = gateway.FormatHTML, "It is <b>ready</b>." })
		require.Empty(t, w.begins(t, &listeningTemporal{}, in))
		require.Equal(t, gateway.Accepted, w.stateOf(t, in))
		require.Contains(t, w.kinds(t, in.MessageID), gateway.EventPlainText)
	})
	t.Run("leaves a pause to the workflow that the database does not know of", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.fault(t, controlclient.Fault{Kind: "server_error", Times: 1})
		in := w.accept(t, func(m *gateway.Message) { m.OnUnknown = gateway.Resend })
		started := w.begins(t, &listeningTemporal{}, in)
		require.Equal(t, time.Second, started[0].Wait, "after an error of the messenger")
		m, took := w.run(t, started[0])
		require.Equal(t, gateway.Accepted, m.State)
		require.GreaterOrEqual(t, took, time.Second)
		require.Equal(t, 1, w.copies(t))
	})
	t.Run("leaves it to the workflow to wait as long as the messenger asks", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.fault(t, controlclient.Fault{Kind: "too_many_requests", RetryAfter: 600, Times: 1})
		started := w.begins(t, &listeningTemporal{}, w.accept(t, nil))
		require.Equal(t, 600*time.Second, started[0].Wait)
		m, took := w.run(t, started[0])
		require.Equal(t, gateway.Accepted, m.State)
		require.GreaterOrEqual(t, took, 600*time.Second)
		require.Equal(t, 1, w.copies(t))
	})
	t.Run("leaves it to the workflow to wait for a time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.NotBefore = noon.Add(30 * time.Minute) })
		started := w.begins(t, &listeningTemporal{}, in)
		require.Zero(t, started[0].Wait, "it looks by itself: its sender may have taken it back")
		require.Equal(t, gateway.Scheduled, w.stateOf(t, in))
		m, took := w.run(t, started[0])
		require.Equal(t, gateway.Accepted, m.State)
		require.GreaterOrEqual(t, took, 30*time.Minute)
		require.Equal(t, []gateway.EventKind{gateway.EventQueued, gateway.EventScheduled, gateway.EventIntent, gateway.EventState}, w.kinds(t, in.MessageID))
	})
	t.Run("takes a turn, which the workflow waits for", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.busy(t, noon.Add(time.Minute))
		in := w.accept(t, nil)
		started := w.begins(t, &listeningTemporal{}, in)
		require.Greater(t, started[0].Wait, 50*time.Second)
		require.Equal(t, []gateway.EventKind{gateway.EventQueued, gateway.EventTurn}, w.kinds(t, in.MessageID))
		m, took := w.run(t, started[0])
		require.Equal(t, gateway.Accepted, m.State)
		require.InDelta(t, time.Minute.Seconds(), took.Seconds(), 5)
		require.Equal(t, []gateway.EventKind{gateway.EventQueued, gateway.EventTurn, gateway.EventIntent, gateway.EventState}, w.kinds(t, in.MessageID), "nobody looked before it came")
	})
	t.Run("leaves it to the workflow to wait for evidence, and that looks at once: it may be there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.To = w.phoneOfAnna(t) },
			gateway.Leg{Channel: gateway.ChannelTelegram, Until: gateway.UntilRead, Within: 10 * time.Minute},
			gateway.Leg{Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted})
		started := w.begins(t, &listeningTemporal{}, in)
		require.Zero(t, started[0].Wait)
		require.Equal(t, gateway.Accepted, w.stateOf(t, in))
		_, took := w.run(t, started[0])
		require.GreaterOrEqual(t, took, 10*time.Minute)
		legs, err := w.store.Legs(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		require.Equal(t, gateway.LegAccepted, legs[1].State, "unread, so it went by SMS")
		require.Equal(t, 1, w.copies(t))
	})
	t.Run("needs no Temporal, and what has to wait stays in the outbox until it is back", func(t *testing.T) {
		t.Parallel()
		w, away := newWorld(t), &listeningTemporal{away: true}
		sent := w.accept(t, nil)
		w.begins(t, away, sent)
		require.Equal(t, gateway.Accepted, w.stateOf(t, sent))
		require.False(t, away.wasAsked())
		later := w.accept(t, func(m *gateway.Message) { m.NotBefore = noon.Add(time.Minute) })
		w.begins(t, away, later)
		require.Equal(t, gateway.Scheduled, w.stateOf(t, later))
		require.Equal(t, 1, w.waits(t))
	})
	t.Run("that panics is left to a workflow, and so is one that found no database", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.perform(w.store, handover{Messenger: w.messenger, during: func() { panic("odd") }})
		in := w.accept(t, nil)
		require.Equal(t, []workflows.DeliverMessageInput{in}, w.begins(t, &listeningTemporal{}, in))
		require.Equal(t, gateway.Sending, w.stateOf(t, in), "its intent stands: a workflow holds it when the call is surely over")
		w.perform(&flakyStore{DeliveryStore: w.store, failures: 1}, w.messenger)
		in = w.accept(t, nil)
		require.Equal(t, []workflows.DeliverMessageInput{in}, w.begins(t, &listeningTemporal{}, in))
	})
	t.Run("is not cut short when the process stops", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		calls, goOn := make(chan struct{}), make(chan struct{})
		w.perform(w.store, handover{Messenger: w.messenger, during: func() { close(calls); <-goOn }})
		starter, stop := w.starts(t, &listeningTemporal{})
		in := w.accept(t, nil)
		starter.StartDelivery(in.AccountID, in.MessageID, gateway.LaneService)
		<-calls
		stop()
		close(goOn)
		starter.Finish()
		require.Equal(t, gateway.Accepted, w.stateOf(t, in))
	})
	t.Run("holds up no other message while it calls", func(t *testing.T) {
		t.Parallel()
		const crowd = 20 // more than are begun at a time
		w := newWorld(t)
		var calls sync.WaitGroup
		calls.Add(crowd)
		meet := handover{Messenger: w.messenger, during: func() { calls.Done(); calls.Wait() }}
		w.deliverer = messaging.NewDeliverer(w.store, meet, w.sms, func() time.Time { return time.Now().UTC() }, messaging.Policy{}, quiet())
		starter, stop := w.starts(t, &listeningTemporal{})
		var all []workflows.DeliverMessageInput
		for range crowd {
			who := w.joins(t, 100+len(all), "Somebody", fmt.Sprintf("+3805012345%02d", len(all)))
			all = append(all, w.accept(t, func(m *gateway.Message) {
				m.To = gateway.Address{Kind: gateway.AddressPlatform, Value: strconv.FormatInt(who, 10)}
				m.ExpiresAt = time.Now().Add(time.Hour)
			}))
		}
		for _, in := range all {
			starter.StartDelivery(in.AccountID, in.MessageID, gateway.LaneService)
		}
		calls.Wait()
		stop()
		starter.Finish()
		for _, in := range all {
			require.Equal(t, gateway.Accepted, w.stateOf(t, in))
		}
	})
	t.Run("that took so long that its workflow waits already has it woken after a refusal", func(t *testing.T) {
		t.Parallel()
		w, temporal := newWorld(t), &listeningTemporal{runs: true, woken: make(chan string, 1)}
		w.fault(t, controlclient.Fault{Kind: "too_many_requests", RetryAfter: 5, Times: 1})
		in := w.accept(t, nil)
		w.begins(t, temporal, in)
		require.Equal(t, string(in.MessageID), <-temporal.woken)

		w, temporal = newWorld(t), &listeningTemporal{runs: true}
		w.fault(t, controlclient.Fault{Kind: "too_many_requests", RetryAfter: 600, Times: 1})
		w.begins(t, temporal, w.accept(t, nil)) // a signal would panic: nobody listens
	})
	t.Run("waits for no workflow of others to start", func(t *testing.T) {
		t.Parallel()
		const crowd = 20 // more than are started at a time
		w, temporal := newWorld(t), &listeningTemporal{hangs: make(chan struct{})}
		starter, stop := w.starts(t, temporal)
		for range crowd {
			in := w.accept(t, func(m *gateway.Message) { m.NotBefore = noon.Add(time.Minute) })
			starter.StartDelivery(in.AccountID, in.MessageID, gateway.LaneService)
		}
		in := w.accept(t, nil)
		starter.StartDelivery(in.AccountID, in.MessageID, gateway.LaneService)
		require.Eventually(t, func() bool { return !w.open(t, in) }, time.Minute, time.Millisecond)
		require.Empty(t, temporal.started())
		close(temporal.hangs)
		stop()
	})
	t.Run("is the only one where two are made at the same time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, nil)
		var again messaging.Step
		var failure error
		w.perform(w.store, handover{Messenger: w.messenger, during: func() {
			again, failure = w.deliverer.Attempt(t.Context(), in.AccountID, in.MessageID) // by a workflow that the outbox has started
		}})
		require.Empty(t, w.begins(t, &listeningTemporal{}, in))
		require.NoError(t, failure)
		require.False(t, again.Done)
		require.Greater(t, again.Wait, 10*time.Second, "somebody may be calling")
		require.Equal(t, gateway.Accepted, w.stateOf(t, in))
		require.Equal(t, 1, w.copies(t))
	})
}
