package messaging

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestWaitsAreSoManyAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, began := make(waits, waitsAtMost), time.Now()
		require.True(t, w.room(gateway.LaneBulk))
		require.True(t, w.wait(3*time.Second))
		require.Equal(t, 3*time.Second, time.Since(began))

		var all sync.WaitGroup
		fill := func(n int) {
			for range n {
				all.Go(func() { w.wait(time.Second) })
			}
			synctest.Wait()
		}
		fill(waitsAtMost - waitsOfCodes)
		require.False(t, w.room(gateway.LaneService))
		require.True(t, w.room(gateway.LaneCode), "some places are theirs alone")
		fill(waitsOfCodes)
		require.False(t, w.room(gateway.LaneCode))
		require.False(t, w.wait(time.Second))
		all.Wait()
		require.True(t, w.room(gateway.LaneBulk))
	})
}

func TestPromisesAreRememberedUntilTheyAreReleased(t *testing.T) {
	t.Parallel()
	var all turns
	anna, bert := chat{"bot_1", "sub_anna"}, chat{"bot_1", "sub_bert"}
	require.Empty(t, all.promised("bot_1"))
	require.Equal(t, noon, all.chatFree(anna, noon))

	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	first := all.promise(anna, gateway.LaneService, at(0), at(1))
	second := all.promise(anna, gateway.LaneService, at(1), at(2))
	third := all.promise(bert, gateway.LaneCode, at(2), at(3))
	require.Equal(t, gateway.Promises{gateway.LaneService: {at(0), at(1)}, gateway.LaneCode: {at(2)}}, all.promised("bot_1"))
	require.Empty(t, all.promised("bot_2"))
	require.Equal(t, noon.Add(2*time.Second), all.chatFree(anna, noon))
	require.Equal(t, noon.Add(time.Hour), all.chatFree(anna, noon.Add(time.Hour)), "of later turns the database tells")
	require.Equal(t, noon, all.chatFree(chat{"bot_2", "sub_anna"}, noon))

	first()
	first()
	require.Equal(t, gateway.Promises{gateway.LaneService: {at(1)}, gateway.LaneCode: {at(2)}}, all.promised("bot_1"))
	require.Equal(t, noon.Add(2*time.Second), all.chatFree(anna, noon))
	second()
	third()
	require.Empty(t, all.bots)
	require.Empty(t, all.chats)
}
