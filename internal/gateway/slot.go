package gateway

import "time"

// Telegram's limits of sending, and what we make of them.
const (
	// BotRate is how many messages a second one bot may send to different chats.
	BotRate = 30.0
	// LeastRate is how slow a bot gets at most when the messenger says no again and again.
	LeastRate = 1.0
	// BotBurst is how many messages may leave at the same moment after a rest: workers that come late by a third of a
	// second lose no slot.
	BotBurst = 10
	// TurnBurst is how many turns may come at the same moment after a rest.
	TurnBurst = 3
	// ChatGap is the time between two messages to one chat; ChatBurst of them may leave at once after a rest.
	ChatGap   = time.Second
	ChatBurst = 3
	// GroupGap and GroupBurst are the same for groups and channels: together less than 20 in any minute.
	GroupGap   = 3200 * time.Millisecond
	GroupBurst = 2
	// BulkShare is what bulk messages may use of a bot's rate, so that a code never waits behind a mailing.
	BulkShare = 0.8

	// unhurried is how much slower turns come than slots. Were they as fast, those who find no slot would gather, and look
	// for one again and again: each look costs a timer and a task of its workflow, which is more than a call.
	unhurried = 0.98

	slowDown = 0.8         // of the rate, at each 429
	speedUp  = 1.1         // of the rate, for each quiet minute
	quiet    = time.Minute // without a 429
)

// Slots says when a bot and one of its chats are free to send. Each track keeps one moment: when it would be free if
// every message took its full interval (GCRA), so a rest allows a short burst and nothing has to be counted. The zero
// Slots is a bot that has never sent.
//
// A message that finds its bot busy takes a ticket for its turn and waits for that, however long; when the turn has come
// it takes a slot, which is never far. Slots alone decide when a call leaves, so workers that are late make no bursts,
// and a turn that nobody came to leaves no hole.
type Slots struct {
	Free        time.Time // the bot's slots
	CodeFree    time.Time // turns of codes
	ServiceFree time.Time // turns of service messages
	BulkFree    time.Time // turns of bulk messages: a share of the bot's rate
	ChatFree    time.Time // turns in the chat
	Blocked     time.Time // the messenger asked the whole bot to wait until then
	Rate        float64   // messages a second; 0 means BotRate
	RateSince   time.Time // when the rate last changed
	Group       bool      // the chat is a group or a channel
}

// Ticket is the message's turn, among those of the bot and in its chat.
func (s Slots) Ticket(now time.Time, lane Lane) (turn time.Time, next Slots) {
	turn, s = s.Turn(now, lane)
	return s.InChat(turn)
}

// Turn is the message's turn among those of the bot. It also puts off the turns of the lanes behind its own, so that all turns
// together are no more than the slots.
func (s Slots) Turn(now time.Time, lane Lane) (turn time.Time, next Slots) {
	s = s.recovered(now)
	turn = later(now, s.Blocked)
	gap := interval(s.rate() * unhurried)
	switch lane {
	case LaneCode:
		turn, s.CodeFree = place(turn, s.CodeFree, gap, TurnBurst)
		s.ServiceFree, s.BulkFree = later(s.ServiceFree, now).Add(gap), later(s.BulkFree, now).Add(gap)
	case LaneService:
		turn, s.ServiceFree = place(turn, s.ServiceFree, gap, TurnBurst)
		s.BulkFree = later(s.BulkFree, now).Add(gap)
	case LaneBulk:
		turn, s.BulkFree = place(turn, s.BulkFree, interval(s.rate()*BulkShare), 1)
	}
	return turn, s
}

// TurnBehind is the message's turn behind those that were promised. Next is the slots without these: whoever has a promise
// takes a turn when it is written. Promises that a block has overtaken are worth nothing; one that is overdue counts from
// its time, so that nothing is lost by whoever comes late.
func (s Slots) TurnBehind(now time.Time, lane Lane, promised Promises) (turn time.Time, next Slots) {
	ahead := s
	for _, lane := range []Lane{LaneCode, LaneService, LaneBulk} {
		for _, at := range promised[lane] {
			if (Promise{Turn: at}).Holds(s) {
				_, ahead = ahead.Turn(earlier(now, at), lane)
			}
		}
	}
	turn, _ = ahead.Turn(now, lane)
	_, next = s.Turn(now, lane)
	return turn, next
}

// InChat is the first moment from the bot's turn on that is the message's turn in its chat, too.
func (s Slots) InChat(turn time.Time) (inChat time.Time, next Slots) {
	gap, burst := ChatGap, ChatBurst
	if s.Group {
		gap, burst = GroupGap, GroupBurst
	}
	inChat, s.ChatFree = place(turn, s.ChatFree, gap, burst)
	return inChat, s
}

// Promises are the turns of a bot that are promised and written nowhere yet, by lane.
type Promises map[Lane][]time.Time

// Promise is a turn that no row has: who was promised it waits for it in this process.
type Promise struct {
	Turn  time.Time
	Since time.Time // when it was first promised one
}

// Holds tells whether there is a promise that no block has overtaken.
func (p Promise) Holds(s Slots) bool { return !p.Turn.IsZero() && !p.Turn.Before(s.Blocked) }

// Keep is the slots once a promised turn is written.
func (s Slots) Keep(p Promise, now time.Time, lane Lane) Slots {
	_, s = s.Turn(earlier(now, p.Turn), lane)
	return s
}

// Backlog is how far the slots are taken. A lane whose patience it exceeds comes again later, so that the lanes before it
// find a short way.
func (s Slots) Backlog(now time.Time) time.Duration {
	return max(s.Free.Add(-interval(s.rate())*(BotBurst-1)).Sub(now), 0)
}

// Patience is the longest backlog behind which a lane still takes a slot: never more than a second, since who has taken
// one waits for it inside an attempt.
func Patience(lane Lane) time.Duration {
	switch lane {
	case LaneCode:
		return 900 * time.Millisecond
	case LaneService:
		return 300 * time.Millisecond
	default:
		return 150 * time.Millisecond
	}
}

// Slot takes the bot's next slot.
func (s Slots) Slot(now time.Time) (at time.Time, next Slots) {
	s = s.recovered(now)
	at, s.Free = place(later(now, s.Blocked), s.Free, interval(s.rate()), BotBurst)
	return at, s
}

// Throttled is the bot after the messenger said 429: nothing leaves for a while, and less than before afterwards.
func (s Slots) Throttled(now time.Time, retryAfter time.Duration) Slots {
	s = s.recovered(now)
	if !s.Blocked.After(now) { // calls that were under way together are refused together
		s.Rate, s.RateSince = max(s.rate()*slowDown, LeastRate), now
	}
	s.Blocked = later(s.Blocked, now.Add(retryAfter))
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

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
