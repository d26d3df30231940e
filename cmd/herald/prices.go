package main

import (
	"context"
	"fmt"
	"strings"

	"herald/client"
	"herald/internal/terminal"
)

// PricesCmd is about what messages cost.
type PricesCmd struct {
	List PricesListCmd `cmd:"" default:"withargs" help:"Show the price list."`
	Set  PricesSetCmd  `cmd:"" help:"Replace the price list: the operator only."`
}

// Help is shown by herald prices --help.
func (PricesCmd) Help() string {
	return `A message of a bot costs once; an SMS costs each of its segments, by the longest prefix of the number that the
list has. What the list does not name is free, and so is every leg that was not accepted.

Examples:

    herald prices
    herald prices set EUR telegram=0.002 sms=0.09 sms:380=0.045`
}

// PricesListCmd shows the price list.
type PricesListCmd struct {
	Output
	Remote
}

// Run shows the price list.
func (p *PricesListCmd) Run(ctx context.Context, c *console) error {
	api, err := p.client()
	if err != nil {
		return err
	}
	list, err := api.Prices(ctx)
	if err != nil {
		return err
	}
	return showPrices(c, list, p.JSON)
}

// PricesSetCmd replaces the price list.
type PricesSetCmd struct {
	Currency string   `arg:"" help:"The currency of all prices, three capital letters such as EUR."`
	Price    []string `arg:"" optional:"" sep:"none" placeholder:"CHANNEL[:PREFIX]=AMOUNT" help:"What one message costs, or one segment of an SMS, such as telegram=0.002 or sms:380=0.045. Without any everything is free."`
	Output
	Remote
}

// Run replaces the price list.
func (p *PricesSetCmd) Run(ctx context.Context, c *console) error {
	list := client.PriceList{Currency: p.Currency, Items: make([]client.Price, len(p.Price))}
	for i, given := range p.Price {
		var err error
		if list.Items[i], err = parsePrice(given); err != nil {
			return err
		}
	}
	api, err := p.client()
	if err != nil {
		return err
	}
	if list, err = api.SetPrices(ctx, list); err != nil {
		return err
	}
	return showPrices(c, list, p.JSON)
}

// parsePrice reads CHANNEL[:PREFIX]=AMOUNT.
func parsePrice(given string) (client.Price, error) {
	of, amount, found := strings.Cut(given, "=")
	if !found || of == "" || amount == "" {
		return client.Price{}, &exitError{code: exitUsage, text: fmt.Sprintf("%q is not CHANNEL[:PREFIX]=AMOUNT, such as sms:380=0.045; see: herald prices --help", given)}
	}
	channel, prefix, _ := strings.Cut(of, ":")
	return client.Price{Channel: client.Channel(channel), Prefix: prefix, Amount: amount}, nil
}

func showPrices(c *console, list client.PriceList, asJSON bool) error {
	if asJSON {
		return c.writeJSON(list)
	}
	table := terminal.NewTable("channel", "numbers", "price", "for")
	for _, p := range list.Items {
		numbers, unit := "-", "a message"
		if p.Channel == "sms" {
			numbers, unit = "all others", "a segment"
		}
		if p.Prefix != "" {
			numbers = "+" + p.Prefix + "…"
		}
		table.Add(string(p.Channel), numbers, p.Amount+" "+list.Currency, unit)
	}
	return c.writeTable(table, "No prices: everything is free.")
}

// priced writes an amount with its currency, nothing for none.
func priced(amount, currency string) string {
	if amount == "" {
		return ""
	}
	return strings.TrimSpace(amount + " " + currency)
}
