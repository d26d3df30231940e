package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// clinicRules put what a person writes into all that rules can do with it.
const clinicRules = `herald: 1
language: en
fields: {illness: string}
rules:
  - name: illness
    on: message
    when: text startsWith "I have"
    set: {illness: text}
    reply: "A planted answer to {{ user.first_name ?? '?' }}: {{ text }}"
    notify: {to: "@{{ user.username ?? 'nobody' }}", text: "A planted notice: {{ text }}"}
    forward: planted-label
  - {name: quiet, on: [/start, phone], tag: met}
`

// plantClinic plants, on a bot of its own, what rules do, what messages carry, SMS and their answers, and a code by SMS.
func (i *installation) plantClinic(t *testing.T, vera controlclient.Person, p *planted) {
	t.Helper()
	ctx := t.Context()
	_, err := i.api.SetPrices(ctx, client.PriceList{Currency: "EUR", Items: []client.Price{{Channel: wire.Telegram, Amount: "0.01"}, {Channel: wire.Sms, Amount: "0.05"}}})
	require.NoError(t, err)
	b, err := i.addBot(ctx, "planted_clinic_bot", wire.Polling)
	require.NoError(t, err)
	_, err = i.api.PublishRules(ctx, b.ID, client.NewRuleVersion{Source: clinicRules})
	require.NoError(t, err)
	p.bots, p.clinic = append(p.bots, b.ID), b
	p.secrets = append(p.secrets, b.token)
	const written, stranger = "I have a planted fever", "+380671119988"
	p.people = append(p.people, written, "a planted caption", stranger, "a planted SMS", "a planted answer by SMS", "planted withheld")
	p.carried, p.stranger = []string{"planted-name.txt", "a planted file"}, stranger

	require.NoError(t, i.sandbox.Start(ctx, vera.ID, b.at(), ""))
	require.NoError(t, i.sandbox.ShareContact(ctx, vera.ID, b.at()))
	i.subscribed(t, b.ID, client.SubscriberFilter{Phone: vera.Phone})
	_, err = i.sandbox.Write(ctx, vera.ID, b.at(), written)
	require.NoError(t, err)
	for _, said := range []string{"A planted answer to " + vera.FirstName + ": " + written, "A planted notice: " + written} {
		_, err = i.sandbox.AwaitMessage(ctx, vera.ID, b.at(), said)
		require.NoError(t, err)
	}
	require.Equal(t, "1", i.count(t, "SELECT count(*) FROM events WHERE bot_id = $1 AND kind = 'rule.forwarded' AND sealed <> ''", b.ID))

	file, err := i.api.UploadFile(ctx, client.NewFile{Name: p.carried[0], Body: strings.NewReader(p.carried[1])})
	require.NoError(t, err)
	sent := func(m client.NewMessage, state client.MessageState) client.Message {
		m.Bot = b.ID
		got, err := i.api.Send(ctx, m)
		require.NoError(t, err)
		await(t, patience, string(state), func() (bool, string) {
			got, err = i.api.Message(ctx, got.ID)
			return err == nil && got.State == state, fmt.Sprint(got.State, " ", got.Reason, err)
		})
		return got
	}
	sent(client.NewMessage{To: vera.Phone, Text: "a planted caption", Media: client.NewMedia{Kind: wire.Document, File: file.ID}}, wire.MessageStateAccepted)
	sent(client.NewMessage{To: stranger, Text: "a planted SMS", Fallback: "sms"}, wire.MessageStateDelivered)
	phone, err := i.sandbox.Phone(ctx, stranger)
	require.NoError(t, err)
	_, err = i.sandbox.WriteSMS(ctx, stranger, phone.SMS[0].From, "a planted answer by SMS")
	require.NoError(t, err)
	i.awaitInbound(t, b, "a planted answer by SMS")

	// Her proof is a year old, so she gets a code.
	require.Empty(t, i.count(t, "UPDATE subscribers SET phone_proved_at = phone_proved_at - interval '1 year' WHERE bot_id = $1", b.ID))
	withheld := sent(client.NewMessage{To: vera.Phone, Text: "planted withheld", ConfirmedWithin: "90d", ConfirmBy: wire.ConfirmBySMS}, wire.MessageStateWithheld)
	code := ""
	await(t, patience, "a code", func() (bool, string) {
		phone, err := i.sandbox.Phone(ctx, vera.Phone)
		for _, s := range phone.SMS {
			code = regexp.MustCompile(`\d{4}-\d{4}`).FindString(s.Text)
		}
		return err == nil && code != "", fmt.Sprint(len(phone.SMS), " SMS ", err)
	})
	p.secrets = append(p.secrets, code)
	_, err = i.sandbox.Write(ctx, vera.ID, b.at(), code)
	require.NoError(t, err)
	require.Equal(t, wire.MessageStateAccepted, i.outcome(t, withheld.ID).State)
}

// erasesHerself lets Vera read what the clinic's bot keeps of her and press the button under that. What was sent, at which
// price, and what became of it is the same afterwards.
func (i *installation) erasesHerself(t *testing.T, vera int64, b bot) {
	t.Helper()
	ctx := t.Context()
	_, err := i.sandbox.Write(ctx, vera, b.at(), "/privacy")
	require.NoError(t, err)
	var told controlclient.Message
	await(t, patience, "what is kept", func() (bool, string) {
		chat, err := i.sandbox.Messages(ctx, vera, b.at())
		require.NoError(t, err)
		told = chat[len(chat)-1]
		return strings.HasPrefix(told.Text, b.at()+" keeps:") && len(told.Buttons) == 1, told.Text
	})
	await(t, patience, "its acceptance", func() (bool, string) {
		open := i.count(t, "SELECT count(*) FROM messages WHERE bot_id = $1 AND state IN ('queued', 'sending')", b.ID)
		return open == "0", open + " are open"
	})
	// The press proves that the last of them was read, so states are counted without it.
	const sums = `SELECT currency, reason, CASE state WHEN 'read' THEN 'accepted' ELSE state END, count(*), sum(price)::text, sum(cost)::text
		FROM messages WHERE bot_id = $1 AND direction = 'out' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`
	before := i.count(t, sums, b.ID)
	require.Contains(t, before, "EUR")
	pressed, err := i.sandbox.Press(ctx, vera, b.at(), told.ID, told.Buttons[0][0].Data)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(pressed.Text, "Everything about you is erased."), pressed.Text)
	await(t, patience, "everything to be erased", func() (bool, string) {
		left := i.count(t, "SELECT count(*) FROM forgettings WHERE done_at IS NULL")
		return left == "0", left + " wait"
	})
	require.Equal(t, before, i.count(t, sums, b.ID), "money and counts")
}
