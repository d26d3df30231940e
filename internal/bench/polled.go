package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"herald/client/wire"
)

// barPolled is how much more memory the process may take that polls all bots.
const barPolled = "under 200"

const polledRests = 5 * time.Second // before memory is looked at

// measurePolled looks at the memory of a Herald without bots, and then with many that it polls. That each is polled is known when a
// person who started it is its subscriber.
func measurePolled(ctx context.Context, o PeopleOptions, report *Report, folder string) error {
	o.say("starting a Herald")
	running, err := start(ctx, o.Program, filepath.Join(folder, "polled"))
	if err != nil {
		return err
	}
	defer running.stop() // a second stop does nothing
	w, err := newWorld(Options{Callers: preparers}, running.found)
	if err != nil {
		return err
	}
	none, err := rested(ctx, running.PID())
	if err != nil {
		return err
	}
	o.say("adding %d bots", o.Polled)
	if _, err := w.connect(ctx, "polled", o.Polled, 1); err != nil {
		return err
	}
	polled := 0
	for bot, err := range w.api.Bots(ctx) {
		if err != nil {
			return err
		}
		if bot.Intake == wire.Polling {
			polled++
		}
	}
	if polled != o.Polled {
		return fmt.Errorf("%d bots are polled, not %d", polled, o.Polled)
	}
	all, err := rested(ctx, running.PID())
	if err != nil {
		return err
	}
	report.addPolled(o, none, all)
	return running.stop()
}

// rested is the memory of a Herald that had nothing to do for a while.
func rested(ctx context.Context, pid int) (memory, error) {
	if err := rest(ctx, polledRests); err != nil {
		return memory{}, err
	}
	return treeMemory("/proc", pid)
}

func (r *Report) addPolled(o PeopleOptions, none, all memory) {
	r.add("polled_bots", float64(o.Polled), "bots", "")
	r.add("polled_none_rss", megabytes(none.RootRSS), "MB", "")
	r.add("polled_rss", megabytes(all.RootRSS), "MB", "")
	r.add("polled_rss_growth", megabytes(all.RootRSS-none.RootRSS), "MB", barPolled)
	r.add("polled_pss_growth_of_all", megabytes(all.PSS-none.PSS), "MB", "")
}
