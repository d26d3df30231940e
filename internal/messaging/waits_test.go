package messaging

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestWaits(t *testing.T) {
	t.Parallel()
	t.Run("take their time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w, began := newWaits(), time.Now()
			require.True(t, w.possible())
			require.True(t, w.wait(3*time.Second))
			require.Equal(t, 3*time.Second, time.Since(began))
		})
	})
	t.Run("are so many at most", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWaits()
			var all sync.WaitGroup
			for range waitsAtMost {
				all.Go(func() { w.wait(time.Second) })
			}
			synctest.Wait()
			require.False(t, w.possible())
			require.False(t, w.wait(time.Second))
			all.Wait()
			require.True(t, w.possible())
		})
	})
	t.Run("end for good", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d, began := NewDeliverer(nil, nil, nil, time.Now, Policy{}, nil), time.Now()
			waited := make(chan bool)
			go func() { waited <- d.waits.wait(time.Hour) }()
			synctest.Wait()
			d.Hurry()
			require.False(t, <-waited)
			require.Zero(t, time.Since(began))
			require.False(t, d.waits.possible())
			d.Hurry()
		})
	})
}

func TestPromisedTurnsAreNobodyElses(t *testing.T) {
	t.Parallel()
	var promised turns
	stored := gateway.Slots{CodeFree: noon.Add(time.Second), Free: noon, ChatFree: noon, Rate: 20}
	require.Equal(t, stored, promised.over("bot_1", stored))
	promised.promise("bot_1", gateway.Slots{ServiceFree: noon.Add(3 * time.Second), Free: noon.Add(time.Hour), ChatFree: noon.Add(time.Hour)}, noon)
	want := stored
	want.ServiceFree = noon.Add(3 * time.Second)
	require.Equal(t, want, promised.over("bot_1", stored), "of what else the bot does, the database tells")
	require.Equal(t, stored, promised.over("bot_2", stored))

	for n := range turnsAtMost - 1 {
		promised.promise(gateway.BotID(fmt.Sprint(n)), gateway.Slots{BulkFree: noon}, noon)
	}
	promised.promise("bot_3", gateway.Slots{BulkFree: noon}, noon.Add(time.Second))
	require.Len(t, promised.bots, 2, "what has passed is forgotten")
	require.Equal(t, want, promised.over("bot_1", stored))
}
