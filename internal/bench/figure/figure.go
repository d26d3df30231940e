// Package figure holds measured values and writes them, one to a line, so that every benchmark prints alike.
package figure

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// Figure is one measured value.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Bar   string  `json:"bar,omitempty"` // what it should be, such as "under 20"
}

// New makes a figure of four digits of what was measured, the rest is noise, and of all of what was counted.
func New(name string, value float64, unit, bar string) Figure {
	return Figure{Name: name, Value: rounded(value), Unit: unit, Bar: bar}
}

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
func WriteLines(w io.Writer, figures []Figure) error {
	for _, f := range figures {
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

// Median returns the middle value, or the mean of the two in the middle; 0 of nothing.
func Median(values []float64) float64 {
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
