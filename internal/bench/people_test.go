package bench

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/postgres/crowd"
)

func TestPeopleOptions(t *testing.T) {
	t.Parallel()
	o := PeopleOptions{Program: "herald"}.withDefaults()
	require.NoError(t, o.validate())
	require.Equal(t, []int{1_000_000, 10_000, 1000, 300, 100_000, 200}, []int{o.People, o.Few, o.Probes, o.Due, o.Imported, o.Polled})
	require.True(t, o.wants(Resolve) && o.wants(Sweep), "all parts, unless some are named")
	o.Only = []Part{Sweep}
	require.True(t, o.wants(Sweep))
	require.False(t, o.wants(Resolve))

	err := PeopleOptions{People: 100, Few: -1, Probes: MaxProbes + 1, Due: 101, Imported: MaxImported + 1, Polled: MaxPolled + 1, Only: []Part{Steady}}.validate()
	for _, fault := range []string{"which program", "few people", "probes", "those who are due", "imported people", "polled bots", `no part "steady"`} {
		require.ErrorContains(t, err, fault)
	}
}

func TestResolvedFigures(t *testing.T) {
	t.Parallel()
	times := map[string]found{}
	for _, way := range ways() {
		times[way.name] = found{
			few:  []time.Duration{time.Millisecond, 2 * time.Millisecond, 9 * time.Millisecond},
			many: []time.Duration{3 * time.Millisecond, 3 * time.Millisecond, 4 * time.Millisecond},
		}
	}
	var r Report
	r.addResolved(PeopleOptions{People: 20, Few: 10}, times)
	var out strings.Builder
	require.NoError(t, r.WriteLines(&out))
	require.Contains(t, out.String(), `resolve_phone_p50 3 ms
resolve_phone_p99 4 ms
# the bar of resolve_phone_p99: under 2
resolve_phone_few_p50 2 ms
resolve_phone_few_p99 9 ms
resolve_phone_ratio 1.5 times
# the bar of resolve_phone_ratio: at most 1.5
`)
	for _, way := range []string{"username", "id", "external_id"} {
		require.Contains(t, out.String(), "resolve_"+way+"_ratio 1.5 times\n")
	}
	require.Zero(t, found{}.ratio(), "of nothing")
}

func TestSweptFigures(t *testing.T) {
	t.Parallel()
	var r Report
	r.addSwept(PeopleOptions{People: 20, Due: 3}, crowd.Swept{Due: 3, Rows: 20, Blocks: 7, Took: 1500 * time.Microsecond})
	var out strings.Builder
	require.NoError(t, r.WriteLines(&out))
	require.Equal(t, `sweep_people 20 people
sweep_due 3 people
sweep_rows_read 20 rows of people
# the bar of sweep_rows_read: 3
sweep_blocks_read 7 blocks of 8 KB
sweep_time 1.5 ms
`, out.String())
}

func TestImportedFigures(t *testing.T) {
	t.Parallel()
	var r Report
	r.addImported(imported{people: 10, before: 5e6, highest: 8e6}, imported{people: 100, took: 4 * time.Second, before: 7e6, highest: 9e6})
	var out strings.Builder
	require.NoError(t, r.WriteLines(&out))
	require.Equal(t, `import_people 100 people
import_time 4 s
# the bar of import_time: under 60
import_per_second 25 people/s
import_memory_growth 2 MB
# the bar of import_memory_growth: under 100
import_part_people 10 people
import_part_memory_growth 3 MB
`, out.String())
}

func TestPolledFigures(t *testing.T) {
	t.Parallel()
	var r Report
	r.addPolled(PeopleOptions{Polled: 3}, memory{RootRSS: 1e6, PSS: 3e6}, memory{RootRSS: 3e6, PSS: 7e6})
	var out strings.Builder
	require.NoError(t, r.WriteLines(&out))
	require.Equal(t, `polled_bots 3 bots
polled_none_rss 1 MB
polled_rss 3 MB
polled_rss_growth 2 MB
# the bar of polled_rss_growth: under 200
polled_pss_growth_of_all 4 MB
`, out.String())
}

func TestAWatchKnowsTheHighest(t *testing.T) {
	t.Parallel()
	w, err := watch(os.Getpid())
	require.NoError(t, err)
	before, highest, err := w.stop(nil)
	require.NoError(t, err)
	require.Positive(t, before)
	require.GreaterOrEqual(t, highest, before)
	_, _, err = (&watcher{ended: make(chan struct{}), err: os.ErrNotExist}).stop(os.ErrClosed)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorIs(t, err, os.ErrClosed)
	_, err = watch(-1)
	require.ErrorContains(t, err, "process -1")
}

// What an import is given must be what the reader of such files takes.
func TestAFileOfPeople(t *testing.T) {
	t.Parallel()
	file, err := crowdFile(filepath.Join(t.TempDir(), "people.csv"), 3)
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 4, "the names of the columns, and the people")
	require.Equal(t, []string{"platform_id", "external_id", "username"}, rows[0][:3])
	require.Equal(t, []string{"1000000002", "customer-2", "person_0000002"}, rows[3][:3])
}
