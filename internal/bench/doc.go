// Package bench measures a whole Herald from outside: how soon it is ready, how much memory it takes, and how many
// messages it carries beside how many empty workflows its Temporal server could.
//
// Run starts the program on an empty folder, stops it, starts it again (program.go), looks at the memory of its processes
// (memory.go), makes bots and people in its sandbox (world.go) and then lets the same number of callers send messages and
// start empty workflows by turns (load.go, message.go, workflow.go). Slices of the two alternate, so that a machine that is
// busy with something else for a while slows both; what is reported is the median over the rounds (figure.go). A figure
// may have a bar, which is printed beside it and never asserted: machines differ.
//
// People measures what many people and many bots cost: databases full of people, with nothing else of a Herald (resolve.go,
// sweep.go), and Heralds of its own that are brought people (import.go) or bots (polled.go).
package bench
