// Package app wires Herald together and carries its lifecycle: what `up`, `serve` and `worker` run.
//
// New checks the options, Start brings the parts up one after another and tells about each, Stop takes them down in the
// opposite order. Every part that starts leaves its way down on one stack, so a start that fails half-way stops exactly
// what it had started.
//
//	database -> Temporal -> sandbox -> stores and use cases -> worker and inbox -> public and private listeners -> polling
package app
