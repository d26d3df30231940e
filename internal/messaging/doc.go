// Package messaging is the life of an outgoing message: accepting it, taking it one step at a time to the person, and
// telling its story.
//
// Accept checks everything about a message that can be known without looking for the person, and stores it with the
// outbox row from which its workflow is started. Attempt is the step that the workflow repeats: it finds the person,
// writes the intent, calls the messenger and writes the outcome. What a step decides is pure (see decide.go): it looks at
// a gateway.Delivery and returns a gateway.Change.
package messaging
