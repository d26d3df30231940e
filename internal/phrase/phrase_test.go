package phrase

import (
	"regexp"
	"slices"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

// Every text is there in every language, with the same placeholders.
func TestTheCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	holes := regexp.MustCompile(`\{[a-z]+\}`)
	require.GreaterOrEqual(t, len(Choices()), 5)
	for key, texts := range known.Phrases {
		wanted := holes.FindAllString(texts[fallback], -1)
		slices.Sort(wanted)
		for _, c := range Choices() {
			require.NotEmpty(t, texts[c.Tag], "%s in %s", key, c.Tag)
			found := holes.FindAllString(texts[c.Tag], -1)
			slices.Sort(found)
			require.Equal(t, wanted, found, "%s in %s", key, c.Tag)
		}
		require.Len(t, texts, len(Choices()), key)
	}
}

// Whoever gets a code, or is asked for one, is told that it is none of Telegram's.
func TestCodesAreNotTakenForTelegrams(t *testing.T) {
	t.Parallel()
	for _, key := range []Key{AskContact, AskSMS, SMSCode, Remind, RemindSMS, ReconfirmContact, ReconfirmSMS, PhoneLapsed, PhoneType, ClaimSMS} {
		for _, c := range Choices() {
			require.Contains(t, In(c.Tag, key), "Telegram", "%s in %s", key, c.Tag)
			require.NotRegexp(t, `\d{5}`, In(c.Tag, key))
		}
	}
}

// The answer to a pressed button is cut off at 200 characters by the messenger.
func TestTheNoticeFitsIntoTheAnswerToAButton(t *testing.T) {
	t.Parallel()
	for _, c := range Choices() {
		require.LessOrEqual(t, len(utf16.Encode([]rune(In(c.Tag, Forgotten)))), 200, c.Tag)
	}
}

func TestIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tag, want string }{
		{"uk", "Поділитися телефоном"},
		{"pl-PL", "Udostępnij telefon"},
		{"de_AT", "Telefonnummer teilen"},
		{"", "Share my phone"},
		{"tlh", "Share my phone"},
		{"EN-gb", "Share my phone"},
	} {
		require.Equal(t, c.want, In(c.tag, ShareButton), c.tag)
	}
	require.Contains(t, In("en", SMSCode, "bot", "acme_bot", "code", "1234-5678"), "1234-5678 confirms your phone to the bot @acme_bot.")
}
