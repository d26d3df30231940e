package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// sweepSchedule is the one schedule of an installation.
const sweepSchedule = "sweep-reconfirmations"

// sweepCatchup is how late a sweep may begin that nobody could begin on time: the next one does the same work.
const sweepCatchup = time.Minute

// ScheduleSweeps makes sure that sweeps run every so often, and one at a time. It changes a schedule that there is already to
// what is wanted now, and leaves it paused if somebody paused it.
func ScheduleSweeps(ctx context.Context, c client.Client, every time.Duration, perMinute int) error {
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}}
	action := &client.ScheduleWorkflowAction{
		ID: sweepSchedule, Workflow: SweepReconfirmations, TaskQueue: TaskQueue, Args: []any{SweepReconfirmationsInput{PerMinute: perMinute}},
	}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: sweepSchedule, Spec: spec, Action: action, Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: sweepCatchup,
	})
	if err == nil {
		return nil
	}
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("create schedule of sweeps: %w", err)
	}
	err = c.ScheduleClient().GetHandle(ctx, sweepSchedule).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			wanted := in.Description.Schedule
			wanted.Spec, wanted.Action = &spec, action
			wanted.Policy = &client.SchedulePolicies{Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: sweepCatchup}
			return &client.ScheduleUpdate{Schedule: &wanted}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("update schedule of sweeps: %w", err)
	}
	return nil
}
