package bench

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	temporal "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const (
	namespace = "herald"
	taskQueue = "herald-bench"
)

// empty is the workflow that does nothing: what is left is the price of a workflow itself.
func empty(workflow.Context) error { return nil }

// workflows starts empty workflows on a Temporal server and runs them in this process, as Herald does with its own.
type workflows struct {
	client temporal.Client
	worker worker.Worker
}

func startWorkflows(address string) (*workflows, error) {
	client, err := temporal.Dial(temporal.Options{
		HostPort: address, Namespace: namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: temporal.ConnectionOptions{GrpcCompression: &temporal.GrpcCompressionNone{}}, // as Herald's own
	})
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal: %w", err)
	}
	w := worker.New(client, taskQueue, worker.Options{})
	w.RegisterWorkflow(empty)
	if err := w.Start(); err != nil {
		client.Close()
		return nil, fmt.Errorf("start the worker of empty workflows: %w", err)
	}
	return &workflows{client: client, worker: w}, nil
}

// run starts one and waits until it is completed.
func (w *workflows) run(ctx context.Context) (bool, error) {
	started, err := w.client.ExecuteWorkflow(ctx, temporal.StartWorkflowOptions{
		ID: "bench-" + uuid.NewString(), TaskQueue: taskQueue, EnableEagerStart: true,
	}, empty)
	if err != nil {
		return false, fmt.Errorf("start an empty workflow: %w", err)
	}
	if err := started.Get(ctx, nil); err != nil {
		return false, fmt.Errorf("wait for an empty workflow: %w", err)
	}
	return true, nil
}

func (w *workflows) stop() {
	w.worker.Stop()
	w.client.Close()
}
