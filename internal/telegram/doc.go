// Package telegram is the Bot API adapter: it sends, tells what a refusal means, and takes updates in by webhook or
// polling.
//
// Sending goes through go-telegram/bot's methods and models, over an HTTP client of our own that notes what really
// happened on the wire (exchange): whether the request had left, the status and the answer's body. From that, and only
// from that, the one table in refusal.go tells the class of a refusal.
//
// Intake is our own: an update is stored before the webhook is answered or the polling offset moves, so that a crash at
// any point loses nothing.
package telegram
