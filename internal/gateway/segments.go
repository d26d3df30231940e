package gateway

import "strings"

// SMSCoding is the alphabet that an SMS is sent in. It decides how much fits into one segment.
type SMSCoding string

// Alphabets of SMS.
const (
	// SMSGSM is the default alphabet of GSM 03.38: 160 septets in a lone segment, 153 in each of several. Characters of
	// its extension table take two.
	SMSGSM SMSCoding = "gsm"
	// SMSUCS2 is for any text with a character that GSM 03.38 lacks: 70 UTF-16 units in a lone segment, 67 in each of
	// several. Characters beyond the basic plane take two.
	SMSUCS2 SMSCoding = "ucs2"
)

const (
	// gsmBasic is the default alphabet of GSM 03.38 without its escape character, in the order of the codes.
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	// gsmExtension is its extension table: each character is sent as an escape and a code.
	gsmExtension = "\f^{}\\[~]|€"
)

// capacity is how many units of the coding fit into a lone segment and into each of several. Several need a header of
// six octets that joins them.
func (c SMSCoding) capacity() (one, several int) {
	if c == SMSGSM {
		return 160, 153
	}
	return 70, 67
}

// units is how much room a character takes. GSM 03.38 has room for it only if ok.
func (c SMSCoding) units(r rune) (n int, ok bool) {
	switch {
	case c == SMSUCS2 && r > 0xFFFF:
		return 2, true
	case c == SMSUCS2:
		return 1, true
	case strings.ContainsRune(gsmBasic, r):
		return 1, true
	case strings.ContainsRune(gsmExtension, r):
		return 2, true
	default:
		return 0, false
	}
}

// length is the room that the whole text takes.
func (c SMSCoding) length(text string) (total int, ok bool) {
	for _, r := range text {
		n, ok := c.units(r)
		if !ok {
			return 0, false
		}
		total += n
	}
	return total, true
}

// SplitSMS returns the alphabet that a text needs and the parts that its segments carry. The parts joined are the text.
// No part ends within a character: an escaped one or a surrogate pair that does not fit whole begins the next segment.
// An empty text is one empty segment.
func SplitSMS(text string) (SMSCoding, []string) {
	coding := SMSGSM
	total, ok := coding.length(text)
	if !ok {
		coding = SMSUCS2
		total, _ = coding.length(text)
	}
	one, several := coding.capacity()
	if total <= one {
		return coding, []string{text}
	}
	var parts []string
	start, used := 0, 0
	for i, r := range text {
		n, _ := coding.units(r)
		if used+n > several {
			parts = append(parts, text[start:i])
			start, used = i, 0
		}
		used += n
	}
	return coding, append(parts, text[start:])
}

// SMSSegments is how many segments a text takes: what an operator asks to be paid for.
func SMSSegments(text string) int {
	_, parts := SplitSMS(text)
	return len(parts)
}
