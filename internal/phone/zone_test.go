package phone

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestZone(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"+380501234567": "Europe/Kyiv", "+4915112345678": "Europe/Berlin", "+12025550123": "America/New_York",
		"+447400123456": "Europe/London", // three zones, one clock
	} {
		zone, ok := Zone(number, 2026)
		require.True(t, ok, number)
		require.Equal(t, want, zone.String())
	}
	for name, number := range map[string]string{
		"two clocks: Lisbon and the Azores": "+351912345678", "all of North America": "+18005550123", "nowhere": "+88812345678", "no number": "", "words": "anna",
	} {
		_, ok := Zone(number, 2026)
		require.False(t, ok, name)
	}
}
