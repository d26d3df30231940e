package dsl

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"Hello, World!", []string{"hello", "world"}},
		{"п’ять п'ять пʼять", []string{"п'ять", "п'ять", "п'ять"}},
		{"'quoted' and rock'n'roll'", []string{"quoted", "and", "rock'n'roll"}},
		{"5'4", []string{"5", "4"}},
		{"e-mail me@acme.example", []string{"e", "mail", "me", "acme", "example"}},
		{"Їжак ЇЖАК їжак", []string{"їжак", "їжак", "їжак"}},
		{"за́мок замо́к", []string{"замок", "замок"}},
		{"Straße ΣΊΣΥΦΟΣ İstanbul", []string{"strasse", "σίσυφοσ", "istanbul"}},
		{"价格 是100元", []string{"价", "格", "是", "100", "元"}},
		{"ราคา", []string{"ร", "า", "ค", "า"}},
		{"कीमत", []string{"कीमत"}},
		{"👍🏽 ❤️ C++ 5$", []string{"👍", "❤", "c", "+", "+", "5", "$"}},
		{"soft\u00adhyphen zero\u200bwidth", []string{"softhyphen", "zerowidth"}},
		{"\xff broken \xc3", []string{"broken"}},
	} {
		got := wordsOf(test.text)
		if len(got) == 0 {
			got = nil
		}
		require.Equal(t, test.want, got, "%q", test.text)
	}
}

// TestWordsOfWordsAreThemselves is what makes a phrase of a rule and a text comparable.
func TestWordsOfWordsAreThemselves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := wordsOf(rapid.String().Draw(t, "text"))
		require.Equal(t, words, wordsOf(strings.Join(words, " ")))
		for _, w := range words {
			require.NotEmpty(t, w)
		}
	})
}

// TestALongTextHasWhatAShortOneHas holds the set of long texts against going through the words.
func TestALongTextHasWhatAShortOneHas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 60).Draw(t, "text")
		phrase := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 1, 4).Draw(t, "phrase")
		var text cutText
		text.cut(strings.Join(letters, " "))
		want := strings.Contains(" "+strings.Join(letters, " ")+" ", " "+strings.Join(phrase, " ")+" ")
		require.Equal(t, want, text.has(phrase))
	})
}

// TestWordsWithinTheirErrorsShareAVariant is what the index of like rests on.
func TestWordsWithinTheirErrorsShareAVariant(t *testing.T) {
	t.Parallel()
	near := 0
	rapid.Check(t, func(t *rapid.T) {
		letter := rapid.SampledFrom([]rune("abcде"))
		word := rapid.SliceOfN(letter, 4, 14).Draw(t, "word")
		meant := likeWords(string(word))[0]
		other := slices.Clone(word)
		for range rapid.IntRange(0, 3).Draw(t, "edits") {
			i := rapid.IntRange(0, len(other)-1).Draw(t, "place")
			switch rapid.IntRange(0, 3).Draw(t, "edit") {
			case 0:
				other[i] = letter.Draw(t, "wrong")
			case 1:
				other = slices.Insert(other, i, letter.Draw(t, "more"))
			case 2:
				if len(other) > 1 {
					other = slices.Delete(other, i, i+1)
				}
			default:
				if i > 0 {
					other[i-1], other[i] = other[i], other[i-1]
				}
			}
		}
		if !meant.matches([]byte(string(other))) {
			return
		}
		near++
		keys := likeKeys(meant)
		shared := false
		variants(other, meant.errors, func(variant []byte) {
			shared = shared || slices.Contains(keys, fact{kind: keyLike, text: string(variant), number: int64(meant.errors)})
		})
		require.True(t, shared, "%s and %s", string(word), string(other))
	})
	require.Greater(t, near, 10, "the words are too far from one another to show anything")
}

func TestTypos(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"abcd", "abcd", 0},
		{"abcd", "abdc", 1},
		{"abcd", "acd", 1},
		{"abcd", "abxcd", 1},
		{"abcd", "xbcd", 1},
		{"abcd", "badc", 2},
		{"ca", "abc", 3},
		{"доставка", "достаква", 1},
	} {
		require.Equal(t, test.want, typos([]rune(test.a), []rune(test.b), 5), "%s %s", test.a, test.b)
		require.Equal(t, test.want, typos([]rune(test.b), []rune(test.a), 5), "%s %s", test.b, test.a)
	}
	require.Greater(t, typos([]rune("abcdefgh"), []rune("hgfedcba"), 2), 2)
}
