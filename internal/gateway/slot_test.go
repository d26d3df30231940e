package gateway_test

import (
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"herald/internal/gateway"
)

var start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// own sends each message to a chat of its own: only the bot's own limit matters.
func own(s gateway.Slots) gateway.Slots { s.ChatFree = time.Time{}; return s }

func TestABotSendsThirtyASecond(t *testing.T) {
	t.Parallel()
	var s gateway.Slots
	var at time.Time
	for range 301 {
		at, s = own(s).Take(start, gateway.LaneService)
	}
	require.InDelta(t, (300-gateway.BotBurst+1)/gateway.BotRate, at.Sub(start).Seconds(), 0.001)
}

func TestAChatGetsOneASecondAfterAShortBurst(t *testing.T) {
	t.Parallel()
	var s gateway.Slots
	var waits []float64
	for range gateway.ChatBurst + 2 {
		var at time.Time
		at, s = s.Take(start, gateway.LaneService)
		waits = append(waits, at.Sub(start).Round(100*time.Millisecond).Seconds())
	}
	require.Equal(t, []float64{0, 0, 0, 1, 2}, waits)
}

func TestACodeNeverWaitsBehindAMailing(t *testing.T) {
	t.Parallel()
	var s gateway.Slots
	var last time.Time
	for range 10_000 {
		last, s = own(s).Take(start, gateway.LaneBulk)
	}
	require.InDelta(t, 10_000/(gateway.BotRate*gateway.BulkShare), last.Sub(start).Seconds(), 1, "the mailing takes its share")
	at, _ := own(s).Take(start, gateway.LaneCode)
	require.Equal(t, start, at)
}

func TestA429MovesTheWholeBotAndSlowsItDown(t *testing.T) {
	t.Parallel()
	s := gateway.Slots{}.Throttled(start, 7*time.Second)
	at, s := own(s).Take(start, gateway.LaneCode)
	require.Equal(t, start.Add(7*time.Second), at)
	require.Less(t, s.Rate, gateway.BotRate)
	slow := s.Rate
	_, s = own(s).Take(start.Add(10*time.Second), gateway.LaneCode)
	require.Equal(t, slow, s.Rate, "no faster at once")
	_, s = own(s).Take(start.Add(time.Hour), gateway.LaneCode)
	require.Equal(t, gateway.BotRate, s.Rate, "an hour without a 429 gives the rate back")
	for range 100 {
		s = s.Throttled(start, time.Second)
	}
	require.Equal(t, gateway.LeastRate, s.Rate)
}

// Whatever is taken in whatever order: in no second more than the rate and the burst leave, in no chat more than its
// own, and nothing leaves while the bot is blocked.
func TestSlotsKeepTheLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s gateway.Slots
		now := start
		byChat := map[int][]time.Time{}
		free := map[int]time.Time{}
		var all []time.Time
		for range rapid.IntRange(1, 300).Draw(t, "messages") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "pause ms")) * time.Millisecond)
			chat := rapid.IntRange(1, 4).Draw(t, "chat")
			s.ChatFree = free[chat]
			var at time.Time
			at, s = s.Admit(now)
			free[chat] = s.ChatFree
			if at.Before(now) {
				t.Fatalf("a slot in the past")
			}
			all = append(all, at)
			byChat[chat] = append(byChat[chat], at)
		}
		for chat, times := range byChat {
			if most := busiest(times, time.Second); most > gateway.ChatBurst+1 {
				t.Fatalf("%d messages to chat %d in a second", most, chat)
			}
		}
		if most := busiest(all, time.Second); most > int(gateway.BotRate)+gateway.BotBurst+4*gateway.ChatBurst {
			t.Fatalf("%d messages of the bot in a second", most)
		}
	})
}

// busiest is the most moments within any span.
func busiest(times []time.Time, span time.Duration) (most int) {
	sort.Slice(times, func(i, j int) bool { return times[i].Before(times[j]) })
	for i, j := 0, 0; j < len(times); j++ {
		for times[j].Sub(times[i]) >= span {
			i++
		}
		most = max(most, j-i+1)
	}
	return most
}
