// Package botapi serves the network as the official Bot API server does.
//
// A request /bot<token>/<method> passes through one pipeline (server.go): the token opens a bot, the parameters are
// decoded from the query and from an urlencoded, JSON or multipart body (params.go), injected faults and limits take
// their turn, the method's handler runs (one function per method, files method_*.go) and the answer is written and
// noted in the call log. Handlers return a result or an error; a network.Refusal travels to the bot word by word.
//
// Deliverer (webhook.go) carries updates to webhooks: one queue per chat, in order, chats in parallel up to the bot's
// max_connections, with the official retries. An answer that names a method is executed, as on Telegram.
package botapi
