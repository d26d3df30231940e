package gateway

import (
	"fmt"
	"strings"
)

// Price is what one message over a channel costs, or one segment of an SMS.
type Price struct {
	Channel Channel
	Prefix  string // of the numbers that it is for, digits with the country code; empty: all others. SMS only
	Amount  Amount
}

// PriceList is what the operator of an installation asks for. What it does not name is free.
type PriceList struct {
	Currency string // ISO 4217; empty as long as there is no list
	Prices   []Price
}

// maxPrices bounds a price list.
const maxPrices = 10_000

// maxPrefix bounds a prefix: no phone number is longer.
const maxPrefix = 15

// Check returns the faults of a list that somebody wrote.
func (l PriceList) Check() Faults {
	var faults Faults
	if !currencyLike(l.Currency) {
		faults = append(faults, Fault(CodeFieldInvalid, "currency", "A currency is written with three capital letters, such as EUR."))
	}
	if len(l.Prices) > maxPrices {
		return append(faults, Fault(CodeFieldInvalid, "items", fmt.Sprintf("A price list has at most %d prices.", maxPrices)))
	}
	seen := map[Price]bool{}
	for i, p := range l.Prices {
		field := fmt.Sprintf("items[%d]", i)
		switch {
		case p.Channel != ChannelTelegram && p.Channel != ChannelSMS:
			faults = append(faults, Fault(CodeFieldInvalid, field+".channel", "There are two channels: telegram and sms."))
		case p.Prefix != "" && p.Channel != ChannelSMS:
			faults = append(faults, Fault(CodePrice, field+".prefix", "Only SMS have prices by the begin of the number."))
		case p.Prefix != "" && (!digits(p.Prefix) || len(p.Prefix) > maxPrefix || p.Prefix[0] == '0'):
			faults = append(faults, Fault(CodePrice, field+".prefix", "A prefix is the begin of a number with its country code, in digits, such as 380."))
		case p.Amount < 0:
			faults = append(faults, Fault(CodePrice, field+".amount", "A price is a decimal number such as 0.045, not below zero, with at most six decimals."))
		case seen[Price{Channel: p.Channel, Prefix: p.Prefix}]:
			faults = append(faults, Fault(CodePrice, field, "There is a price for this already."))
		}
		seen[Price{Channel: p.Channel, Prefix: p.Prefix}] = true
	}
	return faults
}

// Leg is what a leg to the phone costs if it is accepted. An SMS costs its segments, by the longest prefix of the number
// that the list has; to a phone that is not known yet, what the dearest number would cost.
func (l PriceList) Leg(channel Channel, phone string, segments int) Amount {
	if channel != ChannelSMS {
		return l.telegram()
	}
	number := strings.TrimPrefix(phone, "+")
	var best Price
	found := false
	for _, p := range l.Prices {
		switch {
		case p.Channel != ChannelSMS:
		case phone == "" && p.Amount >= best.Amount, phone != "" && strings.HasPrefix(number, p.Prefix) && (!found || len(p.Prefix) > len(best.Prefix)):
			best, found = p, true
		}
	}
	return best.Amount * Amount(segments)
}

// Least is the least that a leg to a phone that is not known yet can cost: numbers that the list does not name are free.
func (l PriceList) Least(channel Channel, segments int) Amount {
	if channel != ChannelSMS {
		return l.telegram()
	}
	var least Amount
	named := false // whether the list names all numbers
	for _, p := range l.Prices {
		if p.Channel == ChannelSMS && p.Prefix == "" {
			least, named = p.Amount, true
		}
	}
	for _, p := range l.Prices {
		if named && p.Channel == ChannelSMS {
			least = min(least, p.Amount)
		}
	}
	return least * Amount(segments)
}

func (l PriceList) telegram() Amount {
	for _, p := range l.Prices {
		if p.Channel == ChannelTelegram {
			return p.Amount
		}
	}
	return 0
}

// Total is the most that legs may cost, one after another: a leg that is accepted is paid, and ends the cascade only if
// that is all it waits for.
func Total(legs []Leg) Amount {
	var rest Amount // of the legs after the one at hand
	for i := len(legs) - 1; i >= 0; i-- {
		if legs[i].Until == UntilAccepted {
			rest = max(legs[i].Price, rest)
		} else {
			rest += legs[i].Price
		}
	}
	return rest
}

// Within keeps the legs that a message can have without ever costing more than most, first come first kept.
func Within(legs []Leg, most Amount) (kept, left []Leg) {
	for _, l := range legs {
		if with := append(kept[:len(kept):len(kept)], l); Total(with) <= most {
			kept = with
		} else {
			left = append(left, l)
		}
	}
	return kept, left
}

// Cost is what is to be paid for legs so far: the price of each that was accepted.
func Cost(legs []Leg) (sum Amount) {
	for _, l := range legs {
		sum += l.Cost
	}
	return sum
}
