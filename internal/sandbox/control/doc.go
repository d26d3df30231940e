// Package control is the API with which pages and tests are the people, the phones and the faults of the sandbox.
//
// api.go holds the routes and the JSON frame; each group of routes has its file. Actions of people call the network
// directly; nothing here knows the Bot API's protocol. A change answers when it is stored, if the sandbox keeps state.
package control
