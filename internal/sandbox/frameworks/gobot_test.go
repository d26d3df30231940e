package frameworks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	telegram "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"github.com/stretchr/testify/require"
)

func TestGoTelegramCannotTellTheSandboxFromTelegram(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"polling", "webhook"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := startWorld(t)
			b := control[bot](w, http.MethodPost, "/bots", map[string]string{"name": "Acme", "username": "acme_bot"})
			members := runGoBot(t, w, b, mode)
			s := w.seat(b)
			tell(t, s)
			control[any](w, http.MethodPost, s.chat+"/block", nil)
			require.Equal(t, models.ChatMemberTypeBanned, <-members)
			control[any](w, http.MethodPost, s.chat+"/unblock", nil)
			require.Equal(t, models.ChatMemberTypeMember, <-members)
		})
	}
}

// runGoBot runs the bot until the test ends and returns what happens to its membership.
func runGoBot(t *testing.T, w *world, b bot, mode string) <-chan models.ChatMemberType {
	t.Helper()
	g := &goBot{members: make(chan models.ChatMemberType, 8)}
	tg, err := telegram.New(
		b.Token, telegram.WithServerURL(w.url), telegram.WithDefaultHandler(g.handle),
		telegram.WithWebhookSecretToken("a-secret"), telegram.WithErrorsHandler(func(error) {}),
	)
	require.NoError(t, err)
	g.tg = tg
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	if mode == "polling" {
		go func() {
			defer close(ended)
			tg.Start(ctx)
		}()
		return g.members
	}
	go func() {
		defer close(ended)
		tg.StartWebhook(ctx)
	}()
	hook := httptest.NewServer(tg.WebhookHandler())
	t.Cleanup(hook.Close)
	set, err := tg.SetWebhook(ctx, &telegram.SetWebhookParams{URL: hook.URL, SecretToken: "a-secret"})
	require.NoError(t, err)
	require.True(t, set)
	info, err := tg.GetWebhookInfo(ctx)
	require.NoError(t, err)
	require.Equal(t, hook.URL, info.URL)
	return g.members
}

// goBot is the bot of the story.
type goBot struct {
	tg      *telegram.Bot
	members chan models.ChatMemberType
}

func (g *goBot) handle(ctx context.Context, _ *telegram.Bot, u *models.Update) {
	switch {
	case u.MyChatMember != nil:
		g.members <- u.MyChatMember.NewChatMember.Type
	case u.CallbackQuery != nil:
		g.press(ctx, u.CallbackQuery)
	case u.EditedMessage != nil:
		g.say(ctx, u.EditedMessage.Chat.ID, "Edited to "+u.EditedMessage.Text, nil)
	case u.Message == nil:
	case u.Message.Contact != nil:
		c := u.Message.Contact
		g.say(ctx, u.Message.Chat.ID, fmt.Sprintf("Phone %s own %v", c.PhoneNumber, c.UserID == u.Message.From.ID),
			&models.ReplyKeyboardRemove{RemoveKeyboard: true})
	case len(u.Message.Photo) > 0:
		g.measure(ctx, u.Message)
	default:
		g.text(ctx, u.Message)
	}
}

func (g *goBot) say(ctx context.Context, chat int64, text string, markup models.ReplyMarkup) {
	_, _ = g.tg.SendMessage(ctx, &telegram.SendMessageParams{ChatID: chat, Text: text, ReplyMarkup: markup})
}

func (g *goBot) text(ctx context.Context, m *models.Message) {
	switch {
	case strings.HasPrefix(m.Text, "/start"):
		g.say(ctx, m.Chat.ID, fmt.Sprintf("Hello %s, payload %s", m.From.FirstName, strings.TrimPrefix(m.Text, "/start ")),
			&models.ReplyKeyboardMarkup{
				Keyboard: [][]models.KeyboardButton{{{Text: "Share my phone", RequestContact: true}, {Text: "Not now"}}}, OneTimeKeyboard: true,
			})
	case m.Text == "/document":
		_, _ = g.tg.SendDocument(ctx, &telegram.SendDocumentParams{
			ChatID: m.Chat.ID, Caption: "Here",
			Document: &models.InputFileUpload{Filename: "words.txt", Data: bytes.NewBufferString("some words")},
		})
	case m.Text == "menu":
		_, _ = g.tg.SendMessage(ctx, &telegram.SendMessageParams{
			ChatID: m.Chat.ID, Text: "*Choose*", ParseMode: models.ParseModeMarkdown,
			ReplyMarkup: &models.InlineKeyboardMarkup{InlineKeyboard: [][]models.InlineKeyboardButton{
				{{Text: "Yes", CallbackData: "answer:yes"}, {Text: "No", CallbackData: "answer:no"}},
				{{Text: "Site", URL: "https://acme.example/"}},
			}},
		})
	case m.Text == "stranger":
		_, err := g.tg.SendMessage(ctx, &telegram.SendMessageParams{ChatID: 999, Text: "nobody"})
		if errors.Is(err, telegram.ErrorBadRequest) {
			g.say(ctx, m.Chat.ID, "Refused 400: "+strings.TrimPrefix(err.Error(), telegram.ErrorBadRequest.Error()+", "), nil)
		}
	default:
		_, _ = g.tg.SendMessage(ctx, &telegram.SendMessageParams{
			ChatID: m.Chat.ID, Text: "Echo " + m.Text, ReplyParameters: &models.ReplyParameters{MessageID: m.ID},
		})
	}
}

func (g *goBot) press(ctx context.Context, q *models.CallbackQuery) {
	choice := strings.TrimPrefix(q.Data, "answer:")
	_, _ = g.tg.AnswerCallbackQuery(ctx, &telegram.AnswerCallbackQueryParams{CallbackQueryID: q.ID, Text: "Noted: " + choice})
	_, _ = g.tg.EditMessageText(ctx, &telegram.EditMessageTextParams{
		ChatID: q.Message.Message.Chat.ID, MessageID: q.Message.Message.ID, Text: "You chose " + choice,
	})
}

func (g *goBot) measure(ctx context.Context, m *models.Message) {
	file, err := g.tg.GetFile(ctx, &telegram.GetFileParams{FileID: m.Photo[0].FileID})
	if err != nil {
		return
	}
	response, err := http.Get(g.tg.FileDownloadLink(file))
	if err != nil {
		return
	}
	defer response.Body.Close()
	raw, _ := io.ReadAll(response.Body)
	g.say(ctx, m.Chat.ID, fmt.Sprintf("Photo of %d bytes", len(raw)), nil)
}
