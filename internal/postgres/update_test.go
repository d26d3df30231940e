package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func raw(id, chat int64) gateway.RawUpdate {
	return gateway.RawUpdate{AccountID: "acc_1", BotID: "bot_1", UpdateID: id, ChatID: chat, Body: []byte("{}"), ReceivedAt: noon}
}

func (w world) store(t *testing.T, updates ...gateway.RawUpdate) int {
	t.Helper()
	stored, err := w.StoreUpdates(t.Context(), updates)
	require.NoError(t, err)
	return stored
}

func TestUpdatesAreStoredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 2, w.store(t, raw(1, 10), raw(2, 10)))
	require.Equal(t, 1, w.store(t, raw(2, 10), raw(3, 10)), "an update that came again")
	waiting, aside, err := w.InboxDepth(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, waiting)
	require.Zero(t, aside)
}

// Chats go in parallel; within one chat the order of arrival holds, whoever processes.
func TestUpdatesOfOneChatKeepTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const chats, each = 5, 20
	for id := int64(1); id <= chats*each; id++ {
		w.store(t, raw(id, id%chats))
	}
	var mu sync.Mutex
	seen := map[int64][]int64{}
	working := map[int64]bool{}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for {
				done, err := w.ProcessUpdate(t.Context(), noon, func(u gateway.RawUpdate, _ gateway.Bot) (gateway.Verdict, error) {
					mu.Lock()
					defer mu.Unlock()
					if working[u.ChatID] {
						t.Errorf("two updates of chat %d at a time", u.ChatID)
					}
					seen[u.ChatID] = append(seen[u.ChatID], u.UpdateID)
					return gateway.Verdict{}, nil
				})
				if err != nil {
					t.Error(err)
					return
				}
				if !done.Found {
					waiting, _, err := w.InboxDepth(t.Context())
					if err != nil || waiting == 0 {
						return
					}
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, seen, chats)
	for chat, ids := range seen {
		require.Len(t, ids, each, "chat %d: each update once", chat)
		for i := 1; i < len(ids); i++ {
			require.Less(t, ids[i-1], ids[i])
		}
	}
}

func TestAnUpdateThatCannotBeProcessedHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store(t, raw(1, 10), raw(2, 10))
	refuse := func(u gateway.RawUpdate, _ gateway.Bot) (gateway.Verdict, error) {
		if u.UpdateID == 1 {
			return gateway.Verdict{}, errors.New("odd")
		}
		return gateway.Verdict{}, nil
	}
	for range 2 {
		done, err := w.ProcessUpdate(t.Context(), noon, refuse)
		require.NoError(t, err)
		require.True(t, done.Found)
	}
	done, err := w.ProcessUpdate(t.Context(), noon, refuse)
	require.NoError(t, err)
	require.False(t, done.Found)
	waiting, aside, err := w.InboxDepth(t.Context())
	require.NoError(t, err)
	require.Zero(t, waiting)
	require.Equal(t, 1, aside)
}

func TestAnUpdateWhoseVerdictIsRefusedIsPutAsideAtLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store(t, raw(1, 10))
	bad := func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), PlatformID: 7}, Connection: "no such thing"}, nil
	}
	for range 5 {
		done, err := w.ProcessUpdate(t.Context(), noon, bad)
		require.Error(t, err)
		require.True(t, done.Found)
	}
	_, aside, err := w.InboxDepth(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, aside)
}

// process stores one update of a person and processes it into the verdict.
func (w world) process(t *testing.T, id int64, v gateway.Verdict) {
	t.Helper()
	w.store(t, raw(id, 10_000+id)) // a chat of its own: the test chooses the order
	if v.Seen.At.IsZero() {
		v.Seen = gateway.UpdateMark{At: noon, UpdateID: id}
	}
	v.Subscriber.ID = w.ids.Subscriber()
	done, err := w.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) { return v, nil })
	require.NoError(t, err)
	require.True(t, done.Found)
}

func (w world) person(t *testing.T, platformID int64) gateway.Subscriber {
	t.Helper()
	list, err := w.Subscribers(t.Context(), "acc_1", "bot_1", gateway.SubscriberFilter{PlatformID: platformID}, gateway.Page{Limit: 2})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	return list.Items[0]
}

func TestDisorderedUpdatesLeaveTheTruth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := func(name string) *gateway.Subscriber {
		return &gateway.Subscriber{PlatformID: 42, ChatID: 42, Username: name, UsernameSeenAt: noon, FirstName: "Anna"}
	}
	w.process(t, 12, gateway.Verdict{Subscriber: anna("new_name"), Connection: gateway.Connected})
	w.process(t, 11, gateway.Verdict{Subscriber: anna("old_name"), Connection: gateway.Disconnected, Reason: gateway.ReasonBlocked})
	person := w.person(t, 42)
	require.Equal(t, gateway.Connected, person.Connection, "the block came before what is known")
	require.Equal(t, "new_name", person.Username)

	w.process(t, 13, gateway.Verdict{Subscriber: anna("new_name"), Connection: gateway.Disconnected, Reason: gateway.ReasonBlocked})
	require.Equal(t, gateway.Disconnected, w.person(t, 42).Connection)

	w.process(t, 3, gateway.Verdict{
		Subscriber: anna("newest"), Connection: gateway.Connected, Seen: gateway.UpdateMark{At: noon.Add(8 * 24 * time.Hour), UpdateID: 3},
	})
	person = w.person(t, 42)
	require.Equal(t, gateway.Connected, person.Connection, "ids restart after a quiet week: the time decides")
	require.Equal(t, "newest", person.Username)
}

func TestOnePhoneNamesOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const phone = "+380501234567"
	proves := func(update, who int64, at time.Time) {
		w.process(t, update, gateway.Verdict{
			Subscriber: &gateway.Subscriber{PlatformID: who, ChatID: who}, Connection: gateway.Connected, Phone: phone,
			Seen: gateway.UpdateMark{At: at, UpdateID: update},
		})
	}
	proves(1, 42, noon)
	require.Equal(t, phone, w.person(t, 42).Phone)
	proves(2, 43, noon.Add(time.Hour))
	require.Equal(t, phone, w.person(t, 43).Phone, "the last proof wins")
	require.Empty(t, w.person(t, 42).Phone)
	proves(3, 44, noon.Add(time.Minute))
	require.Equal(t, phone, w.person(t, 43).Phone, "an older proof that comes later does not")
	require.Empty(t, w.person(t, 44).Phone)
	proves(4, 43, noon.Add(2*time.Hour))
	require.Equal(t, noon.Add(2*time.Hour), w.person(t, 43).PhoneProvedAt, "proving it again renews the proof")
}

func TestTwoPeopleWhoProveOnePhoneAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id := int64(1); id <= 20; id++ {
		w.store(t, raw(id, id))
	}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			for range 4 {
				_, err := w.ProcessUpdate(t.Context(), noon, func(u gateway.RawUpdate, _ gateway.Bot) (gateway.Verdict, error) {
					return gateway.Verdict{
						Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), PlatformID: u.ChatID, ChatID: u.ChatID}, Connection: gateway.Connected,
						Phone: "+380501234567", Seen: gateway.UpdateMark{At: noon, UpdateID: u.UpdateID},
					}, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	list, err := w.Subscribers(t.Context(), "acc_1", "bot_1", gateway.SubscriberFilter{Phone: "+380501234567"}, gateway.Page{Limit: 5})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	waiting, aside, err := w.InboxDepth(t.Context())
	require.NoError(t, err)
	require.Zero(t, waiting)
	require.Zero(t, aside)
}

// Two people who prove each other's phones, again and again, at the same moments.
func TestPeopleWhoSwapPhones(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phones := []string{"+380501234567", "+380501234568"}
	id := int64(0)
	for round := range 15 {
		var wg sync.WaitGroup
		for who := range int64(2) {
			id++
			w.store(t, raw(id, 100+who))
		}
		at := noon.Add(time.Duration(round) * time.Second)
		for range 2 {
			wg.Go(func() {
				_, err := w.ProcessUpdate(t.Context(), noon, func(u gateway.RawUpdate, _ gateway.Bot) (gateway.Verdict, error) {
					return gateway.Verdict{
						Subscriber: &gateway.Subscriber{ID: w.ids.Subscriber(), PlatformID: u.ChatID, ChatID: u.ChatID}, Connection: gateway.Connected,
						Phone: phones[(u.ChatID+int64(round))%2], Seen: gateway.UpdateMark{At: at, UpdateID: u.UpdateID},
					}, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	waiting, aside, err := w.InboxDepth(t.Context())
	require.NoError(t, err)
	require.Zero(t, waiting)
	require.Zero(t, aside)
}

func TestOddWordsOfAnErrorAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store(t, raw(1, 1))
	done, err := w.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{}, errors.New("a" + strings.Repeat("й", 400) + "\x00")
	})
	require.NoError(t, err)
	require.True(t, done.Found)
	_, aside, err := w.InboxDepth(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, aside)
}

func TestOneProcessPollsABot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := func(holder string, now time.Time) string {
		bots, err := w.AcquirePolls(t.Context(), holder, now, now.Add(15*time.Second))
		require.NoError(t, err)
		return fmt.Sprint(len(bots))
	}
	require.Equal(t, "1", names("one", noon))
	require.Equal(t, "0", names("two", noon.Add(5*time.Second)))
	require.Equal(t, "1", names("one", noon.Add(10*time.Second)), "the holder renews")
	require.Equal(t, "0", names("two", noon.Add(20*time.Second)))
	require.Equal(t, "1", names("two", noon.Add(26*time.Second)), "a lease that ended is taken over")
	require.NoError(t, w.ReleasePolls(t.Context(), "two"))
	require.Equal(t, "1", names("one", noon.Add(27*time.Second)))

	still := func(holder string) bool {
		still, err := w.StillPolls(t.Context(), holder, "bot_1", noon.Add(28*time.Second))
		require.NoError(t, err)
		return still
	}
	require.True(t, still("one"))
	require.False(t, still("two"))
	b, err := w.Bot(t.Context(), "acc_1", "bot_1")
	require.NoError(t, err)
	b.Intake = gateway.IntakeWebhook
	_, err = w.DescribeBot(t.Context(), b, noon.Add(28*time.Second))
	require.NoError(t, err)
	require.False(t, still("one"), "whoever has a webhook of ours is nobody's to poll")
}
