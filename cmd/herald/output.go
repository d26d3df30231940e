package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"herald/internal/terminal"
)

// Output chooses between a table for people and JSON for programs.
type Output struct {
	JSON bool `name:"json" help:"Write JSON instead of a table."`
}

// writeJSON writes a value as indented JSON.
func (c *console) writeJSON(value any) error {
	encoder := json.NewEncoder(c.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// writeTable writes a table, or the sentence that stands for an empty one.
func (c *console) writeTable(table *terminal.Table, empty string) error {
	if table.Empty() {
		return c.say(empty)
	}
	return table.Write(c.Out)
}

// say writes a line on standard output.
func (c *console) say(line string) error {
	if _, err := fmt.Fprintln(c.Out, line); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	return nil
}

// hint writes a line for people beside the output.
func (c *console) hint(format string, values ...any) {
	fmt.Fprintf(c.Err, format+"\n", values...)
}

// at puts the sign of a name before it.
func at(username string) string {
	if username == "" {
		return ""
	}
	return "@" + strings.TrimPrefix(username, "@")
}
