package messaging

import (
	"slices"
	"strings"

	"herald/internal/gateway"
)

// parsePrice reads max_price; an empty one is no cap.
func parsePrice(text string) (*gateway.Amount, *gateway.Error) {
	if text == "" {
		return nil, nil
	}
	most, ok := gateway.ParseAmount(text)
	if !ok {
		return nil, gateway.Fault(gateway.CodePrice, "max_price", "A price is a decimal number such as 0.045, not below zero, with at most six decimals.")
	}
	return &most, nil
}

// price says what each leg costs, and leaves those out with which the message could cost more than its sender wants.
func price(n *gateway.NewMessage, list gateway.PriceList, phone string) *gateway.Error {
	m := &n.Message
	m.Currency = list.Currency
	segments := segmentsOf(*m, n.Links, n.Legs)
	for i, l := range n.Legs {
		n.Legs[i].Price = list.Leg(l.Channel, phone, segments)
	}
	if m.MaxPrice != nil {
		fitting := n.Legs
		if phone == "" { // it is priced again when it leaves: it stays if any number fits
			fitting = slices.Clone(n.Legs)
			for i, l := range fitting {
				fitting[i].Price = list.Least(l.Channel, segments)
			}
		}
		kept, left := gateway.Within(fitting, *m.MaxPrice)
		if len(kept) == 0 {
			return gateway.Fault(gateway.CodeOverPrice, "max_price", "Every way of this message costs more: "+listed(left, m.Currency)+".")
		}
		if len(left) > 0 {
			m.Note = "Stored. Left out, since the message could then cost more than " + money(*m.MaxPrice, m.Currency) + ": " + listed(left, m.Currency) + "."
		}
		for i, l := range kept {
			kept[i].Number, kept[i].Price = i+1, list.Leg(l.Channel, phone, segments)
		}
		n.Legs = kept
	}
	m.Price = most(*m, n.Legs)
	return nil
}

// segmentsOf counts the segments of the message as an SMS, if it may become one.
func segmentsOf(m gateway.Message, links []gateway.ReadLink, legs []gateway.Leg) int {
	if !slices.ContainsFunc(legs, func(l gateway.Leg) bool { return l.Channel == gateway.ChannelSMS }) {
		return 1
	}
	return gateway.SMSSegments(visible(render(m, links), m.Format))
}

// most is what the message may cost at most.
func most(m gateway.Message, legs []gateway.Leg) gateway.Amount {
	if total := gateway.Total(legs); m.MaxPrice == nil || total < *m.MaxPrice {
		return total
	}
	return *m.MaxPrice
}

// priced replaces a price that was a guess by what the leg costs, now that its number and its text are known. A list in
// another currency is not what the message was accepted by: then the guess stands.
func priced(d gateway.Delivery) gateway.Delivery {
	if d.Prices == nil || d.Prices.Currency != d.Message.Currency || d.Phone() == "" {
		return d
	}
	d.Leg.Price = d.Prices.Leg(d.Leg.Channel, d.Phone(), segmentsOf(d.Message, d.Links, d.Legs))
	legs := slices.Clone(d.Legs)
	for i := range legs {
		if legs[i].ID == d.Leg.ID {
			legs[i].Price = d.Leg.Price
		}
	}
	d.Legs = legs
	d.Message.Price = most(d.Message, legs)
	return d
}

// overPrice tells whether the message would cost too much if the leg were accepted as well.
func overPrice(d gateway.Delivery) bool {
	return d.Message.MaxPrice != nil && gateway.Cost(d.Legs)+d.Leg.Price > *d.Message.MaxPrice
}

// overPriceWords say what it would cost.
func overPriceWords(d gateway.Delivery) string {
	cost := gateway.Cost(d.Legs) + d.Leg.Price
	return "With the " + string(d.Leg.Channel) + " leg the message would cost " + money(cost, d.Message.Currency) + ", and its sender allows " +
		money(*d.Message.MaxPrice, d.Message.Currency) + "."
}

// listed lists legs with their prices.
func listed(legs []gateway.Leg, currency string) string {
	words := make([]string, len(legs))
	for i, l := range legs {
		words[i] = string(l.Channel) + " at " + money(l.Price, currency)
	}
	return strings.Join(words, ", ")
}

func money(a gateway.Amount, currency string) string {
	return strings.TrimSpace(a.String() + " " + currency)
}
