package messaging

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// crowd plays what the messages of one bot do, each in a chat of its own, with workers that come late.
type crowd struct {
	policy Policy
	slots  gateway.Slots
	late   func() time.Duration // how long after its time a worker comes

	promises gateway.Promises // of one process: whoever waits is in it
	waiting  map[int]member
	calls    []time.Time
	looks    int // attempts altogether
}

type member struct {
	lane     gateway.Lane
	again    time.Time
	turn     time.Time // held
	promised gateway.Promise
}

func (c *crowd) join(lane gateway.Lane, at time.Time) {
	c.waiting[len(c.waiting)+len(c.calls)] = member{lane: lane, again: at}
}

// until plays until the end, or until nobody waits.
func (c *crowd) until(t *testing.T, end time.Time) {
	t.Helper()
	for len(c.waiting) > 0 {
		next := -1
		for n, m := range c.waiting {
			if next < 0 || m.again.Before(c.waiting[next].again) || m.again.Equal(c.waiting[next].again) && n < next {
				next = n
			}
		}
		m := c.waiting[next]
		if m.again.After(end) {
			return
		}
		c.looks++
		c.slots.ChatFree = time.Time{}
		now := m.again
		got := c.policy.begin(delivery(func(d *gateway.Delivery) {
			if !m.promised.Turn.IsZero() {
				c.promises[m.lane] = slices.DeleteFunc(c.promises[m.lane], m.promised.Turn.Equal)
			}
			d.Slots, d.Message.Lane, d.Leg.Slot, d.Promised, d.Promises = c.slots, m.lane, m.turn, m.promised, c.promises
			d.Message.ExpiresAt = now.Add(time.Hour)
		}), now)
		m.promised, m.again = got.promise, now.Add(got.wait+c.late())
		switch {
		case !got.promise.Turn.IsZero():
			require.True(t, got.change.Empty(), "a promise is written nowhere")
			c.promises[m.lane] = append(c.promises[m.lane], got.promise.Turn)
			c.waiting[next] = m
		case got.call:
			require.Less(t, got.pause, time.Second, "none waits long for a slot")
			c.slots, c.calls = *got.change.Slots, append(c.calls, now.Add(got.pause))
			delete(c.waiting, next)
		default:
			require.Positive(t, got.wait)
			m.turn = got.change.Leg.Slot
			c.slots, c.waiting[next] = *got.change.Slots, m
		}
	}
}

func newCrowd(late func() time.Duration) *crowd {
	return &crowd{policy: Policy{}.filled(), late: late, waiting: map[int]member{}, promises: gateway.Promises{}}
}

// mostly is late by some milliseconds, and by half a second now and then, as workers of a busy machine are.
func mostly(random *rand.Rand) func() time.Duration {
	return func() time.Duration {
		if random.IntN(20) == 0 {
			return time.Duration(random.IntN(500)) * time.Millisecond
		}
		return time.Duration(random.IntN(60)) * time.Millisecond
	}
}

func TestABotThatHasMoreToSendThanItMaySendsNearlyAllThatItMay(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	c := newCrowd(mostly(random))
	const seconds, offered = 60, 31
	for n := range seconds * offered {
		c.join(gateway.LaneService, noon.Add(time.Duration(n)*time.Second/offered))
	}
	c.until(t, noon.Add(seconds*time.Second))
	within := 0
	for _, at := range c.calls {
		if at.Before(noon.Add(seconds * time.Second)) {
			within++
		}
	}
	require.GreaterOrEqual(t, within, 29*seconds)
	require.Less(t, float64(c.looks)/float64(len(c.calls)), 3.0, "attempts for each message")
}

func TestABurstOfCodesGoesOutAtTheFullRate(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	c := newCrowd(mostly(random))
	const codes = 600
	for range codes {
		c.join(gateway.LaneCode, noon)
	}
	c.until(t, noon.Add(time.Hour))
	require.Len(t, c.calls, codes, "every code gets its slot")
	require.InDelta(t, codes/29.0, c.calls[codes-1].Sub(noon).Seconds(), 1)
	require.Less(t, float64(c.looks)/codes, 3.0, "attempts for each code")
}

func TestCodesBeforeACrowdOfOthersDoNotMakeItLookAgainAndAgain(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	c := newCrowd(mostly(random))
	const messages = 900
	for n := range messages {
		c.join(gateway.LaneService, noon.Add(time.Duration(n)*time.Millisecond))
	}
	for n := range 60 {
		c.join(gateway.LaneCode, noon.Add(time.Duration(n)*time.Second/2))
	}
	c.until(t, noon.Add(time.Hour))
	require.Len(t, c.calls, messages+60)
	require.Less(t, float64(c.looks)/float64(len(c.calls)), 5.0, "attempts for each")
	require.Less(t, c.calls[len(c.calls)-1].Sub(noon), time.Minute)
}
