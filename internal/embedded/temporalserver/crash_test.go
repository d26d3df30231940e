//go:build !noembed

package temporalserver_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"herald/internal/embedded/pgserver"
	"herald/internal/embedded/temporalserver"
)

// childDataDir makes the test binary a program that starts everything on the folder named, starts a workflow, says so
// and waits to be killed.
const childDataDir = "HERALD_TEST_TEMPORAL_CHILD"

func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv(childDataDir); ok {
		if err := runChild(context.Background(), dir); err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
		}
		return
	}
	os.Exit(m.Run())
}

func runChild(ctx context.Context, dir string) error {
	postgres, err := pgserver.Start(ctx, pgserver.Options{DataDir: dir, NoDownload: true})
	if err != nil {
		return err
	}
	server, err := temporalserver.Start(ctx, temporalserver.Options{DatabaseURL: postgres.URL("postgres")})
	if err != nil {
		return err
	}
	c, err := client.Dial(client.Options{HostPort: server.Address(), Namespace: server.Namespace(), Logger: quiet()})
	if err != nil {
		return err
	}
	_, err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "kept", TaskQueue: queue}, wait, "survived")
	if err != nil {
		return err
	}
	fmt.Println("started")
	<-postgres.Done()
	return nil
}

func TestKilledProcessLosesNoWorkflow(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "herald-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.Command(self)
	child.Env = append(os.Environ(), childDataDir+"="+dir)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "started\n", line)
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait(), "it was killed")

	postgres, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: dir, NoDownload: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, postgres.Destroy(context.Background())) })
	c := dial(t, start(t, temporalserver.Options{DatabaseURL: postgres.URL("postgres")}))
	startWorker(t, c)
	require.NoError(t, c.SignalWorkflow(t.Context(), "kept", "", goOn, nil))
	require.Equal(t, "survived", result(t, c.GetWorkflow(t.Context(), "kept", "")))
}
