package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// However many updates come while one announcement is under way, one more follows it, and none is lost.
func TestAnnouncementsAreFew(t *testing.T) {
	t.Parallel()
	said, goOn := make(chan struct{}), make(chan struct{})
	a := announcer{say: func(context.Context) error {
		said <- struct{}{}
		<-goOn
		return nil
	}}
	next := func() {
		t.Helper()
		select {
		case <-said:
		case <-time.After(10 * time.Second):
			require.FailNow(t, "nothing was announced")
		}
	}
	a.announce()
	next()
	for range 100 {
		a.announce()
	}
	goOn <- struct{}{}
	next()
	close(goOn)
	a.stop()
	a.announce() // after the end: nobody would read it
	select {
	case <-said:
		require.FailNow(t, "announced a third time")
	default:
	}
}
