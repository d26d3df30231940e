// Package wire holds the Bot API's objects in the shape in which they travel as JSON.
//
// Only what the sandbox itself fills is modelled; the names, the order and the optional fields follow the official
// reference (https://core.telegram.org/bots/api), so that every framework decodes them. Messages and updates are
// treated as immutable once they left the network package: an edit makes a new Message, so readers need no lock.
package wire
