package dsl

import "strings"

// languageCodes are the languages with a code of two letters (ISO 639-1). Codes of three letters are taken by their form.
const languageCodes = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz " +
	"ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu " +
	"ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd " +
	"ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st " +
	"su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"

// countriesForLanguages are codes of countries that are often written for their languages.
var countriesForLanguages = map[string]string{
	"ua": "uk", "by": "be", "cz": "cs", "gr": "el", "jp": "ja", "cn": "zh", "kz": "kk", "rs": "sr", "dk": "da", "gb": "en",
	"us": "en", "al": "sq", "ge": "ka", "il": "he", "in": "hi", "ir": "fa", "vn": "vi",
}

// languageProblem says what is wrong with a language tag, if anything is.
func languageProblem(tag string) string {
	quoted := "`" + clip(tag) + "`"
	if strings.Contains(tag, "_") {
		if proper, ok := language(strings.ReplaceAll(tag, "_", "-")); ok {
			return quoted + " is no language tag; write `" + proper + "`"
		}
	}
	proper, ok := language(tag)
	if !ok {
		return quoted + " is no language tag; they look like uk or pt-BR"
	}
	first, _, _ := strings.Cut(proper, "-")
	if len(first) == 2 && !strings.Contains(" "+languageCodes+" ", " "+first+" ") {
		if meant := countriesForLanguages[first]; meant != "" {
			return quoted + " is no language; did you mean `" + meant + "`?"
		}
		return quoted + " is no language that has a code of two letters"
	}
	if proper != tag {
		return quoted + " is written `" + proper + "`"
	}
	return ""
}

// knownZones are zones to propose. Those that are taken are all of the IANA database.
var knownZones = strings.Fields(`UTC Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos Africa/Nairobi
	America/Argentina/Buenos_Aires America/Bogota America/Chicago America/Denver America/Lima America/Los_Angeles
	America/Mexico_City America/New_York America/Santiago America/Sao_Paulo America/Toronto America/Vancouver Asia/Almaty
	Asia/Baghdad Asia/Baku Asia/Bangkok Asia/Dhaka Asia/Dubai Asia/Ho_Chi_Minh Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem
	Asia/Karachi Asia/Kolkata Asia/Kuala_Lumpur Asia/Manila Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei
	Asia/Tashkent Asia/Tbilisi Asia/Tehran Asia/Tokyo Asia/Yerevan Australia/Melbourne Australia/Perth Australia/Sydney
	Europe/Amsterdam Europe/Athens Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Bucharest
	Europe/Budapest Europe/Chisinau Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv
	Europe/Lisbon Europe/Ljubljana Europe/London Europe/Luxembourg Europe/Madrid Europe/Minsk Europe/Moscow Europe/Oslo
	Europe/Paris Europe/Prague Europe/Riga Europe/Rome Europe/Sarajevo Europe/Sofia Europe/Stockholm Europe/Tallinn
	Europe/Tirane Europe/Vienna Europe/Vilnius Europe/Warsaw Europe/Zagreb Europe/Zurich Pacific/Auckland`)
