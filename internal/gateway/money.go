package gateway

import (
	"strconv"
	"strings"
)

// Amount is money in millionths of a currency's unit: exact, and small enough for the price of one SMS. An amount never
// stands without its currency beside it.
type Amount int64

const (
	amountUnit     = 1_000_000
	amountDecimals = 6
	// maxAmount bounds what is read: sums of some amounts must not overflow.
	maxAmount = 1_000_000_000 * amountUnit
)

// ParseAmount reads a decimal number such as "0.045", not below zero, at most a thousand million, with at most six
// decimals.
func ParseAmount(text string) (amount Amount, ok bool) {
	const longest = 20
	whole, fraction, point := strings.Cut(text, ".")
	if len(text) > longest || !digits(whole) || point && !digits(fraction) || len(fraction) > amountDecimals {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", amountDecimals-len(fraction)), 10, 64)
	if err != nil || n > maxAmount {
		return 0, false
	}
	return Amount(n), true
}

// String writes the amount as ParseAmount reads it, without zeros at the end.
func (a Amount) String() string {
	whole, fraction := int64(a)/amountUnit, int64(a)%amountUnit
	if fraction == 0 {
		return strconv.FormatInt(whole, 10)
	}
	decimals := strconv.FormatInt(amountUnit+fraction, 10)[1:]
	return strconv.FormatInt(whole, 10) + "." + strings.TrimRight(decimals, "0")
}

// digits tells whether a text is one digit or more, and nothing else.
func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// currencyLike tells whether a text has the form of a currency by ISO 4217.
func currencyLike(text string) bool {
	return len(text) == 3 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
