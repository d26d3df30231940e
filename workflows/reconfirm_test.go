package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	temporalworkflow "go.temporal.io/sdk/workflow"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/sandbox/controlclient"
	"herald/workflows"
)

const day = 24 * time.Hour

// WakeReconfirmation signals the workflow of the person, as the starter does through Temporal.
func (w *world) WakeReconfirmation(r gateway.Reconfirmation) {
	if err := w.env.SignalWorkflowByID(workflows.ReconfirmID(r), "wake", nil); err != nil {
		w.env.SignalWorkflow("wake", nil) // it is the one that the test runs
	}
}

// renews has the owner of the bot want proofs renewed.
func (w *world) renews(t *testing.T, every time.Duration, by gateway.ConfirmBy) {
	t.Helper()
	b, err := w.store.Bot(t.Context(), "acc_1", w.bot.ID)
	require.NoError(t, err)
	b.Reconfirm = gateway.ReconfirmPolicy{Every: every, By: by, RemindAfter: 3 * day, LapseAfter: 14 * day}
	_, err = w.store.DescribeBot(t.Context(), b, w.now())
	require.NoError(t, err)
}

// joins lets somebody start the bot in the sandbox and prove a phone, now.
func (w *world) joins(t *testing.T, update int, name, phone string) int64 {
	t.Helper()
	person, err := w.network.CreatePerson(t.Context(), controlclient.Person{FirstName: name})
	require.NoError(t, err)
	require.NoError(t, w.network.Start(t.Context(), person.ID, w.botName, ""))
	w.proved(t, person.ID, update, phone)
	return person.ID
}

func (w *world) proved(t *testing.T, who int64, update int, phone string) {
	t.Helper()
	w.from(t, who, update, fmt.Sprintf(`"contact":{"phone_number":%q,"first_name":"Anna","user_id":%d}`, phone, who))
}

// heard is what the bot wrote to somebody.
func (w *world) heard(t *testing.T, who int64) (texts []string) {
	t.Helper()
	messages, err := w.network.Messages(t.Context(), who, w.botName)
	require.NoError(t, err)
	for _, m := range messages {
		if !m.Out {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

func (w *world) someone(t *testing.T, who int64) gateway.Subscriber {
	t.Helper()
	list, err := w.store.Subscribers(t.Context(), "acc_1", w.bot.ID, gateway.SubscriberFilter{PlatformID: who}, gateway.Page{Limit: 1})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	whole, err := w.store.Subscriber(t.Context(), "acc_1", w.bot.ID, list.Items[0].ID)
	require.NoError(t, err)
	return whole
}

// ofAnna is the renewal of the proof that Anna gave at noon.
func (w *world) ofAnna(t *testing.T) workflows.ReconfirmPhoneInput {
	t.Helper()
	return workflows.ReconfirmPhoneInput{AccountID: "acc_1", BotID: w.bot.ID, SubscriberID: w.someone(t, w.anna).ID, Due: noon.Add(90 * day)}
}

// Deliver takes messages to people that were to be started, as their workflows would.
func (w *world) Deliver(ctx context.Context) error {
	w.mu.Lock()
	waiting := w.waiting
	w.waiting = nil
	w.mu.Unlock()
	for _, in := range waiting {
		step, err := w.deliverer.Attempt(ctx, in.AccountID, in.MessageID)
		if err != nil {
			return err
		}
		if !step.Done {
			w.StartDelivery(in.AccountID, in.MessageID, "")
		}
	}
	return nil
}

// season sweeps once a day.
func season(ctx temporalworkflow.Context, days int) error {
	ctx = temporalworkflow.WithActivityOptions(ctx, temporalworkflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	for range days {
		if err := temporalworkflow.ExecuteChildWorkflow(ctx, workflows.SweepReconfirmations, workflows.SweepReconfirmationsInput{PerMinute: 300}).Get(ctx, nil); err != nil {
			return err
		}
		for range 4 { // whose turn has not come at the first time gets it at the second
			if err := temporalworkflow.Sleep(ctx, 6*time.Hour); err != nil {
				return err
			}
			if err := temporalworkflow.ExecuteActivity(ctx, "Deliver").Get(ctx, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// live lets so many days pass over everybody who is connected.
func (w *world) live(t *testing.T, days int) {
	t.Helper()
	w.env.RegisterWorkflow(season)
	w.env.RegisterWorkflow(workflows.SweepReconfirmations)
	w.env.RegisterWorkflow(workflows.ReconfirmPhone)
	w.env.RegisterActivity(w.Deliver)
	w.env.ExecuteWorkflow(season, days)
	require.True(t, w.env.IsWorkflowCompleted())
	require.NoError(t, w.env.GetWorkflowError())
}

func TestAHundredDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.renews(t, 90*day, gateway.ConfirmContact)
	phones := map[string]string{"bert": "+380671112233", "carl": "+380672223344", "dora": "+380673334455", "emil": "+380674445566"}
	w.phoneOfAnna(t)
	bert := w.joins(t, 11, "Bert", phones["bert"])
	carl := w.joins(t, 12, "Carl", phones["carl"])
	dora := w.joins(t, 13, "Dora", phones["dora"])
	emil := w.joins(t, 14, "Emil", phones["emil"])
	at := func(days float64, do func()) {
		w.env.RegisterDelayedCallback(do, time.Duration(days*float64(day)))
	}
	at(50, func() { w.proved(t, carl, 21, phones["carl"]) })
	at(80.2, func() {
		require.NoError(t, w.network.Block(t.Context(), dora, w.botName))
		_, err := w.store.StoreUpdates(t.Context(), []gateway.RawUpdate{{
			AccountID: "acc_1", BotID: w.bot.ID, UpdateID: 22, ChatID: dora, ReceivedAt: w.now(), Body: fmt.Appendf(nil,
				`{"update_id":22,"my_chat_member":{"chat":{"id":%[1]d,"type":"private"},"from":{"id":%[1]d,"first_name":"Dora"},"date":%[2]d,
				"old_chat_member":{"status":"member","user":{"id":1}},"new_chat_member":{"status":"kicked","user":{"id":1}}}}`, dora, w.now().Unix()),
		}})
		require.NoError(t, err)
		w.from(t, emil, 23, `"text":"hello"`) // which lets the inbox work, too
		require.Equal(t, gateway.Disconnected, w.someone(t, dora).Connection)
	})
	at(89.9, func() {
		for _, who := range []int64{w.anna, bert, carl, dora, emil} {
			require.NotContains(t, strings.Join(w.heard(t, who), "\n"), "still yours", "nobody is asked before it is time")
		}
	})
	at(92.9, func() {
		for _, who := range []int64{w.anna, bert, emil} {
			last := w.heard(t, who)
			require.Len(t, last, 1)
			require.Contains(t, last[0], "@acme_bot asks from time to time whether your phone is still yours")
			require.Contains(t, last[0], "Never send anybody the login codes that Telegram gives you.")
			require.Equal(t, noon.Add(90*day), w.someone(t, who).ReconfirmDue)
		}
		w.proved(t, emil, 24, phones["emil"]) // before anybody reminds him
	})
	at(95, func() {
		require.Len(t, w.heard(t, w.anna), 2)
		require.Contains(t, w.heard(t, w.anna)[1], "@acme_bot still does not know whether your phone is yours.")
		w.shares(t, 25, annasPhone)
	})
	at(103.9, func() { require.Equal(t, phones["bert"], w.someone(t, bert).Phone, "he has his fortnight") })
	w.live(t, 100+8)

	require.Len(t, w.heard(t, w.anna), 2, "who has answered is left in peace")
	require.Equal(t, noon.Add(95*day).Truncate(time.Second), w.someone(t, w.anna).PhoneProvedAt)
	require.Zero(t, w.someone(t, w.anna).ReconfirmDue)
	require.Len(t, w.heard(t, emil), 1)
	require.Empty(t, w.heard(t, carl), "who proves the phone by himself is not asked before it is time again")
	require.Empty(t, w.heard(t, dora), "who is not connected is not asked")
	require.Equal(t, phones["dora"], w.someone(t, dora).Phone)

	require.Len(t, w.heard(t, bert), 3)
	require.Equal(t, "@acme_bot asked whether your phone that ends in 33 is still yours, and got no answer. Messages to that number do not come here any more. "+
		"If it is yours, write /phone and confirm it again.\n\nNever send anybody the login codes that Telegram gives you.", w.heard(t, bert)[2])
	lost := w.someone(t, bert)
	require.Empty(t, lost.Phone)
	require.InDelta(t, 104, lost.PhoneLapsedAt.Sub(noon).Hours()/24, 1)
	require.Len(t, lost.Proofs, 1)
	require.True(t, lost.Proofs[0].Lapsed)
	require.Equal(t, lost.PhoneLapsedAt, lost.Proofs[0].Closed)
	events, err := w.store.AccountEvents(t.Context(), "acc_1", gateway.AccountEventFilter{Kind: gateway.SubscriberPhoneLapsed}, gateway.Page{Limit: 5})
	require.NoError(t, err)
	require.Len(t, events.Items, 1)
	require.Equal(t, lost.ID, events.Items[0].SubscriberID)
	require.JSONEq(t, `{"proof":"contact","proved_at":"2026-03-02T12:00:00Z"}`, string(events.Items[0].Data))

	in := w.accept(t, func(m *gateway.Message) {
		m.To, m.ExpiresAt = gateway.Address{Kind: gateway.AddressPhone, Value: phones["bert"]}, w.now().Add(time.Hour)
	})
	_, err = w.deliverer.Attempt(t.Context(), "acc_1", in.MessageID)
	require.NoError(t, err)
	m, err := w.store.Message(t.Context(), "acc_1", in.MessageID)
	require.NoError(t, err)
	require.Equal(t, gateway.NotSubscribed, m.State)
	require.Equal(t, gateway.ReasonPhoneLapsed, m.Reason)
	require.NotContains(t, w.heard(t, bert), "hello")
	require.Equal(t, map[messaging.ReconfirmCount]int64{
		{Bot: w.bot.ID, Outcome: messaging.ReconfirmAsked}: 3, {Bot: w.bot.ID, Outcome: messaging.ReconfirmReminded}: 2,
		{Bot: w.bot.ID, Outcome: messaging.ReconfirmProved}: 2, {Bot: w.bot.ID, Outcome: messaging.ReconfirmLapsed}: 1,
	}, w.reconfirmer.Counts())

	// He comes back the day after, and is found again.
	w.proved(t, bert, 30, phones["bert"])
	require.Zero(t, w.someone(t, bert).PhoneLapsedAt)
	in = w.accept(t, func(m *gateway.Message) {
		m.To, m.ExpiresAt = gateway.Address{Kind: gateway.AddressPhone, Value: phones["bert"]}, w.now().Add(time.Hour)
	})
	_, err = w.deliverer.Attempt(t.Context(), "acc_1", in.MessageID)
	require.NoError(t, err)
	require.Contains(t, w.heard(t, bert), "hello")
}

func TestReconfirmPhone(t *testing.T) {
	t.Parallel()
	// begin is a world in which Anna's proof is too old.
	begin := func(t *testing.T, by gateway.ConfirmBy) *world {
		w := newWorld(t)
		w.renews(t, 90*day, by)
		w.phoneOfAnna(t)
		w.env.SetStartTime(noon.Add(90 * day))
		return w
	}
	run := func(t *testing.T, w *world) (messaging.ReconfirmOutcome, time.Duration) {
		w.env.ExecuteWorkflow(workflows.ReconfirmPhone, w.ofAnna(t))
		require.True(t, w.env.IsWorkflowCompleted())
		require.NoError(t, w.env.GetWorkflowError())
		var result workflows.ReconfirmPhoneResult
		require.NoError(t, w.env.GetWorkflowResult(&result))
		return result.Outcome, w.env.Now().Sub(noon.Add(90 * day))
	}
	deliver := func(t *testing.T, w *world) func() {
		return func() { require.NoError(t, w.Deliver(t.Context())) }
	}

	t.Run("takes the digits that an SMS brought, of the reminder too", func(t *testing.T) {
		t.Parallel()
		w := begin(t, gateway.ConfirmSMS)
		w.env.RegisterDelayedCallback(deliver(t, w), time.Minute)
		w.env.RegisterDelayedCallback(deliver(t, w), 3*day+time.Minute)
		w.env.RegisterDelayedCallback(func() {
			phone, err := w.network.Phone(t.Context(), annasPhone)
			require.NoError(t, err)
			require.Len(t, phone.SMS, 2)
			require.Regexp(t, `^\d{4}-\d{4} confirms your phone to the bot @acme_bot\. .* This is not a Telegram login code\.$`, phone.SMS[1].Text)
			heard := w.heard(t, w.anna)
			require.Len(t, heard, 2)
			require.Contains(t, heard[0], "the one that ends in 21. An SMS with eight digits")
			require.Contains(t, heard[1], "Another SMS with eight digits")
			w.writes(t, 5, fmt.Sprintf(`"text":%q`, phone.SMS[0].Text[:9]))
			require.Equal(t, noon, w.someone(t, w.anna).PhoneProvedAt, "the digits of the first one are good no more")
			w.writes(t, 6, fmt.Sprintf(`"text":%q`, phone.SMS[1].Text[:9]))
		}, 3*day+2*time.Minute)
		outcome, took := run(t, w)
		require.Equal(t, messaging.ReconfirmProved, outcome)
		require.Less(t, took, 3*day+time.Hour, "a proof ends it at once")
		require.Equal(t, gateway.ProofSMS, w.someone(t, w.anna).PhoneProof)
	})
	t.Run("ends when another phone is proved", func(t *testing.T) {
		t.Parallel()
		w := begin(t, gateway.ConfirmContact)
		w.env.RegisterDelayedCallback(func() { w.shares(t, 5, "+380671112233") }, day)
		outcome, took := run(t, w)
		require.Equal(t, messaging.ReconfirmProved, outcome)
		require.Less(t, took, 2*day)
	})
	t.Run("ends without a loss when nobody wants to know any more", func(t *testing.T) {
		t.Parallel()
		for name, change := range map[string]func(t *testing.T, w *world){
			"the owner turns it off": func(t *testing.T, w *world) { w.renews(t, 0, gateway.ConfirmContact) },
			"the owner is content with older proofs": func(t *testing.T, w *world) {
				w.renews(t, 180*day, gateway.ConfirmContact)
			},
			"the bot rests": func(t *testing.T, w *world) {
				_, err := w.store.PauseBot(t.Context(), "acc_1", w.bot.ID, w.now())
				require.NoError(t, err)
			},
			"the bot is taken over": func(t *testing.T, w *world) {
				b, err := w.store.Bot(t.Context(), "acc_1", w.bot.ID)
				require.NoError(t, err)
				require.NoError(t, w.store.SetBotState(t.Context(), b, gateway.BotConflict, "words", w.now()))
			},
			"the bot is removed": func(t *testing.T, w *world) {
				_, err := w.store.RemoveBot(t.Context(), "acc_1", w.bot.ID, "", w.now())
				require.NoError(t, err)
			},
			"the person stops the bot": func(t *testing.T, w *world) {
				w.writes(t, 5, `"text":"/stop","entities":[{"type":"bot_command","offset":0,"length":5}]`)
			},
		} {
			w := begin(t, gateway.ConfirmContact)
			w.env.RegisterDelayedCallback(deliver(t, w), time.Minute)
			w.env.RegisterDelayedCallback(func() { change(t, w) }, day)
			outcome, took := run(t, w)
			require.Equal(t, messaging.ReconfirmWithdrawn, outcome, name)
			require.InDelta(t, 3*day, took, float64(time.Minute), name)
			anna := w.someone(t, w.anna)
			require.Equal(t, annasPhone, anna.Phone, name)
			require.Zero(t, anna.ReconfirmDue, name)
			require.Len(t, w.asks(t), 1, name)
		}
	})
	t.Run("begins anew when what hindered it is over", func(t *testing.T) {
		t.Parallel()
		w := begin(t, gateway.ConfirmContact)
		w.env.RegisterDelayedCallback(func() { w.renews(t, 0, gateway.ConfirmContact) }, day)
		outcome, _ := run(t, w)
		require.Equal(t, messaging.ReconfirmWithdrawn, outcome)
		w.renews(t, 90*day, gateway.ConfirmContact)
		page, err := w.store.DueReconfirmations(t.Context(), w.now(), gateway.ReconfirmCursor{}, 10)
		require.NoError(t, err)
		require.Equal(t, []gateway.Reconfirmation{gateway.Reconfirmation(w.ofAnna(t))}, page.Due, "under the same name as before")
		start := w.now()
		w.perform(w.store, w.messenger)
		w.env.SetStartTime(start)
		w.env.RegisterDelayedCallback(func() { require.Len(t, w.asks(t), 2) }, 2*day)
		w.env.RegisterDelayedCallback(func() { w.shares(t, 5, annasPhone) }, 2*day+time.Minute)
		outcome, _ = run(t, w)
		require.Equal(t, messaging.ReconfirmProved, outcome)
	})
	t.Run("takes no phone from somebody whom the question has not reached", func(t *testing.T) {
		t.Parallel()
		w := begin(t, gateway.ConfirmContact)
		outcome, took := run(t, w) // nothing is delivered here
		require.Equal(t, messaging.ReconfirmWithdrawn, outcome)
		require.InDelta(t, 14*day, took, float64(time.Minute))
		require.Equal(t, annasPhone, w.someone(t, w.anna).Phone)
	})
	t.Run("lets go of messages that waited for the proof", func(t *testing.T) {
		t.Parallel()
		w := begin(t, gateway.ConfirmContact)
		in := w.accept(t, func(m *gateway.Message) {
			m.To, m.Confirmed, m.ExpiresAt = gateway.Address{Kind: gateway.AddressPhone, Value: annasPhone}, day, noon.Add(200*day)
		})
		w.env.RegisterDelayedCallback(deliver(t, w), time.Minute)
		w.env.RegisterDelayedCallback(func() {
			_, err := w.deliverer.Attempt(t.Context(), "acc_1", in.MessageID)
			require.NoError(t, err)
			require.Equal(t, gateway.Withheld, w.stateOf(t, in))
			require.Len(t, w.asks(t), 1, "she was asked already")
		}, time.Hour)
		outcome, took := run(t, w)
		require.Equal(t, messaging.ReconfirmLapsed, outcome)
		require.InDelta(t, 14*day, took, float64(time.Minute))
		_, err := w.deliverer.Attempt(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		require.Equal(t, gateway.NotSubscribed, w.stateOf(t, in))
	})
	t.Run("does not ask somebody again who was just asked for a message", func(t *testing.T) {
		t.Parallel()
		w := begin(t, gateway.ConfirmContact)
		in := w.accept(t, func(m *gateway.Message) {
			m.To, m.Confirmed, m.ExpiresAt = gateway.Address{Kind: gateway.AddressPhone, Value: annasPhone}, day, noon.Add(200*day)
		})
		w.env.RegisterDelayedCallback(func() {
			require.Len(t, w.asks(t), 1)
			require.Contains(t, w.asks(t)[0].Text, "has a message for you")
		}, 2*day)
		w.env.RegisterDelayedCallback(deliver(t, w), 3*day+time.Minute)
		_, err := w.deliverer.Attempt(t.Context(), "acc_1", in.MessageID)
		require.NoError(t, err)
		outcome, _ := run(t, w)
		require.Equal(t, messaging.ReconfirmLapsed, outcome)
		require.Len(t, w.asks(t), 2)
	})
	t.Run("goes on when the database is back, and does nothing twice", func(t *testing.T) {
		t.Parallel()
		w := begin(t, gateway.ConfirmContact)
		flaky := &flakyReconfirmations{ReconfirmStore: w.store, away: 4, late: 1}
		w.reconfirm(flaky)
		w.env.RegisterDelayedCallback(deliver(t, w), 3*day+time.Hour) // the outbox has the first message, which nobody drains here
		outcome, took := run(t, w)
		require.Equal(t, messaging.ReconfirmLapsed, outcome)
		require.InDelta(t, 14*day, took, float64(time.Minute))
		require.Zero(t, flaky.away+flaky.late)
		require.Len(t, w.asks(t), 2)
		outcome, _ = run(t, w.again(t))
		require.Empty(t, outcome, "what is over is over")
		list, err := w.store.Messages(t.Context(), "acc_1", gateway.MessageFilter{Direction: gateway.Out}, gateway.Page{}.Bounded())
		require.NoError(t, err)
		require.Len(t, list.Items, 3, "two that ask, and one that tells of the end")
		require.Equal(t, "herald:phone_lapsed", list.Items[0].Rule)
	})
	t.Run("ends at once for somebody who has been forgotten", func(t *testing.T) {
		t.Parallel()
		w := begin(t, gateway.ConfirmContact)
		in := w.ofAnna(t)
		require.NoError(t, w.store.Forget(t.Context(), "acc_1", w.bot.ID, in.SubscriberID, w.now()))
		w.env.ExecuteWorkflow(workflows.ReconfirmPhone, in)
		require.NoError(t, w.env.GetWorkflowError())
		require.Empty(t, w.asks(t))
	})
}

// again is the world in a new environment, at the same time.
func (w *world) again(t *testing.T) *world {
	t.Helper()
	now := w.now()
	w.perform(w.store, w.messenger)
	w.env.SetStartTime(now)
	return w
}

// flakyReconfirmations is a database that is away at some calls, and at others answers too late: it has done what it was told.
type flakyReconfirmations struct {
	gateway.ReconfirmStore
	away, late int
}

var errAway = errors.New("the database is away")

func (f *flakyReconfirmations) Reconfirming(ctx context.Context, r gateway.Reconfirmation) (gateway.Reconfirming, error) {
	if f.away > 0 {
		f.away--
		return gateway.Reconfirming{}, errAway
	}
	return f.ReconfirmStore.Reconfirming(ctx, r)
}

func (f *flakyReconfirmations) AskToReconfirm(ctx context.Context, r gateway.Reconfirmation, a gateway.Ask) ([]gateway.NewMessage, bool, error) {
	toSend, changed, err := f.ReconfirmStore.AskToReconfirm(ctx, r, a)
	if f.late > 0 {
		f.late--
		return nil, false, errAway
	}
	return toSend, changed, err
}

func TestSweepReconfirmations(t *testing.T) {
	t.Parallel()
	// crowd is a world with so many people whose proofs are too old.
	crowd := func(t *testing.T, people int) *world {
		w := newWorld(t)
		w.renews(t, 90*day, gateway.ConfirmContact)
		for n := range people {
			w.proves(t, int64(100+n), int64(5000+n), fmt.Sprintf("+38067%07d", n))
		}
		w.env.SetStartTime(noon.Add(100 * day))
		return w
	}
	// sweep runs a sweep and tells when each reconfirmation was started.
	sweep := func(t *testing.T, w *world, in workflows.SweepReconfirmationsInput) (ids []string, at []time.Time) {
		w.env.RegisterWorkflow(workflows.ReconfirmPhone)
		w.env.SetOnChildWorkflowStartedListener(func(info *temporalworkflow.Info, _ temporalworkflow.Context, _ converter.EncodedValues) {
			ids, at = append(ids, info.WorkflowExecution.ID), append(at, w.env.Now())
		})
		w.env.ExecuteWorkflow(workflows.SweepReconfirmations, in)
		require.True(t, w.env.IsWorkflowCompleted())
		return ids, at
	}

	t.Run("keeps its pace", func(t *testing.T) {
		t.Parallel()
		w := crowd(t, 130)
		ids, at := sweep(t, w, workflows.SweepReconfirmationsInput{PerMinute: 60})
		require.NoError(t, w.env.GetWorkflowError())
		var result workflows.SweepReconfirmationsResult
		require.NoError(t, w.env.GetWorkflowResult(&result))
		require.Equal(t, 130, result.Started)
		slices.Sort(ids)
		require.Len(t, slices.Compact(ids), 130, "everybody once")
		for i := range at {
			if i+65 < len(at) { // a page more may begin within the minute
				require.GreaterOrEqual(t, at[i+65].Sub(at[i]), time.Minute)
			}
		}
		require.GreaterOrEqual(t, w.env.Now().Sub(noon.Add(100*day)), 130*time.Second, "the next sweep begins when this one's people have had their time")
	})
	t.Run("hands over to a new run where a walk is long", func(t *testing.T) {
		t.Parallel()
		w := crowd(t, 45)
		first, _ := sweep(t, w, workflows.SweepReconfirmationsInput{PerMinute: 6})
		var next *temporalworkflow.ContinueAsNewError
		require.ErrorAs(t, w.env.GetWorkflowError(), &next)
		var in workflows.SweepReconfirmationsInput
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
		require.Equal(t, 40, in.Started)
		second, _ := sweep(t, w.again(t), in)
		require.NoError(t, w.env.GetWorkflowError())
		require.Len(t, first, 40)
		require.Len(t, second, 5)
		all := append(first, second...)
		slices.Sort(all)
		require.Len(t, slices.Compact(all), 45, "nobody twice, nobody left out")
	})
	t.Run("takes one that runs already for success", func(t *testing.T) {
		t.Parallel()
		w := crowd(t, 3)
		page, err := w.store.DueReconfirmations(t.Context(), w.now(), gateway.ReconfirmCursor{}, 10)
		require.NoError(t, err)
		require.Len(t, page.Due, 3)
		sleeper := func(ctx temporalworkflow.Context) error { return temporalworkflow.Sleep(ctx, day) }
		w.env.RegisterWorkflow(workflows.ReconfirmPhone)
		w.env.RegisterWorkflow(workflows.SweepReconfirmations)
		w.env.RegisterWorkflowWithOptions(sleeper, temporalworkflow.RegisterOptions{Name: "sleeper"})
		story := func(ctx temporalworkflow.Context) (result workflows.SweepReconfirmationsResult, err error) {
			other := temporalworkflow.WithChildOptions(ctx, temporalworkflow.ChildWorkflowOptions{WorkflowID: workflows.ReconfirmID(page.Due[1])})
			if err := temporalworkflow.ExecuteChildWorkflow(other, "sleeper").GetChildWorkflowExecution().Get(ctx, nil); err != nil {
				return result, err
			}
			err = temporalworkflow.ExecuteChildWorkflow(ctx, workflows.SweepReconfirmations, workflows.SweepReconfirmationsInput{PerMinute: 300}).Get(ctx, &result)
			return result, err
		}
		w.env.RegisterWorkflowWithOptions(story, temporalworkflow.RegisterOptions{Name: "story"})
		w.env.ExecuteWorkflow("story")
		require.NoError(t, w.env.GetWorkflowError())
		var result workflows.SweepReconfirmationsResult
		require.NoError(t, w.env.GetWorkflowResult(&result))
		require.Equal(t, 3, result.Started)
	})
	t.Run("does nothing where nobody is due", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.renews(t, 90*day, gateway.ConfirmContact)
		w.phoneOfAnna(t)
		ids, _ := sweep(t, w, workflows.SweepReconfirmationsInput{PerMinute: 300})
		require.NoError(t, w.env.GetWorkflowError())
		require.Empty(t, ids)
		require.Zero(t, w.env.Now().Sub(noon).Truncate(time.Second))
	})
}
