package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBenchPeople plays all parts of the bench in small: what it counts must be right, whatever the machine is like.
func TestBenchPeople(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	file := filepath.Join(t.TempDir(), "people.json")
	out, err := run(ctx, environment(), "", "bench", "people", "--people", "2000", "--few", "200", "--probes", "20", "--due", "30",
		"--imported", "500", "--polled", "5", "--json", file)
	require.NoError(t, err)
	require.Zero(t, out.code, out.stderr)
	require.Contains(t, out.stdout, "sweep_rows_read 30 rows of people\n# the bar of sweep_rows_read: 30\n")
	require.Contains(t, out.stderr, "walking over 30 of 2000 people who are due\n", "progress stays away from the figures")

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var report struct {
		Figures []struct {
			Name  string
			Value float64
		}
	}
	require.NoError(t, json.Unmarshal(text, &report))
	figures := map[string]float64{}
	for _, f := range report.Figures {
		figures[f.Name] = f.Value
	}
	for name, want := range map[string]float64{"sweep_due": 30, "resolve_people": 2000, "resolve_few": 200, "import_people": 500, "polled_bots": 5} {
		require.InDelta(t, want, figures[name], 0, name)
	}
	for _, name := range []string{
		"sweep_blocks_read", "sweep_time", "resolve_phone_p50", "resolve_username_p99", "resolve_id_ratio", "resolve_external_id_few_p50",
		"import_time", "import_per_second", "polled_rss",
	} {
		require.Positive(t, figures[name], name)
	}
}
