package botapi

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

const (
	maxCallbackData = 64       // bytes
	maxButtons      = 100      // of one inline keyboard
	maxKeyboard     = 300      // of one reply keyboard
	maxMarkup       = 64 << 10 // bytes of a reply markup
)

// rawMarkup is any reply_markup. Pointers and raw values tell what is there.
type rawMarkup struct {
	Inline      [][]rawButton   `json:"inline_keyboard"`
	Keyboard    [][]replyButton `json:"keyboard"`
	Remove      bool            `json:"remove_keyboard"`
	Force       bool            `json:"force_reply"`
	OneTime     bool            `json:"one_time_keyboard"`
	Resize      bool            `json:"resize_keyboard"`
	Persistent  bool            `json:"is_persistent"`
	Selective   bool            `json:"selective"`
	Placeholder string          `json:"input_field_placeholder"`
}

type rawButton struct {
	Text         string          `json:"text"`
	URL          string          `json:"url"`
	CallbackData *string         `json:"callback_data"`
	WebApp       json.RawMessage `json:"web_app"`
	LoginURL     json.RawMessage `json:"login_url"`
	Switch       *string         `json:"switch_inline_query"`
	SwitchHere   *string         `json:"switch_inline_query_current_chat"`
	CopyText     json.RawMessage `json:"copy_text"`
}

// replyButton is a button of a reply keyboard: an object or just its text.
type replyButton struct{ wire.ReplyButton }

// UnmarshalJSON reads both forms.
func (b *replyButton) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &b.Text)
	}
	return json.Unmarshal(raw, &b.ReplyButton)
}

// replyMarkup reads reply_markup into the keyboard under the message or the one below the input line.
func (c *call) replyMarkup() (*wire.InlineKeyboard, *wire.ReplyKeyboard, error) {
	raw := c.params.object("reply_markup")
	if raw == "" {
		return nil, nil, nil
	}
	if len(raw) > maxMarkup {
		return nil, nil, network.BadRequest("reply markup is too long")
	}
	if raw[0] != '{' {
		return nil, nil, network.BadRequest("object expected as reply markup")
	}
	var m rawMarkup
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		return nil, nil, network.BadRequest("can't parse reply keyboard markup JSON object")
	}
	switch {
	case len(m.Keyboard) > 0:
		keyboard, err := replyKeyboard(m)
		return nil, keyboard, err
	case m.Inline != nil:
		inline, err := inlineKeyboard(m.Inline)
		return inline, nil, err
	case m.Remove:
		return nil, &wire.ReplyKeyboard{Remove: true, Selective: m.Selective}, nil
	case m.Force:
		return nil, &wire.ReplyKeyboard{Force: true, Selective: m.Selective, Placeholder: m.Placeholder}, nil
	}
	return nil, nil, nil
}

func replyKeyboard(m rawMarkup) (*wire.ReplyKeyboard, error) {
	k := &wire.ReplyKeyboard{
		OneTime: m.OneTime, Resize: m.Resize, Persistent: m.Persistent, Selective: m.Selective, Placeholder: m.Placeholder,
	}
	count := 0
	for _, row := range m.Keyboard {
		var out []wire.ReplyButton
		for _, button := range row {
			if button.Text == "" {
				return nil, network.BadRequest("keyboard button text must be non-empty")
			}
			if button.RequestContact && button.RequestLocation {
				return nil, network.BadRequest("can't parse keyboard button: only one of the optional fields is allowed")
			}
			out = append(out, button.ReplyButton)
			count++
		}
		if len(out) > 0 {
			k.Rows = append(k.Rows, out)
		}
	}
	if count > maxKeyboard {
		return nil, network.BadRequest("reply markup is too long")
	}
	return k, nil
}

func inlineKeyboard(rows [][]rawButton) (*wire.InlineKeyboard, error) {
	k := &wire.InlineKeyboard{}
	count := 0
	for _, row := range rows {
		var out []wire.InlineButton
		for _, raw := range row {
			button, err := inlineButton(raw)
			if err != nil {
				return nil, err
			}
			out = append(out, button)
			count++
		}
		if len(out) > 0 {
			k.Rows = append(k.Rows, out)
		}
	}
	if count > maxButtons {
		return nil, network.BadRequest("REPLY_MARKUP_TOO_LONG")
	}
	if count == 0 {
		return nil, nil
	}
	return k, nil
}

// inlineButton takes the first action that is there, in the official server's order. Empty actions beside it are left
// out: some clients send an empty copy_text with each button.
func inlineButton(raw rawButton) (wire.InlineButton, error) {
	b := wire.InlineButton{Text: raw.Text}
	switch {
	case strings.TrimSpace(raw.Text) == "":
		return b, network.BadRequest("can't parse inline keyboard button: Field \"text\" must be of type String")
	case raw.URL != "":
		address, ok := buttonURL(raw.URL)
		if !ok {
			return b, network.BadRequest("inline keyboard button URL '" + cut(raw.URL, 256) + "' is invalid: Wrong HTTP URL")
		}
		b.URL = address
	case raw.CallbackData != nil && *raw.CallbackData != "":
		if len(*raw.CallbackData) > maxCallbackData {
			return b, network.BadRequest("BUTTON_DATA_INVALID")
		}
		b.CallbackData = *raw.CallbackData
	case raw.Switch != nil:
		b.SwitchInlineQuery = raw.Switch
	case raw.SwitchHere != nil:
		b.SwitchInlineQueryCurrentChat = raw.SwitchHere
	case present(raw.LoginURL):
		b.LoginURL = raw.LoginURL
	case present(raw.WebApp):
		var app struct {
			URL string `json:"url"`
		}
		if err := json.Unmarshal(raw.WebApp, &app); err != nil || !strings.HasPrefix(app.URL, "https://") {
			return b, network.BadRequest("inline keyboard button Web App URL '" + cut(app.URL, 256) + "' is invalid: Only HTTPS links are allowed")
		}
		b.WebApp = raw.WebApp
	case present(raw.CopyText):
		var copied struct {
			Text string `json:"text"`
		}
		if err := json.Unmarshal(raw.CopyText, &copied); err != nil || copied.Text == "" || len(copied.Text) > 1024 {
			return b, network.BadRequest("Text buttons are not allowed in the inline keyboard")
		}
		b.CopyText = raw.CopyText
	default:
		return b, network.BadRequest("Text buttons are not allowed in the inline keyboard")
	}
	return b, nil
}

func present(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}

// buttonURL checks the address of a button; one without scheme gets http, as on Telegram. Loopback names are allowed,
// because programs under test live there.
func buttonURL(raw string) (string, bool) {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || len(raw) > 2048 {
		return "", false
	}
	switch u.Scheme {
	case "tg":
		return raw, true
	case "http", "https":
		if u.Path == "" {
			u.Path = "/"
		}
		return u.String(), u.Host != "" && (strings.ContainsAny(u.Hostname(), ".:") || u.Hostname() == "localhost")
	}
	return "", false
}
