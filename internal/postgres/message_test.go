package postgres_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// world is a database with an account, a bot and a person.
type world struct {
	*postgres.Store
	url gateway.Secret
	ids *gateway.IDs
}

func newWorld(t testing.TB) world {
	t.Helper()
	url := postgrestest.URL(t)
	seed(t, postgrestest.Conn(t, url))
	store, err := postgres.Open(t.Context(), postgres.Options{URL: url, MaxConns: 8, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return world{Store: store, url: url, ids: gateway.NewIDs(nil, nil)}
}

// another is the store of another process over the same database.
func (w world) another(t testing.TB) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Options{URL: w.url, MaxConns: 2, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// accept stores a message to the address.
func (w world) accept(t testing.TB, to gateway.Address, change func(*gateway.Message)) gateway.Message {
	t.Helper()
	m := gateway.Message{
		ID: w.ids.Message(), AccountID: "acc_1", BotID: "bot_1", Direction: gateway.Out, To: to, Text: "hello", Format: gateway.FormatHTML, Lane: gateway.LaneService,
		OnUnknown: gateway.Hold, State: gateway.Queued, ExpiresAt: noon.Add(time.Hour), CreatedAt: noon, UpdatedAt: noon,
		Buttons: [][]gateway.Button{{{Text: "Yes", Data: "yes"}}},
	}
	if change != nil {
		change(&m)
	}
	created, err := w.AcceptMessage(t.Context(), m, []gateway.Leg{
		{ID: w.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilRead, Within: time.Minute},
		{ID: w.ids.Leg(), Number: 2, Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted},
	}, nil)
	require.NoError(t, err)
	require.True(t, created)
	return m
}

// acceptIf stores a message with one leg under conditions.
func (w world) acceptIf(t testing.TB, c gateway.Conditions, m gateway.Message) (created bool) {
	t.Helper()
	created, err := w.AcceptIf(t.Context(), c, gateway.NewMessage{
		Message: m, Legs: []gateway.Leg{{ID: w.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}},
	})
	require.NoError(t, err)
	return created
}

var toAnna = gateway.Address{Kind: gateway.AddressPlatform, Value: "1"}

func TestAcceptMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.accept(t, toAnna, func(m *gateway.Message) {
		m.Format = gateway.FormatHTML
		m.Media, m.Silent, m.Protected = &gateway.Media{Kind: gateway.Photo, File: "file_1", Name: "door.png"}, true, true
	})

	t.Run("keeps everything about it", func(t *testing.T) {
		got, err := w.Message(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Equal(t, m, got)
		legs, err := w.Legs(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Len(t, legs, 2)
		require.Equal(t, gateway.LegPending, legs[0].State)
		require.Equal(t, gateway.UntilRead, legs[0].Until)
		require.Equal(t, time.Minute, legs[0].Within)
		require.Equal(t, gateway.ChannelSMS, legs[1].Channel)
		events, err := w.Events(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Equal(t, []gateway.Event{{MessageID: m.ID, Sequence: 1, At: noon, Kind: gateway.EventQueued, State: gateway.Queued}}, events)
	})
	t.Run("takes the same id once", func(t *testing.T) {
		created, err := w.AcceptMessage(t.Context(), m, []gateway.Leg{{ID: w.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}}, nil)
		require.NoError(t, err)
		require.False(t, created)
		legs, err := w.Legs(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Len(t, legs, 2)
	})
	t.Run("goes over an own bot that works, or is not stored, and takes no claim", func(t *testing.T) {
		again := m
		claim := gateway.Claim{AccountID: "acc_1", Key: "of a bot", Suffix: "00000000000000000000000003"}
		own := gateway.Conditions{Claim: &claim, OwnBot: true}
		conn := postgrestest.Conn(t, w.url)
		for _, change := range []string{"state = 'paused'", "shared = true, purpose = 'any'"} {
			_, err := conn.Exec(t.Context(), "UPDATE bots SET "+change)
			require.NoError(t, err)
			again.ID = w.ids.Message()
			require.False(t, w.acceptIf(t, own, again), change)
			_, err = conn.Exec(t.Context(), "UPDATE bots SET state = 'active', shared = false, purpose = ''")
			require.NoError(t, err)
		}
		require.True(t, w.acceptIf(t, own, again))
	})
	t.Run("takes a claim with it, or is not stored", func(t *testing.T) {
		again := m
		claim := gateway.Claim{AccountID: "acc_1", Key: "k", Request: [32]byte{1}, Suffix: "00000000000000000000000001"}
		store := func() bool {
			again.ID = w.ids.Message()
			return w.acceptIf(t, gateway.Conditions{Claim: &claim}, again)
		}
		require.True(t, store())
		got, err := w.Message(t.Context(), "acc_1", again.ID)
		require.NoError(t, err)
		require.Equal(t, again, got)
		held, taken, err := w.Claim(t.Context(), gateway.Claim{AccountID: "acc_1", Key: "k", Request: [32]byte{1}, Suffix: "00000000000000000000000002"}, noon, noon)
		require.NoError(t, err)
		require.False(t, taken)
		require.Equal(t, claim, held)

		require.False(t, store())
		_, err = w.Message(t.Context(), "acc_1", again.ID)
		require.ErrorIs(t, err, gateway.ErrMessageNotFound)
	})
	t.Run("is nothing to another account", func(t *testing.T) {
		_, err := w.Message(t.Context(), "acc_2", m.ID)
		require.ErrorIs(t, err, gateway.ErrMessageNotFound)
		events, err := w.Events(t.Context(), "acc_2", m.ID)
		require.NoError(t, err)
		require.Empty(t, events)
		_, err = w.ChangeDelivery(t.Context(), "acc_2", m.ID, func(gateway.Delivery) (gateway.Change, error) {
			return gateway.Change{}, errors.New("another account's message was handed out")
		})
		require.ErrorIs(t, err, gateway.ErrMessageNotFound)
	})
}

func TestMessagesPageByPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := map[gateway.MessageID]bool{}
	for i := range 23 {
		m := w.accept(t, toAnna, func(m *gateway.Message) {
			if i%2 == 0 {
				m.Label = "even"
			}
		})
		want[m.ID] = m.Label == "even"
	}
	walk := func(f gateway.MessageFilter) (seen []gateway.MessageID) {
		page := gateway.Page{Limit: 5}
		for {
			list, err := w.Messages(t.Context(), "acc_1", f, page)
			require.NoError(t, err)
			require.LessOrEqual(t, len(list.Items), 5)
			for _, m := range list.Items {
				seen = append(seen, m.ID)
			}
			if page.After = list.Next; page.After == "" {
				return seen
			}
		}
	}
	all := walk(gateway.MessageFilter{})
	require.Len(t, all, 23)
	for i := 1; i < len(all); i++ {
		require.Greater(t, all[i-1], all[i], "newest first")
	}
	even := walk(gateway.MessageFilter{Label: "even"})
	require.Len(t, even, 12)
	for _, id := range even {
		require.True(t, want[id])
	}
	require.Empty(t, walk(gateway.MessageFilter{State: gateway.Accepted}))
	require.Len(t, walk(gateway.MessageFilter{BotID: "bot_1", Direction: gateway.Out, State: gateway.Queued}), 23)
}

// settled is a leg that the messenger took.
func settled(l gateway.Leg) gateway.Leg {
	l.State, l.Intent, l.SettledAt, l.PlatformMessageID = gateway.LegAccepted, time.Time{}, noon, 7
	return l
}

func TestChangeDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)

	t.Run("writes the whole change with its story, and takes the message out of the outbox with its end", func(t *testing.T) {
		m := w.accept(t, toAnna, nil)
		d, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			require.Equal(t, m.ID, d.Message.ID)
			require.Equal(t, gateway.BotID("bot_1"), d.Bot.ID)
			require.Equal(t, int64(1), d.Subscriber.ChatID)
			leg := d.Leg
			leg.Intent, leg.Attempts, leg.ChatID = noon, 1, 1
			return gateway.Change{
				State: gateway.Sending, Leg: &leg, Subscriber: d.Subscriber.ID,
				Events: []gateway.Event{{MessageID: m.ID, At: noon, Kind: gateway.EventIntent, From: gateway.Queued, State: gateway.Sending, Leg: 1, Detail: "calling", Wait: 1500 * time.Millisecond}},
			}, nil
		})
		require.NoError(t, err)
		require.Equal(t, gateway.Sending, d.Message.State)
		got, err := w.Message(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.Sending, got.State)
		require.Equal(t, gateway.SubscriberID("sub_1"), got.SubscriberID)
		legs, err := w.Legs(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Equal(t, noon, legs[0].Intent)
		events, err := w.Events(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Len(t, events, 2)
		require.Equal(t, 1500*time.Millisecond, events[1].Wait)
		require.Equal(t, 2, events[1].Sequence)
		waits := func() bool {
			due, err := w.DueOutbox(t.Context(), noon.Add(time.Hour), noon, 100)
			require.NoError(t, err)
			return slices.ContainsFunc(due, func(item gateway.OutboxItem) bool { return item.MessageID == m.ID })
		}
		require.True(t, waits(), "its call may be all that comes of it")
		d, done, err := w.ChangeUnmoved(t.Context(), d, gateway.Change{Leg: new(settled(d.Leg)), State: gateway.Accepted, Events: []gateway.Event{
			{MessageID: m.ID, At: noon, Kind: gateway.EventState, From: gateway.Sending, State: gateway.Accepted, Leg: 1},
		}})
		require.NoError(t, err)
		require.True(t, done)
		require.True(t, waits(), "it has another leg")
		_, done, err = w.ChangeUnmoved(t.Context(), d, gateway.Change{SkipRest: true})
		require.NoError(t, err)
		require.True(t, done)
		require.False(t, waits())
	})
	t.Run("writes nothing when the machine has no such arrow", func(t *testing.T) {
		m := w.accept(t, toAnna, nil)
		_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(gateway.Delivery) (gateway.Change, error) {
			return gateway.Change{State: gateway.Read, Subscriber: "sub_1", Events: []gateway.Event{{At: noon, Kind: gateway.EventState, State: gateway.Read}}}, nil
		})
		require.ErrorContains(t, err, "messages_state_move")
		got, err := w.Message(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.Queued, got.State)
		events, err := w.Events(t.Context(), "acc_1", m.ID)
		require.NoError(t, err)
		require.Len(t, events, 1)
	})
	t.Run("lets one decision look at a time", func(t *testing.T) {
		m := w.accept(t, toAnna, nil)
		var wg sync.WaitGroup
		var mu sync.Mutex
		intents := 0
		for range 8 {
			wg.Go(func() {
				_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
					if !d.Leg.Intent.IsZero() {
						return gateway.Change{}, nil
					}
					mu.Lock()
					intents++
					mu.Unlock()
					leg := d.Leg
					leg.Intent, leg.Attempts = noon, d.Leg.Attempts+1
					return gateway.Change{Leg: &leg, Events: []gateway.Event{{At: noon, Kind: gateway.EventIntent, State: gateway.Queued}}}, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, intents)
	})
	t.Run("disconnects the person and revokes the bot with the message's end", func(t *testing.T) {
		m := w.accept(t, toAnna, nil)
		_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			return gateway.Change{Disconnect: gateway.ReasonBlocked, RevokeBot: "words", RevokedToken: d.Bot.SealedToken, Events: []gateway.Event{{At: noon, Kind: gateway.EventRetry, State: gateway.Queued}}}, nil
		})
		require.NoError(t, err)
		person, err := w.Subscriber(t.Context(), "acc_1", "bot_1", "sub_1")
		require.NoError(t, err)
		require.Equal(t, gateway.Disconnected, person.Connection)
		require.Equal(t, gateway.ReasonBlocked, person.Reason)
		b, err := w.Bot(t.Context(), "acc_1", "bot_1")
		require.NoError(t, err)
		require.Equal(t, gateway.BotRevoked, b.State)
		require.Equal(t, "words", b.StateReason)
	})
}

func TestSlotsAreSharedAndKept(t *testing.T) {
	t.Parallel()
	// take reserves a slot for each of many messages to Anna at once and counts the slots by their time.
	take := func(t *testing.T, w world, messages int, see func(gateway.Slots) gateway.Slots) map[time.Time]int {
		var wg sync.WaitGroup
		var mu sync.Mutex
		taken := map[time.Time]int{}
		for range messages {
			m := w.accept(t, toAnna, nil)
			wg.Go(func() {
				_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
					at, slots := see(d.Slots).Ticket(noon, gateway.LaneService)
					mu.Lock()
					taken[at]++
					mu.Unlock()
					leg := d.Leg
					leg.Slot = at
					return gateway.Change{Leg: &leg, Slots: &slots, Events: []gateway.Event{{At: noon, Kind: gateway.EventTurn, State: gateway.Queued}}}, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		return taken
	}
	t.Run("of a bot", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		const messages = 40
		taken := take(t, w, messages, func(s gateway.Slots) gateway.Slots { s.ChatFree = time.Time{}; return s })
		require.Equal(t, gateway.TurnBurst, taken[noon])
		require.Len(t, taken, messages-gateway.TurnBurst+1, "no turn is given twice")
		stats, err := w.QueueStats(t.Context(), noon)
		require.NoError(t, err)
		require.Equal(t, messages-gateway.TurnBurst, stats.Waiting[gateway.LaneService])
		require.Positive(t, stats.Last[gateway.LaneService])
	})
	t.Run("of a chat", func(t *testing.T) {
		t.Parallel()
		taken := take(t, newWorld(t), gateway.ChatBurst+3, func(s gateway.Slots) gateway.Slots { s.ServiceFree = time.Time{}; return s })
		require.Equal(t, map[time.Time]int{noon: gateway.ChatBurst, noon.Add(time.Second): 1, noon.Add(2 * time.Second): 1, noon.Add(3 * time.Second): 1}, taken)
	})
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bulk := w.accept(t, toAnna, func(m *gateway.Message) { m.Lane = gateway.LaneBulk })
	code := w.accept(t, toAnna, func(m *gateway.Message) { m.Lane, m.CreatedAt = gateway.LaneCode, noon.Add(time.Second) })

	due, err := w.DueOutbox(t.Context(), noon, noon.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Empty(t, due, "whoever accepted a message has a moment to start it")

	later := noon.Add(10 * time.Second)
	count, oldest, err := w.OutboxDepth(t.Context(), later)
	require.NoError(t, err)
	require.Equal(t, 2, count)
	require.Equal(t, 10*time.Second, oldest)

	due, err = w.DueOutbox(t.Context(), later, later.Add(time.Minute), 1)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Equal(t, code.ID, due[0].MessageID, "codes before bulk, however old")

	due, err = w.DueOutbox(t.Context(), later, later.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, due, 1, "what another process has taken is hidden")
	require.Equal(t, bulk.ID, due[0].MessageID)
	require.NoError(t, w.DropOutbox(t.Context(), due))

	due, err = w.DueOutbox(t.Context(), later.Add(2*time.Minute), later.Add(3*time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, due, 1, "what was taken and never started is due again")
	require.Equal(t, code.ID, due[0].MessageID)
}
