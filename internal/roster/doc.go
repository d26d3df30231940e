// Package roster reads and writes the people of a bot as files: CSV for spreadsheets and JSON for programs.
//
// A Reader cuts a file into rows, one after another, and never holds more than one of them. A row that cannot be read is
// told with its line, and the rows behind it are still found. What the values mean is no business of this package. A Writer
// makes rows that a Reader takes.
package roster
