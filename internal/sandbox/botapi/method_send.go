package botapi

import (
	"encoding/json"

	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

// draft reads what all messages have in common: the reply, the buttons, the protection.
func (c *call) draft() (network.Draft, error) {
	d := network.Draft{
		Protected: c.params.flag("protect_content"), Silent: c.params.flag("disable_notification"), ReplyTo: c.params.id("reply_to_message_id"),
		ReplyLoose: c.params.flag("allow_sending_without_reply"),
	}
	if raw := c.params.object("reply_parameters"); raw != "" {
		var reply struct {
			MessageID json.RawMessage `json:"message_id"`
			Loose     bool            `json:"allow_sending_without_reply"`
		}
		if err := json.Unmarshal([]byte(raw), &reply); err != nil {
			return d, network.BadRequest("can't parse reply parameters JSON object")
		}
		d.ReplyTo, _ = wholeNumber(string(reply.MessageID))
		d.ReplyLoose = d.ReplyLoose || reply.Loose
	}
	var err error
	d.Inline, d.Keyboard, err = c.replyMarkup()
	return d, err
}

// send checks that the chat can be reached, takes a slot of the limits and sends.
func (c *call) send(chat network.ChatID, d network.Draft) (any, error) {
	if err := c.Network.Reach(c.bot, chat); err != nil {
		return nil, err
	}
	if err := c.limiter.Take(c.bot, chat); err != nil {
		return nil, err
	}
	m, err := c.Network.Send(c.bot, chat, d)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (c *call) sendMessage() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	d, err := c.draft()
	if err != nil {
		return nil, err
	}
	if d.LinkPreview, err = c.preview(); err != nil {
		return nil, err
	}
	if d.Text, d.Entities, err = c.text(); err != nil {
		return nil, err
	}
	result, err := c.send(chat, d)
	if err == nil {
		c.previewLink(result.(*wire.Message))
	}
	return result, err
}

func (c *call) sendContact() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	d, err := c.draft()
	if err != nil {
		return nil, err
	}
	d.Contact = &wire.Contact{
		PhoneNumber: c.params.str("phone_number"), FirstName: c.params.str("first_name"),
		LastName: c.params.str("last_name"), VCard: c.params.str("vcard"),
	}
	switch {
	case d.Contact.PhoneNumber == "":
		return nil, network.BadRequest("PHONE_NUMBER_INVALID")
	case d.Contact.FirstName == "":
		return nil, network.BadRequest("contact first name is empty")
	case len(d.Contact.VCard) > 2048 || len(d.Contact.PhoneNumber) > 32:
		return nil, network.BadRequest("contact is too long")
	}
	if normal, ok := network.NormalPhone(d.Contact.PhoneNumber); ok {
		if p, known := c.Network.PersonByPhone(normal); known {
			d.Contact.UserID = int64(p.ID)
		}
	}
	return c.send(chat, d)
}
