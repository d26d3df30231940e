package main

import (
	"fmt"
	"time"

	"herald/client"
	"herald/client/wire"
	"herald/internal/terminal"
)

// story tells the life of a message as a table: when, how long after the line before, the state, and what happened.
func story(events []client.Event, zone *time.Location) *terminal.Table {
	table := terminal.NewTable("at", "after", "state", "what")
	moment := terminal.Clock
	if n := len(events); n > 0 && !sameDay(events[0].At.In(zone), events[n-1].At.In(zone)) {
		moment = terminal.Moment
	}
	for i, event := range events {
		after := ""
		if i > 0 {
			after = "+" + terminal.Span(event.At.Sub(events[i-1].At))
		}
		table.Add(moment(event.At, zone), after, string(event.State), tell(event))
	}
	return table
}

// tell says in words what happened: in the installation's own words where it has some.
func tell(e client.Event) string {
	words := e.Detail
	switch {
	case words != "":
	case e.ReasonText != "":
		words = e.ReasonText
	case e.Kind == "queued":
		words = "Stored."
	case e.Kind == "state":
		words = fmt.Sprintf("The state changed from %s.", e.From)
	default:
		words = e.Kind + "."
	}
	if e.WaitSeconds > 0 {
		words += " " + waiting(e) + " " + terminal.Span(seconds(e.WaitSeconds)) + "."
	}
	if e.Reason != "" {
		words += " [" + e.Reason + "]"
	}
	return words
}

// waiting begins the sentence that says how long.
func waiting(e client.Event) string {
	switch e.Kind {
	case "scheduled", "turn":
		return "That is in"
	case "state":
		return "It has"
	default:
		return "The next attempt is in"
	}
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
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
