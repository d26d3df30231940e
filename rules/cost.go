package rules

import (
	"context"
	"crypto/sha256"
	"fmt"
	"unicode/utf8"

	"herald/dsl"
	"herald/internal/gateway"
)

// bill counts what one side of a backtest takes, and what that costs at today's prices.
type bill struct {
	*BacktestFigures
	prices gateway.PriceList
	pricer gateway.TranslationPricer
	ask    gateway.TranslationRequest // who pays, for which network, and what is kept
	paid   map[wanted]bool            // the cache would have them the second time
}

// wanted is a translation that was counted. Texts of 90 days would be too much to keep.
type wanted struct {
	text     [sha256.Size]byte
	from, to string
}

func (r *replay) bill(figures *BacktestFigures, prices gateway.PriceList) *bill {
	figures.Currency = prices.Currency
	return &bill{
		BacktestFigures: figures, prices: prices, pricer: r.service.pricer, paid: map[wanted]bool{},
		ask: gateway.TranslationRequest{AccountID: r.account, Network: r.bot.Network, Keep: r.program.Keep()},
	}
}

// effect counts what is sent.
func (b *bill) effect(ctx context.Context, line EffectLine) error {
	if !sends(dsl.EffectKind(line.Kind)) {
		return nil
	}
	b.Replies++
	b.Cost += b.prices.Leg(gateway.ChannelTelegram, "", 1) // rules name no other channel
	if !line.translated() {
		return nil
	}
	texts := []string{line.Text}
	for _, row := range line.Buttons {
		for _, button := range row {
			texts = append(texts, button.Text)
		}
	}
	for _, text := range texts {
		if err := b.translate(ctx, text, line.Language, line.Translate); err != nil {
			return err
		}
	}
	return nil
}

// translate counts the translation of one text. One that would be refused, or that the cache has, costs nothing.
func (b *bill) translate(ctx context.Context, text, from, to string) error {
	b.Translations++
	b.Characters += utf8.RuneCountInString(text)
	key := wanted{sha256.Sum256([]byte(text)), from, to}
	if b.pricer == nil || text == "" || b.paid[key] {
		return nil
	}
	b.paid[key] = true
	ask := b.ask
	ask.Text, ask.From, ask.To = text, from, to
	quote, err := b.pricer.QuoteTranslation(ctx, ask)
	if reason := gateway.TranslationReasonOf(err); reason == gateway.TranslationUnavailable || reason == gateway.TranslationTimeout {
		return fmt.Errorf("price a translation: %w", err) // of our own database: nobody outside was asked
	}
	b.TranslationCost += quote.Cost
	if quote.Currency != "" {
		b.TranslationCurrency = quote.Currency
	}
	return nil
}
