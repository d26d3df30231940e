package phone_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox/phone"
)

func TestSegments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want int
	}{
		{"a", 1},
		{strings.Repeat("a", 160), 1},
		{strings.Repeat("a", 161), 2},
		{strings.Repeat("a", 306), 2},
		{strings.Repeat("a", 307), 3},
		{strings.Repeat("€", 80), 1},
		{strings.Repeat("€", 81), 2},
		{strings.Repeat("я", 70), 1},
		{strings.Repeat("я", 71), 2},
		{strings.Repeat("🙂", 35), 1},
		{strings.Repeat("🙂", 36), 2},
	} {
		require.Equal(t, c.want, phone.Segments(c.text), "%d of %.4s", len([]rune(c.text)), c.text)
	}
}
