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

// AmbiguousError is a number without a plus that is one number abroad and another one at home. It is an ErrInvalid, too.
type AmbiguousError struct{ Abroad, Home string }

func (e *AmbiguousError) Error() string { return "a number with two readings" }

// Is makes it an ErrInvalid.
func (e *AmbiguousError) Is(target error) bool { return target == ErrInvalid }

// Parse returns the E.164 form of a number written in international form, with or without +, or in the national
// form of region (two letters; empty refuses national forms). Anonymous numbers are refused as such. Of two readings the
// mobile number is meant; where both are or neither is, the text is refused as ambiguous.
func Parse(text, region string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxLength {
		return "", ErrInvalid
	}
	international := text
	if text[0] == '+' {
		region = "" // which it has in it
	} else {
		international = "+" + text
	}
	abroad, home := read(international, ""), readAtHome(text, region)
	switch {
	case home == nil && Anonymous(spaces.Replace(international)):
		return "", ErrAnonymous
	case home == nil && abroad == nil:
		return "", ErrInvalid
	case home == nil:
		return e164(abroad), nil
	case abroad == nil || e164(abroad) == e164(home) || mobile(home) && !mobile(abroad):
		return e164(home), nil
	case mobile(abroad) && !mobile(home):
		return e164(abroad), nil
	default:
		return "", &AmbiguousError{Abroad: e164(abroad), Home: e164(home)}
	}
}

// Refusal says to whoever wrote a number why Parse refused it.
func Refusal(err error, region string) string {
	var two *AmbiguousError
	switch {
	case errors.As(err, &two):
		return fmt.Sprintf("This is a phone number abroad, %s, and another one in %s, %s. Write the one that is meant with + and its country code.", two.Abroad, region, two.Home)
	case region != "":
		return fmt.Sprintf("This is not a phone number that exists, neither with its country code nor as one in %s.", region)
	default:
		return "This is not a phone number that exists. Write it with its country code, such as +380501234567."
	}
}

// trunk is what people of most regions dial before an area, and no number abroad begins with.
const trunk = "0"

// readAtHome reads a number as people of a region write it among themselves, nil if it is none. Where they begin it with a 0
// a landline does: without that nearly all digits would be one, since landlines there may be of any length.
func readAtHome(text, region string) *phonenumbers.PhoneNumber {
	if region == "" {
		return nil
	}
	n := read(text, region)
	if n != nil && !mobile(n) && phonenumbers.GetNddPrefixForRegion(region, true) == trunk && !strings.HasPrefix(spaces.Replace(text), trunk) {
		return nil
	}
	return n
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
	n := read(text, "")
	if n == nil {
		return "", ErrInvalid
	}
	return e164(n), nil
}

// Written looks whether a text is a phone number and nothing else, and returns it in E.164 if an SMS can go to it: it must be
// written in international form, with + or 00, and be a mobile one. Codes of up to eight digits are no numbers.
func Written(text string) (number string, like bool) {
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
	n := read(text, "")
	if n == nil || !mobile(n) || Anonymous(e164(n)) {
		return "", true
	}
	return e164(n), true
}

// Anonymous tells whether the number is one of Telegram's anonymous numbers.
func Anonymous(e164 string) bool { return strings.HasPrefix(e164, anonymousPrefix) }

// Region tells whether there is a region of this name, two capital letters, with numbers of its own.
func Region(name string) bool { return phonenumbers.GetCountryCodeForRegion(name) != 0 }

// read reads a number that could be called, nil if it is none.
func read(text, region string) *phonenumbers.PhoneNumber {
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) {
		return nil // vanity numbers and extensions name no subscriber
	}
	n, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return nil
	}
	return n
}

func e164(n *phonenumbers.PhoneNumber) string { return phonenumbers.Format(n, phonenumbers.E164) }

// mobile tells whether the number may be one that takes SMS: it is none of a fixed line, nor one whose calls cost extra.
func mobile(n *phonenumbers.PhoneNumber) bool {
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	default:
		return false
	}
}
