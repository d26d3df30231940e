package api

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/api/internal/wire"
	"herald/client"
	"herald/internal/roster"
	"herald/internal/sandbox/network"
)

// brought imports a file and returns what was told last.
func brought(t *testing.T, c *client.Client, i client.SubscriberImport) (last client.ImportLine) {
	t.Helper()
	for line, err := range c.ImportSubscribers(t.Context(), "@acme_bot", i) {
		require.NoError(t, err)
		last = line
	}
	return last
}

// exported reads all of an export.
func exported(t *testing.T, c *client.Client, format client.RosterFormat) (string, error) {
	t.Helper()
	body, err := c.ExportSubscribers(t.Context(), "@acme_bot", client.SubscriberFilter{}, format)
	require.NoError(t, err)
	defer func() { require.NoError(t, body.Close()) }()
	text, err := io.ReadAll(body)
	return string(text), err
}

// Somebody started the bot while another program had it. Once they are imported, their phone reaches them.
func TestWhoeverIsImportedIsReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	c := w.client(t)
	name := "Dora"
	dora, err := w.sandbox.Network().CreatePerson(network.PersonChange{FirstName: &name})
	require.NoError(t, err)
	_, err = w.sandbox.Network().Start(dora.ID, "@acme_bot", "")
	require.NoError(t, err)
	message := client.NewMessage{Bot: "@acme_bot", To: "+380507654321", Text: "Hello", ConfirmedWithin: "90d"}
	sent, err := c.Send(t.Context(), message, client.WithWait(20*time.Second))
	require.NoError(t, err)
	require.Equal(t, client.MessageState("not_subscribed"), sent.State)

	file := fmt.Sprintf("platform_id,first_name,phone,phone_proved_at\n%d,Dora,+380507654321,%s\n", dora.ID, w.now().AddDate(0, -1, 0).Format(time.RFC3339))
	require.Equal(t, &client.ImportReport{Stored: true, Rows: 1, Created: 1}, brought(t, c, client.SubscriberImport{Body: strings.NewReader(file)}).Report)
	sent, err = c.Send(t.Context(), message, client.WithWait(20*time.Second))
	require.NoError(t, err)
	require.Equal(t, client.MessageState("accepted"), sent.State)

	t.Run("and a proof that is too old holds the message back", func(t *testing.T) {
		message.ConfirmedWithin = "7d"
		sent, err := c.Send(t.Context(), message, client.WithWait(5*time.Second))
		require.NoError(t, err)
		require.Equal(t, client.MessageState("withheld"), sent.State)
	})

	t.Run("and what is exported comes back as it is", func(t *testing.T) {
		for _, format := range []client.RosterFormat{client.CSV, client.JSON} {
			text, err := exported(t, c, format)
			require.NoError(t, err)
			report := brought(t, c, client.SubscriberImport{Body: strings.NewReader(text), Format: format}).Report
			require.Equal(t, &client.ImportReport{Stored: true, Rows: 3, Unchanged: 3}, report, format)
		}
	})
}

// What the list tells about people must be a column of the file, or read over.
func TestEverythingThatIsToldOfPeopleComesBack(t *testing.T) {
	t.Parallel()
	body := reflect.TypeFor[wire.Subscriber]()
	require.Positive(t, body.NumField())
	for i := range body.NumField() {
		name, _, _ := strings.Cut(body.Field(i).Tag.Get("json"), ",")
		reader, err := roster.NewReader(strings.NewReader(fmt.Sprintf("{%q:null}", name)), roster.JSON)
		require.NoError(t, err)
		_, err = reader.Next()
		require.NoError(t, err, "the import does not know %s, which the export writes", name)
	}
}

// A part of a base must not be taken for all of it.
func TestAnExportThatBreaksOffHasNoEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	c := w.client(t)
	file := "platform_id,first_name\n"
	for n := range 1500 {
		file += fmt.Sprintf("%d,Dora\n", 900_000+n)
	}
	require.Equal(t, 1500, brought(t, c, client.SubscriberImport{Body: strings.NewReader(file)}).Report.Created)
	require.NoError(t, w.exec(t, `UPDATE subscribers SET names = '\x0102030405' WHERE id = (SELECT min(id) FROM subscribers WHERE platform_id >= 900000)`))
	for _, format := range []client.RosterFormat{client.CSV, client.JSON} {
		text, err := exported(t, c, format)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, format)
		require.NotEmpty(t, text)
	}
	require.NoError(t, w.exec(t, `UPDATE subscribers SET names = '\x0102030405' WHERE id = (SELECT max(id) FROM subscribers)`))
	_, err := c.ExportSubscribers(t.Context(), "@acme_bot", client.SubscriberFilter{}, client.CSV)
	require.Equal(t, "internal", client.Code(err), "what breaks off before anything was written is a problem")
}
