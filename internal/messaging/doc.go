// Package messaging is the life of an outgoing message: accepting it, taking it one step at a time to the person, and
// telling its story.
//
// Accept checks everything about a message that can be known without looking for the person, and stores it with the
// outbox row from which its workflow is started, if it needs one. First tries a message before it has a workflow; Attempt is the
// step that the workflow repeats. Both find the person, write the intent, call the messenger and write the outcome. What a step decides is pure (see decide.go): it looks at
// a gateway.Delivery and returns a gateway.Change.
package messaging
