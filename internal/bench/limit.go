package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"herald/client/wire"
)

// The bars of what keeps to the messenger's limits.
const (
	barOneBot    = "at least 29"
	barSixBots   = "at least 170"
	barRefused   = "0"
	barLate      = "0"
	barAcceptP99 = "under 50"
	barToWireP50 = "under 50"
	barToWireP99 = "under 250"
	barCodeP99   = "under 500"
	steadyRate   = 50.0 // messages a second
	steadyBots   = 4
	botRate      = 30.0 // what a bot may send in a second
	offered      = 1.02 // times that is handed over, so that there is always something to send
	peoplePerBot = 100  // a chat gets one message in some seconds
	leadIn       = 2 * time.Second
	codeRate     = 2.0 // a second
	codePeople   = 50
)

// measureOneBot and measureSixBots let the messenger enforce its limits, and hand over a little more than bots may send.
func measureOneBot(ctx context.Context, o Options, report *Report, w *world) error {
	return measureBots(ctx, o, report, w, "one_bot", 1, barOneBot)
}

func measureSixBots(ctx context.Context, o Options, report *Report, w *world) error {
	return measureBots(ctx, o, report, w, "six_bots", 6, barSixBots)
}

func measureBots(ctx context.Context, o Options, report *Report, w *world, name string, bots int, bar string) error {
	chats, seen, err := w.limited(ctx, name, bots, peoplePerBot)
	if err != nil {
		return err
	}
	o.say("%s: handing over as much as %d may send, for %s", name, bots, o.Span+leadIn)
	first := int(botRate) * bots // a second's worth at once, so that the bots have something to send from then on
	rate := botRate * offered * float64(bots)
	count := int(rate * (o.Span + leadIn).Seconds())
	hand := func(ctx context.Context, n int) error {
		return seen.hand(ctx, w.api, chats[n%len(chats)], wire.Service)
	}
	if err := pace(ctx, rate*10, first, hand); err != nil {
		return err
	}
	if err := pace(ctx, rate, count, func(ctx context.Context, n int) error { return hand(ctx, first+n) }); err != nil {
		return err
	}
	late := seen.await(ctx, func(arrived int) bool { return arrived >= seen.handed })
	if late != nil && (ctx.Err() != nil || !errors.Is(late, context.DeadlineExceeded)) {
		return late
	}
	report.add(name+"_per_second", seen.rate(leadIn, o.Span), "1/s", bar)
	report.add(name+"_refused", float64(seen.refused()), "429s", barRefused)
	report.add(name+"_late", float64(seen.handed-seen.arrived()), "messages", barLate)
	if late != nil {
		return fmt.Errorf("%d of %d messages have not arrived: the machine is too slow for so many, and what comes next would be measured beside them", seen.handed-seen.arrived(), seen.handed)
	}
	return nil
}

// measureSteady times messages of a load that is far from any limit.
func measureSteady(ctx context.Context, o Options, report *Report, w *world) error {
	chats, seen, err := w.limited(ctx, "steady", steadyBots, peoplePerBot)
	if err != nil {
		return err
	}
	o.say("steady: %.0f messages a second for %s", steadyRate, o.Span)
	count := int(steadyRate * o.Span.Seconds())
	err = pace(ctx, steadyRate, count, func(ctx context.Context, n int) error {
		return seen.hand(ctx, w.api, chats[n%len(chats)], wire.Service)
	})
	if err != nil {
		return err
	}
	if err := seen.await(ctx, func(arrived int) bool { return arrived >= seen.handed }); err != nil {
		return err
	}
	report.addBoundLatencies("steady_accept", seen.took, "", barAcceptP99)
	report.addBoundLatencies("steady_accept_to_wire", seen.toWire(), barToWireP50, barToWireP99)
	report.add("steady_refused", float64(seen.refused()), "429s", barRefused)
	return nil
}

// measureCode times codes to people of a bot on which a mailing waits.
func measureCode(ctx context.Context, o Options, report *Report, w *world) error {
	const bulkPeople = 4 * peoplePerBot
	chats, bulk, err := w.limited(ctx, "code", 1, bulkPeople+codePeople)
	if err != nil {
		return err
	}
	to := chats[bulkPeople:]
	o.say("code: handing over bulk messages until %d wait", o.Bulk)
	if err := w.fill(ctx, bulk, chats[:bulkPeople], o.Bulk); err != nil {
		return err
	}
	waiting := bulk.handed - bulk.arrived()
	o.say("code: %d bulk messages wait; sending %.0f codes a second for %s", waiting, codeRate, o.Span)
	codes, err := w.observe(ctx)
	if err != nil {
		return err
	}
	count := max(int(codeRate*o.Span.Seconds()), 1)
	err = pace(ctx, codeRate, count, func(ctx context.Context, n int) error { return codes.hand(ctx, w.api, to[n%len(to)], wire.Code) })
	if err != nil {
		return err
	}
	if err := codes.await(ctx, func(int) bool { return len(codes.toWire()) == codes.handed }); err != nil {
		return err
	}
	report.add("code_bulk_waiting", float64(waiting), "messages", fmt.Sprintf("at least %d", o.Bulk))
	report.addBoundLatencies("code_accept_to_wire", codes.toWire(), "", barCodeP99)
	report.add("code_refused", float64(codes.refused()), "429s", barRefused)
	return nil
}

// fill hands bulk messages over until so many wait, although the bot sends some of them meanwhile.
func (w *world) fill(ctx context.Context, bulk *traffic, chats []chat, waiting int) error {
	const asFastAsTheyAreTaken = 1e6
	for missing := waiting; missing > 0; missing = waiting - (bulk.handed - bulk.arrived()) {
		from := bulk.handed
		err := pace(ctx, asFastAsTheyAreTaken, missing, func(ctx context.Context, n int) error {
			return bulk.hand(ctx, w.api, chats[(from+n)%len(chats)], wire.Bulk)
		})
		if err != nil {
			return err
		}
		if err := bulk.read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// limited makes bots and people under the messenger's limits, and begins to observe.
func (w *world) limited(ctx context.Context, name string, bots, people int) ([]chat, *traffic, error) {
	if err := w.enforce(ctx, true); err != nil {
		return nil, nil, err
	}
	chats, err := w.connect(ctx, name, bots, people)
	if err != nil {
		return nil, nil, err
	}
	seen, err := w.observe(ctx)
	return chats, seen, err
}
