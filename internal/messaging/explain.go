package messaging

import "herald/internal/gateway"

// Explain says a reason in words for the person who sent the message, with what they can do.
func Explain(reason gateway.Reason) string {
	switch reason {
	case gateway.ReasonNeverStarted:
		return "Nobody with this address is connected to the bot. Send them the bot's connect link; to be found by phone they must also share it."
	case gateway.ReasonBlocked:
		return "The person blocked the bot. Only they can unblock it."
	case gateway.ReasonStopped:
		return "The person wrote /stop: they get no messages of the bot until they press Start again."
	case gateway.ReasonForgotten:
		return "The person wanted to be forgotten."
	case gateway.ReasonDeactivated:
		return "The person's account at the messenger is gone."
	case gateway.ReasonChatLost:
		return "The bot is no longer in that chat."
	case gateway.ReasonNameTooOld:
		return "The @name was last seen too long ago to send a code to it: it may belong to somebody else now. Use the phone or the #id."
	case gateway.ReasonPhoneLapsed:
		return "The person with this phone was asked to prove it again and did not, so it may belong to somebody else now. Once they share it with the bot, messages to it reach them."
	case gateway.ReasonContent:
		return "The messenger refused the text, the buttons or the file."
	case gateway.ReasonBotRemoved:
		return "The bot's owner removed it, or lends it no longer, since the message was accepted."
	case gateway.ReasonBotRevoked:
		return "The bot's token was revoked. Give the bot its new token with POST /v1/bots."
	case gateway.ReasonAnswerLost:
		return "It was sent and the messenger's answer was lost, so nobody knows whether it arrived. It is not sent again, as the message asks."
	case gateway.ReasonTTL:
		return "Its lifetime ended before it could be sent."
	case gateway.ReasonUnavailable:
		return "The messenger did not answer."
	case gateway.ReasonThrottled:
		return "The messenger asked to wait."
	case gateway.ReasonNoPhone:
		return "No phone of the recipient is known, so no SMS can be sent. Address the message to a phone, or ask the person to share theirs."
	case gateway.ReasonNoProvider:
		return "No SMS provider takes messages to this number. The operator configures providers."
	case gateway.ReasonUndelivered:
		return "The operator could not deliver the SMS."
	case gateway.ReasonMessageGone:
		return "The message does not stand in the chat any more: the person deleted it, or the chat's history."
	case gateway.ReasonTooLate:
		return "The messenger does not let this message be changed or deleted any more."
	case gateway.ReasonFileGone:
		return "The photo or document was removed before it could be sent. Upload it again, and send a new message."
	case gateway.ReasonOverPrice:
		return "With it the message would cost more than its sender allows with max_price."
	case gateway.ReasonUnconfirmed:
		return "The person has not proved lately that the phone is theirs. They were asked to; the message was withheld meanwhile."
	case gateway.ReasonPolicy:
		return "The policy of shared bots refuses this message, as its story explains. It was not sent and costs nothing. The operator may allow it."
	case gateway.ReasonDefect:
		return "Something is wrong on our side. The log has the cause."
	default:
		return ""
	}
}
