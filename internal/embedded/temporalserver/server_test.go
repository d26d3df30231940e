//go:build !noembed

package temporalserver_test

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"herald/internal/embedded/pgserver"
	"herald/internal/embedded/temporalserver"
)

// database starts a PostgreSQL of its own for the test.
func database(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "herald-test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	server, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: dir, FastAndUnsafe: true, NoDownload: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, server.Destroy(context.Background()))
		require.NoError(t, os.RemoveAll(dir))
	})
	return server.URL("postgres")
}

func start(t *testing.T, options temporalserver.Options) *temporalserver.Server {
	t.Helper()
	options.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	begin := time.Now()
	server, err := temporalserver.Start(t.Context(), options)
	require.NoError(t, err)
	t.Log("started in", time.Since(begin))
	t.Cleanup(func() { stop(t, server) })
	return server
}

func stop(t *testing.T, server *temporalserver.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	begin := time.Now()
	require.NoError(t, server.Stop(ctx))
	t.Log("stopped in", time.Since(begin))
}

func dial(t *testing.T, server *temporalserver.Server) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: server.Address(), Namespace: server.Namespace()})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

const queue = "greetings"

func greet(ctx workflow.Context, name string) (string, error) {
	var greeting string
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	err := workflow.ExecuteLocalActivity(ctx, func(context.Context) (string, error) { return "Hello, " + name, nil }).Get(ctx, &greeting)
	return greeting, err
}

func startWorker(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(greet)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func TestServerRunsWorkflows(t *testing.T) {
	t.Parallel()
	server := start(t, temporalserver.Options{DatabaseURL: database(t)})
	c := dial(t, server)
	startWorker(t, c)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "one", TaskQueue: queue, EnableEagerStart: true}, greet, "Anna")
	require.NoError(t, err)
	var greeting string
	require.NoError(t, run.Get(t.Context(), &greeting))
	require.Equal(t, "Hello, Anna", greeting)

	described, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "herald"})
	require.NoError(t, err)
	require.Equal(t, 72*time.Hour, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
	require.Equal(t, enumspb.NAMESPACE_STATE_REGISTERED, described.GetNamespaceInfo().GetState())
}
