// Package workflows is what Temporal runs for Herald: one workflow per file, the activities that they call, the worker
// that runs both, and the starter that begins a workflow for each accepted message.
//
// Inputs, results and errors carry ids and stable words only: no phone, name or text enters Temporal.
package workflows
