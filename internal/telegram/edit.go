package telegram

import (
	"context"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"herald/internal/gateway"
)

// Edit changes the text or the caption of a message, and its buttons. What the call leaves out the message loses, so
// buttons are always said.
func (c *Client) Edit(ctx context.Context, a gateway.Alteration) error {
	api, err := c.api(ctx, a.Bot)
	if err != nil {
		return err
	}
	ctx, e := withExchange(ctx)
	if a.Caption {
		_, err = api.EditMessageCaption(ctx, &bot.EditMessageCaptionParams{
			ChatID: a.ChatID, MessageID: int(a.MessageID), Caption: a.Text, ParseMode: parseMode(a.Format), ReplyMarkup: keyboardOf(a.Buttons),
		})
		return e.refusal(err)
	}
	params := &bot.EditMessageTextParams{
		ChatID: a.ChatID, MessageID: int(a.MessageID), Text: a.Text, ParseMode: parseMode(a.Format), ReplyMarkup: keyboardOf(a.Buttons),
	}
	if a.NoPreview {
		off := true
		params.LinkPreviewOptions = &models.LinkPreviewOptions{IsDisabled: &off}
	}
	_, err = api.EditMessageText(ctx, params)
	return e.refusal(err)
}

// Delete takes a message out of its chat.
func (c *Client) Delete(ctx context.Context, a gateway.Alteration) error {
	api, err := c.api(ctx, a.Bot)
	if err != nil {
		return err
	}
	ctx, e := withExchange(ctx)
	_, err = api.DeleteMessage(ctx, &bot.DeleteMessageParams{ChatID: a.ChatID, MessageID: int(a.MessageID)})
	return e.refusal(err)
}
