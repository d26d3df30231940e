package telegram

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"herald/internal/gateway"
)

var (
	_ gateway.Messenger = (*Client)(nil)
	_ gateway.Registrar = (*Client)(nil)
)

// OfficialURL is where Telegram's own Bot API server is.
const OfficialURL = "https://api.telegram.org"

// maxClients bounds the clients kept at a time; one is a few hundred bytes.
const maxClients = 10_000

// allowedUpdates are the kinds that we take. They are always set: the server remembers an earlier choice.
var allowedUpdates = []string{
	models.AllowedUpdateMessage, models.AllowedUpdateEditedMessage, models.AllowedUpdateCallbackQuery, models.AllowedUpdateMyChatMember,
}

// Client calls the Bot API for any number of bots on any of its networks.
type Client struct {
	servers map[gateway.Network]string // network -> URL of its Bot API server
	sealer  gateway.Sealer
	wire    *wire

	mu   sync.Mutex
	bots map[string]*bot.Bot // by sealed token: a new token makes a new client
}

// NewClient returns a Client. A network without a URL is off.
func NewClient(servers map[gateway.Network]string, sealer gateway.Sealer) *Client {
	return &Client{servers: servers, sealer: sealer, wire: newWire(), bots: map[string]*bot.Bot{}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.wire.close() }

// Send sends one text, photo or document.
func (c *Client) Send(ctx context.Context, out gateway.Outgoing) (gateway.Receipt, error) {
	api, err := c.api(ctx, out.Bot)
	if err != nil {
		return gateway.Receipt{}, err
	}
	if out.Media != nil {
		return sendMedia(ctx, api, out)
	}
	params := &bot.SendMessageParams{
		ChatID: out.ChatID, Text: out.Text, ParseMode: parseMode(out.Format), DisableNotification: out.Silent, ProtectContent: out.Protected,
	}
	if out.NoPreview {
		off := true
		params.LinkPreviewOptions = &models.LinkPreviewOptions{IsDisabled: &off}
	}
	params.ReplyMarkup = markupOf(out)
	ctx, e := withExchange(ctx)
	sent, err := api.SendMessage(ctx, params)
	if err != nil {
		return gateway.Receipt{}, e.refusal(err)
	}
	return gateway.Receipt{ChatID: sent.Chat.ID, PlatformMessageID: int64(sent.ID)}, nil
}

// markupOf is what stands under a message, or below the person's input line.
func markupOf(out gateway.Outgoing) models.ReplyMarkup {
	switch {
	case out.AskPhone:
		return phoneKeyboard(out.Buttons)
	case len(out.Buttons) > 0:
		return keyboardOf(out.Buttons)
	default:
		return nil
	}
}

func parseMode(f gateway.Format) models.ParseMode {
	switch f {
	case gateway.FormatHTML:
		return models.ParseModeHTML
	case gateway.FormatMarkdown:
		return models.ParseModeMarkdown // which is MarkdownV2
	default:
		return ""
	}
}

// AnswerButton stops the waiting sign on a pressed button. A notice stays until the person closes it.
func (c *Client) AnswerButton(ctx context.Context, b gateway.Bot, callbackID, notice string) error {
	api, err := c.api(ctx, b)
	if err != nil {
		return err
	}
	ctx, e := withExchange(ctx)
	_, err = api.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: callbackID, Text: notice, ShowAlert: notice != ""})
	return e.refusal(err)
}

// keyboard is an inline keyboard as it goes over the wire. The library's own type would add empty fields to each button.
type keyboard struct {
	Rows [][]key `json:"inline_keyboard"`
}

type key struct {
	Text   string  `json:"text"`
	Data   string  `json:"callback_data,omitempty"`
	URL    string  `json:"url,omitempty"`
	WebApp *webApp `json:"web_app,omitempty"`
}

type webApp struct {
	URL string `json:"url"`
}

func keyboardOf(buttons [][]gateway.Button) keyboard {
	k := keyboard{Rows: make([][]key, len(buttons))}
	for i, row := range buttons {
		k.Rows[i] = make([]key, len(row))
		for j, b := range row {
			k.Rows[i][j] = key{Text: b.Text, Data: b.Data, URL: b.URL}
			if b.WebApp != "" {
				k.Rows[i][j].WebApp = &webApp{URL: b.WebApp}
			}
		}
	}
	return k
}

// sharePhone is what the button says that shares a phone, where the message names nothing else.
const sharePhone = "📱"

// phoneKeyboard is one button under the input field that shares the person's own phone, and goes away when it was used.
func phoneKeyboard(buttons [][]gateway.Button) models.ReplyKeyboardMarkup {
	text := sharePhone
	if len(buttons) > 0 && len(buttons[0]) > 0 {
		text = buttons[0][0].Text
	}
	return models.ReplyKeyboardMarkup{
		Keyboard:       [][]models.KeyboardButton{{{Text: text, RequestContact: true}}},
		ResizeKeyboard: true, OneTimeKeyboard: true,
	}
}

// api returns the library's client of a bot.
func (c *Client) api(ctx context.Context, b gateway.Bot) (*bot.Bot, error) {
	c.mu.Lock()
	api, ok := c.bots[string(b.SealedToken)]
	c.mu.Unlock()
	if ok {
		return api, nil
	}
	token, err := c.token(ctx, b)
	if err != nil {
		return nil, err
	}
	if api, err = c.apiOf(b.Network, token); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.bots) >= maxClients {
		clear(c.bots)
	}
	c.bots[string(b.SealedToken)] = api
	return api, nil
}

func (c *Client) token(ctx context.Context, b gateway.Bot) (gateway.Secret, error) {
	token, err := c.sealer.Open(ctx, b.SealedToken, b.ID.TokenBound())
	if err != nil {
		return "", &gateway.DeliveryError{Class: gateway.ClassDefect, Text: "the bot's token cannot be opened with this key", Err: err}
	}
	return gateway.Secret(token), nil
}

// apiOf returns the library's client of a token. It makes no call.
func (c *Client) apiOf(network gateway.Network, token gateway.Secret) (*bot.Bot, error) {
	server, err := c.server(network)
	if err != nil {
		return nil, err
	}
	api, err := bot.New(token.Reveal(), bot.WithSkipGetMe(), bot.WithServerURL(server),
		bot.WithHTTPClient(time.Minute, c.wire), bot.WithUpdatesChannelCap(1)) // its intake is not used
	if err != nil {
		return nil, &gateway.DeliveryError{Class: gateway.ClassDefect, Text: "no client for this token", Err: fmt.Errorf("make client: %w", err)}
	}
	return api, nil
}

func (c *Client) server(network gateway.Network) (string, error) {
	server := strings.TrimSuffix(c.servers[network], "/")
	if server == "" {
		return "", &gateway.DeliveryError{Class: gateway.ClassUnavailable, Text: "this installation has no " + string(network) + " network"}
	}
	return server, nil
}
