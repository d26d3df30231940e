package telegram

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"herald/internal/gateway"
)

// sendMedia sends one photo or document: by the server's own name for it, by an address that the server fetches, or by
// uploading it, which streams.
func sendMedia(ctx context.Context, api *bot.Bot, out gateway.Outgoing) (gateway.Receipt, error) {
	ctx, e := withExchange(ctx)
	source := &watched{Reader: out.Media.Body}
	send := sendPhoto
	if out.Media.Kind == gateway.Document {
		send = sendDocument
	}
	sent, err := send(ctx, api, out, source)
	if err != nil {
		return gateway.Receipt{}, mediaRefusal(e.refusal(err), out.Media, source)
	}
	return gateway.Receipt{ChatID: sent.Chat.ID, PlatformMessageID: int64(sent.ID), Handle: handleOf(sent)}, nil
}

func sendPhoto(ctx context.Context, api *bot.Bot, out gateway.Outgoing, source *watched) (*models.Message, error) {
	params := &bot.SendPhotoParams{
		ChatID: out.ChatID, Photo: inputFile(out.Media, source), Caption: out.Text, ParseMode: parseMode(out.Format),
		DisableNotification: out.Silent, ProtectContent: out.Protected,
	}
	params.ReplyMarkup = markupOf(out)
	return api.SendPhoto(ctx, params)
}

func sendDocument(ctx context.Context, api *bot.Bot, out gateway.Outgoing, source *watched) (*models.Message, error) {
	params := &bot.SendDocumentParams{
		ChatID: out.ChatID, Document: inputFile(out.Media, source), Caption: out.Text, ParseMode: parseMode(out.Format),
		DisableNotification: out.Silent, ProtectContent: out.Protected,
		DisableContentTypeDetection: out.Media.Body != nil, // a document stays one: it is not made a video or a sticker
	}
	params.ReplyMarkup = markupOf(out)
	return api.SendDocument(ctx, params)
}

func inputFile(a *gateway.Attachment, source *watched) models.InputFile {
	if a.Body == nil {
		return &models.InputFileString{Data: cmp.Or(a.Handle, a.URL)}
	}
	return &models.InputFileUpload{Filename: cmp.Or(a.Name, "file"), Data: source}
}

// handleOf is what the server calls the file that a message carries.
func handleOf(m *models.Message) string {
	switch {
	case len(m.Photo) > 0:
		return m.Photo[len(m.Photo)-1].FileID
	case m.Document != nil:
		return m.Document.FileID
	default:
		return ""
	}
}

// mediaRefusal adds what only the call with a file knows to the meaning of a refusal.
func mediaRefusal(err error, a *gateway.Attachment, source *watched) error {
	var refusal *gateway.DeliveryError
	if !errors.As(err, &refusal) {
		return err
	}
	switch {
	case refusal.HTTPStatus == 0 && source.failed.Load():
		refusal.Class = gateway.ClassUnavailable // the request broke off on our side: half of one is not acted on
	case a.Handle != "" && refusal.Class == gateway.ClassContent && strings.Contains(strings.ToLower(refusal.Text), "file identifier"):
		refusal.Class = gateway.ClassHandle
	}
	return refusal
}

// watched remembers whether its reader failed.
type watched struct {
	io.Reader
	failed atomic.Bool // read and written by two goroutines
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.failed.Store(true)
	}
	return n, err
}
