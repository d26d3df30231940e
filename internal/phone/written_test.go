package phone

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, e164 string
		like       bool
	}{
		{" +380 (50) 123-45-67 ", "+380501234567", true},
		{"00380501234567", "+380501234567", true},
		{"+1 650 253 0000", "+16502530000", true}, // nobody can tell mobile phones there from others
		{"380501234567", "", true},                // it may be a national form of somewhere else
		{"050 123 45 67", "", true},
		{"+380", "", false},
		{"+380 44 123 45 67", "", true}, // of a fixed line
		{"+44 909 879 0000", "", true},  // whose calls cost extra
		{"+88812345678", "", true},      // of the messenger's own
		{"+99999999999", "", true},
		{"1234-5678", "", false}, // a code
		{"12345678", "", false},
		{"my phone is +380501234567", "", false},
		{"+380501234567 and +380671112233", "", false},
		{"٠٥٠١٢٣٤٥٦٧", "", false},
		{"", "", false},
		{"+00380501234567", "", true},
		{"123456789012345678", "", false},
	} {
		e164, like := Written(c.text)
		require.Equal(t, c.e164, e164, c.text)
		require.Equal(t, c.like, like, c.text)
	}
}

func FuzzWritten(f *testing.F) {
	for _, seed := range []string{"+380501234567", "00380501234567", "12345678", "+", "00", "((((((((((((+1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e164, like := Written(text)
		require.True(t, like || e164 == "")
		if e164 != "" {
			again, err := Parse(e164, "")
			require.NoError(t, err)
			require.Equal(t, e164, again)
		}
	})
}
