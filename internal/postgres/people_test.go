package postgres_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

// starts lets a person start the bot by a payload, a minute after the update before.
func (w world) starts(t *testing.T, update, who int64, name, payload string) gateway.Subscriber {
	t.Helper()
	w.process(t, update, gateway.Verdict{
		Subscriber: &gateway.Subscriber{PlatformID: who, ChatID: who, FirstName: name}, Connection: gateway.Connected, Payload: payload,
		Seen: gateway.UpdateMark{At: noon.Add(time.Duration(update) * time.Minute), UpdateID: update},
	})
	return w.person(t, who)
}

func TestALinkForOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := func(id string) string {
		token := w.ids.Connect()
		require.True(t, gateway.ConnectToken(token))
		require.LessOrEqual(t, len(token), 64)
		require.NoError(t, w.CreateConnectLink(t.Context(), gateway.ConnectLink{AccountID: "acc_1", BotID: "bot_1", Token: token, ExternalID: id, CreatedAt: noon}))
		return token
	}
	first := link("42")
	require.Equal(t, "42", w.starts(t, 1, 42, "Anna", first).ExternalID)
	require.Empty(t, w.starts(t, 2, 43, "Bert", first).ExternalID, "a link that was passed on names nobody else")
	require.Equal(t, "42", w.person(t, 42).ExternalID)
	require.Equal(t, "42", w.starts(t, 3, 42, "Anna", first).ExternalID, "the same person may use it again")
	require.Empty(t, w.starts(t, 4, 44, "Carl", "c_00000000000000000000").ExternalID, "nobody made this one")

	require.Equal(t, "42", w.starts(t, 5, 43, "Bert", link("42")).ExternalID, "a new link gives the id to another account of the person")
	require.Empty(t, w.person(t, 42).ExternalID)
	kinds, events := w.told(t, gateway.AccountEventFilter{Kind: gateway.SubscriberLinked})
	require.Len(t, kinds, 2)
	require.JSONEq(t, `{"external_id":"42"}`, string(events[0].Data))
	_, events = w.told(t, gateway.AccountEventFilter{Kind: gateway.SubscriberUnlinked})
	require.Len(t, events, 1)
	require.Equal(t, w.person(t, 42).ID, events[0].SubscriberID, "who lost it is told of, too")

	require.Empty(t, w.starts(t, 6, 42, "Anna", first).ExternalID, "a link that was used takes nothing back")
	require.Equal(t, "42", w.person(t, 43).ExternalID)
	none, seventh := "", link("7")
	_, err := w.ChangeSubscriber(t.Context(), "acc_1", "bot_1", w.starts(t, 7, 45, "Dora", seventh).ID, gateway.SubscriberChange{ExternalID: &none}, func(gateway.Subscriber) error { return nil })
	require.NoError(t, err)
	require.Empty(t, w.starts(t, 8, 45, "Dora", seventh).ExternalID, "nor what the sender took away")

	m := w.accept(t, gateway.Address{Kind: gateway.AddressExternal, Value: "42"}, nil)
	_, err = w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
		require.NotNil(t, d.Subscriber)
		require.Equal(t, int64(43), d.Subscriber.PlatformID)
		return gateway.Change{}, nil
	})
	require.NoError(t, err)
}

func TestALinkOfAnotherAccountNamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.CreateAccount(t.Context(), gateway.Account{ID: "acc_2", Name: "other", CreatedAt: noon}))
	require.NoError(t, w.CreateBot(t.Context(), gateway.Bot{
		ID: "bot_2", AccountID: "acc_2", Platform: gateway.Telegram, Network: gateway.NetworkSandbox, PlatformID: 2, Username: "other_bot",
		SealedToken: []byte("x"), Intake: gateway.IntakePolling, State: gateway.BotActive, CreatedAt: noon, UpdatedAt: noon,
	}))
	for i, link := range []gateway.ConnectLink{
		{AccountID: "acc_2", BotID: "bot_2", ExternalID: "their bot"}, {AccountID: "acc_2", BotID: "bot_1", ExternalID: "a bot that they share"},
	} {
		link.Token, link.CreatedAt = w.ids.Connect(), noon
		require.NoError(t, w.CreateConnectLink(t.Context(), link))
		require.Empty(t, w.starts(t, int64(i+1), 42, "Anna", link.Token).ExternalID, link.ExternalID)
	}
	var used int
	require.NoError(t, postgrestest.Conn(t, w.url).QueryRow(t.Context(), "SELECT count(*) FROM connect_links WHERE used_by IS NOT NULL").Scan(&used))
	require.Zero(t, used, "nor is it spent")
}

func TestNamesHaveAHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.starts(t, 1, 42, "Anna", "")
	w.starts(t, 2, 42, "Anna", "")
	w.starts(t, 3, 42, "Ann", "")
	id := w.starts(t, 4, 42, "Annie", "").ID
	person, err := w.Subscriber(t.Context(), "acc_1", "bot_1", id)
	require.NoError(t, err)
	require.Equal(t, "Annie", person.FirstName)
	require.Equal(t, []gateway.EarlierName{
		{FirstName: "Ann", Until: noon.Add(4 * time.Minute)}, {FirstName: "Anna", Until: noon.Add(3 * time.Minute)},
	}, person.Names)
}

func TestWhatRulesAndSendersKeepIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.starts(t, 1, 42, "Anna", "").ID
	fine := func(gateway.Subscriber) error { return nil }
	_, err := w.ChangeSubscriber(t.Context(), "acc_1", "bot_1", id, gateway.SubscriberChange{
		Tags: []string{"vip"}, Fields: gateway.Fields{"orders": int64(7), "note": "tea"},
	}, fine)
	require.NoError(t, err)
	person, err := w.ChangeSubscriber(t.Context(), "acc_1", "bot_1", id, gateway.SubscriberChange{Fields: gateway.Fields{"note": nil}}, fine)
	require.NoError(t, err)
	require.Equal(t, []string{"vip"}, person.Tags)
	require.Equal(t, gateway.Fields{"orders": int64(7)}, person.Fields)
	talk, err := w.Conversation(t.Context(), "acc_1", person)
	require.NoError(t, err)
	require.Equal(t, []string{"vip"}, talk.State.Tags)
	require.Equal(t, gateway.Fields{"orders": int64(7)}, talk.State.Fields)

	_, err = w.ChangeSubscriber(t.Context(), "acc_1", "bot_1", id, gateway.SubscriberChange{Tags: []string{}}, func(p gateway.Subscriber) error {
		require.Empty(t, p.Tags)
		return gateway.ErrSubscriberNotFound
	})
	require.ErrorIs(t, err, gateway.ErrSubscriberNotFound)
	_, err = w.ChangeSubscriber(t.Context(), "acc_2", "bot_1", id, gateway.SubscriberChange{Tags: []string{}}, fine)
	require.ErrorIs(t, err, gateway.ErrSubscriberNotFound)
	person, err = w.Subscriber(t.Context(), "acc_1", "bot_1", id)
	require.NoError(t, err)
	require.Equal(t, []string{"vip"}, person.Tags, "what was refused changes nothing")
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	minute := int64(0)
	member := func(chat int64, kind gateway.SubscriberKind, connection gateway.Connection) {
		minute++
		v := gateway.Verdict{
			Subscriber: &gateway.Subscriber{Kind: kind, PlatformID: chat, ChatID: chat, FirstName: "Staff"}, Connection: connection,
			Seen: gateway.UpdateMark{At: noon.Add(time.Duration(minute) * time.Minute), UpdateID: minute},
		}
		if connection == gateway.Disconnected {
			v.Reason = gateway.ReasonChatLost
		}
		w.process(t, minute, v)
	}
	reached := func(address string) *gateway.Subscriber {
		m := w.accept(t, gateway.Address{Kind: gateway.AddressChat, Value: address}, nil)
		var found *gateway.Subscriber
		_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			found = d.Subscriber
			require.Equal(t, found != nil, d.Slots.Group, "groups have slower turns")
			return gateway.Change{}, nil
		})
		require.NoError(t, err)
		return found
	}
	member(-500, gateway.KindGroup, gateway.Connected)
	require.Equal(t, gateway.Connected, reached("-500").Connection)
	require.Nil(t, reached("-501"))

	minute++
	w.store(t, raw(minute, -500))
	found, err := w.ProcessUpdate(t.Context(), noon, func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
		return gateway.Verdict{Migrated: gateway.Migration{From: -500, To: -1001}}, nil
	})
	require.NoError(t, err)
	require.True(t, found.Found)
	for _, alias := range []string{"-500", "-1001"} {
		chat := reached(alias)
		require.NotNil(t, chat, "%s names it", alias)
		require.Equal(t, int64(-1001), chat.ChatID)
		require.Equal(t, gateway.KindSupergroup, chat.Kind)
	}
	member(-1001, gateway.KindSupergroup, gateway.Disconnected)
	require.Equal(t, gateway.Disconnected, reached("-500").Connection, "the same chat under its new id")
	list, err := w.Subscribers(t.Context(), "acc_1", "bot_1", gateway.SubscriberFilter{Kind: "chat"}, gateway.Page{Limit: 5})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	kinds, _ := w.told(t, gateway.AccountEventFilter{Kind: "chat.*"})
	require.Equal(t, []gateway.AccountEventKind{gateway.ChatConnected, gateway.ChatMigrated, gateway.ChatDisconnected}, kinds)
}

func TestPeopleAreListedByTheirTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tagged := func(tag string) (who []int64) {
		list, err := w.Subscribers(t.Context(), "acc_1", "bot_1", gateway.SubscriberFilter{Tag: tag}, gateway.Page{Limit: 5})
		require.NoError(t, err)
		for _, p := range list.Items {
			who = append(who, p.PlatformID)
		}
		return who
	}
	w.imports(t, whole(42), whole(43))
	require.ElementsMatch(t, []int64{42, 43}, tagged("vip"))
	anna, bert := w.person(t, 42), w.person(t, 43)
	fine := func(gateway.Subscriber) error { return nil }
	_, err := w.ChangeSubscriber(t.Context(), "acc_1", "bot_1", bert.ID, gateway.SubscriberChange{Tags: []string{"new", "old"}}, fine)
	require.NoError(t, err)
	_, err = w.ChangeSubscriber(t.Context(), "acc_1", "bot_1", bert.ID, gateway.SubscriberChange{Fields: gateway.Fields{"orders": int64(8)}}, fine)
	require.NoError(t, err)
	require.Equal(t, []int64{42}, tagged("vip"))
	require.Equal(t, []int64{43}, tagged("new"))
	require.Len(t, tagged("old"), 2)
	list, err := w.Subscribers(t.Context(), "acc_2", "bot_1", gateway.SubscriberFilter{Tag: "old"}, gateway.Page{Limit: 5})
	require.NoError(t, err)
	require.Empty(t, list.Items, "of another account")

	conn := postgrestest.Conn(t, w.url)
	for _, sql := range []string{
		`INSERT INTO accounts (id, name, created_at) VALUES ('acc_2', 'b', now())`,
		`INSERT INTO person_states (account_id, subscriber_id, tags) VALUES ('acc_2', '` + string(anna.ID) + `', '{theirs,theirs}')`,
		`UPDATE person_states SET tags = '{vip,vip}' WHERE account_id = 'acc_1' AND subscriber_id = '` + string(anna.ID) + `'`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	require.Zero(t, w.count(t, `SELECT count(*) FROM person_tags WHERE tag = 'theirs'`), "what another account notes of a person on a shared bot is in no list")
	require.Equal(t, []int64{42}, tagged("vip"))
	require.Equal(t, 3, w.count(t, `SELECT count(*) FROM person_tags`))

	require.NoError(t, w.Forget(t.Context(), "acc_1", "bot_1", anna.ID, noon))
	require.Empty(t, tagged("vip"))
	require.Zero(t, w.count(t, `SELECT count(*) FROM person_tags WHERE subscriber_id = '`+string(anna.ID)+`'`))
}

func TestAListGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var people []gateway.ImportedPerson
	for who := range int64(7) {
		people = append(people, whole(who+10))
	}
	w.imports(t, people...)
	for _, f := range []gateway.SubscriberFilter{{Tag: "vip"}, {Tag: "vip", Language: "uk"}, {Language: "uk"}, {HasPhone: "yes"}, {Name: "ann"}, {Tag: "vip", Name: "ann"}} {
		var all []gateway.SubscriberID
		for p := (gateway.Page{Limit: 3}); ; {
			list, err := w.Subscribers(t.Context(), "acc_1", "bot_1", f, p)
			require.NoError(t, err)
			for _, person := range list.Items {
				all = append(all, person.ID)
			}
			if p.After = list.Next; p.After == "" {
				break
			}
		}
		require.Len(t, all, 7, "%+v", f)
		require.True(t, slices.IsSortedFunc(all, func(a, b gateway.SubscriberID) int { return strings.Compare(string(b), string(a)) }), "newest first: %+v", f)
	}
}

func TestPeopleAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // with one person who is connected
	gone := whole(43)
	gone.Connection = gateway.Disconnected
	w.imports(t, whole(42), gone, whole(44), whole(45))
	w.process(t, 1, gateway.Verdict{
		Subscriber: &gateway.Subscriber{Kind: gateway.KindGroup, PlatformID: -500, ChatID: -500, FirstName: "Staff"}, Connection: gateway.Connected,
	})
	require.NoError(t, w.Forget(t.Context(), "acc_1", "bot_1", w.person(t, 44).ID, noon))
	counts, err := w.CountSubscribers(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []gateway.BotPeople{
		{BotID: "bot_1", Connection: gateway.Connected, Count: 4}, {BotID: "bot_1", Connection: gateway.Disconnected, Count: 1},
	}, counts)
}
