package main

import (
	"fmt"
	"strings"
	"time"

	"herald/client"
	"herald/client/wire"
	"herald/internal/terminal"
)

// story tells the life of a message as a table: when, how long after the line before, the state, and what happened.
func story(events []client.Event, zone *time.Location) *terminal.Table {
	table := terminal.NewTable("at", "after", "state", "what")
	for i, event := range events {
		after := ""
		if i > 0 {
			after = "+" + terminal.Span(event.At.Sub(events[i-1].At))
		}
		table.Add(terminal.Clock(event.At, zone), after, string(event.State), tell(event))
	}
	return table
}

// tell says in words what an event is.
func tell(e client.Event) string {
	parts := []string{happening(e)}
	if e.ReasonText != "" {
		parts = append(parts, e.ReasonText)
	} else if e.Reason != "" {
		parts = append(parts, e.Reason)
	}
	if e.Detail != "" {
		parts = append(parts, "("+e.Detail+")")
	}
	if e.WaitSeconds > 0 {
		parts = append(parts, "The next attempt is in "+terminal.Span(seconds(e.WaitSeconds))+".")
	}
	return strings.Join(parts, " ")
}

// happening is the first sentence of what happened. Kinds that are newer than this program speak for themselves.
func happening(e client.Event) string {
	switch e.Kind {
	case "queued":
		return "Stored."
	case "resolved":
		return "The person was found."
	case "intent":
		return fmt.Sprintf("Leg %d calls the messenger.", e.Leg)
	case "throttled":
		return "The messenger asked to wait."
	case "retry":
		return "It did not work and is tried again."
	case "in_doubt":
		return "The messenger's answer was lost."
	case "migrated":
		return "The chat has moved."
	case "plain_text":
		return "Sent without markup."
	case "state":
		return becoming(e)
	default:
		return e.Kind + "."
	}
}

// becoming says what a new state means.
func becoming(e client.Event) string {
	switch e.State {
	case wire.MessageStateScheduled:
		return "Waits for its time."
	case wire.MessageStateSending:
		return "On its way."
	case wire.MessageStateWithheld:
		return "Held back: the person is asked to confirm first."
	case wire.MessageStateAccepted:
		return "The messenger took it."
	case wire.MessageStateDelivered:
		return "A delivery report says that it arrived."
	case wire.MessageStateRead:
		return "It was read."
	case wire.MessageStateNotSubscribed:
		return "Not sent."
	case wire.MessageStateFailed:
		return "It could not be sent."
	case wire.MessageStateUnknown:
		return "Sent, and nobody knows whether it arrived."
	case wire.MessageStateExpired:
		return "Too late to send it."
	case wire.MessageStateCancelled:
		return "Taken back."
	default:
		return "Now it is " + string(e.State) + "."
	}
}

// settled tells whether a state is an outcome.
func settled(s client.MessageState) bool {
	switch s {
	case wire.MessageStateQueued, wire.MessageStateScheduled, wire.MessageStateSending, wire.MessageStateWithheld:
		return false
	default:
		return true
	}
}

// taken tells whether the messenger took the message.
func taken(s client.MessageState) bool {
	switch s {
	case wire.MessageStateAccepted, wire.MessageStateDelivered, wire.MessageStateRead:
		return true
	default:
		return false
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
