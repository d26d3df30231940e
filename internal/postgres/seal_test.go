package postgres_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
	"herald/internal/seal"
)

// under opens the database of w with a key of its own.
func under(t *testing.T, url gateway.Secret, keyset []byte) world {
	t.Helper()
	box, err := seal.Parse(keyset)
	require.NoError(t, err)
	store, err := postgres.Open(t.Context(), postgres.Options{URL: url, MaxConns: 4, Vault: box})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return world{Store: store, url: url, ids: gateway.NewIDs(nil, nil)}
}

func TestSecretsAreSealedAnew(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	seed(t, postgrestest.Conn(t, url))
	first, err := seal.Generate()
	require.NoError(t, err)
	before, err := seal.Parse(first)
	require.NoError(t, err)
	w := under(t, url, first)
	b, err := w.Bot(t.Context(), "acc_1", "bot_1")
	require.NoError(t, err)
	b.SealedToken, err = before.Seal(t.Context(), []byte("token"), b.ID.TokenBound())
	require.NoError(t, err)
	require.NoError(t, w.ReplaceToken(t.Context(), b))
	claim := gateway.Claim{AccountID: "acc_1", Key: "k", Suffix: "00000000000000000000000001", Status: 201}
	_, _, err = w.Claim(t.Context(), claim, noon, noon)
	require.NoError(t, err)
	claim.Answer, err = before.Seal(t.Context(), []byte("answer"), claim.AnswerBound())
	require.NoError(t, err)
	require.NoError(t, w.Complete(t.Context(), claim, noon))
	account := gateway.AccountID("acc_1")
	secret, err := before.Seal(t.Context(), []byte("secret"), account.TranslationBound())
	require.NoError(t, err)
	_, err = w.TranslationSecret(t.Context(), account, secret)
	require.NoError(t, err)
	w.starts(t, 1, 42, "Anna", "")
	w.starts(t, 2, 42, "Ann", "")
	w.proves(t, 3, 42, "+380501234567")
	m := w.accept(t, gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}, nil)
	person := w.person(t, 42)

	rotated, err := seal.Rotate(first)
	require.NoError(t, err)
	now := under(t, url, rotated)
	count, err := now.Reseal(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, count, 3+5)
	count, err = now.Reseal(t.Context())
	require.NoError(t, err)
	require.Zero(t, count)

	pruned, err := seal.Prune(rotated)
	require.NoError(t, err)
	after, err := seal.Parse(pruned)
	require.NoError(t, err)
	w = under(t, url, pruned)
	b, err = w.Bot(t.Context(), "acc_1", "bot_1")
	require.NoError(t, err)
	plain, err := after.Open(t.Context(), b.SealedToken, b.ID.TokenBound())
	require.NoError(t, err)
	require.Equal(t, "token", string(plain))
	held, _, err := w.Claim(t.Context(), claim, noon, noon)
	require.NoError(t, err)
	plain, err = after.Open(t.Context(), held.Answer, claim.AnswerBound())
	require.NoError(t, err)
	require.Equal(t, "answer", string(plain))
	require.Equal(t, person, w.person(t, 42), "with the earlier name")
	got, err := w.Message(t.Context(), "acc_1", m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
	require.Equal(t, "sub_", string(w.reached(t, m)[:4]), "and is still found by the phone")

	later, err := seal.Rotate(pruned)
	require.NoError(t, err)
	lost, err := seal.Prune(later)
	require.NoError(t, err)
	_, err = under(t, url, lost).Reseal(t.Context())
	require.ErrorContains(t, err, "open bots.token/bot_1", "a key that opens nothing loses nothing")
}

func TestAnotherDatabasesKeyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger, err := seal.Generate()
	require.NoError(t, err)
	box, err := seal.Parse(stranger)
	require.NoError(t, err)
	_, err = postgres.Open(t.Context(), postgres.Options{URL: w.url, Vault: box})
	require.ErrorContains(t, err, "the key file belongs to another database")

	blind, err := postgres.Open(t.Context(), postgres.Options{URL: w.url, Vault: postgres.NoVault()})
	require.NoError(t, err, "a store without a key")
	t.Cleanup(blind.Close)
	_, err = blind.AcceptMessage(t.Context(), gateway.Message{
		ID: w.ids.Message(), AccountID: "acc_1", BotID: "bot_1", To: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"},
	}, nil, nil)
	require.ErrorContains(t, err, "there is no key")
}

func TestADatabaseFromBeforeIsSealed(t *testing.T) {
	t.Parallel()
	url := postgrestest.Empty(t)
	config, err := pgx.ParseConfig(url.Reveal())
	require.NoError(t, err)
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = db.Close() })
	provider, err := goose.NewProvider(goose.DialectPostgres, db, postgres.Migrations())
	require.NoError(t, err)
	const open = 14 // the last version in which people lie open
	_, err = provider.UpTo(t.Context(), open)
	require.NoError(t, err)
	for _, sql := range []string{
		`INSERT INTO accounts (id, name, created_at) VALUES ('acc_1', 'a', now())`,
		`INSERT INTO bots (id, account_id, platform, network, platform_id, username, name, sealed_token, webhook_secret, intake, state, created_at, updated_at)
		 VALUES ('bot_1', 'acc_1', 'telegram', 'sandbox', 1, 'b', 'b', 'x', 'x', 'polling', 'active', now(), now())`,
		`INSERT INTO bot_slots (bot_id, account_id) VALUES ('bot_1', 'acc_1')`,
		`INSERT INTO subscribers (id, account_id, bot_id, platform_id, chat_id, username, username_seen_at, first_name, phone, phone_proof, phone_proved_at,
			connection, last_seen_at, profile_at, profile_update_id, connection_at, connection_update_id, created_at)
		 VALUES ('sub_1', 'acc_1', 'bot_1', 42, 42, 'Anna', now(), 'Annie', '+380501234567', 'contact', now(), 'connected', now(), now(), 1, now(), 1, now())`,
		`INSERT INTO subscriber_names VALUES ('acc_1', 'sub_1', 'ann', 'Ann', 'Koval', now())`,
		`INSERT INTO person_states (account_id, subscriber_id, tags) VALUES ('acc_1', 'sub_1', '{vip,old,vip}')`,
		`INSERT INTO phone_proofs (account_id, bot_id, subscriber_id, phone, proof, proved_at) VALUES ('acc_1', 'bot_1', 'sub_1', '+380501234567', 'contact', now())`,
		`INSERT INTO messages (id, account_id, bot_id, direction, address_kind, address, text, state, expires_at, created_at, updated_at)
		 VALUES ('msg_1', 'acc_1', 'bot_1', 'out', 'username', 'anna', 'Hello Annie', 'queued', now(), now(), now()),
		        ('msg_2', 'acc_1', 'bot_1', 'out', 'phone', '+380501234567', 'Hello Annie', 'queued', now(), now(), now())`,
		`INSERT INTO legs (id, account_id, message_id, number, channel, state) VALUES ('leg_1', 'acc_1', 'msg_1', 1, 'telegram', 'pending'), ('leg_2', 'acc_1', 'msg_2', 1, 'telegram', 'pending')`,
	} {
		_, err := db.ExecContext(t.Context(), sql)
		require.NoError(t, err)
	}

	_, err = postgres.Migrate(t.Context(), url, postgres.NoVault())
	require.ErrorContains(t, err, "--key-file", "nobody but the key can seal it")
	keyset, err := seal.Generate()
	require.NoError(t, err)
	box, err := seal.Parse(keyset)
	require.NoError(t, err)
	_, err = postgres.Open(t.Context(), postgres.Options{URL: url, Vault: box})
	require.ErrorContains(t, err, "run herald migrate")
	_, err = postgres.Migrate(t.Context(), url, box)
	require.NoError(t, err)
	w := under(t, url, keyset)
	person, err := w.Subscriber(t.Context(), "acc_1", "bot_1", "sub_1")
	require.NoError(t, err)
	require.Equal(t, "Annie", person.FirstName)
	require.Equal(t, "+380501234567", person.Phone)
	require.Len(t, person.Names, 1)
	require.Equal(t, "Koval", person.Names[0].LastName)
	tagged, err := w.Subscribers(t.Context(), "acc_1", "bot_1", gateway.SubscriberFilter{Tag: "vip"}, gateway.Page{Limit: 2})
	require.NoError(t, err)
	require.Len(t, tagged.Items, 1, "tags from before are found, too")
	for _, id := range []gateway.MessageID{"msg_1", "msg_2"} {
		m, err := w.Message(t.Context(), "acc_1", id)
		require.NoError(t, err)
		require.Equal(t, "Hello Annie", m.Text)
		require.Equal(t, gateway.SubscriberID("sub_1"), w.reached(t, m))
	}
	kinds, _ := w.told(t, gateway.AccountEventFilter{})
	require.Equal(t, []gateway.AccountEventKind{"bot.added", gateway.SubscriberConnected, gateway.SubscriberPhoneProved}, kinds, "sealing is no news")
	requireSealed(t, url, "Annie", "Anna", "Koval", "380501234567")
}

// requireSealed searches all rows of a database for words that must not lie open.
func requireSealed(t *testing.T, url gateway.Secret, words ...string) {
	t.Helper()
	conn := postgrestest.Conn(t, url)
	rows, err := conn.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, table := range tables {
		var dump bytes.Buffer
		_, err := conn.PgConn().CopyTo(context.WithoutCancel(t.Context()), &dump, "COPY "+table+" TO STDOUT (FORMAT binary)")
		require.NoError(t, err)
		for _, word := range words {
			require.False(t, bytes.Contains(dump.Bytes(), []byte(word)), "%q lies open in %s", word, table)
		}
	}
}

// reached is whom a message would go to.
func (w world) reached(t *testing.T, m gateway.Message) (id gateway.SubscriberID) {
	t.Helper()
	_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
		if d.Subscriber != nil {
			id = d.Subscriber.ID
		}
		return gateway.Change{}, nil
	})
	require.NoError(t, err)
	return id
}

// proves lets a person prove a phone.
func (w world) proves(t *testing.T, update, who int64, phone string) {
	t.Helper()
	w.process(t, update, gateway.Verdict{
		Subscriber: &gateway.Subscriber{PlatformID: who, ChatID: who, FirstName: "Ann"}, Phone: phone,
		Connection: gateway.Connected, Seen: gateway.UpdateMark{At: noon.AddDate(0, 0, 1), UpdateID: update},
	})
}
