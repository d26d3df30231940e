package postgres_test

import (
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
)

// batched hands people out in batches, and ends with err.
func batched(size int, err error, people ...gateway.ImportedPerson) iter.Seq2[[]gateway.ImportedPerson, error] {
	return func(yield func([]gateway.ImportedPerson, error) bool) {
		for len(people) > 0 {
			n := min(size, len(people))
			if !yield(people[:n], nil) {
				return
			}
			people = people[n:]
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

var strict = func(p gateway.ImportedPerson, fault *gateway.Error) error { return fault }

func (w world) imports(t *testing.T, people ...gateway.ImportedPerson) gateway.ImportCounts {
	t.Helper()
	counts, _, err := w.Import(t.Context(), gateway.Import{
		AccountID: "acc_1", BotID: "bot_1", At: noon, Batches: batched(2, nil, people...), NewID: w.ids.Subscriber, Refuse: strict,
	})
	require.NoError(t, err)
	return counts
}

// whole is a person with everything that an import can say.
func whole(who int64) gateway.ImportedPerson {
	return gateway.ImportedPerson{
		PlatformID: who, ExternalID: fmt.Sprintf("c-%d", who), Username: fmt.Sprintf("Anna_%d", who), UsernameSeenAt: noon.Add(-48 * time.Hour),
		FirstName: "Anna", LastName: "May", Language: "uk", Timezone: "Europe/Kyiv", Tags: []string{"vip", "old"}, Fields: gateway.Fields{"orders": int64(7)},
		Phone: fmt.Sprintf("+38050%07d", who), PhoneProvedAt: noon.Add(-100 * 24 * time.Hour), Connection: gateway.Connected, StartPayload: "shop7",
		ConnectedAt: noon.Add(-200 * 24 * time.Hour), LastSeenAt: noon.Add(-24 * time.Hour),
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, gateway.ImportCounts{Created: 3}, w.imports(t, whole(42), whole(43), gateway.ImportedPerson{PlatformID: 44}))

	anna := w.person(t, 42)
	anna, err := w.Subscriber(t.Context(), "acc_1", "bot_1", anna.ID)
	require.NoError(t, err)
	p := whole(42)
	require.Equal(t, gateway.Subscriber{
		ID: anna.ID, Kind: gateway.KindPerson, AccountID: "acc_1", BotID: "bot_1", PlatformID: 42, ChatID: 42, ExternalID: "c-42", Username: "Anna_42",
		UsernameSeenAt: p.UsernameSeenAt, FirstName: "Anna", LastName: "May", Language: "uk", Timezone: "Europe/Kyiv", Phone: "+380500000042",
		PhoneProof: gateway.ProofImport, PhoneProvedAt: p.PhoneProvedAt, Connection: gateway.Connected, StartPayload: "shop7", ConnectedAt: p.ConnectedAt,
		LastSeenAt: p.LastSeenAt, Tags: []string{"vip", "old"}, Fields: gateway.Fields{"orders": int64(7)},
		Proofs: []gateway.ProvedPhone{{Phone: "+380500000042", Proof: gateway.ProofImport, At: p.PhoneProvedAt}},
	}, anna)
	carl := w.person(t, 44)
	require.Equal(t, gateway.Connected, carl.Connection)
	require.Equal(t, noon, carl.LastSeenAt)
	require.Empty(t, carl.Username+carl.Phone+carl.FirstName)

	t.Run("lets people be found by everything that names them", func(t *testing.T) {
		for _, to := range []gateway.Address{
			{Kind: gateway.AddressPhone, Value: "+380500000042"},
			{Kind: gateway.AddressUsername, Value: "anna_42"},
			{Kind: gateway.AddressPlatform, Value: "42"},
			{Kind: gateway.AddressExternal, Value: "c-42"},
		} {
			require.Equal(t, anna.ID, w.reached(t, w.accept(t, to, nil)), to.Kind)
		}
	})

	t.Run("tells what happened, and that nobody came by themselves", func(t *testing.T) {
		kinds, events := w.told(t, gateway.AccountEventFilter{SubscriberID: anna.ID})
		require.Equal(t, []gateway.AccountEventKind{gateway.SubscriberConnected, gateway.SubscriberPhoneProved}, kinds)
		require.JSONEq(t, `{"start_payload":"shop7","imported":true}`, string(events[0].Data))
		require.JSONEq(t, `{"proof":"import"}`, string(events[1].Data))
		for _, e := range events {
			require.Greater(t, e.At, p.PhoneProvedAt, "it happened now, however old the proof is")
		}
	})

	t.Run("seals what names people", func(t *testing.T) {
		conn := postgrestest.Conn(t, w.url)
		for _, query := range []string{
			"SELECT string_agg(s::text, '') FROM subscribers s", "SELECT string_agg(p::text, '') FROM phone_proofs p",
			"SELECT string_agg(p::text, '') FROM person_states p", "SELECT string_agg(e::text, '') FROM events e",
		} {
			var rows string
			require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&rows))
			for _, open := range []string{"0500000042", fmt.Sprintf("%x", "0500000042"), "Anna", fmt.Sprintf("%x", "Anna"), "May", "orders", fmt.Sprintf("%x", "orders")} {
				require.NotContains(t, rows, open)
			}
		}
	})

	t.Run("changes nothing the second time, and locks nobody", func(t *testing.T) {
		conn := postgrestest.Conn(t, w.url)
		held, err := conn.Begin(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, held.Rollback(t.Context())) }()
		_, err = held.Exec(t.Context(), "SELECT FROM subscribers FOR UPDATE")
		require.NoError(t, err)
		require.Equal(t, gateway.ImportCounts{Unchanged: 3}, w.imports(t, whole(42), whole(43), gateway.ImportedPerson{PlatformID: 44}))
	})

	t.Run("changes what is said anew", func(t *testing.T) {
		require.Equal(t, gateway.ImportCounts{Changed: 3}, w.imports(t,
			gateway.ImportedPerson{PlatformID: 42, FirstName: "Ann", Tags: []string{}, Fields: gateway.Fields{"orders": nil, "note": "tea"}, ExternalID: "c-43"},
			gateway.ImportedPerson{PlatformID: 43, ExternalID: "c-42", Connection: gateway.Disconnected, Reason: gateway.ReasonStopped, Chosen: "de"},
			gateway.ImportedPerson{PlatformID: 44, Phone: "+380500000099", PhoneProvedAt: noon.Add(-time.Hour)},
		))
		anna, err := w.Subscriber(t.Context(), "acc_1", "bot_1", anna.ID)
		require.NoError(t, err)
		require.Equal(t, "Ann May", anna.Name())
		require.Equal(t, []gateway.EarlierName{{Username: "Anna_42", FirstName: "Anna", LastName: "May", Until: noon}}, anna.Names)
		require.Empty(t, anna.Tags)
		require.Equal(t, gateway.Fields{"note": "tea"}, anna.Fields)
		require.Equal(t, "c-43", anna.ExternalID, "two people may change their ids with one another")
		bert := w.person(t, 43)
		require.Equal(t, "c-42", bert.ExternalID)
		require.Equal(t, gateway.Disconnected, bert.Connection)
		require.Equal(t, gateway.ReasonStopped, bert.Reason)
		require.Equal(t, "de", bert.Chosen)
		require.Equal(t, "+380500000099", w.person(t, 44).Phone)
	})

	t.Run("connects nobody again who left", func(t *testing.T) {
		w.imports(t, whole(43))
		require.Equal(t, gateway.Disconnected, w.person(t, 43).Connection)
	})
}

func TestImportOfPeopleWhomTheMessengerKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.starts(t, 1, 42, "Annie", "came")
	p := whole(42)
	p.Connection, p.Reason = gateway.Disconnected, gateway.ReasonBlocked
	require.Equal(t, gateway.ImportCounts{Changed: 1}, w.imports(t, p))
	anna := w.person(t, 42)
	require.Equal(t, "Annie", anna.Name(), "who they are the messenger has told")
	require.Empty(t, anna.Username)
	require.Equal(t, gateway.Connected, anna.Connection, "and that they are there")
	require.Equal(t, "came", anna.StartPayload)
	require.Equal(t, "c-42", anna.ExternalID)
	require.Equal(t, "+380500000042", anna.Phone)
	require.Equal(t, p.ConnectedAt, anna.ConnectedAt)

	t.Run("and of people whom it gets to know afterwards", func(t *testing.T) {
		w.imports(t, whole(43))
		bert := w.starts(t, 2, 43, "Bertha", "")
		require.Equal(t, "Bertha", bert.FirstName)
		require.Equal(t, "+380500000043", bert.Phone)
		w.imports(t, whole(43))
		require.Equal(t, "Bertha", w.person(t, 43).FirstName)
	})
}

func TestTheLastProofOfAnImportWins(t *testing.T) {
	t.Parallel()
	const phone = "+380501234567"
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	proves := func(who int64, at time.Time) gateway.ImportedPerson {
		return gateway.ImportedPerson{PlatformID: who, Phone: phone, PhoneProvedAt: at}
	}
	tests := []struct {
		name      string
		before    []gateway.ImportedPerson
		import_   []gateway.ImportedPerson
		holder    int64
		elsewhere int
	}{
		{"over an earlier one", []gateway.ImportedPerson{proves(42, hour(-9))}, []gateway.ImportedPerson{proves(43, hour(-8))}, 43, 0},
		{"unless it is older", []gateway.ImportedPerson{proves(42, hour(-8))}, []gateway.ImportedPerson{proves(43, hour(-9))}, 42, 1},
		{"in one batch", nil, []gateway.ImportedPerson{proves(42, hour(-8)), proves(43, hour(-9))}, 42, 1},
		{"in one batch, in the other order", nil, []gateway.ImportedPerson{proves(42, hour(-9)), proves(43, hour(-8))}, 43, 1},
		{"over batches", nil, []gateway.ImportedPerson{proves(42, hour(-8)), {PlatformID: 50}, proves(43, hour(-9))}, 42, 1},
		{"over batches, in the other order", nil, []gateway.ImportedPerson{proves(42, hour(-9)), {PlatformID: 50}, proves(43, hour(-8))}, 43, 0},
		{
			"over somebody who changes otherwise in the same batch",
			[]gateway.ImportedPerson{proves(42, hour(-9))},
			[]gateway.ImportedPerson{{PlatformID: 42, Timezone: "Europe/Kyiv"}, proves(43, hour(-8))},
			43, 0,
		},
		{
			"over somebody who has another phone from then on",
			[]gateway.ImportedPerson{proves(42, hour(-9))},
			[]gateway.ImportedPerson{{PlatformID: 42, Phone: "+380671234567", PhoneProvedAt: hour(-7)}, proves(43, hour(-8))},
			43, 0,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.imports(t, test.before...)
			require.Equal(t, test.elsewhere, w.imports(t, test.import_...).PhonesElsewhere)
			list, err := w.Subscribers(t.Context(), "acc_1", "bot_1", gateway.SubscriberFilter{Phone: phone}, gateway.Page{Limit: 5})
			require.NoError(t, err)
			require.Len(t, list.Items, 1)
			require.Equal(t, test.holder, list.Items[0].PlatformID)
			require.Len(t, w.person(t, 42).Proofs, 0)
			for _, who := range []int64{42, 43} {
				person, err := w.Subscriber(t.Context(), "acc_1", "bot_1", w.person(t, who).ID)
				require.NoError(t, err)
				for _, proof := range person.Proofs {
					holds := proof.Phone == person.Phone
					require.Equal(t, holds, proof.Closed.IsZero(), "%d: all proofs stay, and those that do not count are closed", who)
				}
				require.NotEmpty(t, person.Proofs)
			}
			counts := w.imports(t, test.import_...)
			require.Zero(t, counts.Created+counts.Changed, "the same once more changes nothing")
			require.Equal(t, test.holder, w.holder(t, phone))
		})
	}
}

func (w world) holder(t *testing.T, phone string) int64 {
	t.Helper()
	list, err := w.Subscribers(t.Context(), "acc_1", "bot_1", gateway.SubscriberFilter{Phone: phone}, gateway.Page{Limit: 5})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	return list.Items[0].PlatformID
}

func TestAnImportedProofAnswersWhatWasAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.starts(t, 1, 42, "Anna", "")
	w.process(t, 2, gateway.Verdict{
		Subscriber: &gateway.Subscriber{PlatformID: 42, ChatID: 42, FirstName: "Anna"}, Phone: "+380501234567", Connection: gateway.Connected,
		Seen: gateway.UpdateMark{At: noon.AddDate(-1, 0, 0), UpdateID: 2},
	})
	anna := w.person(t, 42)
	m := w.accept(t, gateway.Address{Kind: gateway.AddressPlatform, Value: "42"}, func(m *gateway.Message) { m.Confirmed = 24 * time.Hour })
	_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
		return gateway.Change{State: gateway.Withheld, Reason: gateway.ReasonUnconfirmed, Subscriber: anna.ID}, nil
	})
	require.NoError(t, err)
	due := gateway.Reconfirmation{AccountID: "acc_1", BotID: "bot_1", SubscriberID: anna.ID, Due: noon.AddDate(0, -1, 0)}
	reconfirms := func(number int) {
		_, changed, err := w.AskToReconfirm(t.Context(), due, gateway.Ask{
			PhoneAsk: gateway.PhoneAsk{ID: m.ID, AccountID: "acc_1", BotID: "bot_1", SubscriberID: anna.ID, Way: gateway.ConfirmContact, AskedAt: noon},
			Since:    noon.Add(-time.Hour), ProvedAt: w.person(t, 42).PhoneProvedAt, Asked: number,
		})
		require.NoError(t, err)
		require.False(t, changed)
	}
	reconfirms(0)
	renew := gateway.ImportedPerson{PlatformID: 42, Phone: "+380501234567", PhoneProvedAt: noon.Add(-time.Hour)}
	counts, freed, err := w.Import(t.Context(), gateway.Import{
		AccountID: "acc_1", BotID: "bot_1", At: noon, Batches: batched(1, nil, renew), NewID: w.ids.Subscriber, Refuse: strict,
	})
	require.NoError(t, err)
	require.Equal(t, gateway.ImportCounts{Changed: 1}, counts)
	require.Equal(t, []gateway.MessageRef{{AccountID: "acc_1", MessageID: m.ID}}, freed)
	anna = w.person(t, 42)
	require.Equal(t, gateway.ProofImport, anna.PhoneProof)
	require.Zero(t, anna.ReconfirmDue, "and nobody asks any more")
	require.Zero(t, w.count(t, "SELECT count(*) FROM phone_asks WHERE closed_at IS NULL"))

	t.Run("but a phone that lapsed is not brought back by an earlier proof", func(t *testing.T) {
		due.Due = noon.AddDate(0, 1, 0)
		conn := postgrestest.Conn(t, w.url)
		_, err := conn.Exec(t.Context(), "UPDATE subscribers SET reconfirm_due_at = $1 WHERE id = $2", due.Due, anna.ID)
		require.NoError(t, err)
		lapsed, _, err := w.LapsePhone(t.Context(), due, w.notice(due, noon.Add(-time.Minute)))
		require.NoError(t, err)
		require.True(t, lapsed)
		require.Equal(t, gateway.ImportCounts{Unchanged: 1}, w.imports(t, renew))
		require.Empty(t, w.person(t, 42).Phone)
		renew.PhoneProvedAt = noon
		require.Equal(t, gateway.ImportCounts{Changed: 1}, w.imports(t, renew))
		anna := w.person(t, 42)
		require.Equal(t, "+380501234567", anna.Phone)
		require.Zero(t, anna.PhoneLapsedAt)
	})
}

func TestImportIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := errors.New("broken")
	all := gateway.Import{AccountID: "acc_1", BotID: "bot_1", At: noon, NewID: w.ids.Subscriber, Refuse: strict}
	all.Batches = batched(1, broken, whole(42), whole(43))
	_, _, err := w.Import(t.Context(), all)
	require.ErrorIs(t, err, broken)
	require.Zero(t, w.count(t, "SELECT count(*) FROM subscribers WHERE platform_id > 1"))
	require.Zero(t, w.count(t, "SELECT count(*) FROM events WHERE kind LIKE 'subscriber.%' AND subscriber_id <> 'sub_1'"))

	t.Run("leaves out whoever is refused, where that is wanted", func(t *testing.T) {
		fields := func(from, to int) gateway.Fields {
			f := gateway.Fields{}
			for n := range to - from {
				f[fmt.Sprintf("field_%d", from+n)] = int64(n)
			}
			return f
		}
		w.imports(t, gateway.ImportedPerson{PlatformID: 42, Fields: fields(0, 60)})
		var refused []int64
		all.Batches = batched(5, nil, gateway.ImportedPerson{PlatformID: 42, Fields: fields(60, 101), Timezone: "Europe/Kyiv"}, whole(43))
		all.Refuse = func(p gateway.ImportedPerson, fault *gateway.Error) error {
			require.Equal(t, gateway.CodeFieldInvalid, fault.Code)
			refused = append(refused, p.PlatformID)
			return nil
		}
		counts, _, err := w.Import(t.Context(), all)
		require.NoError(t, err)
		require.Equal(t, gateway.ImportCounts{Created: 1}, counts)
		require.Equal(t, []int64{42}, refused)
		require.Empty(t, w.person(t, 42).Timezone)
	})
}

func (w world) count(t *testing.T, query string) (n int) {
	t.Helper()
	require.NoError(t, postgrestest.Conn(t, w.url).QueryRow(t.Context(), query).Scan(&n))
	return n
}

func TestImportBesideOthers(t *testing.T) {
	t.Parallel()

	t.Run("one import into a bot at a time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		first := gateway.Import{AccountID: "acc_1", BotID: "bot_1", At: noon, NewID: w.ids.Subscriber, Refuse: strict}
		first.Batches = func(yield func([]gateway.ImportedPerson, error) bool) {
			second := first
			second.Batches = batched(1, nil, whole(42))
			_, _, err := w.Import(t.Context(), second)
			require.Equal(t, gateway.CodeImportRunning, gateway.CodeOf(err))
			yield([]gateway.ImportedPerson{whole(42)}, nil)
		}
		counts, _, err := w.Import(t.Context(), first)
		require.NoError(t, err)
		require.Equal(t, 1, counts.Created)
		require.Equal(t, gateway.ImportCounts{Unchanged: 1}, w.imports(t, whole(42)), "and then the next")
	})

	t.Run("whoever writes to the bot in that moment is known", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		conn := postgrestest.Conn(t, w.url)
		tx, err := conn.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), `INSERT INTO subscribers (id, account_id, bot_id, platform_id, chat_id, connection, last_seen_at, profile_at, profile_update_id, connection_at, connection_update_id, created_at)
			VALUES ('sub_42', 'acc_1', 'bot_1', 42, 42, 'connected', now(), now(), 7, now(), 7, now())`)
		require.NoError(t, err)
		done := make(chan gateway.ImportCounts)
		go func() { done <- w.imports(t, whole(41), whole(42)) }()
		w.awaitLock(t)
		require.NoError(t, tx.Commit(t.Context()))
		require.Equal(t, gateway.ImportCounts{Created: 1, Changed: 1}, <-done)
		anna := w.person(t, 42)
		require.Equal(t, gateway.SubscriberID("sub_42"), anna.ID)
		require.Equal(t, "+380500000042", anna.Phone)
		require.Empty(t, anna.FirstName)
	})

	t.Run("nothing of another account's bot", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.CreateAccount(t.Context(), gateway.Account{ID: "acc_2", Name: "two", CreatedAt: noon}))
		before := w.person(t, 1)
		_, _, err := w.Import(t.Context(), gateway.Import{
			AccountID: "acc_2", BotID: "bot_1", At: noon, Batches: batched(1, nil, whole(1)), NewID: w.ids.Subscriber, Refuse: strict,
		})
		require.Error(t, err)
		require.Equal(t, before, w.person(t, 1))
	})
}

// A planner whose figures are from an almost empty table must not make an import read the base again for every batch.
func TestAnImportReadsEachPersonAFewTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := postgrestest.Conn(t, w.url)
	_, err := conn.Exec(t.Context(), "ANALYZE")
	require.NoError(t, err)
	const people = 4000
	all := make([]gateway.ImportedPerson, people)
	for i := range all {
		all[i] = whole(int64(100 + i))
	}
	one, err := postgres.Open(t.Context(), postgres.Options{URL: w.url, MaxConns: 1, Vault: postgrestest.Vault(t)})
	require.NoError(t, err)
	defer one.Close()
	w.Store = one
	w.imports(t, gateway.ImportedPerson{PlatformID: 99}) // plans are made while nobody is there
	reads := func() (n int) {
		_, err := one.Statements().Exec(postgres.Of(t.Context(), "acc_1"), "SELECT pg_stat_force_next_flush()")
		require.NoError(t, err)
		const query = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_user_tables WHERE relname IN ('subscribers', 'phone_proofs', 'person_states')"
		require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&n))
		return n
	}
	before := reads()
	for range 2 {
		_, _, err := w.Import(t.Context(), gateway.Import{
			AccountID: "acc_1", BotID: "bot_1", At: noon, Batches: batched(100, nil, all...), NewID: w.ids.Subscriber, Refuse: strict,
		})
		require.NoError(t, err)
	}
	var read int
	require.Eventually(t, func() bool { read = reads() - before; return read > people }, 10*time.Second, 20*time.Millisecond)
	require.Less(t, read, 30*people, "they are read a few times each, not once for every batch")
}
