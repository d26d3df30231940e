package messaging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// rows is what the database has of some messages of one bot, and what it was asked for.
type rows struct {
	DeliveryStore
	mu      sync.Mutex
	all     map[gateway.MessageID]gateway.Delivery
	slots   gateway.Slots
	changes int
	calls   []gateway.MessageID
}

func (r *rows) ChangeDelivery(_ context.Context, _ gateway.AccountID, id gateway.MessageID, decide func(gateway.Delivery) (gateway.Change, error)) (gateway.Delivery, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.all[id]
	chatFree := d.Slots.ChatFree
	d.Slots = r.slots
	d.Slots.ChatFree = chatFree
	change, err := decide(d)
	if err != nil || change.Empty() {
		return d, err
	}
	r.changes++
	return r.write(d, change), nil
}

func (r *rows) ChangeUnmoved(_ context.Context, d gateway.Delivery, change gateway.Change) (gateway.Delivery, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.write(d, change), true, nil
}

func (r *rows) write(d gateway.Delivery, change gateway.Change) gateway.Delivery {
	if change.Slots != nil {
		d.Slots = *change.Slots
		r.slots = *change.Slots
	}
	if change.Leg != nil {
		d.Leg = *change.Leg
	}
	d = after(d, change)
	r.all[d.Message.ID] = d
	return d
}

// caller is a messenger that takes everything.
type caller struct {
	gateway.Messenger
	rows *rows
}

func (c caller) Send(_ context.Context, out gateway.Outgoing) (gateway.Receipt, error) {
	c.rows.mu.Lock()
	defer c.rows.mu.Unlock()
	c.rows.calls = append(c.rows.calls, gateway.MessageID(out.Text))
	return gateway.Receipt{ChatID: out.ChatID, PlatformMessageID: 1}, nil
}

// busy is a bot with so many messages, each to somebody else.
func busy(messages int) *rows {
	r := &rows{all: map[gateway.MessageID]gateway.Delivery{}}
	for n := range messages {
		id := gateway.MessageID(fmt.Sprintf("msg_%03d", n))
		r.all[id] = delivery(func(d *gateway.Delivery) {
			d.Message.ID, d.Message.Text, d.Message.Format, d.Bot.ID = id, string(id), gateway.FormatPlain, "bot_1"
			d.Message.ExpiresAt = time.Now().Add(time.Hour)
			d.Subscriber = &gateway.Subscriber{ID: gateway.SubscriberID(id), ChatID: int64(n + 1), Connection: gateway.Connected}
		})
	}
	return r
}

// attempts makes the first attempt at each, in their order and at the same moment.
func (r *rows) attempts(t *testing.T, by func(n int) *Deliverer) (steps []Step) {
	t.Helper()
	steps = make([]Step, len(r.all))
	failed := make([]error, len(r.all))
	var all sync.WaitGroup
	for n := range steps {
		all.Go(func() {
			step, err := by(n).Attempt(t.Context(), "acc_1", gateway.MessageID(fmt.Sprintf("msg_%03d", n)))
			steps[n], failed[n] = step, err
		})
		synctest.Wait()
	}
	all.Wait()
	require.NoError(t, errors.Join(failed...))
	return steps
}

func (r *rows) deliverer() *Deliverer {
	return NewDeliverer(r, caller{rows: r}, nil, time.Now, Policy{}, slog.New(slog.DiscardHandler))
}

func TestAttemptsWaitInsideForTheirTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, began := busy(90), time.Now()
		d := r.deliverer()
		for n, step := range r.attempts(t, func(int) *Deliverer { return d }) {
			require.Equal(t, gateway.Accepted, step.State, n)
			require.Equal(t, gateway.MessageID(fmt.Sprintf("msg_%03d", n)), r.calls[n], "in the order of their promises")
		}
		require.InDelta(t, 3, time.Since(began).Seconds(), 0.3)
		require.Equal(t, 90, r.changes, "each is written once before its call")
		require.Empty(t, d.turns.bots)
		require.Empty(t, d.turns.chats)
		_, free := gateway.Slots{}.Turn(began, gateway.LaneService)
		for range 89 {
			_, free = free.Turn(began, gateway.LaneService)
		}
		require.WithinDuration(t, free.ServiceFree, r.slots.ServiceFree, 200*time.Millisecond, "each turn is counted once")
	})
}

func TestTwoProcessesGiveOutNoMoreTurnsThanThereAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, began := busy(90), time.Now()
		two := []*Deliverer{r.deliverer(), r.deliverer()}
		for n, step := range r.attempts(t, func(n int) *Deliverer { return two[n%2] }) {
			require.Equal(t, gateway.Accepted, step.State, n)
		}
		require.InDelta(t, 3, time.Since(began).Seconds(), 0.5)
		require.LessOrEqual(t, r.changes, 3*90, "some find that others have taken their slot")
		require.WithinDuration(t, began.Add(90*time.Second/29), r.slots.ServiceFree, 500*time.Millisecond, "what both gave is counted together")
	})
}

func TestAnAttemptThatMayNotWaitKeepsItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, began := busy(90), time.Now()
		d := r.deliverer()
		d.waits = make(waits, waitsOfCodes+20)
		left := 0
		var last time.Time
		for n, step := range r.attempts(t, func(int) *Deliverer { return d }) {
			if step.State == gateway.Accepted {
				continue
			}
			left++
			got := r.all[gateway.MessageID(fmt.Sprintf("msg_%03d", n))].Leg.Slot
			require.WithinDuration(t, began.Add(step.Wait), got, time.Millisecond, "a timer waits for the turn that is written")
			require.True(t, got.After(last), "they go in their order")
			last = got
		}
		require.Greater(t, left, 50)
		require.InDelta(t, 3, last.Sub(began).Seconds(), 0.5)
	})
}

func TestPromisesThatABlockHasOvertakenAreMadeAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, began := busy(60), time.Now()
		d := r.deliverer()
		time.AfterFunc(50*time.Millisecond, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.slots = r.slots.Throttled(time.Now(), 1500*time.Millisecond)
		})
		for n, step := range r.attempts(t, func(int) *Deliverer { return d }) {
			require.Equal(t, gateway.Accepted, step.State, n)
		}
		require.InDelta(t, 1.55+60/(30*0.8), time.Since(began).Seconds(), 0.5, "one after another once the block is over, without a hole")
		require.LessOrEqual(t, r.changes, 60+20, "nearly all are written once")
	})
}
