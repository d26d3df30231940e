//go:build !noembed

package app

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"herald/internal/embedded/pgserver"
	"herald/internal/embedded/temporalserver"
	"herald/workflows"
)

// Every worker asks for the schedule when it starts: there is one, as the last of them wants it.
func TestThereIsOneScheduleOfSweeps(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "herald-test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	database, err := pgserver.Start(t.Context(), pgserver.Options{DataDir: dir, FastAndUnsafe: true, NoDownload: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, database.Destroy(context.Background()))
		require.NoError(t, os.RemoveAll(dir))
	})
	server, err := temporalserver.Start(t.Context(), temporalserver.Options{DatabaseURL: database.URL("postgres")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	c, err := client.Dial(client.Options{HostPort: server.Address(), Namespace: server.Namespace()})
	require.NoError(t, err)
	t.Cleanup(c.Close)

	handle := c.ScheduleClient().GetHandle(t.Context(), "sweep-reconfirmations")
	described := func() (s client.Schedule, in workflows.SweepReconfirmationsInput) {
		found, err := handle.Describe(t.Context())
		require.NoError(t, err)
		action := found.Schedule.Action.(*client.ScheduleWorkflowAction)
		require.Equal(t, "SweepReconfirmations", action.Workflow)
		require.Equal(t, workflows.TaskQueue, action.TaskQueue)
		require.Len(t, action.Args, 1)
		require.NoError(t, converter.GetDefaultDataConverter().FromPayload(action.Args[0].(*common.Payload), &in))
		return found.Schedule, in
	}
	require.NoError(t, workflows.ScheduleSweeps(t.Context(), c, time.Hour, 300))
	s, in := described()
	require.Equal(t, []client.ScheduleIntervalSpec{{Every: time.Hour}}, s.Spec.Intervals)
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, s.Policy.Overlap)
	require.Equal(t, workflows.SweepReconfirmationsInput{PerMinute: 300}, in)

	require.NoError(t, handle.Pause(t.Context(), client.SchedulePauseOptions{Note: "by hand"}))
	for range 2 {
		require.NoError(t, workflows.ScheduleSweeps(t.Context(), c, 2*time.Hour, 60))
	}
	s, in = described()
	require.Equal(t, []client.ScheduleIntervalSpec{{Every: 2 * time.Hour}}, s.Spec.Intervals)
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, s.Policy.Overlap)
	require.Equal(t, workflows.SweepReconfirmationsInput{PerMinute: 60}, in)
	require.True(t, s.State.Paused, "who paused it by hand resumes it by hand")
	require.Eventually(t, func() bool { // the list is a moment behind
		all, err := c.ScheduleClient().List(t.Context(), client.ScheduleListOptions{})
		require.NoError(t, err)
		count := 0
		for ; all.HasNext(); count++ {
			_, err := all.Next()
			require.NoError(t, err)
		}
		return count == 1
	}, 20*time.Second, 50*time.Millisecond)
}
