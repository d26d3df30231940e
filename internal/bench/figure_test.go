package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	require.Zero(t, median(nil))
	require.InDelta(t, 3, median([]float64{9, 1, 3}), 0)
	require.InDelta(t, 2.5, median([]float64{4, 1, 2, 3}), 0)
	values := []float64{3, 1, 2}
	median(values)
	require.Equal(t, []float64{3, 1, 2}, values, "the values keep their order")
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i)) // 100 down to 1
	}
	tests := []struct {
		name   string
		values []time.Duration
		part   float64
		want   time.Duration
	}{
		{"of nothing", nil, 0.5, 0},
		{"of one", []time.Duration{7}, 0.99, 7},
		{"half of a hundred", hundred, 0.5, 50},
		{"99 of a hundred", hundred, 0.99, 99},
		{"all of a hundred", hundred, 1, 100},
		{"none of a hundred", hundred, 0, 1},
		{"half of three", []time.Duration{3, 1, 2}, 0.5, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, quantile(test.values, test.part))
		})
	}
}

func TestRatiosPairTheSlicesOfARound(t *testing.T) {
	t.Parallel()
	require.Equal(t, []float64{0.5, 2}, ratios([]float64{50, 200, 7}, []float64{100, 100}))
	require.Equal(t, []float64{2}, ratios([]float64{50, 200}, []float64{0, 100}), "a round without workflows has no ratio")
}

func TestReport(t *testing.T) {
	t.Parallel()
	report := Report{At: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), Processors: 2, Callers: 16, Rounds: 5}
	report.add("ready_empty", 1.98765, "s", "under 20")
	report.add("messages", 12345, "messages", "")
	report.add("ratio", 0.75471, "messages per empty workflow", "")
	report.addLatencies("accept", []time.Duration{time.Millisecond, 2500 * time.Microsecond, 40 * time.Millisecond})

	var lines strings.Builder
	require.NoError(t, report.WriteLines(&lines))
	require.Equal(t, `ready_empty 1.988 s
# the bar of ready_empty: under 20
messages 12345 messages
ratio 0.7547 messages per empty workflow
accept_p50 2.5 ms
accept_p99 40 ms
`, lines.String())

	path := filepath.Join(t.TempDir(), "bench.json")
	require.NoError(t, report.WriteFile(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var read Report
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, report, read)
	require.Error(t, report.WriteFile(filepath.Join(path, "below a file")))
}

func TestOptions(t *testing.T) {
	t.Parallel()
	require.NoError(t, Options{Program: "herald"}.withDefaults().validate())
	err := Options{Callers: -1, Bots: 5000, Idle: -time.Second}.withDefaults().validate()
	require.ErrorContains(t, err, "which program")
	require.ErrorContains(t, err, "the number of callers must be from 1 to 1000, not -1")
	require.ErrorContains(t, err, "the number of bots must be from 1 to 1000, not 5000")
	require.ErrorContains(t, err, "must be positive")
}
