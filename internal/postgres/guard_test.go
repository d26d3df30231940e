package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestADatabaseThatIsAwayIsNoDefect(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, refused := pgconn.Connect(t.Context(), "postgres://u@"+l.Addr().String()+"/x?sslmode=disable")
	require.Error(t, refused)
	for name, err := range map[string]error{
		"nobody listens":        refused,
		"it shuts down":         &pgconn.PgError{Code: "57P01"},
		"the connection breaks": io.ErrUnexpectedEOF,
	} {
		require.Equal(t, gateway.CodeUnavailable, gateway.CodeOf(away(err)), name)
	}
	for name, err := range map[string]error{
		"a constraint refuses": &pgconn.PgError{Code: "23514"},
		"the caller went away": context.Canceled,
		"anything else":        errors.New("x"),
	} {
		require.Equal(t, gateway.CodeInternal, gateway.CodeOf(away(err)), name)
	}
	require.NoError(t, away(nil))
}
