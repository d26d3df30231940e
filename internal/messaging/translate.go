package messaging

import (
	"context"
	"fmt"
	"slices"
	"time"

	"herald/internal/gateway"
)

// translateTimeout bounds the translation of one message with its buttons: a person waits for it.
const translateTimeout = 5 * time.Second

// translate writes the message's text in the language that is wanted, or why it goes out as it is. Nothing is locked
// meanwhile. Should two workers do it at the same time, the first one's text stays.
func (d *Deliverer) translate(ctx context.Context, seen gateway.Delivery) error {
	result := Translate(ctx, d.translator, seen.Bot.Network, seen.Message)
	forgotten := false
	_, err := d.store.ChangeDelivery(ctx, seen.Message.AccountID, seen.Message.ID, func(now gateway.Delivery) (gateway.Change, error) {
		forgotten = now.Message.Reason == gateway.ReasonForgotten
		if forgotten || !now.Message.Untranslated() {
			return gateway.Change{}, nil
		}
		result.At = d.now()
		s := story{delivery: now, at: result.At}
		detail := "It was translated into " + now.Message.TranslateTo + "."
		if result.Reason != "" {
			detail = "It could not be translated into " + now.Message.TranslateTo + ", so it goes out as it was written: " + string(result.Reason) + "."
		}
		s.tell(gateway.Event{Kind: gateway.EventTranslated, Detail: detail})
		return gateway.Change{Translated: &result, Events: s.events}, nil
	})
	if err != nil {
		return fmt.Errorf("write translation of message %s: %w", seen.Message.ID, err)
	}
	if forgotten { // while it was translated: what it said must not come back
		if err := d.store.DropTranslations(ctx, seen.Message.AccountID, result.Keys); err != nil {
			return fmt.Errorf("drop translation of message %s: %w", seen.Message.ID, err)
		}
	}
	return nil
}

// Translate returns the text of a message and its buttons in the language that is wanted, all of them or none.
func Translate(ctx context.Context, t gateway.Translator, network gateway.Network, m gateway.Message) gateway.Translated {
	if t == nil {
		return gateway.Translated{Reason: gateway.TranslationOff}
	}
	ctx, cancel := context.WithTimeout(ctx, translateTimeout)
	defer cancel()
	var out gateway.Translated
	translate := func(text string, format gateway.Format) string {
		if out.Reason != "" || text == "" {
			return text
		}
		got, err := t.Translate(ctx, gateway.TranslationRequest{
			AccountID: m.AccountID, Network: network, Text: text, Format: format, From: m.Language, To: m.TranslateTo, Keep: m.Keep,
		})
		out.Reason = gateway.TranslationReasonOf(err)
		out.Characters += got.Characters
		if got.Key != nil {
			out.Keys = append(out.Keys, *got.Key)
		}
		return got.Text
	}
	out.Text = translate(m.Text, m.Format)
	for _, row := range m.Buttons {
		translated := slices.Clone(row)
		for i, b := range row {
			translated[i].Text = translate(b.Text, gateway.FormatPlain)
		}
		out.Buttons = append(out.Buttons, translated)
	}
	if out.Reason == "" && m.Direction == gateway.Out {
		out.Reason = unfit(m, out)
	}
	if out.Reason != "" {
		return gateway.Translated{Reason: out.Reason, Characters: out.Characters, Keys: out.Keys}
	}
	return out
}

// unfit tells why a translation cannot be sent, although there is one.
func unfit(m gateway.Message, t gateway.Translated) gateway.TranslationReason {
	switch {
	case len(checkButtons(t.Buttons)) > 0:
		return gateway.TranslationTooLong
	case (Request{Text: t.Text, Format: m.Format, Media: m.Media}).checkText() != nil:
		return gateway.TranslationTooLong
	case !slices.Equal(linkHole.FindAllString(m.Text, -1), linkHole.FindAllString(t.Text, -1)):
		return gateway.TranslationDamaged
	default:
		return ""
	}
}
