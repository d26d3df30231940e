// Package fault holds the faults that a test injects into the sandbox.
//
// A Fault names what it hits (a bot, a method, a chat, or all) and what happens; Set.Match is asked at the places where
// things can go wrong and counts down. With no faults set it costs one atomic load.
package fault
