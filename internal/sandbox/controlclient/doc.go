// Package controlclient calls the control API of a running sandbox: it makes bots, is the people, and sets limits and
// faults.
//
// A Client is made with New from the sandbox's address. Its methods speak of people by id and of bots by id or @name, as
// the API does (people.go, bot.go, disorder.go); a refusal is an *Error with the sandbox's code. It knows the API only,
// not the packages behind it, so it serves stories that run against another process.
package controlclient
