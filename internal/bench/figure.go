package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"herald/internal/bench/figure"
)

// Figure is one measured value.
type Figure = figure.Figure

// Report is all figures of a run, and what they depend on.
type Report struct {
	At         time.Time `json:"at"`
	Processors int       `json:"processors"`
	Callers    int       `json:"callers"`
	Rounds     int       `json:"rounds"`
	Figures    []Figure  `json:"figures"`
}

func (r *Report) add(name string, value float64, unit, bar string) {
	r.Figures = append(r.Figures, figure.New(name, value, unit, bar))
}

// addLatencies adds the median and the 99th percentile in milliseconds.
func (r *Report) addLatencies(name string, latencies []time.Duration) {
	r.addBoundLatencies(name, latencies, "", "")
}

// addBoundLatencies also says what they should be.
func (r *Report) addBoundLatencies(name string, latencies []time.Duration, barP50, barP99 string) {
	for _, q := range []struct {
		suffix string
		part   float64
		bar    string
	}{{"_p50", 0.50, barP50}, {"_p99", 0.99, barP99}} {
		r.add(name+q.suffix, float64(quantile(latencies, q.part))/float64(time.Millisecond), "ms", q.bar)
	}
}

// WriteLines writes a line "name value unit" for each figure, with its bar behind.
func (r Report) WriteLines(w io.Writer) error { return figure.WriteLines(w, r.Figures) }

// WriteFile writes the report as JSON.
func (r Report) WriteFile(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode figures: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// median returns the middle value, or the mean of the two in the middle; 0 of nothing.
func median(values []float64) float64 { return figure.Median(values) }

// quantile returns the smallest value that at least the given part of all values do not exceed; 0 of nothing.
func quantile(values []time.Duration, part float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(part*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// ratios divides the rates of the same round.
func ratios(numerators, denominators []float64) []float64 {
	var out []float64
	for i := range min(len(numerators), len(denominators)) {
		if denominators[i] > 0 {
			out = append(out, numerators[i]/denominators[i])
		}
	}
	return out
}
