// Package markup turns the text that a bot or a person wrote into plain text and entities, as Telegram does.
//
// Parse understands the three parse modes and refuses broken markup in Telegram's words; Detect finds what clients
// mark by themselves: links, @mentions, /commands, #hashtags, $CASHTAGS, e-mail addresses and phone numbers. All
// offsets are UTF-16 code units, the unit of the Bot API.
package markup
