package botapi

import (
	"encoding/json"

	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

// target reads the chat and the message that a call changes.
func (c *call) target() (network.ChatID, int64, error) {
	if c.params.str("inline_message_id") != "" {
		return 0, 0, network.BadRequest("MESSAGE_ID_INVALID")
	}
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return 0, 0, err
	}
	message := c.params.id("message_id")
	if message <= 0 {
		return 0, 0, network.BadRequest("message identifier is not specified")
	}
	return chat, message, nil
}

// edit changes a message; the inline keyboard is replaced by the one of the call, or removed without one.
func (c *call) edit(change func(*wire.Message) error) (any, error) {
	chat, message, err := c.target()
	if err != nil {
		return nil, err
	}
	inline, keyboard, err := c.replyMarkup()
	if err != nil {
		return nil, err
	}
	if keyboard != nil {
		return nil, network.BadRequest("inline keyboard expected")
	}
	m, err := c.Network.Edit(c.bot, chat, message, func(m *wire.Message) error {
		m.ReplyMarkup = inline
		return change(m)
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (c *call) editMessageText() (any, error) {
	text, entities, err := c.text()
	if err != nil {
		return nil, err
	}
	preview, err := c.preview()
	if err != nil {
		return nil, err
	}
	return c.edit(func(m *wire.Message) error {
		if m.Text == "" {
			return network.BadRequest("there is no text in the message to edit")
		}
		m.Text, m.Entities, m.LinkPreviewOptions = text, entities, preview
		return nil
	})
}

func (c *call) editMessageCaption() (any, error) {
	caption, entities, err := c.caption()
	if err != nil {
		return nil, err
	}
	return c.edit(func(m *wire.Message) error {
		if m.Photo == nil && m.Document == nil {
			return network.BadRequest("there is no caption in the message to edit")
		}
		m.Caption, m.CaptionEntities = caption, entities
		return nil
	})
}

func (c *call) editMessageReplyMarkup() (any, error) {
	return c.edit(func(*wire.Message) error { return nil })
}

func (c *call) deleteMessage() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	message := c.params.id("message_id")
	if message <= 0 {
		return nil, network.BadRequest(network.WordsDeleteNotFound)
	}
	return true, c.Network.Delete(c.bot, chat, message)
}

// deleteMessages skips what is not there, as on Telegram.
func (c *call) deleteMessages() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	var ids []int64
	if err := json.Unmarshal([]byte(c.params.object("message_ids")), &ids); err != nil || len(ids) == 0 {
		return nil, network.BadRequest("message identifiers are not specified")
	}
	if len(ids) > 100 {
		return nil, network.BadRequest("too many message identifiers specified")
	}
	if err := c.Network.Reach(c.bot, chat); err != nil {
		return nil, err
	}
	for _, id := range ids {
		_ = c.Network.Delete(c.bot, chat, id) // missing messages are skipped
	}
	return true, nil
}

func (c *call) answerCallbackQuery() (any, error) {
	id := c.params.str("callback_query_id")
	if id == "" {
		return nil, network.BadRequest(network.WordsQueryTooOld)
	}
	text := c.params.str("text")
	if len([]rune(text)) > 200 || len(c.params.str("url")) > 2048 {
		return nil, network.BadRequest("MESSAGE_TOO_LONG")
	}
	return true, c.Network.AnswerCallback(c.bot, id, network.Answer{
		Text: text, Alert: c.params.flag("show_alert"), URL: c.params.str("url"),
	})
}

// source finds the message that is forwarded or copied.
func (c *call) source(missing string) (*wire.Message, error) {
	from, err := c.params.chat("from_chat_id")
	if err != nil {
		return nil, err
	}
	m, err := c.Network.Message(c.bot, from, c.params.id("message_id"))
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, network.BadRequest(missing)
	}
	return m, nil
}

// again is a draft with the content of a message.
func (c *call) again(m *wire.Message) network.Draft {
	d := network.Draft{
		Text: m.Text, Entities: m.Entities, Caption: m.Caption, CaptionMark: m.CaptionEntities, Contact: m.Contact,
		LinkPreview: m.LinkPreviewOptions,
	}
	id := ""
	switch {
	case m.Photo != nil:
		id = m.Photo[len(m.Photo)-1].FileID
	case m.Document != nil:
		id = m.Document.FileID
	}
	d.File, _ = c.Network.File(id)
	return d
}

func (c *call) forwardMessage() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	m, err := c.source(network.WordsForwardNotFound)
	if err != nil {
		return nil, err
	}
	d := c.again(m)
	d.Protected = c.params.flag("protect_content")
	d.Origin = m.ForwardOrigin
	if d.Origin == nil {
		d.Origin = &wire.Origin{Type: "user", SenderUser: m.From, Date: m.Date}
		if m.SenderChat != nil {
			d.Origin = &wire.Origin{Type: "channel", Chat: m.SenderChat, MessageID: m.MessageID, Date: m.Date}
		}
	}
	return c.send(chat, d)
}

func (c *call) copyMessage() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	m, err := c.source(network.WordsCopyNotFound)
	if err != nil {
		return nil, err
	}
	d, err := c.draft()
	if err != nil {
		return nil, err
	}
	content := c.again(m)
	content.Inline, content.Keyboard, content.Protected = d.Inline, d.Keyboard, d.Protected
	content.ReplyTo, content.ReplyLoose = d.ReplyTo, d.ReplyLoose
	if _, given := c.params.values["caption"]; given && content.File != nil {
		if content.Caption, content.CaptionMark, err = c.caption(); err != nil {
			return nil, err
		}
	}
	result, err := c.send(chat, content)
	if err != nil {
		return nil, err
	}
	return wire.MessageID{MessageID: result.(*wire.Message).MessageID}, nil
}

// chatActions are the actions that Telegram knows.
func isChatAction(action string) bool {
	switch action {
	case "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "record_audio",
		"upload_audio", "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note":
		return true
	}
	return false
}

func (c *call) sendChatAction() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	action := c.params.str("action")
	if !isChatAction(action) {
		return nil, network.BadRequest("wrong parameter action in request")
	}
	return true, c.Network.ChatAction(c.bot, chat, action)
}
