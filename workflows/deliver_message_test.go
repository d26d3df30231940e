package workflows_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	temporalworkflow "go.temporal.io/sdk/workflow"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
	"herald/internal/sandbox"
	"herald/internal/sandbox/controlclient"
	"herald/internal/seal"
	"herald/internal/sms"
	"herald/internal/telegram"
	"herald/workflows"
)

// quiet takes what the parts have to say.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// world is the workflow with everything real around it: PostgreSQL, the Telegram adapter and a sandbox. Only time is
// the test environment's own, so that a wait of hours passes at once.
type world struct {
	deliverer   *messaging.Deliverer
	reconfirmer *messaging.Reconfirmer
	env         *testsuite.TestWorkflowEnvironment
	store       *postgres.Store
	network     *controlclient.Client
	bot         gateway.Bot
	botName     string
	anna        int64
	ids         *gateway.IDs
	sms         *sms.Router
	reports     *messaging.Reports
	links       []gateway.ReadLink // of the next message

	sealer    *seal.Box
	messenger gateway.Messenger

	warned bytes.Buffer // what workflows warn of

	mu      sync.Mutex
	waiting []workflows.DeliverMessageInput // messages that were to be started
}

// handover is a messenger during whose call something else happens.
type handover struct {
	gateway.Messenger
	during func()
}

func (h handover) Send(ctx context.Context, out gateway.Outgoing) (gateway.Receipt, error) {
	h.during()
	return h.Messenger.Send(ctx, out)
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, options ...sandbox.Options) *world {
	t.Helper()
	ctx := t.Context()
	box, err := sandbox.New(append(options, sandbox.Options{})[0])
	require.NoError(t, err)
	require.NoError(t, box.Start(ctx))
	t.Cleanup(func() { require.NoError(t, box.Stop(context.Background())) })
	network, err := controlclient.New(box.URL())
	require.NoError(t, err)
	w := &world{store: postgrestest.Store(t), network: network, ids: gateway.NewIDs(nil, nil)}

	w.sms, err = sms.New(sms.Config{Providers: []sms.ProviderConfig{{
		Name: "sandbox", Kind: sms.KindSandbox, URL: box.URL(), CallbackSecret: "not-called-in-this-test",
	}}}, sms.Deps{})
	require.NoError(t, err)
	t.Cleanup(w.sms.Close)
	w.reports = messaging.NewReports(w.store, w, w.ids, w.now)

	keyset, err := seal.Generate()
	require.NoError(t, err)
	sealer, err := seal.Parse(keyset)
	require.NoError(t, err)
	w.connect(t, sealer)

	w.sealer = sealer
	messenger := telegram.NewClient(map[gateway.Network]string{gateway.NetworkSandbox: box.URL()}, sealer)
	t.Cleanup(messenger.Close)
	w.messenger = messenger
	w.perform(w.store, messenger)
	return w
}

// perform makes an environment whose activities work on the store.
func (w *world) perform(store messaging.DeliveryStore, messenger gateway.Messenger) {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(temporallog.NewStructuredLogger(slog.New(slog.NewTextHandler(&w.warned, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	w.env = suite.NewTestWorkflowEnvironment()
	w.env.SetStartTime(noon)
	w.env.SetTestTimeout(time.Minute)
	deliverer := messaging.NewDeliverer(store, messenger, w.sms, w.now, messaging.Policy{}, quiet())
	deliverer.AskWith(messaging.NewAsker(w.store, messaging.New(w.store, w, nil, "", w.ids, w.now)))
	w.deliverer = deliverer
	w.reconfirm(w.store)
}

// reconfirm has people prove their phones anew as the store says.
func (w *world) reconfirm(store gateway.ReconfirmStore) {
	w.reconfirmer = messaging.NewReconfirmer(store, messaging.New(w.store, w, nil, "", w.ids, w.now))
	w.env.RegisterActivity(workflows.NewActivities(w.deliverer, w.reconfirmer, quiet()))
}

// now is the time of the environment.
func (w *world) now() time.Time { return w.env.Now().UTC().Truncate(time.Microsecond) }

// WakeDelivery signals the workflow that runs, as the starter does through Temporal.
func (w *world) WakeDelivery(gateway.AccountID, gateway.MessageID) { w.env.SignalWorkflow("wake", nil) }

// connect makes an account with a bot, and Anna, who has started it.
func (w *world) connect(t *testing.T, sealer *seal.Box) {
	t.Helper()
	ctx := t.Context()
	made, err := w.network.CreateBot(ctx, "Acme", "acme_bot")
	require.NoError(t, err)
	person, err := w.network.CreatePerson(ctx, controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	w.botName, w.anna = "@"+made.Username, person.ID
	require.NoError(t, w.network.Start(ctx, w.anna, w.botName, ""))

	require.NoError(t, w.store.CreateAccount(ctx, gateway.Account{ID: "acc_1", Name: "a", CreatedAt: noon}))
	w.bot = gateway.Bot{
		ID: w.ids.Bot(), AccountID: "acc_1", Platform: gateway.Telegram, Network: gateway.NetworkSandbox, PlatformID: made.ID,
		Username: made.Username, Intake: gateway.IntakePolling, State: gateway.BotActive, CreatedAt: noon, UpdatedAt: noon,
	}
	w.bot.SealedToken, err = sealer.Seal(ctx, []byte(made.Token), w.bot.ID.TokenBound())
	require.NoError(t, err)
	require.NoError(t, w.store.CreateBot(ctx, w.bot))
	_, err = w.store.StoreUpdates(ctx, []gateway.RawUpdate{{AccountID: "acc_1", BotID: w.bot.ID, UpdateID: 1, ChatID: w.anna, Body: []byte("{}"), ReceivedAt: noon}})
	require.NoError(t, err)
	_, err = w.store.ProcessUpdate(ctx, noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{
			Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), PlatformID: w.anna, ChatID: w.anna},
			Connection: gateway.Connected, Seen: gateway.UpdateMark{At: noon, UpdateID: 1},
		}, nil
	})
	require.NoError(t, err)
}

// accept stores a message to Anna and returns the input of its workflow.
func (w *world) accept(t *testing.T, change func(*gateway.Message), more ...gateway.Leg) workflows.DeliverMessageInput {
	t.Helper()
	m := gateway.Message{
		ID: w.ids.Message(), AccountID: "acc_1", BotID: w.bot.ID, Direction: gateway.Out, Text: "hello",
		To:   gateway.Address{Kind: gateway.AddressPlatform, Value: strconv.FormatInt(w.anna, 10)},
		Lane: gateway.LaneService, OnUnknown: gateway.Hold, State: gateway.Queued,
		ExpiresAt: noon.Add(time.Hour), CreatedAt: noon, UpdatedAt: noon,
	}
	if change != nil {
		change(&m)
	}
	legs := []gateway.Leg{{Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}}
	if len(more) > 0 {
		legs = more
	}
	for i := range legs {
		legs[i].ID, legs[i].Number = w.ids.Leg(), i+1
	}
	created, err := w.store.AcceptMessage(t.Context(), m, legs, w.links)
	require.NoError(t, err)
	require.True(t, created)
	return workflows.DeliverMessageInput{AccountID: "acc_1", MessageID: m.ID}
}

// run runs the workflow to its end and returns the message as it stands then, with how long it took.
func (w *world) run(t *testing.T, in workflows.DeliverMessageInput) (gateway.Message, time.Duration) {
	t.Helper()
	w.env.ExecuteWorkflow(workflows.DeliverMessage, in)
	require.True(t, w.env.IsWorkflowCompleted())
	require.NoError(t, w.env.GetWorkflowError())
	var result workflows.DeliverMessageResult
	require.NoError(t, w.env.GetWorkflowResult(&result))
	m, err := w.store.Message(t.Context(), "acc_1", in.MessageID)
	require.NoError(t, err)
	require.Equal(t, m.State, result.State)
	return m, w.env.Now().Sub(noon)
}

// copies counts the texts that the bot sent to Anna.
func (w *world) copies(t *testing.T) (n int) {
	t.Helper()
	messages, err := w.network.Messages(t.Context(), w.anna, w.botName)
	require.NoError(t, err)
	for _, m := range messages {
		if m.Text == "hello" {
			n++
		}
	}
	return n
}

// last is the text that came to Anna last.
func (w *world) last(t *testing.T) string {
	t.Helper()
	messages, err := w.network.Messages(t.Context(), w.anna, w.botName)
	require.NoError(t, err)
	return messages[len(messages)-1].Text
}

func (w *world) fault(t *testing.T, f controlclient.Fault) {
	t.Helper()
	f.Method = "sendMessage"
	_, err := w.network.AddFault(t.Context(), f)
	require.NoError(t, err)
}

func (w *world) kinds(t *testing.T, id gateway.MessageID) (kinds []gateway.EventKind) {
	t.Helper()
	events, err := w.store.Events(t.Context(), "acc_1", id)
	require.NoError(t, err)
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestDeliverMessage(t *testing.T) {
	t.Parallel()
	t.Run("stands in the chat of a connected person", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, nil)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.Equal(t, 1, w.copies(t))
		require.Less(t, took, time.Second, "nothing waits by a timer")
		require.Equal(t, []gateway.EventKind{gateway.EventQueued, gateway.EventIntent, gateway.EventState}, w.kinds(t, in.MessageID))
	})
	t.Run("ends free when nobody has the address", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		m, _ := w.run(t, w.accept(t, func(m *gateway.Message) {
			m.To = gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}
		}))
		require.Equal(t, gateway.NotSubscribed, m.State)
		require.Zero(t, w.copies(t))
	})
	t.Run("waits as long as the messenger asks, by a timer", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.fault(t, controlclient.Fault{Kind: "too_many_requests", RetryAfter: 600, Times: 1})
		in := w.accept(t, nil)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.GreaterOrEqual(t, took, 600*time.Second)
		require.Equal(t, 1, w.copies(t))
		require.Contains(t, w.kinds(t, in.MessageID), gateway.EventThrottled)
	})
	t.Run("tries again when the messenger broke down over it and a second copy is harmless", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.fault(t, controlclient.Fault{Kind: "server_error", Times: 3})
		m, took := w.run(t, w.accept(t, func(m *gateway.Message) { m.OnUnknown = gateway.Resend }))
		require.Equal(t, gateway.Accepted, m.State)
		require.GreaterOrEqual(t, took, 7*time.Second, "1, 2 and 4 seconds")
		require.Equal(t, 1, w.copies(t))
	})
	t.Run("expires on time while the messenger is away", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		away := telegram.NewClient(map[gateway.Network]string{gateway.NetworkSandbox: "http://127.0.0.1:1"}, w.sealer)
		t.Cleanup(away.Close)
		w.perform(w.store, away)
		m, took := w.run(t, w.accept(t, nil))
		require.Equal(t, gateway.Expired, m.State)
		require.InDelta(t, time.Hour.Seconds(), took.Seconds(), 5)
		require.Zero(t, w.copies(t))
	})
	t.Run("holds a message over which the messenger broke down: nobody knows whether it was sent", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.fault(t, controlclient.Fault{Kind: "server_error", Times: 1})
		m, _ := w.run(t, w.accept(t, nil))
		require.Equal(t, gateway.Unknown, m.State)
	})
	t.Run("a refusal is about whom the call went to, not about who has the address meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		to := w.phoneOfAnna(t)
		require.NoError(t, w.network.Block(t.Context(), w.anna, w.botName))
		in := w.accept(t, func(m *gateway.Message) { m.To = to })
		w.perform(w.store, handover{Messenger: w.messenger, during: func() { w.proves(t, 3, 4242, to.Value) }})
		m, _ := w.run(t, in)
		require.Equal(t, gateway.NotSubscribed, m.State)
		list, err := w.store.Subscribers(t.Context(), "acc_1", w.bot.ID, gateway.SubscriberFilter{PlatformID: 4242}, gateway.Page{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, gateway.Connected, list.Items[0].Connection, "the new holder of the phone")
		list, err = w.store.Subscribers(t.Context(), "acc_1", w.bot.ID, gateway.SubscriberFilter{PlatformID: w.anna}, gateway.Page{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, gateway.Disconnected, list.Items[0].Connection)
	})
	t.Run("a refused token does not stop a bot that has a new one meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := w.network.RevokeBot(t.Context(), w.botName)
		require.NoError(t, err)
		w.perform(w.store, handover{Messenger: w.messenger, during: func() {
			renewed := w.bot
			renewed.SealedToken = []byte("another")
			require.NoError(t, w.store.ReplaceToken(t.Context(), renewed))
		}})
		m, _ := w.run(t, w.accept(t, nil))
		require.Equal(t, gateway.ReasonBotRevoked, m.Reason)
		b, err := w.store.Bot(t.Context(), "acc_1", w.bot.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.BotActive, b.State)
	})
	t.Run("holds a message whose answer was lost: it is not sent twice", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.fault(t, controlclient.Fault{Kind: "reset_after", Times: 1})
		m, _ := w.run(t, w.accept(t, nil))
		require.Equal(t, gateway.Unknown, m.State)
		require.Equal(t, gateway.ReasonAnswerLost, m.Reason)
		require.Equal(t, 1, w.copies(t))
	})
	t.Run("sends again when a second copy is harmless", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.fault(t, controlclient.Fault{Kind: "reset_after", Times: 1})
		m, _ := w.run(t, w.accept(t, func(m *gateway.Message) { m.OnUnknown = gateway.Resend }))
		require.Equal(t, gateway.Accepted, m.State)
		require.Equal(t, 2, w.copies(t))
	})
	t.Run("learns from a refusal that the person blocked the bot", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.network.Block(t.Context(), w.anna, w.botName))
		m, _ := w.run(t, w.accept(t, nil))
		require.Equal(t, gateway.NotSubscribed, m.State)
		require.Equal(t, gateway.ReasonBlocked, m.Reason)
		list, err := w.store.Subscribers(t.Context(), "acc_1", w.bot.ID, gateway.SubscriberFilter{}, gateway.Page{Limit: 2})
		require.NoError(t, err)
		require.Equal(t, gateway.Disconnected, list.Items[0].Connection)
	})
	t.Run("stops the bot when its token was revoked", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := w.network.RevokeBot(t.Context(), w.botName)
		require.NoError(t, err)
		m, _ := w.run(t, w.accept(t, nil))
		require.Equal(t, gateway.Failed, m.State)
		require.Equal(t, gateway.ReasonBotRevoked, m.Reason)
		b, err := w.store.Bot(t.Context(), "acc_1", w.bot.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.BotRevoked, b.State)
	})
	t.Run("waits out an attempt that may still be calling, then holds", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, nil)
		w.leaveIntent(t, in)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Unknown, m.State)
		require.GreaterOrEqual(t, took, 15*time.Second)
		require.Zero(t, w.copies(t))
	})
	t.Run("waits out an attempt that may still be calling, then sends again where that is harmless", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.OnUnknown = gateway.Resend })
		w.leaveIntent(t, in)
		m, _ := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.Equal(t, 1, w.copies(t))
		require.Contains(t, w.kinds(t, in.MessageID), gateway.EventInDoubt)
	})
	t.Run("sends markup that the messenger refuses once more as plain text, and an SMS without markup", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		marked := func(m *gateway.Message) {
			m.Format, m.Text = gateway.FormatMarkdown, `It is *ready*. See [here](https://acme.example/7)`
		}
		in := w.accept(t, marked)
		m, took := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.Less(t, took, time.Second)
		require.Equal(t, "It is ready. See here (https://acme.example/7)", w.last(t))
		require.Equal(t, []gateway.EventKind{gateway.EventQueued, gateway.EventIntent, gateway.EventPlainText, gateway.EventIntent, gateway.EventState}, w.kinds(t, in.MessageID))

		w.perform(w.store, w.messenger)
		m, _ = w.run(t, w.accept(t, func(m *gateway.Message) { m.Format, m.Text = gateway.FormatHTML, "It is <b>ready</b>." }))
		require.Equal(t, gateway.Accepted, m.State)
		require.Equal(t, "It is ready.", w.last(t), "the messenger reads the markup")

		w.perform(w.store, w.messenger)
		m, _ = w.run(t, w.accept(t, func(m *gateway.Message) {
			marked(m)
			m.To = gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}
		}, gateway.Leg{Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted}))
		require.Equal(t, gateway.Accepted, m.State)
		phone, err := w.network.Phone(t.Context(), "+380501234567")
		require.NoError(t, err)
		require.Equal(t, "It is ready. See here (https://acme.example/7)", phone.SMS[0].Text)
	})
	t.Run("does nothing to a message that has its outcome", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, nil)
		w.run(t, in)
		w.perform(w.store, nil)
		m, _ := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.Equal(t, 1, w.copies(t))
	})
	t.Run("goes by SMS to who is not connected, and the report proves that it arrived", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.To = gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"} },
			gateway.Leg{Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted},
			gateway.Leg{Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted})
		m, _ := w.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		legs, err := w.store.Legs(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		require.Equal(t, gateway.LegFailed, legs[0].State)
		require.Equal(t, gateway.ReasonNeverStarted, legs[0].Reason)
		require.Equal(t, gateway.LegAccepted, legs[1].State)
		require.Equal(t, "sandbox", legs[1].Provider)
		require.Equal(t, 1, legs[1].Segments)
		require.Equal(t, m.State, w.reported(t, in, legs[1], gateway.SMSOnTheWay))
		require.Equal(t, gateway.Delivered, w.reported(t, in, legs[1], gateway.SMSDelivered))
		require.Equal(t, gateway.Delivered, w.reported(t, in, legs[1], gateway.SMSUndelivered), "a contradicting report changes nothing")
		require.NoError(t, w.reports.TakeReply(t.Context(), gateway.SMSReply{Provider: "sandbox", ProviderID: "r1", From: "+380501234567", To: "acme", Text: "thanks", At: noon}))
		require.NoError(t, w.reports.TakeReply(t.Context(), gateway.SMSReply{Provider: "sandbox", ProviderID: "r1", From: "+380501234567", To: "acme", Text: "thanks", At: noon}))
		m, err = w.store.Message(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		require.Equal(t, gateway.Read, m.State, "who answers has read it")
		inbound, err := w.store.Messages(t.Context(), "acc_1", gateway.MessageFilter{Direction: gateway.In}, gateway.Page{Limit: 5})
		require.NoError(t, err)
		require.Len(t, inbound.Items, 1, "a repeated callback is no second answer")
	})
	t.Run("goes by SMS when it was not read in time, and not when it was", func(t *testing.T) {
		t.Parallel()
		legs := func() []gateway.Leg {
			return []gateway.Leg{
				{Channel: gateway.ChannelTelegram, Until: gateway.UntilRead, Within: 10 * time.Minute},
				{Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted},
			}
		}
		unread := newWorld(t)
		in := unread.accept(t, func(m *gateway.Message) { m.To = unread.phoneOfAnna(t) }, legs()...)
		m, took := unread.run(t, in)
		require.Equal(t, gateway.Accepted, m.State)
		require.GreaterOrEqual(t, took, 10*time.Minute)
		stored, err := unread.store.Legs(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		require.Equal(t, gateway.LegAccepted, stored[1].State)

		read := newWorld(t)
		in = read.accept(t, func(m *gateway.Message) { m.To = read.phoneOfAnna(t) }, legs()...)
		read.env.RegisterDelayedCallback(func() {
			_, err := read.store.ChangeDelivery(t.Context(), "acc_1", in.MessageID, func(d gateway.Delivery) (gateway.Change, error) {
				return d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceLink, At: noon.Add(time.Minute)}, 1), nil
			})
			require.NoError(t, err)
		}, time.Minute)
		m, took = read.run(t, in)
		require.Equal(t, gateway.Read, m.State)
		require.GreaterOrEqual(t, took, 10*time.Minute, "nobody woke it: its timer did")
		stored, err = read.store.Legs(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		require.Equal(t, gateway.LegSkipped, stored[1].State)
	})
	t.Run("waits for its time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		m, took := w.run(t, w.accept(t, func(m *gateway.Message) { m.NotBefore = noon.Add(30 * time.Minute) }))
		require.Equal(t, gateway.Accepted, m.State)
		require.GreaterOrEqual(t, took, 30*time.Minute)
	})
	t.Run("goes on when the database is back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		flaky := &flakyStore{DeliveryStore: w.store, failures: 4}
		w.perform(flaky, nil)
		in := w.accept(t, func(m *gateway.Message) { m.To = gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"} })
		m, _ := w.run(t, in)
		require.Equal(t, gateway.NotSubscribed, m.State)
		require.Zero(t, flaky.failures)
	})
	t.Run("goes on in a new run, with nothing but its ids, when its history has grown long", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.NotBefore = noon.Add(time.Minute) })
		w.env.SetContinueAsNewSuggested(true)
		w.env.ExecuteWorkflow(workflows.DeliverMessage, in)
		var next *temporalworkflow.ContinueAsNewError
		require.ErrorAs(t, w.env.GetWorkflowError(), &next)
		var again workflows.DeliverMessageInput
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &again))
		require.Equal(t, in, again)
		m, err := w.store.Message(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		require.Equal(t, gateway.Scheduled, m.State, "the message stands as it did")
	})
	t.Run("stops when an operator cancels its workflow, and the message can go on in another", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := w.accept(t, func(m *gateway.Message) { m.NotBefore = noon.Add(10 * time.Minute) })
		w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Minute)
		w.env.ExecuteWorkflow(workflows.DeliverMessage, in)
		var canceled *temporal.CanceledError
		require.ErrorAs(t, w.env.GetWorkflowError(), &canceled)
		m, err := w.store.Message(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		require.Equal(t, gateway.Scheduled, m.State)
		require.Zero(t, w.copies(t))
	})
	t.Run("ends at once for a message that does not exist, and says no more than that", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.env.ExecuteWorkflow(workflows.DeliverMessage, workflows.DeliverMessageInput{AccountID: "acc_1", MessageID: "msg_none"})
		require.True(t, w.env.IsWorkflowCompleted())
		var refused *temporal.ApplicationError
		require.ErrorAs(t, w.env.GetWorkflowError(), &refused)
		require.Equal(t, "gone", refused.Type())
		require.NotContains(t, refused.Error(), "msg_none")
	})
}

// phoneOfAnna proves a phone of Anna's and returns it as an address.
func (w *world) phoneOfAnna(t *testing.T) gateway.Address {
	t.Helper()
	const phone = "+380507654321"
	w.proves(t, 2, w.anna, phone)
	return gateway.Address{Kind: gateway.AddressPhone, Value: phone}
}

// proves lets somebody prove a phone.
func (w *world) proves(t *testing.T, update, who int64, phone string) {
	t.Helper()
	_, err := w.store.StoreUpdates(t.Context(), []gateway.RawUpdate{{AccountID: "acc_1", BotID: w.bot.ID, UpdateID: update, ChatID: who, Body: []byte("{}"), ReceivedAt: noon}})
	require.NoError(t, err)
	_, err = w.store.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{
			Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), PlatformID: who, ChatID: who}, Phone: phone,
			Connection: gateway.Connected, Seen: gateway.UpdateMark{At: noon, UpdateID: update},
		}, nil
	})
	require.NoError(t, err)
}

// reported hands in a report about the leg and returns the message's state after it.
func (w *world) reported(t *testing.T, in workflows.DeliverMessageInput, leg gateway.Leg, status gateway.SMSStatus) gateway.State {
	t.Helper()
	require.NoError(t, w.reports.TakeReport(t.Context(), gateway.SMSReport{Provider: leg.Provider, ProviderID: leg.ProviderID, Status: status, At: noon}))
	m, err := w.store.Message(t.Context(), "acc_1", in.MessageID)
	require.NoError(t, err)
	return m.State
}

// leaveIntent does what a worker does that dies in the middle of a call.
func (w *world) leaveIntent(t *testing.T, in workflows.DeliverMessageInput) {
	t.Helper()
	_, err := w.store.ChangeDelivery(t.Context(), in.AccountID, in.MessageID, func(d gateway.Delivery) (gateway.Change, error) {
		leg := d.Leg
		leg.Intent, leg.Attempts, leg.ChatID = noon, 1, w.anna
		return gateway.Change{
			State: gateway.Sending, Leg: &leg, Subscriber: d.Subscriber.ID,
			Events: []gateway.Event{{At: noon, Kind: gateway.EventIntent, From: gateway.Queued, State: gateway.Sending, Leg: 1}},
		}, nil
	})
	require.NoError(t, err)
}

// flakyStore is a database that is away for a number of calls.
type flakyStore struct {
	messaging.DeliveryStore
	failures int
}

func (s *flakyStore) ChangeDelivery(ctx context.Context, account gateway.AccountID, id gateway.MessageID, decide func(gateway.Delivery) (gateway.Change, error)) (gateway.Delivery, error) {
	if s.failures > 0 {
		s.failures--
		return gateway.Delivery{}, errors.New("the database is away")
	}
	return s.DeliveryStore.ChangeDelivery(ctx, account, id, decide)
}
