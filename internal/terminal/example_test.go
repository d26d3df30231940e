package terminal_test

import (
	"fmt"
	"os"
	"time"

	"herald/internal/terminal"
)

func ExampleTable() {
	table := terminal.NewTable("to", "state", "text…")
	table.Add("+380501234567", "accepted", "Your code is 1234")
	table.Add("@anna", "not_subscribed", "Your parcel\ncomes tomorrow.")
	if err := table.Write(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// TO             STATE           TEXT
	// +380501234567  accepted        Your code is 1234
	// @anna          not_subscribed  Your parcel comes tomorrow.
}

func ExampleSpan() {
	fmt.Println(terminal.Span(84*time.Millisecond), terminal.Span(2500*time.Millisecond), terminal.Span(90*time.Minute))
	// Output: 84ms 2.5s 1h30m
}
