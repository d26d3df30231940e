package botapi

import (
	"math"
	"sync"
	"time"

	"herald/internal/sandbox/network"
)

// Limits are Telegram's limits of sending. Burst is how many messages to one chat pass at once.
type Limits struct {
	Enforce           bool    `json:"enforce"`
	PerChatPerSecond  float64 `json:"per_chat_per_second"`
	PerGroupPerMinute float64 `json:"per_group_per_minute"`
	PerBotPerSecond   float64 `json:"per_bot_per_second"`
	Burst             int     `json:"burst"`
}

// DefaultLimits are the limits that Telegram documents, with the short bursts that it lets pass.
func DefaultLimits() Limits {
	return Limits{Enforce: true, PerChatPerSecond: 1, PerGroupPerMinute: 20, PerBotPerSecond: 30, Burst: 5}
}

// Valid reports whether all rates can be worked with.
func (l Limits) Valid() bool {
	ok := func(rate float64) bool { return rate > 0 && rate <= 1e6 }
	return ok(l.PerChatPerSecond) && ok(l.PerGroupPerMinute) && ok(l.PerBotPerSecond) && l.Burst >= 1 && l.Burst <= 1e6
}

// Limiter counts what bots send. Each track (a bot, or a bot in a chat) keeps one moment: when it would be free again if
// every message took its full interval (GCRA).
type Limiter struct {
	clock func() time.Time

	mu     sync.Mutex
	limits Limits
	tracks map[track]time.Time
	sweep  int // the number of tracks at which free ones are forgotten
}

// track is a bot (chat 0) or a bot in a chat.
type track struct {
	bot  network.BotID
	chat network.ChatID
}

const firstSweep = 4096

// NewLimiter returns a limiter with the default limits.
func NewLimiter(clock func() time.Time) *Limiter {
	return &Limiter{clock: clock, limits: DefaultLimits(), tracks: map[track]time.Time{}, sweep: firstSweep}
}

// Limits returns what is enforced now.
func (l *Limiter) Limits() Limits {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limits
}

// SetLimits changes the limits and forgets what was counted.
func (l *Limiter) SetLimits(to Limits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits = to
	clear(l.tracks)
}

// Take takes one slot of the bot and of the chat, or refuses with 429 and takes none.
func (l *Limiter) Take(bot network.BotID, chat network.ChatID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.limits.Enforce {
		return nil
	}
	now := l.clock()
	all, one := track{bot: bot}, track{bot: bot, chat: chat}
	botStep := time.Duration(float64(time.Second) / l.limits.PerBotPerSecond)
	botBurst := max(1, int(l.limits.PerBotPerSecond))
	step, burst := time.Duration(float64(time.Second)/l.limits.PerChatPerSecond), l.limits.Burst
	if chat < 0 {
		step, burst = time.Duration(float64(time.Minute)/l.limits.PerGroupPerMinute), max(1, int(l.limits.PerGroupPerMinute))
	}
	wait := max(l.wait(all, now, botStep, botBurst), l.wait(one, now, step, burst))
	if wait > 0 {
		return network.TooManyRequests(int(math.Ceil(wait.Seconds())))
	}
	l.advance(all, now, botStep)
	l.advance(one, now, step)
	l.forget(now)
	return nil
}

// wait is how long the track must wait before its next message, 0 when it need not.
func (l *Limiter) wait(at track, now time.Time, step time.Duration, burst int) time.Duration {
	return max(0, l.tracks[at].Add(-step*time.Duration(burst-1)).Sub(now))
}

func (l *Limiter) advance(at track, now time.Time, step time.Duration) {
	free := l.tracks[at]
	if free.Before(now) {
		free = now
	}
	l.tracks[at] = free.Add(step)
}

// forget drops tracks that are free, each time their number doubled: cheap on average.
func (l *Limiter) forget(now time.Time) {
	if len(l.tracks) < l.sweep {
		return
	}
	for at, free := range l.tracks {
		if free.Before(now) {
			delete(l.tracks, at)
		}
	}
	l.sweep = max(firstSweep, 2*len(l.tracks))
}
