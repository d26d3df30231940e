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

func TestABotSendsThirtyASecond(t *testing.T) {
	t.Parallel()
	var s gateway.Slots
	var at time.Time
	for range 301 {
		at, s = s.Slot(start)
	}
	require.InDelta(t, (300-gateway.BotBurst+1)/gateway.BotRate, at.Sub(start).Seconds(), 0.001)
}

func TestAChatGetsOneASecondAfterAShortBurst(t *testing.T) {
	t.Parallel()
	var s gateway.Slots
	var waits []float64
	for range gateway.ChatBurst + 2 {
		var turn time.Time
		turn, s = s.Ticket(start, gateway.LaneCode)
		waits = append(waits, turn.Sub(start).Round(100*time.Millisecond).Seconds())
	}
	require.Equal(t, []float64{0, 0, 0, 1, 2}, waits)
}

func TestACodeNeverWaitsBehindAMailing(t *testing.T) {
	t.Parallel()
	var s gateway.Slots
	var last time.Time
	for range 10_000 {
		s.ChatFree = time.Time{}
		last, s = s.Ticket(start, gateway.LaneBulk)
	}
	require.InDelta(t, 10_000/(gateway.BotRate*gateway.BulkShare), last.Sub(start).Seconds(), 1, "the mailing takes its share")
	s.ChatFree = time.Time{}
	turn, s := s.Ticket(start, gateway.LaneCode)
	require.Equal(t, start, turn)
	at, _ := s.Slot(start)
	require.Equal(t, start, at)
	require.Greater(t, gateway.Patience(gateway.LaneCode), gateway.Patience(gateway.LaneService))
	require.Greater(t, gateway.Patience(gateway.LaneService), gateway.Patience(gateway.LaneBulk))
}

func TestA429MovesTheWholeBotAndSlowsItDown(t *testing.T) {
	t.Parallel()
	s := gateway.Slots{}.Throttled(start, 7*time.Second)
	turn, _ := s.Ticket(start, gateway.LaneCode)
	require.Equal(t, start.Add(7*time.Second), turn)
	at, s := s.Slot(start)
	require.Equal(t, start.Add(7*time.Second), at)
	require.Less(t, s.Rate, gateway.BotRate)
	slow := s.Rate
	require.Equal(t, slow, s.Throttled(start.Add(time.Second), time.Second).Rate, "calls that were under way together count once")
	_, s = s.Slot(start.Add(10 * time.Second))
	require.Equal(t, slow, s.Rate, "no faster at once")
	_, s = s.Slot(start.Add(time.Hour))
	require.Equal(t, gateway.BotRate, s.Rate, "an hour without a 429 gives the rate back")
	for i := range 100 {
		s = s.Throttled(start.Add(time.Hour+time.Duration(i)*10*time.Second), time.Second)
	}
	require.Equal(t, gateway.LeastRate, s.Rate)
}

// Whatever is taken in whatever order: in no second more slots than the rate and the burst leave, in no chat more turns
// than its own, nothing in the past, and nothing while the bot is blocked.
func TestSlotsKeepTheLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s gateway.Slots
		now := start
		turns := map[int][]time.Time{}
		free := map[int]time.Time{}
		var slots []time.Time
		for range rapid.IntRange(1, 300).Draw(t, "messages") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "pause ms")) * time.Millisecond)
			if rapid.IntRange(0, 40).Draw(t, "refused") == 0 {
				s = s.Throttled(now, 3*time.Second)
			}
			chat := rapid.IntRange(1, 4).Draw(t, "chat")
			lane := rapid.SampledFrom([]gateway.Lane{gateway.LaneCode, gateway.LaneService, gateway.LaneBulk}).Draw(t, "lane")
			var turn, at time.Time
			s.ChatFree = free[chat]
			turn, s = s.Ticket(now, lane)
			free[chat] = s.ChatFree
			at, s = s.Slot(now)
			if turn.Before(now) || at.Before(now) || turn.Before(s.Blocked) || at.Before(s.Blocked) {
				t.Fatalf("a turn or a slot in the past, or while the bot is blocked")
			}
			following, _ := s.Slot(now)
			if promised := now.Add(s.Backlog(now)); following.Before(promised) || following.After(promised) && following.After(s.Blocked) {
				t.Fatalf("the backlog says %v, the slot after it is %v", promised, following)
			}
			slots = append(slots, at)
			turns[chat] = append(turns[chat], turn)
		}
		for chat, times := range turns {
			if most := busiest(times, time.Second); most > 2*gateway.ChatBurst {
				t.Fatalf("%d turns in chat %d in a second", most, chat)
			}
		}
		if most := busiest(slots, time.Second); most > int(gateway.BotRate)+gateway.BotBurst {
			t.Fatalf("%d slots of the bot in a second", most)
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

func TestGroupsGetLessThanTwentyMessagesAMinute(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	slots := gateway.Slots{Group: true}
	var turns []time.Time
	for range 100 {
		var turn time.Time
		turn, slots = slots.Ticket(now, gateway.LaneCode)
		turns = append(turns, turn)
	}
	for i := range turns[:len(turns)-20] {
		require.GreaterOrEqual(t, turns[i+20].Sub(turns[i]), time.Minute, "more than 20 in a minute from number %d", i)
	}
	require.Equal(t, now, turns[1], "two at once after a rest")
}

func TestTurnsThatArePromisedAreNobodyElses(t *testing.T) {
	t.Parallel()
	var s gateway.Slots
	var promised []time.Time
	for range 30 {
		turn, _ := s.TurnBehind(start, gateway.LaneService, gateway.Promises{gateway.LaneService: promised})
		promised = append(promised, turn)
	}
	all := gateway.Promises{gateway.LaneService: promised}
	gap := promised[29].Sub(promised[28])
	require.InDelta(t, 1/29.4, gap.Seconds(), 0.001)
	at := func(now time.Time, s gateway.Slots) time.Time {
		turn, _ := s.TurnBehind(now, gateway.LaneService, all)
		return turn
	}
	require.Equal(t, promised[29].Add(gap), at(start, s))
	late := start.Add(300 * time.Millisecond)
	require.Equal(t, promised[29].Add(gap), at(late, s), "nothing is lost because all of them come late")
	for _, turn := range promised[:5] {
		s = s.Keep(gateway.Promise{Turn: turn}, late, gateway.LaneService)
	}
	all[gateway.LaneService] = promised[5:]
	require.Equal(t, promised[29].Add(gap), at(late, s), "nor because some are written late")
	blocked := s.Throttled(late, 2*time.Second)
	require.Equal(t, late.Add(2*time.Second), at(late, blocked), "what a block has overtaken is worth nothing")
	code, _ := s.TurnBehind(late, gateway.LaneCode, all)
	require.Equal(t, late, code, "codes go before")
}
