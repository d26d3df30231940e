package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"time"
)

// Figure is one measured value.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Bar   string  `json:"bar,omitempty"` // what it should be, such as "under 20"
}

// Report is all figures of a run, and what they depend on.
type Report struct {
	At         time.Time `json:"at"`
	Processors int       `json:"processors"`
	Callers    int       `json:"callers"`
	Rounds     int       `json:"rounds"`
	Figures    []Figure  `json:"figures"`
}

func (r *Report) add(name string, value float64, unit, bar string) {
	r.Figures = append(r.Figures, Figure{Name: name, Value: rounded(value), Unit: unit, Bar: bar})
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

// rounded keeps four digits of what was measured, the rest is noise, and all of what was counted.
func rounded(value float64) float64 {
	if value == math.Trunc(value) {
		return value
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', 4, 64), 64)
	if err != nil {
		return value
	}
	return short
}

// WriteLines writes a line "name value unit" for each figure, with its bar behind.
func (r Report) WriteLines(w io.Writer) error {
	for _, f := range r.Figures {
		line := fmt.Sprintf("%s %s %s", f.Name, strconv.FormatFloat(f.Value, 'f', -1, 64), f.Unit)
		if f.Bar != "" {
			line += "\n# the bar of " + f.Name + ": " + f.Bar
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return fmt.Errorf("write figures: %w", err)
		}
	}
	return nil
}

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
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	switch n := len(sorted); {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	default:
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
}

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
