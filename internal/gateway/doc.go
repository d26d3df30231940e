// Package gateway is the words of Herald as Go types: accounts, bots, subscribers, messages and their legs, with the
// pure policy that belongs to them and the ports through which use cases reach the world.
//
// It imports the standard library only. Use cases (messaging, inbox, bots, accounts) speak in these types; adapters
// (postgres, telegram, sandbox) implement the ports; nobody else needs to know how either works.
//
// The centre is [State], the machine of an outgoing message, and [Delivery] with [Change]: everything that is known
// about a message when its next step is decided, and what that decision writes.
package gateway
