package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// grown is a world in which a person's proof of a phone has grown too old, with its renewal and the asking for it.
func grown(t *testing.T) (w world, r gateway.Reconfirmation, ask func(asked int) gateway.Ask) {
	t.Helper()
	w = newWorld(t)
	w.wants(t, "bot_1", quarterly)
	w.proves(t, 1, 42, "+380501234567")
	anna := w.person(t, 42)
	r = gateway.Reconfirmation{AccountID: "acc_1", BotID: "bot_1", SubscriberID: anna.ID, Due: anna.PhoneProvedAt.Add(90 * day)}
	return w, r, func(asked int) gateway.Ask {
		m := gateway.Message{
			ID: w.ids.Message(), AccountID: "acc_1", BotID: "bot_1", Direction: gateway.Out, To: gateway.Address{Kind: gateway.AddressPlatform, Value: "42"},
			Text: "Is it yours?", Lane: gateway.LaneBulk, OnUnknown: gateway.Resend, State: gateway.Queued, Format: gateway.FormatPlain,
			ExpiresAt: r.Due.Add(day), CreatedAt: r.Due, UpdatedAt: r.Due, SubscriberID: anna.ID,
		}
		leg := gateway.Leg{ID: w.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}
		return gateway.Ask{
			PhoneAsk: gateway.PhoneAsk{
				ID: m.ID, AccountID: "acc_1", BotID: "bot_1", SubscriberID: anna.ID, Way: gateway.ConfirmContact, AskedAt: r.Due.Add(time.Duration(asked) * day),
			},
			Messages: []gateway.NewMessage{{Message: m, Legs: []gateway.Leg{leg}}}, ProvedAt: anna.PhoneProvedAt, Asked: asked, Since: r.Due.Add(time.Duration(asked)*day - time.Hour),
		}
	}
}

// notice is what tells a person that their phone lapsed at some time.
func (w world) notice(r gateway.Reconfirmation, at time.Time) gateway.NewMessage {
	m := gateway.Message{
		ID: w.ids.Message(), AccountID: r.AccountID, BotID: r.BotID, Direction: gateway.Out, To: gateway.Address{Kind: gateway.AddressPlatform, Value: "42"},
		Text: "It lapsed.", Lane: gateway.LaneBulk, OnUnknown: gateway.Hold, State: gateway.Queued, Format: gateway.FormatPlain,
		ExpiresAt: at.Add(day), CreatedAt: at, UpdatedAt: at, SubscriberID: r.SubscriberID, Rule: "herald:phone_lapsed",
	}
	return gateway.NewMessage{Message: m, Legs: []gateway.Leg{{ID: w.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}}}
}

// notices are how many of them are stored.
func (w world) notices(t *testing.T) (n int) {
	t.Helper()
	list, err := w.Messages(t.Context(), "acc_1", gateway.MessageFilter{Direction: gateway.Out}, gateway.Page{}.Bounded())
	require.NoError(t, err)
	for _, m := range list.Items {
		if m.Rule == "herald:phone_lapsed" {
			n++
		}
	}
	return n
}

func TestAskToReconfirm(t *testing.T) {
	t.Parallel()
	t.Run("asks once, whoever decided the same at the same moment", func(t *testing.T) {
		t.Parallel()
		w, r, ask := grown(t)
		for asked := range 2 {
			var wg sync.WaitGroup
			var sent, changed atomic.Int64
			for range 8 {
				one := ask(asked)
				wg.Go(func() {
					toSend, moved, err := w.AskToReconfirm(t.Context(), r, one)
					if err == nil && moved {
						changed.Add(1)
					}
					sent.Add(int64(len(toSend)))
				})
			}
			wg.Wait()
			require.EqualValues(t, 1, sent.Load())
			require.EqualValues(t, 7, changed.Load())
		}
		seen, err := w.Reconfirming(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, r.Due, seen.Person.ReconfirmDue)
		require.Equal(t, []gateway.PhoneAsked{{At: r.Due}, {At: r.Due.Add(day)}}, seen.Asks)
		require.Equal(t, quarterly, seen.Bot.Reconfirm)
		require.False(t, seen.Suspended)
	})
	t.Run("leaves alone who proved the phone meanwhile", func(t *testing.T) {
		t.Parallel()
		w, r, ask := grown(t)
		stale := ask(0)
		w.process(t, 2, gateway.Verdict{
			Subscriber: &gateway.Subscriber{PlatformID: 42, ChatID: 42}, Phone: "+380501234567", Connection: gateway.Connected,
			Seen: gateway.UpdateMark{At: r.Due, UpdateID: 2},
		})
		toSend, changed, err := w.AskToReconfirm(t.Context(), r, stale)
		require.NoError(t, err)
		require.True(t, changed)
		require.Empty(t, toSend)
		lapsed, _, err := w.LapsePhone(t.Context(), r, w.notice(r, r.Due))
		require.NoError(t, err)
		require.False(t, lapsed)
		require.Equal(t, "+380501234567", w.person(t, 42).Phone)
	})
	t.Run("counts the asking for a message that was made just before", func(t *testing.T) {
		t.Parallel()
		w, r, ask := grown(t)
		before := ask(0)
		opened, err := w.AskForPhone(t.Context(), before.PhoneAsk, before.Messages, r.Due.Add(-day))
		require.NoError(t, err)
		require.True(t, opened)
		toSend, changed, err := w.AskToReconfirm(t.Context(), r, ask(0))
		require.NoError(t, err)
		require.False(t, changed)
		require.Empty(t, toSend)
		seen, err := w.Reconfirming(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, []gateway.PhoneAsked{{At: r.Due}}, seen.Asks)
	})
}

func TestAProofEndsAReconfirmation(t *testing.T) {
	t.Parallel()
	w, r, ask := grown(t)
	_, _, err := w.AskToReconfirm(t.Context(), r, ask(0))
	require.NoError(t, err)
	prove := func(update, who int64, phone string) gateway.Processed {
		w.store(t, raw(update, who))
		done, err := w.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
			return gateway.Verdict{
				Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), PlatformID: who, ChatID: who}, Phone: phone,
				Connection: gateway.Connected, Seen: gateway.UpdateMark{At: r.Due.Add(time.Duration(update) * time.Minute), UpdateID: update},
			}, nil
		})
		require.NoError(t, err)
		return done
	}
	require.Equal(t, &r, prove(2, 42, "+380501234567").Renewed, "whoever waits for it is told")
	require.Zero(t, w.person(t, 42).ReconfirmDue)
	require.Nil(t, prove(3, 42, "+380501234567").Renewed)

	// Somebody else proves the phone of a person who is being asked for it.
	again := r
	again.Due = w.person(t, 42).PhoneProvedAt.Add(90 * day)
	next := ask(0)
	next.ProvedAt = w.person(t, 42).PhoneProvedAt
	_, changed, err := w.AskToReconfirm(t.Context(), again, next)
	require.NoError(t, err)
	require.False(t, changed)
	require.Nil(t, prove(4, 43, "+380501234567").Renewed)
	require.Empty(t, w.person(t, 42).Phone)
	require.Zero(t, w.person(t, 42).ReconfirmDue)
	require.Zero(t, w.person(t, 42).PhoneLapsedAt)
	kinds, _ := w.told(t, gateway.AccountEventFilter{Kind: "subscriber.phone_lost"})
	require.Len(t, kinds, 1)
}

func TestALapsedPhone(t *testing.T) {
	t.Parallel()
	w, r, ask := grown(t)
	reason := func(phone string) (lapsed bool) {
		m := w.accept(t, gateway.Address{Kind: gateway.AddressPhone, Value: phone}, nil)
		_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			require.True(t, d.Subscriber == nil || !d.Lapsed)
			lapsed = d.Lapsed
			return gateway.Change{}, nil
		})
		require.NoError(t, err)
		found, err := w.PhoneLapsed(t.Context(), gateway.Bot{ID: "bot_1", AccountID: "acc_1"}, phone)
		require.NoError(t, err)
		require.Equal(t, lapsed, found)
		return lapsed
	}
	at := r.Due.Add(14 * day)
	lapsed, _, err := w.LapsePhone(t.Context(), r, w.notice(r, at))
	require.NoError(t, err)
	require.False(t, lapsed, "nobody was asked")
	require.Zero(t, w.notices(t))
	_, _, err = w.AskToReconfirm(t.Context(), r, ask(0))
	require.NoError(t, err)
	waits := w.accept(t, toAnna, func(m *gateway.Message) { m.SubscriberID, m.Confirmed = r.SubscriberID, time.Hour })
	_, err = w.ChangeDelivery(t.Context(), "acc_1", waits.ID, func(d gateway.Delivery) (gateway.Change, error) {
		return gateway.Change{State: gateway.Withheld, Reason: gateway.ReasonUnconfirmed, Subscriber: r.SubscriberID, Events: []gateway.Event{{
			MessageID: waits.ID, At: noon, Kind: gateway.EventState, From: gateway.Queued, State: gateway.Withheld,
		}}}, nil
	})
	require.NoError(t, err)

	lapsed, freed, err := w.LapsePhone(t.Context(), r, w.notice(r, at))
	require.NoError(t, err)
	require.True(t, lapsed)
	require.Equal(t, []gateway.MessageRef{{AccountID: "acc_1", MessageID: waits.ID}}, freed)
	anna := w.person(t, 42)
	require.Empty(t, anna.Phone)
	require.Equal(t, at, anna.PhoneLapsedAt)
	whole, err := w.Subscriber(t.Context(), "acc_1", "bot_1", anna.ID)
	require.NoError(t, err)
	require.Len(t, whole.Proofs, 1)
	require.True(t, whole.Proofs[0].Lapsed)
	require.Equal(t, at, whole.Proofs[0].Closed)
	kinds, events := w.told(t, gateway.AccountEventFilter{Kind: gateway.SubscriberPhoneLapsed})
	require.Len(t, kinds, 1)
	require.Equal(t, at, events[0].At)
	require.True(t, reason("+380501234567"))
	require.False(t, reason("+380679999999"), "a phone that nobody ever had")
	lapsed, _, err = w.LapsePhone(t.Context(), r, w.notice(r, at))
	require.NoError(t, err)
	require.False(t, lapsed, "twice is once")
	require.Equal(t, 1, w.notices(t), "of which the person is told once")

	// Who comes back has it; and once somebody else had it, it is a phone like others.
	later := func(update, who int64, phone string) {
		w.process(t, update, gateway.Verdict{
			Subscriber: &gateway.Subscriber{PlatformID: who, ChatID: who}, Phone: phone, Connection: gateway.Connected,
			Seen: gateway.UpdateMark{At: at.Add(time.Duration(update) * time.Minute), UpdateID: update},
		})
	}
	later(7, 43, "+380501234567")
	require.False(t, reason("+380501234567"))
	later(8, 43, "+380671112233")
	require.False(t, reason("+380501234567"))
	later(9, 42, "+380501234567")
	require.Equal(t, "+380501234567", w.person(t, 42).Phone)
	require.Zero(t, w.person(t, 42).PhoneLapsedAt)
}

func TestAReconfirmationIsWithdrawn(t *testing.T) {
	t.Parallel()
	w, r, ask := grown(t)
	_, _, err := w.AskToReconfirm(t.Context(), r, ask(0))
	require.NoError(t, err)
	require.NoError(t, w.WithdrawReconfirmation(t.Context(), r))
	seen, err := w.Reconfirming(t.Context(), r)
	require.NoError(t, err)
	require.Zero(t, seen.Person.ReconfirmDue)
	require.Empty(t, seen.Asks, "it begins from the beginning")
	page, err := w.DueReconfirmations(t.Context(), r.Due, gateway.ReconfirmCursor{}, 10)
	require.NoError(t, err)
	require.Equal(t, []gateway.Reconfirmation{r}, page.Due)

	// Whoever is being asked may be forgotten.
	late := ask(0)
	late.Since = r.Due.Add(time.Hour)
	_, changed, err := w.AskToReconfirm(t.Context(), r, late)
	require.NoError(t, err)
	require.False(t, changed)
	require.NoError(t, w.Forget(t.Context(), "acc_1", "bot_1", r.SubscriberID, r.Due))
	seen, err = w.Reconfirming(t.Context(), r)
	require.NoError(t, err)
	require.Nil(t, seen.Person)
	require.NoError(t, w.WithdrawReconfirmation(t.Context(), r))
	lapsed, _, err := w.LapsePhone(t.Context(), r, w.notice(r, r.Due))
	require.NoError(t, err)
	require.False(t, lapsed)
}

func TestALostReconfirmationBeginsAnew(t *testing.T) {
	t.Parallel()
	w, r, ask := grown(t)
	_, _, err := w.AskToReconfirm(t.Context(), r, ask(0))
	require.NoError(t, err)
	for late, want := range map[time.Duration]int64{0: 0, quarterly.LapseAfter + 23*time.Hour: 0} {
		lost, err := w.WithdrawLostReconfirmations(t.Context(), r.Due.Add(late))
		require.NoError(t, err)
		require.Equal(t, want, lost, late)
	}
	late := r.Due.Add(quarterly.LapseAfter + 25*time.Hour)
	lost, err := w.WithdrawLostReconfirmations(t.Context(), late)
	require.NoError(t, err)
	require.EqualValues(t, 1, lost)
	page, err := w.DueReconfirmations(t.Context(), late, gateway.ReconfirmCursor{}, 10)
	require.NoError(t, err)
	require.Equal(t, []gateway.Reconfirmation{r}, page.Due)
	seen, err := w.Reconfirming(t.Context(), r)
	require.NoError(t, err)
	require.Empty(t, seen.Asks)
}

func TestAClaimWhoseCodeIsOverStandsInNobodysWay(t *testing.T) {
	t.Parallel()
	w, r, ask := grown(t)
	claim := ask(0)
	claim.Way, claim.SMS, claim.Phone = gateway.ConfirmSMS, claim.ID, "+380671112233"
	w.store(t, raw(5, 42))
	_, err := w.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{
			Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), PlatformID: 42, ChatID: 42}, Connection: gateway.Connected, Seen: gateway.UpdateMark{At: noon, UpdateID: 5},
			Message: &gateway.Message{ID: w.ids.Message(), AccountID: "acc_1", BotID: "bot_1", Direction: gateway.In, Kind: gateway.UpdateText, State: gateway.Received, CreatedAt: noon},
			Answer: func(context.Context, gateway.Conversation) (gateway.Answer, error) {
				return gateway.Answer{Messages: claim.Messages, Ask: &claim.PhoneAsk}, nil
			},
		}, nil
	})
	require.NoError(t, err)
	open, err := w.SetPhoneCode(t.Context(), "acc_1", claim.SMS, func(gateway.MessageID) gateway.CodeHash { return gateway.CodeHash{1} }, r.Due.Add(15*time.Minute))
	require.NoError(t, err)
	require.True(t, open)
	asks := func(after time.Duration) bool {
		next := ask(0)
		next.AskedAt = r.Due.Add(after)
		opened, err := w.AskForPhone(t.Context(), next.PhoneAsk, next.Messages, next.AskedAt.Add(-day))
		require.NoError(t, err)
		return opened
	}
	require.False(t, asks(10*time.Minute))
	require.True(t, asks(20*time.Minute))
}
