package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// TaskQueue is the one queue of all our workflows.
const TaskQueue = "herald"

// atOnce is how many workflow tasks, attempts of workflows and first attempts are under way at a time, of each. Most of them wait for a turn (see
// messaging.Deliverer), for whom there are fewer places.
const atOnce = 2000

// stopWithin is how long a stopping worker lets attempts finish: longer than a call and the writing of its outcome.
const stopWithin = 35 * time.Second

// Worker runs workflows and activities.
type Worker struct{ worker worker.Worker }

// NewWorker returns a Worker on the client. Workflows that the same client starts begin here at once (eager start).
func NewWorker(c client.Client, activities *Activities) *Worker {
	w := worker.New(c, TaskQueue, worker.Options{
		WorkerStopTimeout:                  stopWithin,
		MaxConcurrentWorkflowTaskPollers:   4,
		MaxConcurrentActivityTaskPollers:   1, // all but the pages of sweeps are local ones
		DisableRegistrationAliasing:        true,
		MaxConcurrentActivityExecutionSize: 10,

		MaxConcurrentWorkflowTaskExecutionSize:  atOnce,
		MaxConcurrentLocalActivityExecutionSize: atOnce,
	})
	w.RegisterWorkflow(DeliverMessage)
	w.RegisterWorkflow(ReconfirmPhone)
	w.RegisterWorkflow(SweepReconfirmations)
	w.RegisterActivity(activities)
	return &Worker{worker: w}
}

// Start begins to take tasks.
func (w *Worker) Start() error {
	if err := w.worker.Start(); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	return nil
}

// Stop takes no more tasks and waits for what runs.
func (w *Worker) Stop() { w.worker.Stop() }
