package crowd_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/crowd"
	"herald/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

func base(t *testing.T) *crowd.Base {
	t.Helper()
	b, err := crowd.Open(t.Context(), postgrestest.Empty(t))
	require.NoError(t, err)
	t.Cleanup(func() { b.Close(t.Context()) })
	return b
}

// Who is copied in past the store must be whom the store would have written.
func TestTheStoreKnowsTheCrowd(t *testing.T) {
	t.Parallel()
	b := base(t)
	require.NoError(t, b.Fill(t.Context(), crowd.Shape{People: 30}))
	want := crowd.Person(7, b.At())
	for _, f := range []gateway.SubscriberFilter{
		{Phone: want.Phone}, {Username: want.Username}, {PlatformID: want.PlatformID}, {ExternalID: want.ExternalID}, {Name: want.LastName, Language: "en"},
	} {
		found, err := b.Store.Subscribers(t.Context(), b.Account, b.Bot, f, gateway.Page{Limit: 30})
		require.NoError(t, err)
		if f.Name != "" {
			require.Len(t, found.Items, 8, "that share a last name")
			continue
		}
		require.Len(t, found.Items, 1)
		got := found.Items[0]
		want := want
		want.ID, want.AccountID, want.BotID, want.Tags, want.Fields = got.ID, b.Account, b.Bot, []string{}, gateway.Fields{}
		require.Equal(t, want, got)
	}
}

func TestResolvingFindsTheOneWhoIsNamed(t *testing.T) {
	t.Parallel()
	b := base(t)
	require.NoError(t, b.Fill(t.Context(), crowd.Shape{People: 30}))
	for _, kind := range []gateway.AddressKind{gateway.AddressPhone, gateway.AddressUsername, gateway.AddressPlatform, gateway.AddressExternal} {
		id, err := b.Accept(t.Context(), crowd.Address(kind, 7))
		require.NoError(t, err)
		took, err := b.Resolve(t.Context(), id, 7)
		require.NoError(t, err, kind)
		require.Positive(t, took)
		_, err = b.Resolve(t.Context(), id, 8)
		require.ErrorContains(t, err, "for person 8")
	}
	id, err := b.Accept(t.Context(), crowd.Address(gateway.AddressPhone, 30))
	require.NoError(t, err)
	_, err = b.Resolve(t.Context(), id, 30)
	require.ErrorContains(t, err, "no rows", "nobody has that phone")
}

func TestASweepCountsWhatItRead(t *testing.T) {
	t.Parallel()
	b := base(t)
	require.NoError(t, b.Fill(t.Context(), crowd.Shape{People: 2000, Due: 60}))
	swept, err := b.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 60, swept.Due)
	require.Equal(t, 60, swept.Rows)
	require.GreaterOrEqual(t, swept.Blocks, 3, "pages of the index, at least")
	require.Positive(t, swept.Took)
}

func TestEverybodyCameInTime(t *testing.T) {
	t.Parallel()
	at := time.Now()
	for _, n := range []int{0, 1, 9999, 999_999, crowd.MaxPeople - 1} {
		p := crowd.Person(n, at)
		require.WithinRange(t, p.PhoneProvedAt, at.Add(-80*24*time.Hour), at, "of person %d", n)
		require.Equal(t, p.PhoneProvedAt, p.LastSeenAt)
	}
}
