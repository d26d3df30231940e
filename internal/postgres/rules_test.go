package postgres_test

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

func (w world) publish(t *testing.T, source string, raises ...string) gateway.RuleVersion {
	t.Helper()
	v, err := w.PublishRules(t.Context(), gateway.RuleVersion{
		AccountID: "acc_1", BotID: "bot_1", Source: source, Hash: sha256.Sum256([]byte(source)), Raises: raises,
		Author: "key_1", Note: "why", CreatedAt: noon,
	}, true)
	require.NoError(t, err)
	return v
}

func TestVersionsOfRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.ActiveRules(t.Context(), "acc_1", "bot_1")
	require.ErrorIs(t, err, gateway.ErrRulesNotFound)

	require.Equal(t, 1, w.publish(t, "one").Version)
	second := w.publish(t, "two", gateway.OwnRead)
	require.Equal(t, 2, second.Version)
	require.True(t, second.Active)
	require.Equal(t, 2, w.publish(t, "two", gateway.OwnRead).Version, "the same file once more makes no version")

	t.Run("an older version answers again", func(t *testing.T) {
		require.NoError(t, w.ActivateRules(t.Context(), "acc_1", "bot_1", 1, "key_2", noon))
		active, err := w.ActiveRules(t.Context(), "acc_1", "bot_1")
		require.NoError(t, err)
		require.Equal(t, "one", active.Source)
		require.ErrorIs(t, w.ActivateRules(t.Context(), "acc_1", "bot_1", 3, "key_2", noon), gateway.ErrRulesNotFound)
	})
	t.Run("the newest version published again becomes active", func(t *testing.T) {
		require.True(t, w.publish(t, "two", gateway.OwnRead).Active)
	})
	t.Run("rules can be switched off", func(t *testing.T) {
		require.NoError(t, w.ActivateRules(t.Context(), "acc_1", "bot_1", 0, "key_2", noon))
		_, err := w.ActiveRules(t.Context(), "acc_1", "bot_1")
		require.ErrorIs(t, err, gateway.ErrRulesNotFound)
	})
	t.Run("history tells which version answered when", func(t *testing.T) {
		history, err := w.RuleActivations(t.Context(), "acc_1", "bot_1", 10)
		require.NoError(t, err)
		var versions []int
		for _, a := range history {
			versions = append(versions, a.Version)
		}
		require.Equal(t, []int{0, 2, 1, 2, 1}, versions)
		require.EqualValues(t, "key_2", history[0].Author)
	})
	t.Run("a list goes without sources, newest first", func(t *testing.T) {
		list, err := w.RuleVersions(t.Context(), "acc_1", "bot_1", 0, 10)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, 2, list[0].Version)
		require.Empty(t, list[0].Source)
		require.Equal(t, 3, list[0].Bytes)
		require.Equal(t, "why", list[0].Note)
	})
	t.Run("another account sees none of it", func(t *testing.T) {
		_, err := w.RuleVersion(t.Context(), "acc_2", "bot_1", 1)
		require.ErrorIs(t, err, gateway.ErrRulesNotFound)
	})
}

// saying lets an update be judged as a text of Anna's, with what the rules answer.
func saying(w world, answer gateway.Answerer) func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
	return func(raw gateway.RawUpdate, _ gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{
			Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), PlatformID: 7, ChatID: raw.ChatID, FirstName: "Anna"},
			Seen:       gateway.UpdateMark{At: noon, UpdateID: raw.UpdateID}, Connection: gateway.Connected, Answer: answer,
			Message: &gateway.Message{ID: w.ids.Message(), Kind: gateway.UpdateText, Text: "hi", CreatedAt: noon},
		}, nil
	}
}

func TestAnswersAreWrittenWithTheirUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, "rules")
	w.store(t, raw(1, 7), raw(2, 7))
	var person gateway.Subscriber
	var inbound, reply gateway.MessageID
	state := gateway.PersonState{
		Messages: 1, Tags: []string{"vip"}, Muted: noon.Add(time.Hour), Fired: map[string]time.Time{"welcome": noon},
		Fields:    gateway.Fields{"order": "12", "rating": int64(5), "price": 1.5, "paid": true, "due": noon},
		RepliedAt: []time.Time{noon},
	}
	first := func(_ context.Context, c gateway.Conversation) (gateway.Answer, error) {
		require.Zero(t, c.State.Messages)
		require.Nil(t, c.Last)
		person, reply = c.Person, w.ids.Message()
		state.LastReply = reply
		return gateway.Answer{
			Version: 1, About: inbound, Rules: []string{"welcome"}, Input: []byte(`{"text":"hi"}`), Effects: []byte(`[]`), State: state,
			TranslateTo: "uk", Events: []gateway.AccountEvent{{Kind: "rule.forward", Label: "x"}},
			Messages: []gateway.NewMessage{{
				Message: gateway.Message{
					ID: reply, AccountID: "acc_1", BotID: "bot_1", Direction: gateway.Out, To: gateway.Address{Kind: gateway.AddressPlatform, Value: "7"},
					Text: "hello", Lane: gateway.LaneService, OnUnknown: gateway.Hold, CreatedAt: noon, UpdatedAt: noon, ExpiresAt: noon.Add(time.Hour),
					SubscriberID: c.Person.ID, Rule: "welcome", Cause: inbound, TranslateTo: "uk", Keep: []string{"Acme"},
				},
				Legs: []gateway.Leg{{ID: w.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}},
			}},
		}, nil
	}
	process := func(a gateway.Answerer) {
		t.Helper()
		judged := saying(w, a)
		done, err := w.ProcessUpdate(t.Context(), noon, func(r gateway.RawUpdate, b gateway.Bot) (gateway.Verdict, error) {
			require.Equal(t, 1, r.Rules, "the active version comes with the update")
			v, err := judged(r, b)
			inbound = v.Message.ID
			return v, err
		})
		require.NoError(t, err)
		require.True(t, done.Found)
	}
	process(first)

	answers, err := w.Answers(t.Context(), "acc_1", inbound)
	require.NoError(t, err)
	require.Len(t, answers, 1)
	require.Equal(t, reply, answers[0].ID)
	require.Equal(t, "welcome", answers[0].Rule)
	require.Equal(t, []string{"Acme"}, answers[0].Keep)
	require.True(t, answers[0].Untranslated())
	due, err := w.DueOutbox(t.Context(), noon.Add(time.Minute), noon.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, due, 1, "the reply has its outbox row")
	v, err := w.StoredVerdict(t.Context(), "acc_1", inbound)
	require.NoError(t, err)
	require.Equal(t, []string{"welcome"}, v.Rules)
	require.JSONEq(t, `{"text":"hi"}`, string(v.Input))
	m, err := w.Message(t.Context(), "acc_1", inbound)
	require.NoError(t, err)
	require.Equal(t, "uk", m.TranslateTo, "what the person wrote waits for its translation")
	events, err := w.AccountEvents(t.Context(), "acc_1", gateway.AccountEventFilter{Kind: "rule.*"}, gateway.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, events.Items, 1)
	require.Equal(t, person.ID, events.Items[0].SubscriberID)

	t.Run("what rules keep about a person comes back as it was", func(t *testing.T) {
		process(func(_ context.Context, c gateway.Conversation) (gateway.Answer, error) {
			require.Equal(t, state, c.State)
			require.Equal(t, reply, c.Last.ID)
			return gateway.Answer{Version: 1, About: inbound, Input: []byte(`{}`), Effects: []byte(`[]`), State: c.State}, nil
		})
	})
	t.Run("rules that break off leave the message and no effect, and the update is put aside", func(t *testing.T) {
		w.store(t, raw(3, 7))
		process(func(context.Context, gateway.Conversation) (gateway.Answer, error) {
			return gateway.Answer{Failure: "odd"}, nil
		})
		_, err := w.Message(t.Context(), "acc_1", inbound)
		require.NoError(t, err)
		_, aside, err := w.InboxDepth(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, aside)
		c, err := w.Conversation(t.Context(), "acc_1", person)
		require.NoError(t, err)
		require.Equal(t, 2, c.State.Messages)
	})
	t.Run("recorded messages come in their order with what rules saw", func(t *testing.T) {
		recorded, err := w.Recorded(t.Context(), "acc_1", "bot_1", noon.Add(-time.Hour), "", 10)
		require.NoError(t, err)
		require.Len(t, recorded, 3)
		require.JSONEq(t, `{"text":"hi"}`, string(recorded[0].Input))
		require.Nil(t, recorded[2].Input)
		n, err := w.CountRecorded(t.Context(), "acc_1", "bot_1", noon.Add(-time.Hour))
		require.NoError(t, err)
		require.Equal(t, 3, n)
	})
}

// A message that was read is an update of our own, in the order of the person's chat, if the rules are about it.
func TestOwnEventsAreUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, "quiet")
	w.store(t, raw(1, 7))
	_, err := w.ProcessUpdate(t.Context(), noon, saying(w, nil))
	require.NoError(t, err)
	read := func() gateway.MessageID {
		t.Helper()
		m := w.accept(t, gateway.Address{Kind: gateway.AddressPlatform, Value: "7"}, func(*gateway.Message) {})
		for _, state := range []gateway.State{gateway.Sending, gateway.Read} {
			_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
				return gateway.Change{State: state, Subscriber: d.Subscriber.ID, Events: []gateway.Event{{At: noon, Kind: gateway.EventState, State: state}}}, nil
			})
			require.NoError(t, err)
		}
		return m.ID
	}
	waiting := func() int {
		t.Helper()
		n, _, err := w.InboxDepth(t.Context())
		require.NoError(t, err)
		return n
	}
	read()
	require.Zero(t, waiting(), "rules that are not about it are not asked")

	w.publish(t, "curious", gateway.OwnRead)
	id := read()
	require.Equal(t, 1, waiting())
	_, err = w.ProcessUpdate(t.Context(), noon, func(raw gateway.RawUpdate, _ gateway.Bot) (gateway.Verdict, error) {
		require.True(t, raw.Own())
		require.EqualValues(t, 7, raw.ChatID)
		require.JSONEq(t, `{"event":"read","message":"`+string(id)+`"}`, string(raw.Body))
		return gateway.Verdict{
			Own: gateway.OwnEvent{Event: gateway.OwnRead, MessageID: id},
			Answer: func(_ context.Context, c gateway.Conversation) (gateway.Answer, error) {
				require.Equal(t, id, c.Last.ID)
				return gateway.Answer{Version: 2, Event: gateway.OwnRead, About: id, Input: []byte(`{}`), Effects: []byte(`[]`), State: c.State}, nil
			},
		}, nil
	})
	require.NoError(t, err)
	v, err := w.StoredVerdict(t.Context(), "acc_1", id)
	require.NoError(t, err)
	require.Equal(t, gateway.OwnRead, v.Event)
}

// Whoever changes a person by hand waits while rules decide about that person, and the other way round: neither loses what
// the other one wrote. Events from our own side are no exception, though no messenger tells about the person then.
func TestChangesByHandAndRulesKeepWhatTheOtherWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, "rules", gateway.OwnRead)
	w.store(t, raw(1, 7))
	var sent gateway.MessageID
	own := func(answer gateway.Answerer) func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
			return gateway.Verdict{Own: gateway.OwnEvent{Event: gateway.OwnRead, MessageID: sent}, Answer: answer}, nil
		}
	}
	_, err := w.ProcessUpdate(t.Context(), noon, saying(w, nil))
	require.NoError(t, err)
	sent = w.accept(t, gateway.Address{Kind: gateway.AddressPlatform, Value: "7"}, func(*gateway.Message) {}).ID
	_, err = w.ChangeDelivery(t.Context(), "acc_1", sent, func(d gateway.Delivery) (gateway.Change, error) {
		return gateway.Change{State: gateway.Sending, Subscriber: d.Subscriber.ID, Events: []gateway.Event{{At: noon, Kind: gateway.EventState, State: gateway.Sending}}}, nil
	})
	require.NoError(t, err)
	person := w.person(t, 7)

	for name, judge := range map[string]func(gateway.Answerer) func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error){
		"an update": func(a gateway.Answerer) func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
			return saying(w, a)
		},
		"an own event": own,
	} {
		changed := make(chan error, 1)
		w.store(t, raw(int64(2+len(name)), 7))
		_, err := w.ProcessUpdate(t.Context(), noon, judge(func(_ context.Context, c gateway.Conversation) (gateway.Answer, error) {
			go func() { // in the middle of what the rules do: the state is read already
				_, err := w.ChangeSubscriber(context.Background(), "acc_1", "bot_1", person.ID, gateway.SubscriberChange{
					Fields: gateway.Fields{"hand": name},
				}, func(gateway.Subscriber) error { return nil })
				changed <- err
			}()
			w.awaitLock(t)
			c.State.Tags = append(c.State.Tags, name)
			return gateway.Answer{Version: 1, About: sent, Input: []byte(`{}`), Effects: []byte(`[]`), State: c.State}, nil
		}))
		require.NoError(t, err)
		require.NoError(t, <-changed)
		now, err := w.Subscriber(t.Context(), "acc_1", "bot_1", person.ID)
		require.NoError(t, err)
		require.Contains(t, now.Tags, name, "what the rules wrote")
		require.Equal(t, name, now.Fields["hand"], "what was written by hand")
	}
}

// awaitLock waits until somebody waits for a lock in this database.
func (w world) awaitLock(t *testing.T) {
	t.Helper()
	conn := postgrestest.Conn(t, w.url)
	require.Eventually(t, func() bool {
		var waiting int
		err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		return err == nil && waiting == 1
	}, 20*time.Second, 10*time.Millisecond)
}
