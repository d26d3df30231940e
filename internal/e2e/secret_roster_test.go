package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
)

// plantRoster plants people by files: one who is stored, and rows that are refused. The one gets messages, too.
func (i *installation) plantRoster(t *testing.T, b bot, p *planted) {
	t.Helper()
	ctx := t.Context()
	const phone, username, first, last, address, externalID, tag = "+380671117755", "rosa_planted", "Rosaplanted", "Zapysana", "Planted street 9", "planted-customer-9", "planted-tag"
	p.people = append(p.people, phone, phone[1:], username, first, last, address, "planted row", "+38067111775", "planted to a row")
	p.open = append(p.open, externalID, tag)
	bring := func(rows ...string) (lines []client.ImportLine) {
		const columns = "platform_id,first_name,last_name,username,username_seen_at,phone,phone_proved_at,external_id,tags,fields\n"
		for line, err := range i.api.ImportSubscribers(ctx, b.ID, client.SubscriberImport{Body: strings.NewReader(columns + strings.Join(rows, "\n")), Format: "csv", Region: "UA"}) {
			require.NoError(t, err)
			lines = append(lines, line)
		}
		return lines
	}
	refused := bring(
		`7777777,`+first+`,`+last+`,,,+38067111775,2026-03-01,`+externalID+`,,`,
		`7777778,planted row,,,,`+phone+`,planted row,,,"{""home"": ""`+address+`"`,
		`planted row,`+first+`,,,,,,,,`,
	)
	require.False(t, refused[len(refused)-1].Report.Stored)
	require.Equal(t, 3, refused[len(refused)-1].Report.Refused)
	home, err := json.Marshal(map[string]string{"home": address})
	require.NoError(t, err)
	stored := bring(fmt.Sprintf(`7777777,%s,%s,%s,2026-03-01,067 111 77 55,2026-03-01,%s,%s,"%s"`, first, last, username, externalID, tag, strings.ReplaceAll(string(home), `"`, `""`)))
	require.Equal(t, 1, stored[len(stored)-1].Report.Created)
	i.subscribed(t, b.ID, client.SubscriberFilter{Phone: phone})
	for _, to := range []string{phone, "@" + username, "ext:" + externalID} {
		sent, err := i.api.Send(ctx, client.NewMessage{Bot: b.ID, To: to, Text: "planted to a row"}, client.WithWait(patience))
		require.NoError(t, err)
		require.Equal(t, wire.MessageStateNotSubscribed, sent.State, "the messenger does not know them")
	}
}
