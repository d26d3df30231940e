package gateway

import "time"

// Telegram's limits of sending, and what we make of them.
const (
	// BotRate is how many messages a second one bot may send to different chats.
	BotRate = 30.0
	// LeastRate is how slow a bot gets at most when the messenger says no again and again.
	LeastRate = 1.0
	// BotBurst is how many messages may leave at the same moment after a rest.
	BotBurst = 3
	// ChatGap is the time between two messages to one chat; ChatBurst of them may leave at once after a rest.
	ChatGap   = time.Second
	ChatBurst = 3
	// BulkShare is what bulk messages may use of a bot's rate, so that a code never waits behind a mailing.
	BulkShare = 0.8

	slowDown = 0.8         // of the rate, at each 429
	speedUp  = 1.1         // of the rate, for each quiet minute
	quiet    = time.Minute // without a 429
)

// Slots says when a bot and one of its chats are free to send. Each track keeps one moment: when it would be free if
// every message took its full interval (GCRA), so a rest allows a short burst and nothing has to be counted. The zero
// Slots is a bot that has never sent.
type Slots struct {
	Free      time.Time // the bot
	BulkFree  time.Time // the bot's share for bulk messages
	ChatFree  time.Time // the chat
	Blocked   time.Time // the messenger asked the whole bot to wait until then
	Rate      float64   // messages a second; 0 means BotRate
	RateSince time.Time // when the rate last changed
}

// Take reserves the next slot of a lane and returns when it is. Reservations of bulk messages are made on their own
// track and hold a place in the bot's own only when their time has come: see [Slots.Admit].
func (s Slots) Take(now time.Time, lane Lane) (at time.Time, next Slots) {
	if lane != LaneBulk {
		return s.Admit(now)
	}
	s = s.recovered(now)
	gap := interval(s.rate() * BulkShare)
	at, s.BulkFree = place(later(now, s.Blocked), s.BulkFree, gap, 1)
	return at, s
}

// Admit reserves a slot of the bot and of the chat.
func (s Slots) Admit(now time.Time) (at time.Time, next Slots) {
	s = s.recovered(now)
	start := later(now, s.Blocked)
	at, s.Free = place(start, s.Free, interval(s.rate()), BotBurst)
	inChat, free := place(start, s.ChatFree, ChatGap, ChatBurst)
	s.ChatFree = free
	return later(at, inChat), s
}

// Throttled is the bot after the messenger said 429: nothing leaves for a while, and less than before afterwards.
func (s Slots) Throttled(now time.Time, retryAfter time.Duration) Slots {
	s = s.recovered(now)
	s.Blocked = later(s.Blocked, now.Add(retryAfter))
	s.Rate, s.RateSince = max(s.rate()*slowDown, LeastRate), now
	return s
}

func (s Slots) rate() float64 {
	if s.Rate <= 0 {
		return BotRate
	}
	return s.Rate
}

// recovered gives the rate back that quiet minutes have earned.
func (s Slots) recovered(now time.Time) Slots {
	for s.rate() < BotRate && now.Sub(later(s.RateSince, s.Blocked)) >= quiet {
		s.Rate = min(s.rate()*speedUp, BotRate)
		s.RateSince = later(s.RateSince, s.Blocked).Add(quiet)
	}
	return s
}

// place finds the first moment from start on at which a track is free, and when the track is free afterwards.
func place(start, free time.Time, gap time.Duration, burst int) (at, next time.Time) {
	at = later(start, free.Add(-gap*time.Duration(burst-1)))
	return at, later(free, at).Add(gap)
}

func interval(rate float64) time.Duration { return time.Duration(float64(time.Second) / rate) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
