package gateway_test

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"herald/internal/gateway"
)

func TestSegmentsOfSMS(t *testing.T) {
	t.Parallel()
	const gsm, ucs2 = gateway.SMSGSM, gateway.SMSUCS2
	for _, c := range []struct {
		name, text string
		coding     gateway.SMSCoding
		segments   int
	}{
		{"an empty text", "", gsm, 1},
		{"one letter", "a", gsm, 1},
		{"160 letters", strings.Repeat("a", 160), gsm, 1},
		{"161 letters", strings.Repeat("a", 161), gsm, 2},
		{"twice 153 letters", strings.Repeat("a", 306), gsm, 2},
		{"one more", strings.Repeat("a", 307), gsm, 3},
		{"Greek capitals and accents of the basic table", "ΔΦΓΛΩΠΨΣΘΞ Ç é à ñ ¿", gsm, 1},
		{"line ends", "one\r\ntwo\n", gsm, 1},
		{"80 escaped characters", strings.Repeat("€", 80), gsm, 1},
		{"81 escaped characters", strings.Repeat("€", 81), gsm, 2},
		{"all of the extension table", strings.Repeat("\f^{}\\[~]|€", 8), gsm, 1},
		{"76 escaped characters fill 152 of 153 septets", strings.Repeat("{", 2*76), gsm, 2},
		{"so that one more needs a third segment", strings.Repeat("{", 2*76+1), gsm, 3},
		{"a small cedilla is not in the table, the great one is", "ç", ucs2, 1},
		{"a backtick is not in the table", "`", ucs2, 1},
		{"a tab is not in the table", "\t", ucs2, 1},
		{"the escape character itself is not text", "\x1b", ucs2, 1},
		{"70 Cyrillic letters", strings.Repeat("я", 70), ucs2, 1},
		{"71 Cyrillic letters", strings.Repeat("я", 71), ucs2, 2},
		{"twice 67", strings.Repeat("я", 134), ucs2, 2},
		{"one more", strings.Repeat("я", 135), ucs2, 3},
		{"one foreign letter makes all of it wide", strings.Repeat("a", 70) + "я", ucs2, 2},
		{"35 pairs", strings.Repeat("🙂", 35), ucs2, 1},
		{"36 pairs", strings.Repeat("🙂", 36), ucs2, 2},
		{"33 pairs fill 66 of 67 units", strings.Repeat("🙂", 66), ucs2, 2},
		{"so that one more needs a third segment", strings.Repeat("🙂", 67), ucs2, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			coding, parts := gateway.SplitSMS(c.text)
			require.Equal(t, c.coding, coding)
			require.Len(t, parts, c.segments)
			require.Equal(t, c.segments, gateway.SMSSegments(c.text))
			require.Equal(t, c.text, strings.Join(parts, ""))
		})
	}
}

// septets is GSM 03.38 told a second time, as the set of what the table holds, to judge the first.
func septets(text string) (n int, ok bool) {
	for _, r := range text {
		switch {
		case strings.ContainsRune("\f^{}\\[~]|€", r):
			n += 2
		case r >= ' ' && r <= '_' && !strings.ContainsRune("[\\]^", r), r >= 'a' && r <= 'z',
			strings.ContainsRune("\n\r£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà", r):
			n++
		default:
			return 0, false
		}
	}
	return n, true
}

func TestSplitKeepsTheTextWhole(t *testing.T) {
	t.Parallel()
	alphabets := rapid.SampledFrom([][]rune{
		[]rune("abc de{}€^\n"), []rune("abc я"), []rune("a🙂я"), []rune("{"), []rune("🙂"),
	})
	rapid.Check(t, func(t *rapid.T) {
		letters := alphabets.Draw(t, "alphabet")
		text := string(rapid.SliceOfN(rapid.SampledFrom(letters), 0, 700).Draw(t, "text"))
		if rapid.Bool().Draw(t, "any") {
			text = rapid.String().Draw(t, "anything")
		}
		coding, parts := gateway.SplitSMS(text)
		require.Equal(t, text, strings.Join(parts, ""))

		_, gsm := septets(text)
		require.Equal(t, gsm, coding == gateway.SMSGSM, "the narrow alphabet is taken exactly when it can be")
		room := map[bool]int{true: 160, false: 153}[len(parts) == 1]
		if !gsm {
			room = map[bool]int{true: 70, false: 67}[len(parts) == 1]
		}
		for i, part := range parts {
			require.True(t, utf8.ValidString(part), "part %d ends within a character", i)
			used := len(utf16.Encode([]rune(part)))
			if gsm {
				used, _ = septets(part)
			}
			require.LessOrEqual(t, used, room)
			if i < len(parts)-1 {
				require.GreaterOrEqual(t, used, room-1, "a segment ends early only for a character that takes two")
			}
		}
	})
}

func FuzzSplitSMS(f *testing.F) {
	f.Add("hi")
	f.Add("\xff\xfe{")
	f.Add(strings.Repeat("€", 200))
	f.Fuzz(func(t *testing.T, text string) {
		_, parts := gateway.SplitSMS(text)
		require.NotEmpty(t, parts)
		require.Equal(t, text, strings.Join(parts, ""))
	})
}
