package phone_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, region, want string }{
		{"takes E.164", "+380501234567", "", "+380501234567"},
		{"takes spaces, brackets and dashes", "+380 (50) 123-45-67", "", "+380501234567"},
		{"takes an international number without its plus", "380501234567", "", "+380501234567"},
		{"takes a national form where a region is known", "050 123 45 67", "UA", "+380501234567"},
		{"refuses a national form without a region", "0501234567", "", ""},
		{"refuses a number that no plan has", "+380123", "", ""},
		{"refuses a country that does not exist", "+999501234567", "", ""},
		{"refuses letters", "+1800FLOWERS", "", ""},
		{"refuses an empty text", " ", "", ""},
		{"refuses a text that is far too long", "+3805012345671234567890123456789012345678901", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := phone.Parse(c.text, c.region)
			if c.want == "" {
				require.ErrorIs(t, err, phone.ErrInvalid)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestParseTellsAnonymousNumbersFromOthers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"+88812345678", "888 1234 5678", "+888 (12) 34-56-78"} {
		_, err := phone.Parse(text, "UA")
		require.ErrorIs(t, err, phone.ErrAnonymous, text)
		require.ErrorIs(t, err, phone.ErrInvalid, text)
	}
	_, err := phone.Parse("+380123", "")
	require.NotErrorIs(t, err, phone.ErrAnonymous)
	e164, err := phone.Parse("888-382-5633", "US")
	require.NoError(t, err, "in its own country it is a number like others")
	require.Equal(t, "+18883825633", e164)
}

func TestFromContact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, want string
		err              error
	}{
		{"takes what a client sends with a plus", "+380501234567", "+380501234567", nil},
		{"takes what a client sends without", "380501234567", "+380501234567", nil},
		{"refuses an anonymous number", "+88812345678", "", phone.ErrAnonymous},
		{"refuses an anonymous number without a plus", "88812345678", "", phone.ErrAnonymous},
		{"refuses a national form", "0501234567", "", phone.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := phone.FromContact(c.text)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, got)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"+380501234567", "(050) 1", "+", "++1", "٠٥٠", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e164, err := phone.Parse(text, "")
		if err != nil {
			return
		}
		again, err := phone.Parse(e164, "")
		require.NoError(t, err, "what Parse returns is a phone")
		require.Equal(t, e164, again)
	})
}
