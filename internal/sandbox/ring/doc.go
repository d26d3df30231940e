// Package ring keeps the newest entries of an endless numbered log.
//
// A writer appends without ever waiting for a reader; a reader asks for what came after the number it saw last and
// may wait for the next entry. Entries that fell out are gone: a reader that is too far behind starts at the oldest.
package ring
