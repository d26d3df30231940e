//go:build !noembed

package temporalserver

import (
	"context"
	"fmt"
	"strconv"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/common"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// createNamespace writes the namespace to the database unless it is there. The package's name misleads: the function
// works on whatever database the configuration names.
func createNamespace(database databaseAddress, o Options) error {
	namespace, err := sqlite.NewNamespaceConfig(clusterName, o.Namespace, false, nil)
	if err != nil {
		return fmt.Errorf("describe namespace %s: %w", o.Namespace, err)
	}
	namespace.Detail.Config.Retention = durationpb.New(o.Retention)
	if err := sqlite.CreateNamespaces(database.sql(mainStore.database, pool{open: 1}), namespace); err != nil {
		return fmt.Errorf("create namespace %s: %w", o.Namespace, err)
	}
	return nil
}

// awaitReady returns when the namespace has the retention asked for and every part that a workflow's start goes through
// answers.
func (s *Server) awaitReady(ctx context.Context) error {
	conn, err := grpc.NewClient("passthrough:///"+s.Address(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1, MaxDelay: 20 * time.Millisecond},
			MinConnectTimeout: time.Second,
		}),
	)
	if err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	defer conn.Close()
	client := workflowservice.NewWorkflowServiceClient(conn)

	var described *workflowservice.DescribeNamespaceResponse
	err = retry(ctx, func(ctx context.Context) error {
		described, err = client.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: s.options.Namespace})
		return err
	})
	if err != nil {
		return fmt.Errorf("wait for namespace %s: %w", s.options.Namespace, err)
	}
	if err := s.setRetention(ctx, client, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()); err != nil {
		return err
	}
	for shard := range int32(historyShards) {
		err := retry(ctx, func(ctx context.Context) error {
			return s.probeShard(ctx, client, described.GetNamespaceInfo().GetId(), shard+1)
		})
		if err != nil {
			return fmt.Errorf("wait for history shard %d: %w", shard+1, err)
		}
	}
	err = retry(ctx, func(ctx context.Context) error {
		_, err := client.DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace:     s.options.Namespace,
			TaskQueue:     &taskqueuepb.TaskQueue{Name: "herald-probe"},
			TaskQueueType: enumspb.TASK_QUEUE_TYPE_WORKFLOW,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("wait for matching: %w", err)
	}
	return nil
}

func (s *Server) setRetention(ctx context.Context, client workflowservice.WorkflowServiceClient, current time.Duration) error {
	if current == s.options.Retention {
		return nil
	}
	err := retry(ctx, func(ctx context.Context) error {
		_, err := client.UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: s.options.Namespace,
			Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(s.options.Retention)},
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("set retention of namespace %s: %w", s.options.Namespace, err)
	}
	return nil
}

// probeShard asks the shard for a workflow that does not exist. Only a shard that works can say so.
func (s *Server) probeShard(ctx context.Context, client workflowservice.WorkflowServiceClient, namespaceID string, shard int32) error {
	id := ""
	for i := 0; id == "" || common.WorkflowIDToHistoryShard(namespaceID, id, historyShards) != shard; i++ {
		id = "herald-probe-" + strconv.Itoa(i)
	}
	_, err := client.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: s.options.Namespace,
		Execution: &commonpb.WorkflowExecution{WorkflowId: id},
	})
	if _, ok := serviceerror.FromStatus(status.Convert(err)).(*serviceerror.NotFound); ok {
		return nil
	}
	return err
}

// retry repeats a call until it succeeds or ctx ends, and then returns the call's last error.
func retry(ctx context.Context, call func(context.Context) error) error {
	const (
		pause   = 20 * time.Millisecond
		perCall = 2 * time.Second
	)
	for {
		callCtx, cancel := context.WithTimeout(ctx, perCall)
		err := call(callCtx)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
