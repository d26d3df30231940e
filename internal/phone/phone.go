// Package phone turns phone numbers as people write them into E.164, by libphonenumber's rules.
package phone

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ErrInvalid is a text that is no phone number that could be called.
var ErrInvalid = errors.New("not a valid phone number")

// ErrAnonymous is one of Telegram's anonymous numbers. It is an ErrInvalid, too.
var ErrAnonymous = fmt.Errorf("an anonymous number: %w", ErrInvalid)

// anonymousPrefix begins Telegram's anonymous numbers: they prove nobody's phone and cannot receive SMS.
const anonymousPrefix = "+888"

// maxLength bounds what is looked at: E.164 has 15 digits, people add signs and spaces.
const maxLength = 40

// Parse returns the E.164 form of a number written in international form, with or without +, or in the national
// form of region (two letters; empty refuses national forms). Anonymous numbers are refused as such.
func Parse(text, region string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxLength {
		return "", ErrInvalid
	}
	if e164, err := parse(text, region); err == nil {
		return e164, nil
	}
	if text[0] != '+' {
		text = "+" + text
		if e164, err := parse(text, ""); err == nil {
			return e164, nil
		}
	}
	if Anonymous(spaces.Replace(text)) {
		return "", ErrAnonymous
	}
	return "", ErrInvalid
}

// spaces are what people put between digits.
var spaces = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "\u00a0", "")

// FromContact returns the E.164 form of the number of a shared contact: clients send it with or without +, always
// in international form. Anonymous numbers are refused as such.
func FromContact(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxLength {
		return "", ErrInvalid
	}
	if text[0] != '+' {
		text = "+" + text
	}
	if Anonymous(text) {
		return "", ErrAnonymous
	}
	return parse(text, "")
}

// Written looks whether a text is a phone number and nothing else, and returns it in E.164 if an SMS can go to it: it must be
// written in international form, with + or 00, and be a mobile one. Codes of up to eight digits are no numbers.
func Written(text string) (e164 string, like bool) {
	text = strings.TrimSpace(text)
	digits := 0
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" -().\u00a0", r):
		default:
			return "", false
		}
	}
	const least, most = 9, 17 // E.164 has 15 at most, and 00 may stand before them
	if digits < least || digits > most || len(text) > maxLength {
		return "", false
	}
	if rest, found := strings.CutPrefix(text, "00"); found {
		text = "+" + rest
	}
	if text[0] != '+' {
		return "", true
	}
	number, err := phonenumbers.Parse(text, "")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", true
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		e164 = phonenumbers.Format(number, phonenumbers.E164)
	default: // of a fixed line, or one whose calls cost extra
	}
	if Anonymous(e164) {
		e164 = ""
	}
	return e164, true
}

// Anonymous tells whether the number is one of Telegram's anonymous numbers.
func Anonymous(e164 string) bool { return strings.HasPrefix(e164, anonymousPrefix) }

func parse(text, region string) (string, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) {
		return "", ErrInvalid // vanity numbers and extensions name no subscriber
	}
	number, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", ErrInvalid
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}
