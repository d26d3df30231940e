//go:build !noembed

package temporalserver_test

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
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
	c, err := client.Dial(client.Options{HostPort: server.Address(), Namespace: server.Namespace(), Logger: quiet()})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// quiet drops what the SDK says while its server is away.
func quiet() sdklog.Logger {
	return sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
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
	w.RegisterWorkflow(wait)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

// wait returns its input when it is told to go on.
func wait(ctx workflow.Context, value string) (string, error) {
	workflow.GetSignalChannel(ctx, goOn).Receive(ctx, nil)
	return value, nil
}

const goOn = "go-on"

func result(t *testing.T, run client.WorkflowRun) string {
	t.Helper()
	var value string
	require.NoError(t, run.Get(t.Context(), &value))
	return value
}

func TestServerRunsWorkflowsAndStartsThemEagerly(t *testing.T) {
	t.Parallel()
	server := start(t, temporalserver.Options{DatabaseURL: database(t)})
	c := dial(t, server)
	startWorker(t, c)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "one", TaskQueue: queue, EnableEagerStart: true}, greet, "Anna")
	require.NoError(t, err)
	require.Equal(t, "Hello, Anna", result(t, run))

	history := c.GetWorkflowHistory(t.Context(), "one", run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	first, err := history.Next()
	require.NoError(t, err)
	require.True(t, first.GetWorkflowExecutionStartedEventAttributes().GetEagerExecutionAccepted(), "the first task came with the answer")
}

func TestNamespaceHasTheRetentionOfTheLastStart(t *testing.T) {
	t.Parallel()
	options := temporalserver.Options{DatabaseURL: database(t), Namespace: "other"}
	for _, retention := range []time.Duration{0, 100 * time.Hour} {
		options.Retention = retention
		server := start(t, options)
		described, err := dial(t, server).WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "other"})
		require.NoError(t, err)
		require.Equal(t, cmp.Or(retention, 72*time.Hour), described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
		require.Equal(t, enumspb.NAMESPACE_STATE_REGISTERED, described.GetNamespaceInfo().GetState())
		stop(t, server)
	}
}

func TestStopAndStartInOneProcessKeepsWorkflows(t *testing.T) {
	t.Parallel()
	options := temporalserver.Options{DatabaseURL: database(t)}
	first := start(t, options)
	c := dial(t, first)
	startWorker(t, c)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "kept", TaskQueue: queue}, wait, "still here")
	require.NoError(t, err)
	stop(t, first)
	stop(t, first)

	options.Listen = first.Address()
	second := start(t, options)
	require.Equal(t, first.Address(), second.Address())
	require.NoError(t, c.SignalWorkflow(t.Context(), "kept", run.GetRunID(), goOn, nil), "the client finds the new server at the old address")
	require.Equal(t, "still here", result(t, run))
}

func TestSecondStartLeavesTheSchemaAsItIs(t *testing.T) {
	t.Parallel()
	databaseURL := database(t)
	stop(t, start(t, temporalserver.Options{DatabaseURL: databaseURL}))
	before := schemaSteps(t, databaseURL)
	require.NotZero(t, before)
	stop(t, start(t, temporalserver.Options{DatabaseURL: databaseURL}))
	require.Equal(t, before, schemaSteps(t, databaseURL))
}

// A workflow is written to the indexes of Temporal's list of workflows twice, so it has only those of lists that somebody looks
// at; queries by anything else go on to work.
func TestTheListOfWorkflowsHasFewIndexes(t *testing.T) {
	t.Parallel()
	databaseURL := database(t)
	server := start(t, temporalserver.Options{DatabaseURL: databaseURL})
	var indexes int
	require.NoError(t, connect(t, databaseURL, "temporal_visibility").
		QueryRow(t.Context(), "SELECT count(*) FROM pg_indexes WHERE tablename = 'executions_visibility'").Scan(&indexes))
	require.Equal(t, 6, indexes)

	c := dial(t, server)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "listed", TaskQueue: queue}, wait, "x")
	require.NoError(t, err)
	for _, query := range []string{"", "WorkflowId = 'listed'", "WorkflowType = 'wait'", "ExecutionStatus = 'Running'", "TaskQueue = '" + queue + "'", "StartTime > '2020-01-01T00:00:00Z'"} {
		require.Eventually(t, func() bool {
			found, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
			require.NoError(t, err, query)
			return len(found.Executions) == 1 && found.Executions[0].Execution.WorkflowId == "listed"
		}, 20*time.Second, 20*time.Millisecond, query)
	}
}

// schemaSteps counts the steps that the schema tool has noted in Temporal's main database.
func schemaSteps(t *testing.T, serverURL string) int {
	t.Helper()
	var steps int
	require.NoError(t, connect(t, serverURL, "temporal").QueryRow(t.Context(), "SELECT count(*) FROM schema_update_history").Scan(&steps))
	return steps
}

func connect(t *testing.T, serverURL, database string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(serverURL)
	require.NoError(t, err)
	config.Database = database
	conn, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func TestPasswordMayStandInTheEnvironment(t *testing.T) {
	address, err := url.Parse(database(t))
	require.NoError(t, err)
	password, _ := address.User.Password()
	address.User = url.User(address.User.Username())
	t.Setenv("PGPASSWORD", password)
	server := start(t, temporalserver.Options{DatabaseURL: address.String() + "&pool_max_conns=5"})
	_, err = dial(t, server).CheckHealth(t.Context(), nil)
	require.NoError(t, err)
}

func TestPortInUseIsToldInOneLine(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = temporalserver.Start(t.Context(), temporalserver.Options{DatabaseURL: database(t), Listen: taken.Addr().String()})
	var startErr *temporalserver.StartError
	require.ErrorAs(t, err, &startErr)
	require.ErrorContains(t, err, taken.Addr().String()+": bind: address already in use")
	require.NotContains(t, err.Error(), "\n")
}

func TestUnreachableDatabaseIsToldWithoutItsPassword(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := taken.Addr().String()
	require.NoError(t, taken.Close())
	_, err = temporalserver.Start(t.Context(), temporalserver.Options{DatabaseURL: "postgres://herald:swordfish@" + address + "/postgres"})
	require.ErrorContains(t, err, "connection refused")
	require.ErrorContains(t, err, "use --temporal-address")
	require.NotContains(t, err.Error(), "swordfish")
	require.NotContains(t, err.Error(), "\n")
}
