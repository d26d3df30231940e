package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// planted is what the story below puts into Herald and what must not come out where it does not belong.
type planted struct {
	secrets []string // never in clear, but in herald.json, which is for them
	people  []string // nowhere in clear
	bots    []string
	open    []string // the sender's own words, which stand open: payloads of links, ids and tags of people. The first is a payload
	message string   // the id of a message, which the database has
	waited  string   // that of one that had to wait, so it is in Temporal, and proves that the search would find

	clinic   bot
	vera     int64
	stranger string   // a phone to which SMS went
	carried  []string // stands open, but goes with the person
}

// testSecrets plants tokens, keys, numbers, names and texts, lets everything go wrong around them, and then searches all
// that the installation wrote.
func testSecrets(t *testing.T, on *installation) {
	p := on.plant(t)
	log := on.stdout.String() + on.stderr.String()

	t.Run("the log has none of it", func(t *testing.T) {
		require.Contains(t, log, "level=DEBUG", "the log is whole")
		requireNone(t, []byte(log), append(p.secrets, append(p.people, p.open...)...))
		// Other stories wrote to the same log. The number is the one that refusals give as an example.
		log := strings.ReplaceAll(log, "such as +380501234567", "")
		for _, form := range []string{`SBX[A-Za-z0-9_-]{20}`, `hk_[0-9a-z]{20}`, `38050\d{7}`, `Your code is`} {
			require.Empty(t, regexp.MustCompile(form).FindString(log), "in the log")
		}
	})
	t.Run("metrics have none of it", func(t *testing.T) {
		metrics := on.page(t, "/metrics")
		require.Contains(t, metrics, "herald_outbox_messages")
		requireNone(t, []byte(metrics), append(p.secrets, append(p.people, p.open...)...))
	})
	t.Run("Temporal has ids only", func(t *testing.T) {
		for _, database := range []string{"temporal", "temporal_visibility"} {
			dump := on.dump(t, database)
			require.Contains(t, string(dump), p.waited, "%s knows the message by its id", database)
			requireNone(t, dump, append(p.secrets, append(p.people, p.open...)...))
		}
	})
	t.Run("Herald's database has all of it sealed", func(t *testing.T) {
		dump := on.dump(t, "herald")
		for _, text := range append(p.open, p.message) {
			require.Contains(t, string(dump), text, "the search sees what is there")
		}
		requireNone(t, dump, append(p.secrets, p.people...))
	})
	t.Run("a person who is forgotten is gone, sealed or not", func(t *testing.T) { on.forgotten(t, p) })
	t.Run("files that others may read have none of it", func(t *testing.T) {
		err := filepath.WalkDir(on.data, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasPrefix(path, filepath.Join(on.data, "cluster")) ||
				strings.HasPrefix(path, filepath.Join(on.data, "sandbox")) {
				return err
			}
			info, err := entry.Info()
			require.NoError(t, err)
			if info.Mode().Perm()&0o077 == 0 {
				return nil
			}
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			requireNone(t, text, append(p.secrets, on.APIKey))
			return nil
		})
		require.NoError(t, err)
	})
}

// forgotten forgets Vera on every bot and looks for what is left.
func (i *installation) forgotten(t *testing.T, p planted) {
	t.Helper()
	ctx := t.Context()
	address, err := i.databaseURL("herald")
	require.NoError(t, err)
	conn, err := pgx.Connect(ctx, address)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	ids := []string{i.subscribed(t, p.clinic.ID, client.SubscriberFilter{PlatformID: p.vera}).ID}
	require.Contains(t, string(i.dump(t, "herald")), p.carried[1], "the search sees what is there")
	i.erasesHerself(t, p.vera, p.clinic)
	done, err := i.api.ForgetPhone(ctx, p.stranger)
	require.NoError(t, err)
	require.Empty(t, done.Subscribers, "nobody has proved it")
	for _, b := range p.bots {
		for one, err := range i.api.Subscribers(ctx, b, client.SubscriberFilter{}) {
			require.NoError(t, err)
			require.NoError(t, i.api.ForgetSubscriber(ctx, b, one.ID))
			ids = append(ids, one.ID)
		}
	}
	require.Len(t, ids, len(p.bots)+1, "Vera on each of them, and whom a file brought")
	await(t, patience, "everything to be erased", func() (bool, string) {
		var left int
		err := conn.QueryRow(ctx, "SELECT count(*) FROM forgettings WHERE done_at IS NULL").Scan(&left)
		return err == nil && left == 0, fmt.Sprint(left, err)
	})
	for what, sql := range map[string]string{
		"a name, phone or id":       "SELECT count(*) FROM subscribers WHERE id = ANY($1) AND (names <> '' OR phone <> '' OR phone_index <> '' OR username_index <> '' OR platform_id > 0)",
		"a text":                    "SELECT count(*) FROM messages WHERE subscriber_id = ANY($1) AND (text <> '' OR buttons <> '' OR address <> '' OR sealed_address <> '')",
		"a proof":                   "SELECT count(*) FROM phone_proofs WHERE subscriber_id = ANY($1)",
		"an earlier name":           "SELECT count(*) FROM subscriber_names WHERE subscriber_id = ANY($1)",
		"what rules keep":           "SELECT count(*) FROM person_states WHERE subscriber_id = ANY($1)",
		"what an event tells":       "SELECT count(*) FROM events WHERE subscriber_id = ANY($1) AND (data <> '{}' OR sealed <> '')",
		"an update":                 "SELECT count(*) FROM updates u JOIN subscribers s ON s.bot_id = u.bot_id WHERE s.id = ANY($1) AND u.update_id >= 0 AND u.body <> ''",
		"an address of any message": "SELECT count(*) FROM messages m JOIN subscribers s ON s.bot_id = m.bot_id WHERE s.id = ANY($1) AND m.address_index <> ''",
	} {
		var left int
		require.NoError(t, conn.QueryRow(ctx, sql, ids).Scan(&left), what)
		require.Zero(t, left, "%s is left", what)
	}
	requireNone(t, i.dump(t, "herald"), append(append(p.people, p.open...), p.carried...))
	m, err := i.api.Message(ctx, p.message)
	require.NoError(t, err, "History still has it")
	require.Empty(t, m.Text)
	require.NotEmpty(t, m.State)
}

// plant plays the story.
func (i *installation) plant(t *testing.T) planted {
	t.Helper()
	ctx := t.Context()
	key, err := i.api.CreateKey(ctx, client.NewKey{Name: "planted"})
	require.NoError(t, err)
	api, err := client.New(i.API, key.Secret)
	require.NoError(t, err)
	vera, err := i.sandbox.CreatePerson(ctx, controlclient.Person{
		FirstName: "Veraplanted", LastName: "Sekretova", Username: "vera_planted", Phone: "+380671112233",
	})
	require.NoError(t, err)
	acme, err := i.addBot(ctx, "planted_bot", wire.Polling)
	require.NoError(t, err)
	shop, err := i.addBot(ctx, "planted_shop_bot", wire.Webhook)
	require.NoError(t, err)
	p := planted{
		secrets: []string{acme.token, shop.token, key.Secret},
		people: []string{
			vera.Phone, vera.FirstName, vera.LastName, vera.Username, "a planted reply", "planted:data",
		},
		open: []string{"planted-payload"}, bots: []string{acme.ID, shop.ID}, vera: vera.ID,
	}
	i.plantClinic(t, vera, &p)
	i.plantRoster(t, shop, &p)

	// A person connects, through faults of the messenger.
	for _, kind := range []string{"server_error", "reset_before", "html"} {
		fault(t, i, controlclient.Fault{Bot: acme.at(), Method: "getUpdates", Kind: kind, Times: 1})
	}
	fault(t, i, controlclient.Fault{Bot: shop.at(), Method: "answerCallbackQuery", Kind: "server_error", Times: 1})
	for _, b := range []bot{acme, shop} {
		require.NoError(t, i.sandbox.Start(ctx, vera.ID, b.at(), p.open[0]))
		require.NoError(t, i.sandbox.ShareContact(ctx, vera.ID, b.at()))
		_, err = i.sandbox.Write(ctx, vera.ID, b.at(), "a planted reply")
		require.NoError(t, err)
		_, err = i.sandbox.AwaitMessage(ctx, vera.ID, b.at(), "Thank you. Your phone that ends in 33 is confirmed.")
		require.NoError(t, err)
		i.subscribed(t, b.ID, client.SubscriberFilter{Phone: vera.Phone})
	}

	// Messages meet every fault that a call can meet.
	for n, f := range []controlclient.Fault{
		{},
		{Kind: "too_many_requests", RetryAfter: 1},
		{Kind: "server_error"},
		{Kind: "html"},
		{Kind: "reset_before"},
		{Kind: "reset_after"},
		{Kind: "slow"},
		{Kind: "refuse_entities"},
		{Kind: "blocked"},
	} {
		text := fmt.Sprintf("planted text %d", n)
		if f.Bot, f.Method, f.Times = shop.at(), "sendMessage", 1; f.Kind != "" {
			fault(t, i, f)
		}
		m, err := api.Send(ctx, client.NewMessage{
			Bot: shop.ID, To: []string{vera.Phone, "@" + vera.Username}[n%2], Text: text,
			Buttons: [][]client.Button{{{Text: "Press", Data: "planted:data"}}},
		}, client.WithWait(patience))
		require.NoError(t, err)
		if f.Kind == "too_many_requests" {
			p.waited = m.ID
		}
		if p.message == "" {
			p.message = m.ID
			shown, err := i.sandbox.AwaitMessage(ctx, vera.ID, shop.at(), text)
			require.NoError(t, err)
			_, err = i.sandbox.Press(ctx, vera.ID, shop.at(), shown.ID, "planted:data")
			require.NoError(t, err)
			i.awaitInbound(t, shop, "planted:data")
		}
		p.people = append(p.people, text)
	}

	// Requests that are refused carry secrets and people too.
	_, err = api.AddBot(ctx, client.NewBot{Platform: "telegram", Token: "7999999999:SBXplantedplantedplantedplantedplan"})
	require.Error(t, err)
	p.secrets = append(p.secrets, "7999999999:SBXplantedplantedplantedplantedplan")
	for _, body := range []string{
		`{"bot":"` + shop.ID + `","to":"+380671112233","text":"planted refusal","colour":"planted field"}`,
		`{"bot":"` + shop.ID + `","to":"+380671112233","text":"planted refusal"`,
		`{"bot":"` + shop.ID + `","to":"Veraplanted +38067","text":"planted refusal"}`,
	} {
		i.post(t, i.API+"/v1/messages", body, "Authorization", "Bearer "+key.Secret)
	}
	i.post(t, i.API+"/v1/messages?key="+key.Secret, "{}", "Authorization", "Bearer "+key.Secret[:len(key.Secret)-1])
	i.post(t, i.Public+"/telegram/"+shop.ID, `{"update_id":1,"message":{"text":"a planted reply"}}`, "X-Telegram-Bot-Api-Secret-Token", shop.token)

	// The token is revoked while the bot works.
	revoked, err := i.sandbox.RevokeBot(ctx, acme.at())
	require.NoError(t, err)
	p.secrets = append(p.secrets, revoked.Token)
	await(t, patience, "the bot to be revoked", func() (bool, string) {
		b, err := i.api.Bot(ctx, acme.ID)
		return err == nil && b.State == wire.BotStateRevoked, fmt.Sprint(b.State, err)
	})
	require.NoError(t, i.sandbox.Block(ctx, vera.ID, shop.at()))
	return p
}

// requireNone searches a text for what must not be there, and shows of a find only where it is.
func requireNone(t testing.TB, text []byte, unwanted []string) {
	t.Helper()
	for _, word := range unwanted {
		require.NotEmpty(t, word)
		if at := bytes.Index(text, []byte(word)); at >= 0 {
			require.Fail(t, "something planted came out", "%q in %q", word, text[max(0, at-200):min(len(text), at+100)])
		}
	}
}

// post sends a body that is refused.
func (i *installation) post(t testing.TB, address, body, header, value string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(header, value)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.GreaterOrEqual(t, response.StatusCode, http.StatusBadRequest, body)
}

// page reads a page of the private listener.
func (i *installation) page(t testing.TB, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.API+path, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

// dump returns all rows of all tables of a database, in PostgreSQL's binary form: texts and blobs as they are.
func (i *installation) dump(t testing.TB, database string) []byte {
	t.Helper()
	address, err := i.databaseURL(database)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	rows, err := conn.Query(t.Context(), `
		SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.NotEmpty(t, tables)
	var dump bytes.Buffer
	for _, table := range tables {
		_, err := conn.PgConn().CopyTo(t.Context(), &dump, "COPY "+table+" TO STDOUT (FORMAT binary)")
		require.NoError(t, err, table)
	}
	return dump.Bytes()
}
