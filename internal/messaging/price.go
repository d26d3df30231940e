package messaging

import (
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
	for i, l := range n.Legs {
		segments := 1
		if l.Channel == gateway.ChannelSMS {
			segments = gateway.SMSSegments(visible(render(*m, n.Links), m.Format))
		}
		n.Legs[i].Price = list.Leg(l.Channel, phone, segments)
	}
	if m.MaxPrice != nil {
		kept, left := gateway.Within(n.Legs, *m.MaxPrice)
		if len(kept) == 0 {
			return gateway.Fault(gateway.CodeOverPrice, "max_price", "Every way of this message costs more: "+priced(left, m.Currency)+".")
		}
		if len(left) > 0 {
			m.Note = "Stored. Left out, since the message could then cost more than " + money(*m.MaxPrice, m.Currency) + ": " + priced(left, m.Currency) + "."
		}
		for i := range kept {
			kept[i].Number = i + 1
		}
		n.Legs = kept
	}
	m.Price = gateway.Total(n.Legs)
	return nil
}

// priced lists legs with their prices.
func priced(legs []gateway.Leg, currency string) string {
	words := make([]string, len(legs))
	for i, l := range legs {
		words[i] = string(l.Channel) + " at " + money(l.Price, currency)
	}
	return strings.Join(words, ", ")
}

func money(a gateway.Amount, currency string) string {
	return strings.TrimSpace(a.String() + " " + currency)
}
