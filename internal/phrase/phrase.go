package phrase

import (
	_ "embed"
	"encoding/json"
	"strings"
)

// Key names a text.
type Key string

// Keys of all texts.
const (
	AskContact       Key = "ask_contact"       // confirm your phone by the button; {bot}
	AskSMS           Key = "ask_sms"           // confirm your phone by the code that came by SMS; {bot}, {tail}
	SMSCode          Key = "sms_code"          // the SMS with the code; {bot}, {code}
	Remind           Key = "remind"            // once more; {bot}
	RemindSMS        Key = "remind_sms"        // once more, with another SMS; {bot}, {tail}
	ReconfirmContact Key = "reconfirm_contact" // it is time again to confirm your phone, by the button; {bot}, {tail}
	ReconfirmSMS     Key = "reconfirm_sms"     // and by the code that came by SMS; {bot}, {tail}
	PhoneLapsed      Key = "phone_lapsed"      // nobody did: the phone names nobody any more; {bot}, {tail}
	ShareButton      Key = "share_button"      // on the button that shares the contact
	PhoneProved      Key = "phone_proved"      // thanks; {tail}
	PhoneNoted       Key = "phone_noted"       // thanks, where the number is not shown
	ContactForeign   Key = "contact_foreign"   // somebody else's contact
	ContactForwarded Key = "contact_forwarded" // one that was forwarded
	ContactAnonymous Key = "contact_anonymous" // a number that the messenger sold
	ContactInvalid   Key = "contact_invalid"   // a number that proves nothing
	CodeWrong        Key = "code_wrong"        // the code is wrong
	CodeSpent        Key = "code_spent"        // too many tries, or too late
	Welcome          Key = "welcome"           // {bot}
	WelcomePhone     Key = "welcome_phone"     // {bot}; with the button
	Stopped          Key = "stopped"           // {bot}
	Privacy          Key = "privacy"           // {bot}
	ForgetButton     Key = "forget_button"     // under it: erases everything
	Forgotten        Key = "forgotten"         // shown when that is done
	Language         Key = "language"          // choose
	LanguageSet      Key = "language_set"      // done
	LanguageOdd      Key = "language_odd"      // we do not speak that one
	PhoneShare       Key = "phone_share"       // none is known; {bot}
	PhoneOther       Key = "phone_other"       // one is known that is not shown; {bot}
	PhoneChange      Key = "phone_change"      // {tail} is known; {bot}
	PhoneType        Key = "phone_type"        // after any of these, and after the greeting: or write the number here
	PhoneForm        Key = "phone_form"        // how to write it
	ClaimSMS         Key = "claim_sms"         // the code is on its way to the number that was written; {tail}
	ClaimLimit       Key = "claim_limit"       // too many went out
	ClaimNoSMS       Key = "claim_no_sms"      // nobody carries an SMS to it
)

//go:embed phrases.json
var source []byte

// catalogue is phrases.json.
type catalogue struct {
	Languages []Choice                  `json:"languages"`
	Phrases   map[Key]map[string]string `json:"phrases"`
}

// Choice is a language that a person can choose.
type Choice struct {
	Tag  string `json:"tag"`
	Name string `json:"name"` // as its speakers write it
}

var known = read()

func read() (c catalogue) {
	if err := json.Unmarshal(source, &c); err != nil {
		panic("phrase: phrases.json: " + err.Error())
	}
	return c
}

// fallback is the language in which everything is there.
const fallback = "en"

// Choices are the languages that bots speak by themselves.
func Choices() []Choice { return known.Languages }

// Spoken returns the language of the catalogue for a tag such as pt-BR, and whether there is one.
func Spoken(tag string) (string, bool) {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(tag), "_", "-")), "-")
	for _, c := range known.Languages {
		if c.Tag == base {
			return base, true
		}
	}
	return fallback, false
}

// In is the text in a language, with its placeholders filled: pairs of a name and a value.
func In(tag string, key Key, pairs ...string) string {
	language, _ := Spoken(tag)
	text := known.Phrases[key][language]
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}
