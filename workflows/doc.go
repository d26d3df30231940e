// Package workflows is what Temporal runs for Herald: one workflow per file, the activities that they call, the worker
// that runs both, and the starter, which tries each accepted message and begins a workflow for what is left to do.
//
// Inputs, results and errors carry ids, times and stable words only: no phone, name or text enters Temporal.
package workflows
