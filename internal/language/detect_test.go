package language

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestShareOfChatSentences measures how many sentences are found to be in their language. Those in fresh.txt were written
// after the lists of words, and the lists were not changed for them: they show best what to expect.
func TestShareOfChatSentences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file         string
		right, wrong int // per cent, at least and at most; the others are not known
	}{
		{"seen.txt", 98, 1},
		{"unseen.txt", 97, 2},
		{"fresh.txt", 85, 7},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			f, err := os.Open("testdata/" + c.file)
			require.NoError(t, err)
			defer f.Close()
			right, wrong, all := 0, 0, 0
			for lines := bufio.NewScanner(f); lines.Scan(); {
				want, sentence, ok := strings.Cut(lines.Text(), "\t")
				if !ok {
					continue
				}
				all++
				got, known := Detect(sentence)
				require.Equal(t, known, got != "")
				switch {
				case got == want:
					right++
				case known:
					wrong++
					t.Logf("%s as %s: %s", want, got, sentence)
				default:
					t.Logf("%s is not known: %s", want, sentence)
				}
			}
			t.Logf("%d of %d right, %d wrong", right, all, wrong)
			require.GreaterOrEqual(t, 100*right, c.right*all)
			require.LessOrEqual(t, 100*wrong, c.wrong*all)
		})
	}
}

func TestWhatTellsNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " \n", "482913", "+380 50 123 45 67", "👋🏽", "@acme_bot /start https://acme.example/prices", "AB12", "?!", "\xff\xfe", "qq"} {
		language, ok := Detect(text)
		require.False(t, ok, "%q as %s", text, language)
		require.Empty(t, language)
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"@the_where_how_bot дякую https://hello.example/where/is/my": "uk",
		"дякую за Hello":          "uk",
		"Hello, привіт, where is": "en",
		"ДЯКУЮ":                   "uk",
		"don’t know":              "en",
		"об'єкт":                  "uk",
		"こんにちは世界中国":               "ja",
	} {
		got, ok := Detect(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
}

func TestProfilesAreWhole(t *testing.T) {
	t.Parallel()
	for script, p := range byScript() {
		require.Contains(t, []string{"Latn", "Cyrl"}, script)
		for i, name := range p.names {
			words, parts := 0, 0
			for _, votes := range p.words {
				for _, v := range votes {
					if v.language == i {
						words++
					}
				}
			}
			for _, votes := range p.parts {
				for _, v := range votes {
					if v.language == i {
						parts++
					}
				}
			}
			require.GreaterOrEqual(t, words, 40, name)
			require.GreaterOrEqual(t, parts, 3, name)
		}
	}
	require.GreaterOrEqual(t, len(byScript()["Latn"].names)+len(byScript()["Cyrl"].names), 33)
}

func FuzzDetect(f *testing.F) {
	for _, text := range []string{"Добрий день", "hello", "สวัสดี", strings.Repeat("a", 5000), strings.Repeat("і ", 5000), "\xd0", "'’ʼ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		language, ok := Detect(text)
		require.Equal(t, ok, language != "")
		require.LessOrEqual(t, len(language), 3)
	})
}

func BenchmarkDetect(b *testing.B) {
	for name, text := range map[string]string{
		"sentence": "Добрий день, підкажіть, будь ласка, де мій пакунок?",
		"long":     strings.Repeat("Добрий день, підкажіть, будь ласка, де мій пакунок? ", 80),
		"no blank": strings.Repeat("荷", 4096),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Detect(text)
			}
		})
	}
}
