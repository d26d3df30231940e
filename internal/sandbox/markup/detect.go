package markup

import (
	"regexp"
	"sort"
	"strings"
	"unicode"

	"herald/internal/sandbox/wire"
)

// finder finds one kind of entity. The first group of the pattern, when there is one, is the entity itself.
type finder struct {
	kind    string
	pattern *regexp.Regexp
	hint    string // bytes of which at least one must occur: the expression is not run on texts without it
	accept  func(text string, start, end int) bool
}

// finders are tried in this order; where two overlap, the earlier one wins.
func finders() []finder {
	return []finder{
		{"url", urlPattern, ".:", wordStart},
		{"email", emailPattern, "@", wordStart},
		{"mention", mentionPattern, "@", wordStart},
		{"bot_command", commandPattern, "/", commandEdges},
		{"hashtag", hashtagPattern, "#", wordStart},
		{"cashtag", cashtagPattern, "$", wordStart},
		{"phone_number", phonePattern, "+", wordStart},
	}
}

var (
	urlPattern = regexp.MustCompile(`(?i)(?:https?|tg|ftp)://[^\s<>"«»]+[^\s<>"«».,:;!?'\)\]]` +
		`|(?:[a-z0-9](?:[a-z0-9-]{0,62}\.)+)(?:com|org|net|io|me|dev|app|ua|ru|de|uk|fr|pl|info|biz|eu|example)\b(?::\d{1,5})?(?:/[^\s<>"«»]*[^\s<>"«».,:;!?'\)\]])?`)
	emailPattern   = regexp.MustCompile(`[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}`)
	mentionPattern = regexp.MustCompile(`@[A-Za-z][A-Za-z0-9_]{2,31}`)
	commandPattern = regexp.MustCompile(`/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?`)
	hashtagPattern = regexp.MustCompile(`#[\pL\pN_]*[\pL_][\pL\pN_]*`)
	cashtagPattern = regexp.MustCompile(`\$[A-Z]{1,8}\b`)
	phonePattern   = regexp.MustCompile(`\+\d[\d() -]{5,20}\d`)
)

// Detect returns the entities that a client marks by itself, ordered by offset. taken are entities that stand already
// and are not crossed.
func Detect(text string, taken []wire.Entity) []wire.Entity {
	if !strings.ContainsAny(text, "./:@#$+") {
		return nil
	}
	var spans [][2]int // bytes
	for _, e := range taken {
		start := byteOffset(text, e.Offset)
		spans = append(spans, [2]int{start, byteOffset(text, e.Offset+e.Length)})
	}
	var out []wire.Entity
	for _, f := range finders() {
		if !strings.ContainsAny(text, f.hint) {
			continue
		}
		for _, m := range f.pattern.FindAllStringIndex(text, maxEntities) {
			start, end := m[0], m[1]
			if f.accept(text, start, end) && !overlaps(spans, start, end) {
				spans = append(spans, [2]int{start, end})
				out = append(out, wire.Entity{Type: f.kind, Offset: Len16(text[:start]), Length: Len16(text[start:end])})
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Offset < out[j].Offset })
	return out[:min(len(out), maxEntities)]
}

// maxEntities is how many entities one message can carry; Telegram drops the rest.
const maxEntities = 100

// wordStart accepts what does not continue a word.
func wordStart(text string, start, _ int) bool {
	r := lastRune(text, start)
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '@' && r != '/'
}

// commandEdges accepts a command that stands alone: not the tail of a path or a tag, not the head of a longer word.
func commandEdges(text string, start, end int) bool {
	before := lastRune(text, start)
	if unicode.IsLetter(before) || unicode.IsDigit(before) || strings.ContainsRune("_/<>@#", before) {
		return false
	}
	for _, r := range text[end:] {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '/' && r != '@' && r != '>'
	}
	return true
}

func overlaps(spans [][2]int, start, end int) bool {
	for _, s := range spans {
		if start < s[1] && s[0] < end {
			return true
		}
	}
	return false
}

// byteOffset is the byte at which code unit offset of s begins.
func byteOffset(s string, offset int) int {
	at := 0
	for i, r := range s {
		if at >= offset {
			return i
		}
		at += width16(r)
	}
	return len(s)
}
