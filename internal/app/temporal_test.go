package app

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

func outsideOptions(t *testing.T, o TemporalOptions) client.Options {
	t.Helper()
	a := &App{o: Options{Temporal: &o}.withDefaults()}
	options, err := a.temporalClientOptions(t.Context())
	require.NoError(t, err)
	return options
}

// The environment is the process's own: these tests are not parallel.
func TestAnOutsideTemporalIsReachedAsTheEnvironmentSays(t *testing.T) {
	t.Setenv("TEMPORAL_CONFIG_FILE", t.TempDir()+"/none.toml")
	t.Setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
	t.Setenv("TEMPORAL_NAMESPACE", "other")
	t.Setenv("TEMPORAL_TLS", "true")
	t.Setenv("TEMPORAL_TLS_SERVER_NAME", "inner.example")

	o := outsideOptions(t, TemporalOptions{})
	require.Equal(t, "temporal.example:7233", o.HostPort)
	require.Equal(t, "other", o.Namespace)
	require.Equal(t, "inner.example", o.ConnectionOptions.TLS.ServerName)

	o = outsideOptions(t, TemporalOptions{Address: "flag.example:7233", Namespace: "flag"})
	require.Equal(t, "flag.example:7233", o.HostPort, "a flag goes before the environment")
	require.Equal(t, "flag", o.Namespace)
	require.NotNil(t, o.ConnectionOptions.TLS, "what no flag says stays")
}

func TestAnOutsideTemporalHasDefaults(t *testing.T) {
	t.Setenv("TEMPORAL_CONFIG_FILE", t.TempDir()+"/none.toml")
	o := outsideOptions(t, TemporalOptions{})
	require.Equal(t, client.DefaultHostPort, o.HostPort)
	require.Equal(t, namespace, o.Namespace)
}

// TestTheAPIKeyReachesTemporal looks at what comes over the wire.
func TestTheAPIKeyReachesTemporal(t *testing.T) {
	calls := make(chan metadata.MD, 1)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		called, _ := metadata.FromIncomingContext(stream.Context())
		select {
		case calls <- called:
		default:
		}
		return nil
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	t.Setenv("TEMPORAL_CONFIG_FILE", t.TempDir()+"/none.toml")
	t.Setenv("TEMPORAL_ADDRESS", l.Addr().String())
	t.Setenv("TEMPORAL_API_KEY", "planted")
	t.Setenv("TEMPORAL_TLS", "false")

	c, err := client.NewLazyClient(outsideOptions(t, TemporalOptions{}))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, _ = c.CheckHealth(ctx, nil) // the server answers nothing
	select {
	case called := <-calls:
		require.Equal(t, []string{"Bearer planted"}, called.Get("authorization"))
	case <-ctx.Done():
		require.FailNow(t, "Temporal was not called")
	}
}
