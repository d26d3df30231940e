package e2e

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// testParallelRepeats sends one message ten times at once under one key.
func testParallelRepeats(t *testing.T, on *installation) {
	anna, err := on.sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	acme := on.connected(t, "repeats_bot", wire.Polling, anna.ID)
	to := client.NewMessage{Bot: acme.ID, To: "@nobody_here", Text: "Once", Label: "repeats"}

	const senders = 10
	var wg sync.WaitGroup
	ids := make([]string, senders)
	errs := make([]error, senders)
	for n := range senders {
		wg.Go(func() {
			var m client.Message
			m, errs[n] = on.api.Send(t.Context(), to, client.WithIdempotencyKey("repeats-1"))
			ids[n] = m.ID
		})
	}
	wg.Wait()
	for n := range senders {
		require.NoError(t, errs[n])
		require.Equal(t, ids[0], ids[n], "every sender is told the same message")
	}
	require.Equal(t, wire.MessageStateNotSubscribed, on.outcome(t, ids[0]).State)
	require.Equal(t, "1", on.count(t, "SELECT count(*) FROM messages WHERE label = $1", to.Label))
}
