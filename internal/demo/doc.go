// Package demo plays a story on the sandbox of a running Herald and checks every step of it.
//
// The story is a list of steps (story.go). Each does something, as a person in the sandbox or as a program that calls the
// API, and then looks at both sides: at what the API says and at what stands in the person's chat. A step returns what it
// saw, or a *Mismatch with what it had expected. Play plays the steps in order on a bot and with people of its own, so a
// story can be played any number of times on the same installation (play.go).
package demo
