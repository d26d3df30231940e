// Package terminal writes for people who read in a terminal: aligned tables, records, times and QR codes.
//
// Table aligns columns by what they measure on the screen, not by bytes (width.go). Everything that it writes goes
// through Clean first: names and texts come from strangers, and a terminal obeys control characters. A Live table knows
// the widths of its columns beforehand and writes each row when it is there.
package terminal
