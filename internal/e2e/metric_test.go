package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// testMetrics throttles a bot while messages of all lanes go through it, and looks at what an operator would.
func testMetrics(t *testing.T, on *installation) {
	const rest = 16 // seconds: longer than attempts wait inside, by far
	ctx := t.Context()
	before := on.metrics(t)
	for _, lane := range []string{"code", "service", "bulk"} {
		require.Contains(t, before, `herald_send_queue_messages{lane="`+lane+`"}`)
	}
	person, err := on.sandbox.CreatePerson(ctx, controlclient.Person{FirstName: "Olha"})
	require.NoError(t, err)
	b := on.connected(t, "metrics_bot", wire.Polling, person.ID)
	fault(t, on, controlclient.Fault{Bot: b.at(), Method: "sendMessage", Kind: "too_many_requests", RetryAfter: rest, Times: 1})
	first := on.send(t, b, person.ID, "asked to wait", wire.Hold)
	on.awaitEvent(t, first.ID, "throttled")
	sent := []string{first.ID}
	for n, lane := range []client.Lane{wire.Bulk, wire.Bulk, wire.Service, wire.Service, wire.Service, wire.Code} {
		m, err := on.api.Send(ctx, client.NewMessage{Bot: b.ID, To: fmt.Sprintf("#%d", person.ID), Text: fmt.Sprint("waits ", n), Lane: lane})
		require.NoError(t, err)
		on.awaitEvent(t, m.ID, "turn")
		sent = append(sent, m.ID)
	}
	during := on.metrics(t)
	require.InDelta(t, before["herald_messenger_refusals_total"]+1, during["herald_messenger_refusals_total"], 0)
	require.InDelta(t, before["herald_bots_blocked"]+1, during["herald_bots_blocked"], 0)
	require.InDelta(t, 1, during[fmt.Sprintf("herald_bot_refusals_total{bot=%q}", b.ID)], 0, "by bot, too")
	for lane, waiting := range map[string]float64{"code": 1, "service": 3, "bulk": 2} {
		label := `{lane="` + lane + `"}`
		require.GreaterOrEqual(t, during["herald_send_queue_messages"+label], waiting, lane)
		require.Positive(t, during["herald_send_next_seconds"+label], lane)
		require.LessOrEqual(t, during["herald_send_next_seconds"+label], rest+float64(len(sent)), "the messenger's rest, and a second in the chat for each")
		require.GreaterOrEqual(t, during["herald_send_queue_seconds"+label], during["herald_send_next_seconds"+label], lane)
	}
	for _, id := range sent {
		require.Equal(t, wire.MessageStateAccepted, on.outcome(t, id).State)
	}
	after := on.metrics(t)
	require.Zero(t, after["herald_bots_blocked"])
	require.Zero(t, after[`herald_send_queue_messages{lane="code"}`])
	require.Contains(t, after, "herald_outbox_messages")
	require.Contains(t, after, "herald_outbox_oldest_seconds")
}

// metrics reads /metrics: values by name and labels.
func (i *installation) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for line := range strings.Lines(i.page(t, "/metrics")) {
		name, value, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		require.NoError(t, err, line)
		values[name] = number
	}
	return values
}
