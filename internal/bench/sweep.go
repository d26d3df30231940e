package bench

import (
	"context"
	"fmt"
	"time"

	"herald/internal/postgres/crowd"
)

// measureSweep walks over those who are due. It comes before all that reads people by other ways: the database counts for all
// of its sessions.
func measureSweep(ctx context.Context, o PeopleOptions, report *Report, many *crowd.Base) error {
	o.say("walking over %d of %d people who are due", o.Due, o.People)
	swept, err := many.Sweep(ctx)
	if err != nil {
		return err
	}
	if swept.Due != o.Due {
		return fmt.Errorf("%d people were found who are due, not %d", swept.Due, o.Due)
	}
	report.addSwept(o, swept)
	return nil
}

func (r *Report) addSwept(o PeopleOptions, s crowd.Swept) {
	r.add("sweep_people", float64(o.People), "people", "")
	r.add("sweep_due", float64(s.Due), "people", "")
	r.add("sweep_rows_read", float64(s.Rows), "rows of people", fmt.Sprint(o.Due))
	r.add("sweep_blocks_read", float64(s.Blocks), "blocks of 8 KB", "")
	r.add("sweep_time", float64(s.Took)/float64(time.Millisecond), "ms", "")
}
