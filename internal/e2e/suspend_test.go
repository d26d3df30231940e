package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
)

// testSuspended rests an account while a message of its own is due: the message is held, and leaves when the account works
// again. What people write to its bot meanwhile is there afterwards.
func testSuspended(t *testing.T, on *installation, person int64) {
	ctx := t.Context()
	made, err := on.api.CreateAccount(ctx, client.NewAccount{Name: "Corner shop"})
	require.NoError(t, err)
	shop := *on
	shop.api, err = client.New(on.API, made.Key.Secret)
	require.NoError(t, err)
	theirs := shop.connected(t, "rests_bot", wire.Polling, person)
	mine := on.connected(t, "works_bot", wire.Polling, person)

	to, due := fmt.Sprintf("#%d", person), time.Now().Add(3*time.Second)
	held, err := shop.api.Send(ctx, client.NewMessage{Bot: theirs.ID, To: to, Text: "held", SendAt: due.Format(time.RFC3339Nano)})
	require.NoError(t, err)
	setSuspended := func(rest bool) {
		_, err := on.api.ChangeAccount(ctx, made.ID, client.AccountChange{Suspended: &rest})
		require.NoError(t, err)
	}
	setSuspended(true)
	_, err = shop.api.Send(ctx, client.NewMessage{Bot: theirs.ID, To: to, Text: "refused"})
	require.Equal(t, "account:suspended", client.Code(err))
	_, err = on.sandbox.Write(ctx, person, theirs.at(), "Are you closed?")
	require.NoError(t, err)

	// A message of an account that works, due after the other one, shows that its time has come and gone.
	after, err := on.api.Send(ctx, client.NewMessage{Bot: mine.ID, To: to, Text: "after", SendAt: due.Add(time.Second).Format(time.RFC3339Nano)})
	require.NoError(t, err)
	require.Equal(t, wire.MessageStateAccepted, on.outcome(t, after.ID).State)
	require.Zero(t, on.copies(t, person, theirs.at(), "held"))

	setSuspended(false)
	ended := shop.outcome(t, held.ID)
	require.Equal(t, wire.MessageStateAccepted, ended.State, ended.Reason)
	require.Equal(t, 1, on.copies(t, person, theirs.at(), "held"))
	require.Zero(t, on.copies(t, person, theirs.at(), "refused"))
	shop.awaitInbound(t, theirs, "Are you closed?")
}
