package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	"herald/client"
	"herald/internal/terminal"
)

// Exit codes of the program. Scripts may rely on them.
const (
	exitFailure     = 1   // it could not be done; the line on standard error says why
	exitUsage       = 2   // the command line is wrong
	exitNotAccepted = 3   // herald send: the message has an outcome, and it is not that the messenger took it
	exitOnItsWay    = 4   // herald send: no outcome yet when the waiting ended
	exitInterrupted = 130 // as shells say it
)

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// report writes an error for the person at the terminal and returns the exit code.
func report(w io.Writer, err error) int {
	if err == nil {
		return 0
	}
	for _, line := range explain(err) {
		fmt.Fprintln(w, "herald: "+terminal.Clean(line))
	}
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		return exit.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		return exitFailure
	}
}

// explain says an error in one line; a request with several faults has a line for each.
func explain(err error) []string {
	var refused *client.Error
	var unreachable *url.Error
	var dial *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return []string{"interrupted"}
	case errors.As(err, &refused):
		return explainRefusal(refused)
	case errors.As(err, &unreachable) && errors.As(err, &dial) && dial.Op == "dial":
		return []string{fmt.Sprintf("nothing answers at %s: is Herald running there?", origin(unreachable.URL))}
	case errors.As(err, &unreachable) && unreachable.Timeout():
		return []string{fmt.Sprintf("%s did not answer in time: look at the log of Herald there", origin(unreachable.URL))}
	default:
		line := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
		return []string{strings.TrimPrefix(line, "herald: ")} // the client says its name, and so does report
	}
}

func explainRefusal(e *client.Error) []string {
	if len(e.Errors) > 1 {
		lines := make([]string, len(e.Errors))
		for i, fault := range e.Errors {
			lines[i] = refusal(fault.Code, fault.Field, fault.Detail)
		}
		return lines
	}
	line := refusal(e.Code, e.Field, e.Detail)
	if e.Code == "" {
		line = fmt.Sprintf("HTTP %d: %s", e.Status, e.Detail)
	}
	if e.Status >= 500 && e.RequestID != "" {
		line += " (request " + e.RequestID + " in the log of Herald)"
	}
	return []string{line}
}

func refusal(code, field, detail string) string {
	if field != "" {
		code += " at " + field
	}
	return code + ": " + detail
}

// origin is the scheme and host of an address: the rest may hold what is nobody's business.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	return u.Scheme + "://" + u.Host
}
