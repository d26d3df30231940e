package language

import (
	"strings"
	"unicode"
)

// Bounds of what is looked at: the begin of a text tells.
const (
	maxLetters = 600
	maxWords   = 120
	maxWord    = 40 // characters; a longer one is no word
)

// leastLead is by how much the best language must lead, or the text could as well be in the next one.
const leastLead = 0.15

// scripts are those that tell a group of languages, or one.
var scripts = []struct {
	table *unicode.RangeTable
	name  string // of the profiles, or the language itself
}{
	{unicode.Latin, "Latn"},
	{unicode.Cyrillic, "Cyrl"},
	{unicode.Greek, "el"},
	{unicode.Hebrew, "he"},
	{unicode.Arabic, "Arab"},
	{unicode.Georgian, "ka"},
	{unicode.Armenian, "hy"},
	{unicode.Thai, "th"},
	{unicode.Hangul, "ko"},
	{unicode.Hiragana, "ja"},
	{unicode.Katakana, "ja"},
	{unicode.Han, "zh"},
	{unicode.Devanagari, "hi"},
	{unicode.Bengali, "bn"},
	{unicode.Tamil, "ta"},
	{unicode.Telugu, "te"},
	{unicode.Gujarati, "gu"},
	{unicode.Gurmukhi, "pa"},
	{unicode.Malayalam, "ml"},
	{unicode.Kannada, "kn"},
	{unicode.Khmer, "km"},
	{unicode.Lao, "lo"},
	{unicode.Myanmar, "my"},
	{unicode.Sinhala, "si"},
	{unicode.Ethiopic, "am"},
}

// Detect returns the language of a text as a BCP 47 tag. It is not ok if the text has no words, or if they tell nothing.
// Links, @names and words with digits are left out.
func Detect(text string) (language string, ok bool) {
	words := wordsOf(text)
	script := scriptOf(words)
	switch script {
	case "":
		return "", false
	case "Arab":
		return arabic(words), true
	case "Latn", "Cyrl":
		return byScript()[script].best(words)
	default:
		return script, true
	}
}

// wordsOf cuts a text into words of letters, in small letters.
func wordsOf(text string) []string {
	var words []string
	letters := 0
	for rest := text; rest != "" && len(words) < maxWords && letters < maxLetters; {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		end := strings.IndexFunc(rest, unicode.IsSpace)
		if end < 0 {
			end = len(rest)
		}
		field := rest[:end]
		rest = rest[end:]
		if len(field) > 10*maxWord {
			field = field[:10*maxWord] // scripts without blanks; the rest of a rune at the cut is no letter
		}
		if strings.Contains(field, "://") || strings.ContainsAny(field, "@_{}<>") || strings.HasPrefix(field, "/") {
			continue
		}
		for _, word := range strings.FieldsFunc(field, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !apostrophe(r)
		}) {
			word = strings.ToLower(strings.Map(plain, strings.TrimFunc(word, apostrophe)))
			if word == "" || strings.IndexFunc(word, unicode.IsDigit) >= 0 {
				continue
			}
			letters += len(word)
			words = append(words, word)
		}
	}
	return words
}

func apostrophe(r rune) bool { return strings.ContainsRune("'’ʼʻ`‘", r) }

// plain makes one apostrophe of all.
func plain(r rune) rune {
	if apostrophe(r) {
		return '\''
	}
	return r
}

// scriptOf returns the script of most letters; kana decide for Japanese, which is written with Han too.
func scriptOf(words []string) string {
	counts := map[string]int{}
	for _, word := range words {
		for _, r := range word {
			for _, s := range scripts {
				if unicode.Is(s.table, r) {
					counts[s.name]++
					break
				}
			}
		}
	}
	if counts["ja"] > 0 {
		counts["ja"] += counts["zh"]
	}
	best := ""
	for _, s := range scripts {
		if counts[s.name] > counts[best] {
			best = s.name
		}
	}
	return best
}

// arabic tells the languages of the Arabic script by letters that only some have.
func arabic(words []string) string {
	text := strings.Join(words, " ")
	switch {
	case strings.ContainsAny(text, "ٹڈڑںےھ"):
		return "ur"
	case strings.ContainsAny(text, "پچژگکی"):
		return "fa"
	default:
		return "ar"
	}
}

// best counts what the words say for each language.
func (p *profiles) best(words []string) (string, bool) {
	scores := make([]float64, len(p.names))
	for _, word := range words {
		p.hear(word, scores)
	}
	first, second := -1, -1
	for i, score := range scores {
		switch {
		case first < 0 || score > scores[first]:
			first, second = i, first
		case second < 0 || score > scores[second]:
			second = i
		}
	}
	if scores[first]-scores[second] < leastLead {
		return "", false
	}
	return p.names[first], true
}

// hear adds what one word says.
func (p *profiles) hear(word string, scores []float64) {
	for _, v := range p.words[word] {
		scores[v.language] += v.weight
	}
	runes := []rune("^" + word + "$")
	if len(runes) > maxWord {
		return
	}
	for i, r := range runes {
		if weights, known := p.letters[r]; known {
			for language, weight := range weights {
				scores[language] += weight
			}
		}
		for end := i + 1; end <= min(i+p.longest, len(runes)); end++ {
			for _, v := range p.parts[string(runes[i:end])] {
				scores[v.language] += v.weight
			}
		}
	}
}
