package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

// lends makes acc_1 the operator, who shares bot_1, and adds the customer acc_2 with a bot of its own.
func (w world) lends(t *testing.T) {
	t.Helper()
	conn := postgrestest.Conn(t, w.url)
	for _, statement := range []string{
		`UPDATE accounts SET operator = true WHERE id = 'acc_1'`,
		`UPDATE bots SET shared = true, purpose = 'any' WHERE id = 'bot_1'`,
		`INSERT INTO accounts (id, name, created_at) VALUES ('acc_2', 'b', now())`,
		`INSERT INTO bots (id, account_id, platform, network, platform_id, username, name, sealed_token, webhook_secret, intake, state, created_at, updated_at)
		 VALUES ('bot_2', 'acc_2', 'telegram', 'sandbox', 2, 'c', 'c', 'x', 'x', 'polling', 'active', now(), now())`,
		`INSERT INTO bot_slots (bot_id, account_id) VALUES ('bot_2', 'acc_2')`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
}

// erased erases everything that waits for it at a time, and tells which of these messages say nothing any more.
func (w world) erased(t *testing.T, at time.Time, messages map[string]gateway.Message) (gone []string) {
	t.Helper()
	for more := true; more; {
		var err error
		more, err = w.Erase(t.Context(), at)
		require.NoError(t, err)
	}
	for name, m := range messages {
		found, err := w.Message(t.Context(), m.AccountID, m.ID)
		require.NoError(t, err, "History still has it")
		if found.Text == "" {
			require.Empty(t, found.To.Value, name)
			gone = append(gone, name)
		}
	}
	return gone
}

// texts lets the second leg of a message go out by SMS.
func (w world) texts(t *testing.T, m gateway.Message) {
	t.Helper()
	moves := func(from, to gateway.State) {
		_, err := w.ChangeDelivery(t.Context(), m.AccountID, m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			change := gateway.Change{State: to, Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: from, State: to}}}
			if to == gateway.Accepted {
				leg := d.Legs[1]
				leg.State, leg.Attempts, leg.SettledAt, leg.Provider, leg.ProviderID = gateway.LegAccepted, 1, noon, "sandbox", "sms_"+string(m.ID)
				change.Leg, change.SkipRest = &leg, true
			}
			return change, nil
		})
		require.NoError(t, err)
	}
	moves(gateway.Queued, gateway.Sending)
	moves(gateway.Sending, gateway.Accepted)
}

func TestForgettingAPhone(t *testing.T) {
	t.Parallel()
	const phone, other = "+380501234567", "+380671112233"
	phoned := gateway.Address{Kind: gateway.AddressPhone, Value: phone}
	of := func(account gateway.AccountID, bot gateway.BotID) func(*gateway.Message) {
		return func(m *gateway.Message) { m.AccountID, m.BotID = account, bot }
	}
	asked := time.Now().UTC().Add(time.Minute)

	t.Run("that nobody proved reaches what was sent to it and what it answered, of that account alone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.lends(t)
		texted := w.accept(t, phoned, of("acc_2", "bot_2"))
		sent := map[string]gateway.Message{
			"own":              w.accept(t, phoned, of("acc_2", "bot_2")),
			"by a shared bot":  w.accept(t, phoned, of("acc_2", "bot_1")),
			"by SMS":           texted,
			"to somebody else": w.accept(t, gateway.Address{Kind: gateway.AddressPhone, Value: other}, of("acc_2", "bot_2")),
			"of the operator":  w.accept(t, phoned, of("acc_1", "bot_1")),
		}
		w.texts(t, texted)
		answer := w.ids.Message()
		_, found, err := w.SaveReply(t.Context(), gateway.SMSReply{Provider: "sandbox", ProviderID: "mo_1", From: phone, To: "1", Text: "who are you?", At: noon}, answer, noon)
		require.NoError(t, err)
		require.True(t, found)
		sent["an answer by SMS"] = gateway.Message{ID: answer, AccountID: "acc_2"}

		people, err := w.ForgetPhone(t.Context(), "acc_2", phone, asked)
		require.NoError(t, err)
		require.Empty(t, people, "nobody had proved it")
		require.ElementsMatch(t, []string{"own", "by a shared bot", "by SMS", "an answer by SMS"}, w.erased(t, asked, sent))
		m, err := w.Message(t.Context(), "acc_2", sent["own"].ID)
		require.NoError(t, err)
		require.Equal(t, gateway.Cancelled, m.State, "what had not left is taken back")
		m, err = w.Message(t.Context(), "acc_2", texted.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.Accepted, m.State, "what had stays as it was")
		legs, err := w.Legs(t.Context(), "acc_2", texted.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.LegAccepted, legs[1].State)
		conn := postgrestest.Conn(t, w.url)
		var left int
		require.NoError(t, conn.QueryRow(t.Context(), `
			SELECT (SELECT count(*) FROM sms_replies WHERE phone <> '' OR text <> '') + (SELECT count(*) FROM legs WHERE phone <> '')
			     + (SELECT count(*) FROM forgettings WHERE done_at IS NULL OR addresses <> '{}' OR phones <> '{}')`).Scan(&left))
		require.Zero(t, left)

		people, err = w.ForgetPhone(t.Context(), "acc_1", phone, asked)
		require.NoError(t, err)
		require.Empty(t, people)
		require.Contains(t, w.erased(t, asked, sent), "of the operator", "who shares the bot asks in turn")
	})

	t.Run("forgets whoever has it, and that others had it before", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.starts(t, 1, 42, "Anna", "")
		w.starts(t, 2, 43, "Bert", "")
		w.proves(t, 3, 43, phone)
		toBert := w.accept(t, gateway.Address{Kind: gateway.AddressPlatform, Value: "43"}, nil)
		w.texts(t, toBert)
		w.proves(t, 4, 43, other)
		later := w.accept(t, gateway.Address{Kind: gateway.AddressPlatform, Value: "43"}, nil)
		w.texts(t, later)
		w.proves(t, 5, 42, phone)
		anna, bert := w.person(t, 42), w.person(t, 43)
		people, err := w.ForgetPhone(t.Context(), "acc_1", phone, asked)
		require.NoError(t, err)
		require.Equal(t, []gateway.SubscriberID{anna.ID}, people)
		_, err = w.Subscriber(t.Context(), "acc_1", "bot_1", anna.ID)
		require.ErrorIs(t, err, gateway.ErrSubscriberNotFound)
		seen, err := w.Subscriber(t.Context(), "acc_1", "bot_1", bert.ID)
		require.NoError(t, err)
		require.Equal(t, other, seen.Phone, "whoever had it before stays")
		require.Len(t, seen.Proofs, 1)
		require.Equal(t, other, seen.Proofs[0].Phone)
		sent := map[string]gateway.Message{"to that phone": toBert, "to another": later}
		require.Equal(t, []string{"to that phone"}, w.erased(t, asked, sent), "what went there by SMS")

		people, err = w.ForgetPhone(t.Context(), "acc_1", phone, asked.Add(time.Minute))
		require.NoError(t, err)
		require.Empty(t, people, "once more finds nobody")
		require.Empty(t, w.erased(t, asked.Add(time.Minute), nil))
	})
}

// What is on its way to an id has no person yet, and is theirs all the same.
func TestForgettingWhatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.starts(t, 1, 42, "Anna", "")
	anna := w.person(t, 42)
	require.NoError(t, w.CreateConnectLink(t.Context(), gateway.ConnectLink{AccountID: "acc_1", BotID: "bot_1", Token: "c_00000000000000000001", ExternalID: "7", CreatedAt: noon}))
	w.starts(t, 2, 42, "Anna", "c_00000000000000000001")
	to := func(kind gateway.AddressKind, value string) gateway.Message {
		return w.accept(t, gateway.Address{Kind: kind, Value: value}, nil)
	}
	waiting := map[string]gateway.Message{
		"by #id": to(gateway.AddressPlatform, "42"), "by your own id": to(gateway.AddressExternal, "7"),
		"to another #id": to(gateway.AddressPlatform, "7"), "to another's id": to(gateway.AddressExternal, "42"),
	}
	asked := time.Now().UTC().Add(time.Minute)
	require.NoError(t, w.Forget(t.Context(), "acc_1", "bot_1", anna.ID, asked))
	require.ElementsMatch(t, []string{"by #id", "by your own id"}, w.erased(t, asked, waiting))
	m, err := w.Message(t.Context(), "acc_1", waiting["by #id"].ID)
	require.NoError(t, err)
	require.Equal(t, gateway.Cancelled, m.State)
}

// What messages carried goes with them, unless somebody else got it, too.
func TestForgettingWhatMessagesCarried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.starts(t, 1, 42, "Anna", "")
	w.starts(t, 2, 43, "Bert", "")
	anna := w.person(t, 42)
	for _, id := range []gateway.FileID{"file_annas", "file_both", "file_unsent"} {
		f := gateway.File{ID: id, AccountID: "acc_1", Name: "contract.pdf", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
		require.NoError(t, w.BeginFile(t.Context(), f))
		fits, err := w.AddPart(t.Context(), "acc_1", id, 1, []byte("Dear Anna"), 100)
		require.NoError(t, err)
		require.True(t, fits)
		require.NoError(t, w.FinishFile(t.Context(), f))
	}
	sends := func(to string, file gateway.FileID) gateway.Message {
		m := w.accept(t, gateway.Address{Kind: gateway.AddressPlatform, Value: to}, func(m *gateway.Message) {
			m.TranslateTo, m.Media = "uk", &gateway.Media{Kind: gateway.Document, File: file}
		})
		return m
	}
	first, _, mass := sends("42", "file_annas"), sends("42", "file_both"), sends("43", "file_both")
	kept := func(key byte) bool {
		_, found, err := w.KeptTranslation(t.Context(), "acc_1", gateway.TranslationKey{key}, noon)
		require.NoError(t, err)
		return found
	}
	translated := func(m gateway.Message, keys ...gateway.TranslationKey) {
		for _, key := range keys {
			require.NoError(t, w.KeepTranslation(t.Context(), "acc_1", key, []byte("sealed"), noon))
		}
		_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			return gateway.Change{Translated: &gateway.Translated{At: noon, Text: "Дорога Анно", Keys: keys}, Events: []gateway.Event{{At: noon, Kind: gateway.EventTranslated}}}, nil
		})
		require.NoError(t, err)
	}
	translated(first, gateway.TranslationKey{1}, gateway.TranslationKey{2})
	translated(mass, gateway.TranslationKey{3})
	said := w.ids.Message()
	w.process(t, 3, gateway.Verdict{
		Subscriber: &gateway.Subscriber{PlatformID: 42, ChatID: 42, FirstName: "Anna"}, Connection: gateway.Connected,
		Seen:    gateway.UpdateMark{At: noon.Add(3 * time.Minute), UpdateID: 3},
		Message: &gateway.Message{ID: said, Kind: gateway.UpdateText, Text: "my illness", CreatedAt: noon},
	})
	require.NoError(t, w.KeepTranslation(t.Context(), "acc_1", gateway.TranslationKey{4}, []byte("sealed"), noon))
	require.NoError(t, w.StoreTranslation(t.Context(), "acc_1", said, gateway.Translated{At: noon, Text: "моя хвороба", Keys: []gateway.TranslationKey{{4}}}))
	late := w.ids.Message()
	w.process(t, 4, gateway.Verdict{
		Subscriber: &gateway.Subscriber{PlatformID: 42, ChatID: 42, FirstName: "Anna"}, Connection: gateway.Connected,
		Seen:    gateway.UpdateMark{At: noon.Add(4 * time.Minute), UpdateID: 4},
		Message: &gateway.Message{ID: late, Kind: gateway.UpdateText, Text: "and what I do about it", CreatedAt: noon},
	})

	asked := time.Now().UTC().Add(time.Minute)
	require.NoError(t, w.Forget(t.Context(), "acc_1", "bot_1", anna.ID, asked))
	require.Len(t, w.erased(t, asked, map[string]gateway.Message{"first": first, "mass": mass}), 1)
	_, err := w.File(t.Context(), "acc_1", "file_annas")
	require.ErrorIs(t, err, gateway.ErrFileNotFound)
	for _, id := range []gateway.FileID{"file_both", "file_unsent"} {
		_, err := w.File(t.Context(), "acc_1", id)
		require.NoError(t, err, "of %s nobody knows that it is hers alone", id)
	}
	require.Equal(t, []bool{false, false, true, false}, []bool{kept(1), kept(2), kept(3), kept(4)})

	require.NoError(t, w.KeepTranslation(t.Context(), "acc_1", gateway.TranslationKey{5}, []byte("sealed"), noon))
	require.NoError(t, w.StoreTranslation(t.Context(), "acc_1", late, gateway.Translated{At: noon, Text: "і що з нею", Keys: []gateway.TranslationKey{{5}}}))
	require.False(t, kept(5), "a translation that comes after the erasing is not kept")
	m, err := w.Message(t.Context(), "acc_1", late)
	require.NoError(t, err)
	require.Empty(t, m.Translation.Text)
	require.False(t, m.Untranslated(), "nor is it tried again")
}
