// Package phrase has what bots say by themselves, in the languages of people: the answers to /start, /stop, /privacy,
// /language and /phone, and the asking for a phone.
//
// All texts stand in phrases.json: by key, then by language. [In] takes a person's language as the app tells it, such as
// pt-BR, and falls back to English. No text asks for a code of the messenger itself, and those about codes say so.
package phrase
