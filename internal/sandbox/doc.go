// Package sandbox is a Telegram network and phones in a box: a Bot API server that frameworks cannot tell from the
// official one, phones that receive SMS, a page on which one is several people, and a control API for tests.
//
// One HTTP listener serves it all (server.go):
//
//	/bot<token>/<method>, /file/bot<token>/<path>   package botapi   the Bot API and webhook deliveries
//	/control/v1/...                                 package control  people, bots, groups, faults, limits, log, events
//	/sms/v1/messages                                package phone    the sandbox's own SMS operator
//	/ and /static/...                               package page     the chat app and the phones
//
// Their common state is package network, which knows no HTTP; markup parses texts, wire holds the Bot API's objects,
// fault what goes wrong on demand, link opens links as robots and people do, ring keeps the newest log entries.
// With a state folder (state.go) people, bots, tokens and chats survive a restart, also after kill -9.
//
// The sandbox is for development and tests: whoever reaches its address controls it.
package sandbox
