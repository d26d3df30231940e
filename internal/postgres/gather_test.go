package postgres

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// slowWriter is a database that answers when it is told to.
type slowWriter struct {
	begun chan int // how many answers a statement has
	goOn  chan struct{}
}

func newSlowWriter() slowWriter { return slowWriter{begun: make(chan int), goOn: make(chan struct{})} }

func (w slowWriter) write(_ context.Context, answers []keptAnswer) {
	w.begun <- len(answers)
	<-w.goOn
}

func (w slowWriter) next(t *testing.T) int {
	t.Helper()
	select {
	case n := <-w.begun:
		return n
	case <-time.After(10 * time.Second):
		require.FailNow(t, "nothing is written")
		return 0
	}
}

func TestKeptAnswersAreWrittenTogether(t *testing.T) {
	t.Parallel()
	w := newSlowWriter()
	g := newGatherer(w.write)
	require.NoError(t, g.settled(t.Context()), "nothing was taken yet")
	require.True(t, g.take(keptAnswer{}))
	require.Equal(t, 1, w.next(t))
	for range gatherAtMost {
		require.True(t, g.take(keptAnswer{}))
	}
	require.False(t, g.take(keptAnswer{}), "too many wait")
	w.goOn <- struct{}{}
	require.Equal(t, gatherAtMost, w.next(t), "what came meanwhile is one statement")
	require.True(t, g.take(keptAnswer{}))
	close(w.goOn)
	require.Equal(t, 1, w.next(t))
	g.stop()
	require.False(t, g.take(keptAnswer{}), "the store is closed")
	g.stop()
}

func TestWhoeverAsksForAnAnswerWaitsUntilItIsWritten(t *testing.T) {
	t.Parallel()
	w := newSlowWriter()
	g := newGatherer(w.write)
	require.True(t, g.take(keptAnswer{}))
	require.Equal(t, 1, w.next(t))
	require.True(t, g.take(keptAnswer{}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, g.settled(ctx), context.Canceled)

	settled := make(chan error, 1)
	go func() { settled <- g.settled(t.Context()) }()
	w.goOn <- struct{}{}
	require.Equal(t, 1, w.next(t))
	select {
	case <-settled:
		require.FailNow(t, "the second is not written yet")
	default:
	}
	w.goOn <- struct{}{}
	require.NoError(t, <-settled)
	require.NoError(t, g.settled(t.Context()))
	g.stop()
}

// However the writer, the callers and the end meet, what was taken is written once, and nothing else is.
func TestNoKeptAnswerIsLost(t *testing.T) {
	t.Parallel()
	var written, taken atomic.Int64
	some := make(chan struct{})
	once := sync.OnceFunc(func() { close(some) })
	g := newGatherer(func(_ context.Context, answers []keptAnswer) {
		written.Add(int64(len(answers)))
		once()
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for !g.ended() {
				if g.take(keptAnswer{}) {
					taken.Add(1)
				}
			}
		})
	}
	<-some
	g.stop()
	wg.Wait()
	require.Equal(t, taken.Load(), written.Load())
}
