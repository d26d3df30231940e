package inbox

import (
	"herald/internal/gateway"
	"herald/internal/phone"
)

// takesNumbers tells whether a person may prove a phone to the bot by writing its number: an SMS brings a code there.
func (i *Inbox) takesNumbers(b gateway.Bot) bool {
	return i.composer != nil && i.sms != nil && !b.ContactOnly && i.sms.Serving(b.Network)
}

// claimed is the phone that a person writes, and nothing else with it. On a shared bot it is noticed also where no SMS comes
// of it: it is for the bot's owner, like a contact that is shared, and for no customer.
func (i *Inbox) claimed(u gateway.Update, b gateway.Bot) *gateway.PhoneClaim {
	if !u.Private || u.Kind != gateway.UpdateText && u.Kind != gateway.UpdateEdited {
		return nil
	}
	e164, like := phone.Written(u.Text)
	idle := u.Kind == gateway.UpdateEdited || u.Forwarded || !i.takesNumbers(b)
	if !like || idle && !b.Shared {
		return nil
	}
	return &gateway.PhoneClaim{Phone: e164, Idle: idle}
}

// answersItself are the messages by which the bot answers what its rules leave to it.
func (i *Inbox) answersItself(c consultation, v gateway.Verdict, talk gateway.Conversation, a *gateway.Answer) []gateway.NewMessage {
	if talk.Claim == gateway.ClaimOpen && i.sms.Carries(v.Claim.Phone, c.bot.Network) {
		ask, messages, err := i.composer.Claim(c.bot, talk.Person, v.Claim.Phone)
		if err == nil {
			a.Ask = &ask
			return messages
		}
	}
	if made, ok := i.defaultReply(c, v, talk); ok {
		return []gateway.NewMessage{made}
	}
	return nil
}
