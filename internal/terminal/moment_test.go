package terminal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/terminal"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for want, span := range map[string]time.Duration{
		"0s":     0,
		"250µs":  250 * time.Microsecond,
		"7ms":    7*time.Millisecond + 300*time.Microsecond,
		"-7ms":   -7 * time.Millisecond,
		"1.25s":  1250 * time.Millisecond,
		"10s":    10 * time.Second,
		"3m20s":  200 * time.Second,
		"3m":     3 * time.Minute,
		"10m":    10 * time.Minute,
		"4h10m":  4*time.Hour + 10*time.Minute + 5*time.Second,
		"24h":    24 * time.Hour,
		"10h20m": 10*time.Hour + 20*time.Minute,
	} {
		require.Equal(t, want, terminal.Span(span), span)
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 30, 0, 186_500_000, time.UTC)
	zone := time.FixedZone("east", 2*60*60)
	require.Equal(t, "2026-03-01 11:30:00", terminal.Moment(at, zone))
	require.Empty(t, terminal.Moment(time.Time{}, zone))
	require.Equal(t, "11:30:00.186", terminal.Clock(at, zone))
}

func TestQR(t *testing.T) {
	t.Parallel()
	one, err := terminal.QR("https://t.me/acme_bot?start=shop7")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimRight(one, "\n"), "\n")
	for _, line := range lines {
		require.Equal(t, terminal.Width(lines[0]), terminal.Width(line), "all lines are as wide as the first")
	}
	require.InDelta(t, terminal.Width(lines[0]), 2*len(lines), 1, "half blocks make it square")

	other, err := terminal.QR("https://t.me/acme_bot?start=shop8")
	require.NoError(t, err)
	require.NotEqual(t, one, other)

	_, err = terminal.QR(strings.Repeat("x", 4000))
	require.ErrorContains(t, err, "draw QR code")
}
