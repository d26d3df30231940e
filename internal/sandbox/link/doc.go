// Package link opens links as different kinds of clients do: a person's browser, Telegram's preview robot, a scanner.
//
// The sandbox only ever connects to loopback addresses and to hosts that its configuration names, so a bot under test
// cannot make it call the outside.
package link
