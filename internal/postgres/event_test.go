package postgres_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

// told lists the events of the account, the oldest first.
func (w world) told(t *testing.T, f gateway.AccountEventFilter) (kinds []gateway.AccountEventKind, events []gateway.AccountEvent) {
	t.Helper()
	list, err := w.AccountEvents(t.Context(), "acc_1", f, gateway.Page{Limit: 100})
	require.NoError(t, err)
	for i := len(list.Items) - 1; i >= 0; i-- {
		kinds, events = append(kinds, list.Items[i].Kind), append(events, list.Items[i])
	}
	return kinds, events
}

func TestChangesOfPeopleTellAboutThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	minute := 0
	does := func(who int64, v gateway.Verdict) {
		minute++
		v.Subscriber = &gateway.Subscriber{PlatformID: who, ChatID: who}
		v.Seen = gateway.UpdateMark{At: noon.Add(time.Duration(minute) * time.Minute), UpdateID: int64(minute)}
		w.process(t, int64(minute), v)
	}
	does(42, gateway.Verdict{Connection: gateway.Connected, Payload: "shop7"})
	does(42, gateway.Verdict{Connection: gateway.Connected})
	does(42, gateway.Verdict{Connection: gateway.Connected, Phone: "+380501234567"})
	does(42, gateway.Verdict{Connection: gateway.Connected, Phone: "+380501234567"})
	does(42, gateway.Verdict{Connection: gateway.Connected, Phone: "+380501234568"})
	does(42, gateway.Verdict{Connection: gateway.Disconnected, Reason: gateway.ReasonBlocked})
	does(42, gateway.Verdict{Connection: gateway.Disconnected, Reason: gateway.ReasonBlocked})
	anna := w.person(t, 42).ID
	kinds, events := w.told(t, gateway.AccountEventFilter{SubscriberID: anna})
	require.Equal(t, []gateway.AccountEventKind{
		gateway.SubscriberConnected, gateway.SubscriberPhoneProved, gateway.SubscriberPhoneProved, gateway.SubscriberPhoneChanged,
		gateway.SubscriberDisconnected,
	}, kinds, "what changes nothing tells nothing")
	require.JSONEq(t, `{"start_payload":"shop7"}`, string(events[0].Data))
	require.JSONEq(t, `{"proof":"contact"}`, string(events[1].Data))
	require.JSONEq(t, `{"reason":"blocked"}`, string(events[4].Data))
	require.Equal(t, noon.Add(6*time.Minute), events[4].At, "when it happened")
	for _, e := range events {
		require.True(t, gateway.HasPrefix(string(e.ID), "evt"), "%s is an id as Go makes them", e.ID)
		require.Equal(t, gateway.BotID("bot_1"), e.BotID)
	}

	does(43, gateway.Verdict{Connection: gateway.Connected, Phone: "+380501234568"})
	kinds, _ = w.told(t, gateway.AccountEventFilter{SubscriberID: anna, Kind: gateway.SubscriberPhoneLost})
	require.Len(t, kinds, 1, "somebody else proved it later")
}

func TestChangesOfBotsTellAboutThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, err := w.Bot(t.Context(), "acc_1", "bot_1")
	require.NoError(t, err)
	for i, state := range []gateway.BotState{gateway.BotConflict, gateway.BotConflict, gateway.BotActive, gateway.BotRevoked} {
		require.NoError(t, w.SetBotState(t.Context(), b, state, "words", noon.Add(time.Duration(i)*time.Minute)))
	}
	kinds, events := w.told(t, gateway.AccountEventFilter{BotID: "bot_1", Kind: "bot.*"})
	require.Equal(t, []gateway.AccountEventKind{gateway.BotAdded, gateway.BotInConflict, gateway.BotRecovered, gateway.BotWasRevoked}, kinds)
	require.JSONEq(t, `{"reason_text":"words"}`, string(events[1].Data))
}

func TestAVerdictTellsWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.process(t, 1, gateway.Verdict{
		Subscriber: &gateway.Subscriber{PlatformID: 42, ChatID: 42}, Connection: gateway.Connected,
		Events: []gateway.AccountEvent{{Kind: "rules.forward", Label: "orders", Data: json.RawMessage(`{"order":7}`)}},
	})
	_, events := w.told(t, gateway.AccountEventFilter{Label: "orders"})
	require.Len(t, events, 1)
	require.Equal(t, w.person(t, 42).ID, events[0].SubscriberID)
	require.JSONEq(t, `{"order":7}`, string(events[0].Data))

	list, err := w.AccountEvents(t.Context(), "acc_2", gateway.AccountEventFilter{}, gateway.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, list.Items, "another account's")

	// A verdict that cannot be written tells nothing.
	w.store(t, raw(2, 43))
	_, err = w.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{
			Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), PlatformID: 44}, Connection: gateway.Connected,
			Seen:   gateway.UpdateMark{At: noon, UpdateID: 2},
			Events: []gateway.AccountEvent{{Kind: "no kind at all", Label: "orders"}},
		}, nil
	})
	require.Error(t, err)
	kinds, _ := w.told(t, gateway.AccountEventFilter{Label: "orders"})
	require.Len(t, kinds, 1)
}

func TestEventsPageByPageAndTheirEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := postgrestest.Conn(t, w.url)
	_, err := conn.Exec(t.Context(), `INSERT INTO events (id, account_id, kind, at)
		SELECT new_event_id(), 'acc_1', 'test.tick', $1::timestamptz + i * interval '1 minute' FROM generate_series(1, 12) i`, noon)
	require.NoError(t, err)
	page, last := gateway.Page{Limit: 5}, noon.Add(time.Hour)
	seen := 0
	for {
		list, err := w.AccountEvents(t.Context(), "acc_1", gateway.AccountEventFilter{Kind: "test.tick"}, page)
		require.NoError(t, err)
		for _, e := range list.Items {
			require.True(t, e.At.Before(last), "ids sort as they were stored")
			last = e.At
			seen++
		}
		if page.After = list.Next; page.After == "" {
			break
		}
	}
	require.Equal(t, 12, seen)
	removed, err := w.DropEvents(t.Context(), noon.Add(4*time.Minute))
	require.NoError(t, err)
	require.Equal(t, int64(3), removed)
}
