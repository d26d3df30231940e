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
		{"takes an international number where a region is known", "+48501234567", "UA", "+48501234567"},
		{"takes one without its plus there", "48501234567", "UA", "+48501234567"},
		{"takes the region's own in any form", "380501234567", "UA", "+380501234567"},
		{"takes one as it is dialled there", "00 48 501 234 567", "UA", "+48501234567"},
		{"takes a mobile number without the region's trunk prefix", "50 123 45 67", "UA", "+380501234567"},
		{"takes a number of a region without such a prefix", "512 345 678", "PL", "+48512345678"},
		{"takes a landline with the prefix", "(044) 279-12-34", "UA", "+380442791234"},
		{"takes digits for a mobile number abroad rather than a landline at home", "46701234560", "DE", "+46701234560"},
		{"takes digits for a number at home rather than a landline abroad", "(201) 555-0123", "US", "+12015550123"},
		{"refuses digits that are a mobile number here and there", "681821230", "UA", ""},
		{"takes them with a plus", "+681821230", "UA", "+681821230"},
		{"takes them with the trunk prefix", "0681821230", "UA", "+380681821230"},
		{"refuses digits that could be a landline if there were a prefix", "5012345678", "DE", ""},
		{"refuses short numbers", "112", "DE", ""},
		{"refuses a region that does not exist", "0501234567", "XX", ""},
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

func TestParseTellsNumbersThatHaveTwoReadings(t *testing.T) {
	t.Parallel()
	_, err := phone.Parse("681821230", "UA")
	var two *phone.AmbiguousError
	require.ErrorAs(t, err, &two)
	require.Equal(t, phone.AmbiguousError{Abroad: "+681821230", Home: "+380681821230"}, *two)
	require.ErrorIs(t, err, phone.ErrInvalid)
	_, err = phone.Parse("681821230", "")
	require.NoError(t, err, "without a region there is one")
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

func TestRegion(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UA", "PL", "US", "GB"} {
		require.True(t, phone.Region(name), name)
	}
	for _, name := range []string{"", "XX", "ua", "UKR", "001", "ZZ"} {
		require.False(t, phone.Region(name), name)
	}
}
