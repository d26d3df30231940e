package translate

import (
	"golang.org/x/text/language"
)

// maxTag bounds tags: the longest that RFC 5646 recommends room for.
const maxTag = 35

// parseTag reads a BCP 47 tag; tags that name no one language are none.
func parseTag(text string) (language.Tag, bool) {
	if len(text) > maxTag {
		return language.Und, false
	}
	tag, err := language.Parse(text)
	if err != nil {
		return language.Und, false
	}
	base, _, _ := tag.Raw() // Base would guess
	switch base.String() {
	case "und", "mul", "mis", "zxx":
		return language.Und, false
	default:
		return tag, true
	}
}

// sameLanguage tells whether a text in one language needs no translation into the other: regions differ in words that
// everybody understands, scripts do not.
func sameLanguage(a, b language.Tag) bool {
	aBase, _ := a.Base()
	bBase, _ := b.Base()
	aScript, _ := a.Script()
	bScript, _ := b.Script()
	return aBase == bBase && aScript == bScript
}

// googleCode is what Google Cloud Translation calls a language; empty for one that is to be found out. It knows most by
// the bare language; those where it does not are listed at https://cloud.google.com/translate/docs/languages.
func googleCode(tag language.Tag) string {
	if tag == language.Und {
		return ""
	}
	base, _ := tag.Base()
	script, _ := tag.Script()
	region, _ := tag.Region()
	switch name := base.String(); {
	case name == "zh" && script.String() == "Hant":
		return "zh-TW"
	case name == "zh":
		return "zh-CN"
	case name == "nb" || name == "nn":
		return "no"
	case name == "pt" && region.String() == "PT":
		return "pt-PT"
	case name == "fr" && region.String() == "CA":
		return "fr-CA"
	default:
		return name
	}
}

// ourCode is the tag of a language that Google Cloud Translation names; empty if it is none.
func ourCode(name string) string {
	tag, ok := parseTag(name)
	if !ok {
		return ""
	}
	return tag.String()
}
