package postgres_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

// called writes the intent of a message's leg, as who is about to call does.
func (w world) called(t testing.TB, id gateway.MessageID) gateway.Delivery {
	t.Helper()
	d, err := w.ChangeDelivery(t.Context(), "acc_1", id, func(d gateway.Delivery) (gateway.Change, error) {
		leg, slots := d.Leg, d.Slots
		leg.Intent, leg.Attempts, leg.ChatID = noon, leg.Attempts+1, d.Subscriber.ChatID
		return gateway.Change{
			State: gateway.Sending, Leg: &leg, Subscriber: d.Subscriber.ID, Slots: &slots,
			Events: []gateway.Event{{At: noon, Kind: gateway.EventIntent, From: d.Message.State, State: gateway.Sending, Leg: 1}},
		}, nil
	})
	require.NoError(t, err)
	return d
}

// taken is the change that tells that the messenger took it.
func taken(d gateway.Delivery, name int64) gateway.Change {
	leg := d.Leg
	leg.State, leg.Intent, leg.PlatformMessageID, leg.SettledAt = gateway.LegAccepted, time.Time{}, name, noon
	return gateway.Change{
		State: gateway.Accepted, Leg: &leg,
		Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: gateway.Sending, State: gateway.Accepted, Leg: 1}},
	}
}

func TestChangeUnmoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)

	t.Run("writes the whole change", func(t *testing.T) {
		m := w.accept(t, toAnna, nil)
		seen := w.called(t, m.ID)
		after, done, err := w.ChangeUnmoved(t.Context(), seen, taken(seen, 7))
		require.NoError(t, err)
		require.True(t, done)
		require.Equal(t, gateway.Accepted, after.Message.State)
		require.Equal(t, 3, after.Sequence)
		got, err := w.Message(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.Accepted, got.State)
		legs, err := w.Legs(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Equal(t, after.Legs, legs)
		require.Equal(t, int64(7), legs[0].PlatformMessageID)
		events, err := w.Events(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Len(t, events, 3)
	})
	t.Run("writes nothing once something has happened to the message", func(t *testing.T) {
		m := w.accept(t, toAnna, nil)
		seen := w.called(t, m.ID)
		_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			return d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceButton, At: noon}, 1), nil
		})
		require.NoError(t, err)
		before, err := w.Events(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		back, done, err := w.ChangeUnmoved(t.Context(), seen, taken(seen, 7))
		require.NoError(t, err)
		require.False(t, done)
		require.Equal(t, seen, back)
		events, err := w.Events(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Equal(t, before, events)
		legs, err := w.Legs(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Zero(t, legs[0].PlatformMessageID)
	})
	t.Run("lets one of many that saw the same write", func(t *testing.T) {
		m := w.accept(t, toAnna, nil)
		seen := w.called(t, m.ID)
		var wrote atomic.Int32
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				_, done, err := w.ChangeUnmoved(t.Context(), seen, taken(seen, int64(n+1)))
				if err != nil {
					t.Error(err)
				}
				if done {
					wrote.Add(1)
				}
			})
		}
		wg.Wait()
		require.Equal(t, int32(1), wrote.Load())
		events, err := w.Events(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Len(t, events, 3)
	})
	t.Run("leaves changes of people, bots and slots to who locks them", func(t *testing.T) {
		m := w.accept(t, toAnna, nil)
		seen := w.called(t, m.ID)
		for _, more := range []func(*gateway.Change){
			func(c *gateway.Change) { c.Slots = &gateway.Slots{} },
			func(c *gateway.Change) { c.Disconnect = gateway.ReasonBlocked },
			func(c *gateway.Change) { c.Migrate = 5 },
			func(c *gateway.Change) { c.RevokeBot = "words" },
		} {
			change := taken(seen, 7)
			more(&change)
			_, done, err := w.ChangeUnmoved(t.Context(), seen, change)
			require.NoError(t, err)
			require.False(t, done)
		}
		got, err := w.Message(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.Sending, got.State)
	})
}

func TestADeliveryThatIsNotChangedHoldsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.accept(t, toAnna, nil)
	refused := errors.New("no decision")
	for range 20 { // more than there are connections
		_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(gateway.Delivery) (gateway.Change, error) { return gateway.Change{}, refused })
		require.ErrorIs(t, err, refused)
		_, err = w.ChangeDelivery(t.Context(), "acc_1", "msg_nothing", nil)
		require.ErrorIs(t, err, gateway.ErrMessageNotFound)
		_, err = w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(gateway.Delivery) (gateway.Change, error) { return gateway.Change{}, nil })
		require.NoError(t, err)
	}
	require.Equal(t, gateway.Sending, w.called(t, m.ID).Message.State, "no lock is left")
}

// BenchmarkMessage is all that the database does for a message of one leg that the messenger takes.
func BenchmarkMessage(b *testing.B) {
	w := newWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		m := w.accept(b, toAnna, nil)
		seen := w.called(b, m.ID)
		if _, done, err := w.ChangeUnmoved(b.Context(), seen, taken(seen, 7)); err != nil || !done {
			b.Fatal(done, err)
		}
	}
}

// Deliveries that wait for one another, or for a person whom somebody holds, leave connections to everything else.
func TestDeliveriesLeaveConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.starts(t, 1, 42, "Anna", "")
	conn := postgrestest.Conn(t, w.url)
	holding, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = holding.Exec(t.Context(), "SELECT 1 FROM subscribers FOR UPDATE")
	require.NoError(t, err)
	var ids []gateway.MessageID
	for range 12 {
		ids = append(ids, w.accept(t, gateway.Address{Kind: gateway.AddressPlatform, Value: "42"}, nil).ID)
	}
	var group errgroup.Group
	for _, id := range ids {
		group.Go(func() error {
			_, err := w.ChangeDelivery(context.Background(), "acc_1", id, func(gateway.Delivery) (gateway.Change, error) { return gateway.Change{}, nil })
			return err
		})
	}
	looking := postgrestest.Conn(t, w.url)
	require.Eventually(t, func() bool {
		var waiting int
		err := looking.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		return err == nil && waiting == 4 // three of five of the eight
	}, 20*time.Second, 10*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 3 {
		_, err = w.Message(ctx, "acc_1", ids[0])
		require.NoError(t, err)
	}
	require.NoError(t, holding.Rollback(t.Context()))
	require.NoError(t, group.Wait())
}
