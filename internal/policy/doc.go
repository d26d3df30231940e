// Package policy decides what may go by shared bots: by a file in the rule language, with a small environment of its own,
// and by counters of what accounts sent. It comes with a file; the operator may put another one in its place.
package policy
