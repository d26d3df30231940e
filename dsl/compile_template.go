package dsl

import (
	"slices"
	"strings"
)

// holedText is a compiled text.
type holedText struct {
	holes   []hole
	literal string // behind the last hole
}

// hole is an expression in a text, and the literal text before it.
type hole struct {
	before string
	value  eval
}

// holed compiles a text.
func (c *compiler) holed(x expressions, text Scalar) holedText {
	pieces, faults := template(text)
	for _, f := range faults {
		c.errorf(text.Place(f.offset), CodeBadTemplate, "%s", f.message)
	}
	var t holedText
	for _, p := range pieces {
		if !p.hole.Known {
			t.literal += p.text
			continue
		}
		if e, _, ok := x.once(p.hole); ok {
			t.holes = append(t.holes, hole{before: t.literal, value: e})
			t.literal = ""
		}
	}
	return t
}

// render fills the holes.
func (t *holedText) render(s *scope) string {
	if len(t.holes) == 0 {
		return t.literal
	}
	var b strings.Builder
	for i := range t.holes {
		h := &t.holes[i]
		b.WriteString(h.before)
		b.WriteString(harmless(h.value(s).text(s.program.zone)))
		if b.Len() > maxBuiltString {
			break
		}
	}
	b.WriteString(t.literal)
	return s.resolve(cut(b.String(), maxBuiltString))
}

// harmless keeps what a person wrote from becoming a read link to an address of theirs: only the file's own text and
// link make links.
func harmless(s string) string {
	if !strings.Contains(s, "{link:") {
		return s
	}
	return strings.ReplaceAll(s, "{link:", "{link\u2060:")
}

// texts is a text in several languages.
type texts []languageText

type languageText struct {
	language string
	text     holedText
}

func (c *compiler) texts(x expressions, all Texts, language string) texts {
	out := make(texts, len(all))
	for i, t := range all {
		out[i] = languageText{language: t.Language.Value, text: c.holed(x, t.Text)}
		if out[i].language == "" {
			out[i].language = language
		}
	}
	return out
}

// find returns the place of the text in a language, or in the one that is nearest: uk for uk-UA, else any of the same
// language. It is -1 if there is none.
func (ts texts) find(language string) int {
	if language == "" {
		return -1
	}
	at := func(same func(tag string) bool) int {
		return slices.IndexFunc(ts, func(t languageText) bool { return same(t.language) })
	}
	if i := at(func(tag string) bool { return strings.EqualFold(tag, language) }); i >= 0 {
		return i
	}
	plain := baseLanguage(language)
	if i := at(func(tag string) bool { return strings.EqualFold(tag, plain) }); i >= 0 {
		return i
	}
	return at(func(tag string) bool { return strings.EqualFold(baseLanguage(tag), plain) })
}

// baseLanguage returns the language of a tag without script and region.
func baseLanguage(tag string) string {
	plain, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	return plain
}

func sameLanguage(a, b string) bool {
	return strings.EqualFold(baseLanguage(a), baseLanguage(b))
}
