// Package client is the Go client of Herald's HTTP API.
//
// A Client is made with New from the address of an installation and an API key, and is safe for concurrent use. Send
// sends one message; Messages, Bots, Subscribers and Keys walk lists page by page. A refusal is an *Error with the code
// and the field that the API names; Code takes the code out of any error.
//
// Calls are repeated when nobody knows whether they arrived: after a broken connection, and when the installation asks
// to try again. That is safe for sends too: each carries an Idempotency-Key, one of the caller's (WithIdempotencyKey) or
// a random one, under which the installation does a thing once. Use a key of your own where your program itself may
// repeat the call, after a restart for one.
//
// The types of bodies are made from the same specification as the server: see package wire.
package client
