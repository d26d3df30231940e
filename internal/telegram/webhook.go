package telegram

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"

	"herald/internal/gateway"
)

// maxUpdate bounds the body of a webhook call: real updates have a few KiB.
const maxUpdate = 1 << 20

// secretHeader carries the secret that was given with setWebhook.
const secretHeader = "X-Telegram-Bot-Api-Secret-Token"

// WebhookStore is what a Webhook needs of the database.
type WebhookStore interface {
	gateway.IntakeStore
	BotForIntake(ctx context.Context, id gateway.BotID) (gateway.Bot, error)
}

// Webhook takes updates that the server posts to .../{bot id}. It answers 200 only after the update is stored; anything
// else makes the server bring the update again.
type Webhook struct {
	bots    *knownBots
	updates *gatherer
	now     gateway.Clock
	logger  *slog.Logger
}

// NewWebhook returns a Webhook.
func NewWebhook(store WebhookStore, now gateway.Clock, logger *slog.Logger) *Webhook {
	return &Webhook{bots: &knownBots{store: store, now: now}, updates: &gatherer{store: store}, now: now, logger: logger}
}

func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "a webhook is called with POST", http.StatusMethodNotAllowed)
		return
	}
	status, words := h.take(r, gateway.BotID(path.Base(r.URL.Path)))
	if status != http.StatusOK {
		http.Error(w, words, status)
	}
}

// take stores the update and returns the HTTP answer. The secret is checked before the body is read.
func (h *Webhook) take(r *http.Request, id gateway.BotID) (status int, words string) {
	ctx := r.Context()
	shown := r.Header.Get(secretHeader)
	b, err := h.bots.bot(ctx, id, shown)
	switch {
	case errors.Is(err, gateway.ErrBotNotFound):
		// The same answer as for a wrong secret: the address tells nobody which bots there are.
		return http.StatusUnauthorized, "wrong secret"
	case err != nil:
		h.logger.WarnContext(ctx, "webhook: reading the bot", "bot", id, "error", err)
		return http.StatusServiceUnavailable, "try again"
	case !sameSecret(b.WebhookSecret, shown):
		return http.StatusUnauthorized, "wrong secret"
	case b.State == gateway.BotPaused:
		return http.StatusServiceUnavailable, "the bot is paused" // the server shall keep it and bring it again
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxUpdate+1))
	switch {
	case err != nil:
		return http.StatusBadRequest, "the body cannot be read"
	case len(body) > maxUpdate:
		return http.StatusRequestEntityTooLarge, "the body is over 1 MiB"
	}
	update, err := enclose(b, body, h.now())
	if err != nil {
		return http.StatusBadRequest, "the body is not an update"
	}
	if err := h.updates.take(ctx, update); err != nil {
		h.logger.WarnContext(ctx, "webhook: storing an update", "bot", id, "error", err)
		return http.StatusServiceUnavailable, "try again"
	}
	return http.StatusOK, ""
}

// sameSecret compares in constant time, whatever the lengths.
func sameSecret(want gateway.Secret, got string) bool {
	w, g := sha256.Sum256([]byte(want.Reveal())), sha256.Sum256([]byte(got))
	return want != "" && subtle.ConstantTimeCompare(w[:], g[:]) == 1
}
