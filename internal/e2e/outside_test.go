package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/embedded/pgserver"
	"herald/internal/embedded/temporalserver"
	"herald/internal/sandbox/controlclient"
)

// outside is a PostgreSQL and a Temporal that belong to somebody else, and what the parts of Herald need to reach them.
type outside struct {
	folder   string
	postgres *pgserver.Server
	temporal *temporalserver.Server
	sandbox  string   // address
	flags    []string // of serve and worker
}

func newOutside(t testing.TB) *outside {
	t.Helper()
	o := &outside{folder: newFolder(t)}
	var err error
	o.postgres, err = pgserver.Start(t.Context(), pgserver.Options{DataDir: filepath.Join(o.folder, "postgres"), FastAndUnsafe: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.postgres.Stop(context.Background())) })
	require.NoError(t, o.postgres.EnsureDatabase(t.Context(), "herald"))
	o.startTemporal(t, "")
	t.Cleanup(func() { o.stopTemporal(t) })
	o.sandbox = launch(t, "sandbox", "--listen", "127.0.0.1:0").awaitReady(t)
	urlFile := filepath.Join(o.folder, "database-url")
	require.NoError(t, os.WriteFile(urlFile, []byte(o.postgres.URL("herald")+"\n"), 0o600))
	o.flags = []string{
		"--database-url-file", urlFile, "--key-file", filepath.Join(o.folder, "herald.key"),
		"--temporal-address", o.temporal.Address(), "--sandbox-url", o.sandbox, "--listen", "127.0.0.1:0",
	}
	return o
}

// startTemporal starts a server at an address, or at a free one.
func (o *outside) startTemporal(t testing.TB, listen string) {
	t.Helper()
	server, err := temporalserver.Start(t.Context(), temporalserver.Options{DatabaseURL: o.postgres.URL("postgres"), Listen: listen})
	require.NoError(t, err)
	o.temporal = server
}

// stopTemporal stops the server if it runs.
func (o *outside) stopTemporal(t testing.TB) {
	t.Helper()
	if o.temporal == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	require.NoError(t, o.temporal.Stop(ctx))
	o.temporal = nil
}

// migrate makes the schema and returns the first API key.
func (o *outside) migrate(t testing.TB) string {
	t.Helper()
	r, err := run(t.Context(), environment(), "", append([]string{"migrate", "--create-key", "first"}, o.flags[:4]...)...)
	require.NoError(t, err)
	require.Zero(t, r.code, r.stderr)
	key := regexp.MustCompile(`hk_\w+`).FindString(r.stdout)
	require.NotEmpty(t, key, r.stdout)
	return key
}

// serve starts the API and returns it as an installation.
func (o *outside) serve(t testing.TB, key string) *installation {
	t.Helper()
	i := &installation{process: launch(t, append([]string{"serve", "--public-listen", "127.0.0.1:0"}, o.flags...)...)}
	i.API, i.APIKey, i.data = i.awaitReady(t), key, filepath.Join(o.folder, "postgres")
	public := regexp.MustCompile(`public listener +(http://\S+)`).FindStringSubmatch(i.stdout.String() + i.stderr.String())
	require.NotNil(t, public, "it says where it listens")
	i.Public = public[1]
	var err error
	i.api, err = client.New(i.API, key)
	require.NoError(t, err)
	i.useSandbox(t, o.sandbox)
	return i
}

// answeringRules answer one word.
const answeringRules = "herald: 1\nlanguage: en\nrules:\n  - {name: ping, on: message, when: text == 'ping', reply: pong}\n"

// meanwhile is how many messages are accepted while Temporal is away.
const meanwhile = 300

// TestOutsideParts runs Herald in parts: one API and two workers on a PostgreSQL and a Temporal of somebody else.
func TestOutsideParts(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	key := o.migrate(t)
	on := o.serve(t, key)
	first, second := launch(t, append([]string{"worker"}, o.flags...)...), launch(t, append([]string{"worker"}, o.flags...)...)
	first.awaitReady(t)
	workerAPI := second.awaitReady(t)
	require.Equal(t, http.StatusOK, get(t, workerAPI+"/readyz"))
	require.Equal(t, http.StatusNotFound, get(t, workerAPI+"/v1/messages"), "a worker has no API")
	require.NoError(t, on.sandbox.SetLimits(t.Context(), controlclient.Limits{
		PerChatPerSecond: 1, PerGroupPerMinute: 1, PerBotPerSecond: 1, Burst: 1,
	}))
	anna, err := on.sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: "Anna"})
	require.NoError(t, err)
	acme := on.connected(t, "acme_bot", wire.Webhook, anna.ID)
	people := []int64{anna.ID}
	for range 30 {
		person, err := on.sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: "Somebody"})
		require.NoError(t, err)
		require.NoError(t, on.sandbox.Start(t.Context(), person.ID, acme.at(), ""))
		people = append(people, person.ID)
	}
	for _, person := range people {
		on.subscribed(t, acme.ID, client.SubscriberFilter{PlatformID: person})
	}
	answering := on.connected(t, "answering_bot", wire.Webhook, anna.ID)
	_, err = on.api.PublishRules(t.Context(), answering.ID, client.NewRuleVersion{Source: answeringRules})
	require.NoError(t, err)
	usual := on.send(t, acme, anna.ID, "as usual", wire.Hold)
	require.Equal(t, wire.MessageStateAccepted, on.outcome(t, usual.ID).State)

	// Temporal goes away. Workers say that they are not ready; the API is, and accepts.
	temporal := o.temporal.Address()
	o.stopTemporal(t)
	await(t, patience, "a worker to notice", func() (bool, string) {
		status := get(t, workerAPI+"/readyz")
		return status == http.StatusServiceUnavailable, fmt.Sprint("readyz answers ", status)
	})
	require.Equal(t, http.StatusOK, get(t, workerAPI+"/healthz"))
	require.Equal(t, http.StatusOK, get(t, on.API+"/readyz"))
	var accepted []client.Message
	for n := range meanwhile {
		m := on.send(t, acme, people[n%len(people)], fmt.Sprintf("meanwhile %d", n), wire.Hold)
		require.Equal(t, wire.MessageStateQueued, m.State)
		accepted = append(accepted, m)
	}
	await(t, patience, "the metrics to tell of what waits", func() (bool, string) {
		m := on.metrics(t)
		return m["herald_outbox_messages"] == meanwhile && m["herald_outbox_oldest_seconds"] > 0, fmt.Sprint(m["herald_outbox_messages"])
	})
	require.Zero(t, on.copies(t, anna.ID, acme.at(), "meanwhile 0"), "what serve accepts is not sent without Temporal")
	_, err = on.sandbox.Write(t.Context(), anna.ID, answering.at(), "ping")
	require.NoError(t, err)
	_, err = on.sandbox.AwaitMessage(t.Context(), anna.ID, answering.at(), "pong")
	require.NoError(t, err, "what a worker accepts is tried there, and most of it needs no Temporal")

	// The API goes away too, without a warning. When Temporal is back the workers send everything.
	on.kill9(t)
	o.startTemporal(t, temporal)
	for n, m := range accepted {
		await(t, patience, m.Text, func() (bool, string) {
			return on.copies(t, people[n%len(people)], acme.at(), m.Text) > 0, "it is not in the chat"
		})
	}
	require.Zero(t, first.interrupt(t), "one worker stops in order")

	// An API that starts again tells how it went, and the worker that is left goes on. This one is given the key of secrets
	// itself, as it would stand in its environment.
	keyset, err := os.ReadFile(o.flags[3])
	require.NoError(t, err)
	o.flags[2], o.flags[3] = "--key", string(keyset)
	on = o.serve(t, key)
	_, err = on.addBot(t.Context(), "sealed_bot", wire.Polling)
	require.NoError(t, err, "its token is sealed")
	for n, m := range accepted {
		require.Equal(t, wire.MessageStateAccepted, on.outcome(t, m.ID).State, m.Text)
		require.Equal(t, 1, on.copies(t, people[n%len(people)], acme.at(), m.Text), m.Text)
	}
	calls, err := on.calls(t.Context(), acme.PlatformID, "sendMessage")
	require.NoError(t, err)
	require.Len(t, calls, 1+len(accepted), "one call for each message")
	last := on.send(t, acme, anna.ID, "with one worker", wire.Hold)
	require.Equal(t, wire.MessageStateAccepted, on.outcome(t, last.ID).State)
	require.Zero(t, second.interrupt(t))
	require.Zero(t, on.interrupt(t))
}

// get returns the status of a page that anybody may see.
func get(t testing.TB, address string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}
