//go:build !noembed

package temporalserver

import (
	"bytes"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/log/tag"
)

func TestARecordHasTheTagsOfItsLogger(t *testing.T) {
	t.Parallel()
	var written bytes.Buffer
	l := logger{out: slog.New(slog.NewTextHandler(&written, nil)), settled: &atomic.Bool{}}
	shard := l.With(tag.NewStringTag("shard", "7")).(logger)
	queue := shard.With(tag.NewStringTag("queue", "transfer"))
	shard.With(tag.NewStringTag("queue", "timer"))

	queue.Warn("is slow")
	require.Empty(t, written.String(), "the server is not ready")
	l.settled.Store(true)
	queue.Warn("is slow", tag.NewStringTag("by", "far"))
	require.Contains(t, written.String(), `level=WARN msg="is slow" shard=7 queue=transfer by=far`)
	written.Reset()
	l.Error("is broken")
	require.Contains(t, written.String(), `level=ERROR msg="is broken"`+"\n")
}
