package crowd_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/crowd"
)

// What one person does, and what is done to them, must not read the base of their bot.
func TestWhatConcernsOneReadsNobodyElse(t *testing.T) {
	t.Parallel()
	b := base(t)
	require.NoError(t, b.Fill(t.Context(), crowd.Shape{People: 20_000, Plain: true}))
	ids := gateway.NewIDs(nil, nil)
	number := 0
	next := func() int { // of somebody who has done nothing so far
		number += 7
		return number
	}
	update := int64(1_000_000)
	later := b.At().Add(time.Hour)
	person := func(store *postgres.Store, n int) gateway.Subscriber {
		list, err := store.Subscribers(t.Context(), b.Account, b.Bot, gateway.SubscriberFilter{PlatformID: crowd.Person(n, b.At()).PlatformID}, gateway.Page{Limit: 2})
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		return list.Items[0]
	}
	process := func(store *postgres.Store, n int, v gateway.Verdict) {
		update++
		later = later.Add(time.Minute)
		p := crowd.Person(n, b.At())
		p.ID = ids.Subscriber()
		v.Subscriber, v.Connection, v.Seen = &p, gateway.Connected, gateway.UpdateMark{At: later, UpdateID: update}
		_, err := store.StoreUpdates(t.Context(), []gateway.RawUpdate{{
			AccountID: b.Account, BotID: b.Bot, UpdateID: update, ChatID: p.ChatID, Body: []byte("{}"), ReceivedAt: later,
		}})
		require.NoError(t, err)
		done, err := store.ProcessUpdate(t.Context(), later, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) { return v, nil })
		require.NoError(t, err)
		require.True(t, done.Found)
	}
	send := func(store *postgres.Store, by gateway.AddressKind, n int) { // as the process does that accepted it
		m := gateway.Message{
			ID: ids.Message(), AccountID: b.Account, BotID: b.Bot, To: crowd.Address(by, n), Text: "Your parcel comes tomorrow.",
			Lane: gateway.LaneService, OnUnknown: gateway.Hold, ExpiresAt: b.At().Add(time.Hour), CreatedAt: b.At(),
		}
		created, err := store.AcceptMessage(t.Context(), m, []gateway.Leg{{ID: ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}}, nil)
		require.NoError(t, err)
		require.True(t, created)
		_, err = store.ChangeDelivery(t.Context(), b.Account, m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			require.NotNil(t, d.Subscriber)
			require.Equal(t, crowd.Person(n, b.At()).PlatformID, d.Subscriber.PlatformID)
			return gateway.Change{}, nil
		})
		require.NoError(t, err)
	}
	for _, known := range []string{"before the planner knows the tables", "once it knows"} {
		for _, act := range []struct {
			name string
			do   func(store *postgres.Store)
		}{
			{"writes", func(store *postgres.Store) { process(store, next(), gateway.Verdict{}) }},
			{"shares a phone", func(store *postgres.Store) {
				n := next()
				phone := fmt.Sprintf("+38067%07d", n)
				process(store, n, gateway.Verdict{Phone: phone})
				require.Equal(t, phone, person(store, n).Phone)
			}},
			{"shares the phone of another", func(store *postgres.Store) {
				n, other := next(), next()
				phone := crowd.Person(other, b.At()).Phone
				process(store, n, gateway.Verdict{Phone: phone})
				require.Equal(t, phone, person(store, n).Phone)
				require.Empty(t, person(store, other).Phone)
			}},
			{"comes by a link", func(store *postgres.Store) {
				n := next()
				token, id := ids.Connect(), fmt.Sprintf("linked-%d", n)
				require.NoError(t, store.CreateConnectLink(t.Context(), gateway.ConnectLink{AccountID: b.Account, BotID: b.Bot, Token: token, ExternalID: id, CreatedAt: b.At()}))
				process(store, n, gateway.Verdict{Payload: token})
				require.Equal(t, id, person(store, n).ExternalID)
			}},
			{"gets the id of another from the sender", func(store *postgres.Store) {
				who, id := person(store, next()), crowd.Person(next(), b.At()).ExternalID
				changed, err := store.ChangeSubscriber(t.Context(), b.Account, b.Bot, who.ID, gateway.SubscriberChange{ExternalID: &id, Tags: []string{"vip"}}, func(gateway.Subscriber) error { return nil })
				require.NoError(t, err)
				require.Equal(t, id, changed.ExternalID)
			}},
			{"is imported", func(store *postgres.Store) {
				n := next()
				p := crowd.Person(n+1_000_000, b.At())
				_, _, err := store.Import(t.Context(), gateway.Import{
					AccountID: b.Account, BotID: b.Bot, At: later, NewID: ids.Subscriber, Refuse: func(_ gateway.ImportedPerson, fault *gateway.Error) error { return fault },
					Batches: func(yield func([]gateway.ImportedPerson, error) bool) {
						yield([]gateway.ImportedPerson{{
							PlatformID: p.PlatformID, ExternalID: crowd.Person(n, b.At()).ExternalID, Phone: crowd.Person(n, b.At()).Phone, PhoneProvedAt: later, Tags: []string{"new"},
						}}, nil)
					},
				})
				require.NoError(t, err)
				require.Empty(t, person(store, n).Phone)
			}},
			{"is sent a message by phone", func(store *postgres.Store) { send(store, gateway.AddressPhone, next()) }},
			{"is sent a message by #id", func(store *postgres.Store) { send(store, gateway.AddressPlatform, next()) }},
			{"is sent a message by @name", func(store *postgres.Store) { send(store, gateway.AddressUsername, next()) }},
			{"is forgotten", func(store *postgres.Store) {
				require.NoError(t, store.Forget(t.Context(), b.Account, b.Bot, person(store, next()).ID, later))
			}},
			{"is forgotten by phone", func(store *postgres.Store) {
				forgotten, err := store.ForgetPhone(t.Context(), b.Account, crowd.Person(next(), b.At()).Phone, later)
				require.NoError(t, err)
				require.Len(t, forgotten, 1)
			}},
		} {
			read, err := b.Reads(t.Context(), crowd.People, func(store *postgres.Store) error {
				for range again {
					act.do(store)
				}
				return nil
			})
			require.NoError(t, err)
			// 14 of an act at most, and those that the planner looks at: it made 21 of them. Whoever reads the bot reads 20,000.
			require.LessOrEqual(t, read.Rows, again*25, "who %s, %s: rows of people that are read", act.name, known)
		}
		require.NoError(t, b.Analyze(t.Context()))
	}
}

// Tags are written one person at a time, also in an import of many.
func TestATagIsWrittenWithoutReadingTheOthers(t *testing.T) {
	t.Parallel()
	b := base(t)
	ids := gateway.NewIDs(nil, nil)
	const people, blocks = 4000, 12
	read, err := b.Reads(t.Context(), crowd.Tags, func(store *postgres.Store) error {
		_, _, err := store.Import(t.Context(), gateway.Import{
			AccountID: b.Account, BotID: b.Bot, At: b.At(), NewID: ids.Subscriber, Refuse: func(_ gateway.ImportedPerson, fault *gateway.Error) error { return fault },
			Batches: func(yield func([]gateway.ImportedPerson, error) bool) {
				var batch []gateway.ImportedPerson
				for n := range people {
					batch = append(batch, gateway.ImportedPerson{PlatformID: int64(n) + 1, Tags: []string{"customer"}})
				}
				_ = yield(batch[:people/2], nil) && yield(batch[people/2:], nil)
			},
		})
		return err
	})
	require.NoError(t, err)
	require.LessOrEqual(t, read.Blocks, people*blocks, "blocks of tags that are read and written")
}
