package api

import "herald/internal/gateway"

// reasons says why something ended as it did, in words for the people who sent the message.
var reasons = map[gateway.Reason]string{
	gateway.ReasonNeverStarted: "Nobody with this address has started the bot. Send them the bot's connect link.",
	gateway.ReasonBlocked:      "The person blocked the bot.",
	gateway.ReasonDeactivated:  "The person's account at the messenger is gone.",
	gateway.ReasonChatLost:     "The bot is no longer in that chat.",
	gateway.ReasonNameTooOld:   "The @name was last seen too long ago: by now it may belong to somebody else.",
	gateway.ReasonContent:      "The messenger refused the text or the buttons.",
	gateway.ReasonBotRevoked:   "The bot's token was revoked. Give the bot its new token.",
	gateway.ReasonAnswerLost:   "It was sent, and the messenger's answer never came: the person may or may not have it.",
	gateway.ReasonTTL:          "Its lifetime ended before it could be sent.",
	gateway.ReasonUnavailable:  "The messenger did not answer.",
	gateway.ReasonThrottled:    "The messenger asked to wait.",
	gateway.ReasonDefect:       "A fault of ours. The log of the installation has the cause.",
}

// reasonText returns the words for a reason, "" for none or one that has no words.
func reasonText(reason gateway.Reason) string { return reasons[reason] }
