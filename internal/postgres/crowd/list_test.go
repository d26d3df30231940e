package crowd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/crowd"
)

const (
	listed    = 10
	manyRare  = 25
	manyNames = 20_000
	again     = 8    // until a session plans no more for each list
	looked    = 5000 // people that one page looks at where nothing but their rows tells
)

// walk reads the whole list.
func walk(t *testing.T, store *postgres.Store, b *crowd.Base, f gateway.SubscriberFilter) (all []gateway.Subscriber) {
	t.Helper()
	for p := (gateway.Page{Limit: listed}); ; {
		list, err := store.Subscribers(t.Context(), b.Account, b.Bot, f, p)
		require.NoError(t, err)
		require.LessOrEqual(t, len(list.Items), listed)
		all = append(all, list.Items...)
		if p.After = list.Next; p.After == "" {
			return all
		}
	}
}

// Lists must not read the whole base of a bot for the few that they show.
func TestAListReadsWhomItShows(t *testing.T) {
	t.Parallel()
	b := base(t)
	require.NoError(t, b.Fill(t.Context(), crowd.Shape{People: manyNames, Rare: manyRare, Plain: true}))
	anna := crowd.Person(7777, b.At())
	for _, known := range []string{"before the planner knows the tables", "once it knows"} {
		for name, list := range map[string]struct {
			filter gateway.SubscriberFilter
			found  int // in the whole list
			most   int // rows that one page may read
			walks  int // rows that all pages may read
		}{
			"everybody":                {gateway.SubscriberFilter{}, manyNames, listed + 1, -1},
			"people":                   {gateway.SubscriberFilter{Kind: gateway.KindPerson}, manyNames, listed + 1, -1},
			"a phone":                  {gateway.SubscriberFilter{Phone: anna.Phone}, 1, 2, 2},
			"a phone of a person":      {gateway.SubscriberFilter{Phone: anna.Phone, Kind: gateway.KindPerson}, 1, 2, 2},
			"a name of the messenger":  {gateway.SubscriberFilter{Username: anna.Username}, 1, 2, 2},
			"an id of the messenger":   {gateway.SubscriberFilter{PlatformID: anna.PlatformID}, 1, 2, 2},
			"an id of the sender":      {gateway.SubscriberFilter{ExternalID: anna.ExternalID}, 1, 2, 2},
			"one who is not so":        {gateway.SubscriberFilter{ExternalID: anna.ExternalID, Language: "uk"}, 0, 2, 2},
			"a tag":                    {gateway.SubscriberFilter{Tag: "vip"}, manyRare, listed + 1, manyRare + 2*listed},
			"a tag and a language":     {gateway.SubscriberFilter{Tag: "vip", Language: "uk"}, manyRare, manyRare, 3 * manyRare},
			"a tag and another":        {gateway.SubscriberFilter{Tag: "vip", Language: "en"}, 0, manyRare, manyRare},
			"a tag that nobody has":    {gateway.SubscriberFilter{Tag: "vi"}, 0, 0, 0},
			"who is gone":              {gateway.SubscriberFilter{Connection: gateway.Disconnected}, manyRare, 2 * manyRare, 3 * 2 * manyRare},
			"who is gone, by the name": {gateway.SubscriberFilter{Connection: gateway.Disconnected, Name: "house"}, manyRare, 2 * manyRare, 3 * 2 * manyRare},
			"groups":                   {gateway.SubscriberFilter{Kind: "chat"}, 0, 0, 0},
			// These look at a part of the bot for each page.
			"a language":      {gateway.SubscriberFilter{Language: "uk"}, manyRare, 2 * looked, 3 * manyNames},
			"without a phone": {gateway.SubscriberFilter{HasPhone: "no"}, manyRare, 2 * looked, 3 * manyNames},
			"with a phone":    {gateway.SubscriberFilter{HasPhone: "yes", Connection: gateway.Connected}, manyNames - manyRare, 2 * looked, -1},
			"a part of names": {gateway.SubscriberFilter{Name: "house 2499"}, 8, 2 * looked, 3 * manyNames},
		} {
			read, err := b.Reads(t.Context(), crowd.People, func(store *postgres.Store) error {
				for range again {
					_, err := store.Subscribers(t.Context(), b.Account, b.Bot, list.filter, gateway.Page{Limit: listed})
					require.NoError(t, err)
				}
				return nil
			})
			require.NoError(t, err)
			require.LessOrEqual(t, read.Rows, again*list.most, "%s, %s: rows of people that the first page reads", name, known)
			if list.walks < 0 {
				continue
			}
			read, err = b.Reads(t.Context(), crowd.People, func(store *postgres.Store) error {
				require.Len(t, walk(t, store, b, list.filter), list.found, "%s, %s", name, known)
				return nil
			})
			require.NoError(t, err)
			require.LessOrEqual(t, read.Rows, list.walks, "%s, %s: rows of people that the whole list reads", name, known)
		}
		require.NoError(t, b.Analyze(t.Context()))
	}
}
