// Package network is the sandbox's Telegram without any protocol: people, bots, their chats and groups, messages and
// the updates that wait for each bot.
//
// A Network is one lock around plain maps. People act through the methods in person_action.go, bots through those in
// bot_action.go; what a person does becomes updates in the queues of the bots that may see it (queue.go). Refusals to
// a bot are Refusal values that carry the official server's own words; refusals to a person or a test are Problem
// values. Every change is announced in a bounded log (Changes), from which pages learn what to read again.
//
// Everything is bounded: see Bounds. No call walks over all people, chats or messages, so a busy network stays fast.
package network
