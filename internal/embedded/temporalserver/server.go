//go:build !noembed

package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Server is a running Temporal server.
type Server struct {
	server  temporal.Server
	address string
}

// Start brings the schemas up, starts the server and makes the namespace. It returns when the namespace takes workflows.
func Start(ctx context.Context, o Options) (*Server, error) {
	o = o.withDefaults()
	l := logger{to: o.Logger}
	if err := updateSchemas(ctx, o.DatabaseURL, l); err != nil {
		return nil, err
	}
	p, err := choosePorts(o.Listen)
	if err != nil {
		return nil, err
	}
	config, err := serverConfig(o, p)
	if err != nil {
		return nil, err
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(config), temporal.ForServices(temporal.DefaultServices), temporal.WithStaticHosts(p.hosts()),
		temporal.WithLogger(l), temporal.WithDynamicConfigClient(dynamicConfig()),
	)
	if err != nil {
		return nil, fmt.Errorf("make Temporal server: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start Temporal server: %w", err)
	}
	s := &Server{server: server, address: p.address(primitives.FrontendService)}
	if err := s.makeNamespace(ctx, o); err != nil {
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return s, nil
}

// Address is the frontend's host:port.
func (s *Server) Address() string { return s.address }

// Stop ends the server, or leaves it to end by itself when the context does.
func (s *Server) Stop(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- s.server.Stop() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("stop Temporal server: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop Temporal server: %w", ctx.Err())
	}
}

// lookAgain is how often a namespace that was just made is looked for.
const lookAgain = 100 * time.Millisecond

// makeNamespace makes the namespace if it is missing and waits until the services have noticed.
func (s *Server) makeNamespace(ctx context.Context, o Options) error {
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connect to Temporal server: %w", err)
	}
	defer func() { _ = conn.Close() }()
	frontend := workflowservice.NewWorkflowServiceClient(conn)
	_, err = frontend.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: o.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(o.Retention),
	}, grpc.WaitForReady(true))
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("make namespace %s: %w", o.Namespace, err)
	}
	for {
		// The question passes through the frontend to history: both must know the namespace to say that there is no
		// such workflow.
		_, err := frontend.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: o.Namespace, Execution: &common.WorkflowExecution{WorkflowId: "no-such-workflow"},
		})
		if _, missing := serviceerror.FromStatus(status.Convert(err)).(*serviceerror.NotFound); missing || err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for namespace %s: %w", o.Namespace, errors.Join(ctx.Err(), err))
		case <-time.After(lookAgain):
		}
	}
}
