package messaging

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		to     string
		region string
		want   gateway.Address
		code   gateway.Code
	}{
		{to: "+380501234567", want: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}},
		{to: " +380 (50) 123-45-67 ", want: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}},
		{to: "380501234567", want: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}},
		{to: "@Anna_K", want: gateway.Address{Kind: gateway.AddressUsername, Value: "anna_k"}},
		{to: "#42", want: gateway.Address{Kind: gateway.AddressPlatform, Value: "42"}},
		{to: "#0042", want: gateway.Address{Kind: gateway.AddressPlatform, Value: "42"}},
		{to: "", code: gateway.CodeRequired},
		{to: "Anna", code: gateway.CodeRecipientUnknown},
		{to: "anna@example.com", code: gateway.CodeRecipientUnknown},
		{to: "@ab", code: gateway.CodeRecipientUnknown},
		{to: "@anna-k", code: gateway.CodeRecipientUnknown},
		{to: "@" + strings.Repeat("a", 33), code: gateway.CodeRecipientUnknown},
		{to: "#", code: gateway.CodeRecipientUnknown},
		{to: "#-5", code: gateway.CodeRecipientUnknown},
		{to: "#0", code: gateway.CodeRecipientUnknown},
		{to: "#99999999999999999999", code: gateway.CodeRecipientUnknown},
		{to: "+380", code: gateway.CodePhoneInvalid},
		{to: "0501234567", code: gateway.CodePhoneInvalid},
		{to: "123", code: gateway.CodePhoneInvalid},
		{to: "050 123 45 67", region: "UA", want: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}},
		{to: "(050) 123-45-67", region: "UA", want: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}},
		{to: "380501234567", region: "UA", want: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}},
		{to: "48501234567", region: "UA", want: gateway.Address{Kind: gateway.AddressPhone, Value: "+48501234567"}},
		{to: "+48501234567", region: "UA", want: gateway.Address{Kind: gateway.AddressPhone, Value: "+48501234567"}},
		{to: "#0501234567", region: "UA", want: gateway.Address{Kind: gateway.AddressPlatform, Value: "501234567"}},
		{to: "ext:0501234567", region: "UA", want: gateway.Address{Kind: gateway.AddressExternal, Value: "0501234567"}},
		{to: "chat:-1001234567890", region: "UA", want: gateway.Address{Kind: gateway.AddressChat, Value: "-1001234567890"}},
		{to: "681821230", region: "UA", code: gateway.CodePhoneInvalid},
		{to: "7012345678", region: "UA", code: gateway.CodePhoneInvalid},
		{to: "100001", region: "UA", code: gateway.CodePhoneInvalid},
		{to: "050 123", region: "UA", code: gateway.CodePhoneInvalid},
	} {
		t.Run(c.to+c.region, func(t *testing.T) {
			t.Parallel()
			got, err := ParseAddress(c.to, c.region)
			if c.code == "" {
				require.Nil(t, err)
				require.Equal(t, c.want, got)
				return
			}
			require.NotNil(t, err)
			require.Equal(t, c.code, err.Code)
			require.Equal(t, "to", err.Field)
		})
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	good := func(change func(*Request)) Request {
		r := Request{To: "+380501234567", Text: "hello"}
		change(&r)
		return r
	}
	button := func(b gateway.Button) func(*Request) {
		return func(r *Request) {
			r.Buttons = [][]gateway.Button{{{Text: "Yes", Data: "yes"}}, {{Text: "No", Data: "no"}, b}}
		}
	}
	for _, c := range []struct {
		name  string
		r     Request
		code  gateway.Code
		field string
	}{
		{"an empty text", good(func(r *Request) { r.Text = " \n" }), gateway.CodeTextEmpty, "text"},
		{"a text that is too long", good(func(r *Request) { r.Text = strings.Repeat("a", 4097) }), gateway.CodeTextTooLong, "text"},
		{"a text that is too long in UTF-16", good(func(r *Request) { r.Text = strings.Repeat("😀", 2049) }), gateway.CodeTextTooLong, "text"},
		{"a text that is no UTF-8", good(func(r *Request) { r.Text = "\xff" }), gateway.CodeFieldInvalid, "text"},
		{"data over 64 bytes", good(button(gateway.Button{Text: "x", Data: strings.Repeat("й", 33)})), gateway.CodeButtonTooLong, "buttons[1][1].data"},
		{"a button without a text", good(button(gateway.Button{Data: "x"})), gateway.CodeButtonInvalid, "buttons[1][1].text"},
		{"a button without a purpose", good(button(gateway.Button{Text: "x"})), gateway.CodeButtonInvalid, "buttons[1][1]"},
		{"a button with two purposes", good(button(gateway.Button{Text: "x", Data: "x", URL: "https://a.example"})), gateway.CodeButtonInvalid, "buttons[1][1]"},
		{"a button that runs a script", good(button(gateway.Button{Text: "x", URL: "javascript:alert(1)"})), gateway.CodeButtonInvalid, "buttons[1][1].url"},
		{"an empty row", good(func(r *Request) { r.Buttons = [][]gateway.Button{{}} }), gateway.CodeButtonInvalid, "buttons[0]"},
		{"a lane that does not exist", good(func(r *Request) { r.Lane = "fast" }), gateway.CodeFieldInvalid, "lane"},
		{"a policy that does not exist", good(func(r *Request) { r.OnUnknown = "shrug" }), gateway.CodeFieldInvalid, "on_unknown"},
		{"a label that is too long", good(func(r *Request) { r.Label = strings.Repeat("x", 101) }), gateway.CodeFieldInvalid, "label"},
		{"a lifetime below zero", good(func(r *Request) { r.TTL = -time.Second }), gateway.CodeTTL, "ttl"},
		{"a lifetime of years", good(func(r *Request) { r.TTL = 10000 * time.Hour }), gateway.CodeTTL, "ttl"},
	} {
		t.Run("refuses "+c.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.r.message(noon)
			var faults gateway.Faults
			require.ErrorAs(t, err, &faults)
			require.Len(t, faults, 1)
			require.Equal(t, c.code, faults[0].Code)
			require.Equal(t, c.field, faults[0].Field)
			require.NotEmpty(t, faults[0].Message)
		})
	}
	t.Run("tells all faults at once", func(t *testing.T) {
		t.Parallel()
		_, err := Request{To: "Anna", Lane: "fast", Buttons: [][]gateway.Button{{{}}}}.message(noon)
		var faults gateway.Faults
		require.ErrorAs(t, err, &faults)
		require.Len(t, faults, 4)
	})
	t.Run("fills what is left out", func(t *testing.T) {
		t.Parallel()
		m, err := good(func(*Request) {}).message(noon)
		require.NoError(t, err)
		require.Equal(t, gateway.LaneService, m.Lane)
		require.Equal(t, gateway.Hold, m.OnUnknown)
		require.Equal(t, noon.Add(24*time.Hour), m.ExpiresAt)
	})
	t.Run("takes a code for harmless to repeat and worthless soon", func(t *testing.T) {
		t.Parallel()
		m, err := good(func(r *Request) { r.Lane = gateway.LaneCode }).message(noon)
		require.NoError(t, err)
		require.Equal(t, gateway.Resend, m.OnUnknown)
		require.Equal(t, noon.Add(10*time.Minute), m.ExpiresAt)
	})
	t.Run("takes the longest text there may be", func(t *testing.T) {
		t.Parallel()
		_, err := good(func(r *Request) { r.Text = strings.Repeat("😀", 2048) }).message(noon)
		require.NoError(t, err)
	})
}

func TestEveryReasonIsExplained(t *testing.T) {
	t.Parallel()
	for _, reason := range []gateway.Reason{
		gateway.ReasonNeverStarted, gateway.ReasonBlocked, gateway.ReasonDeactivated, gateway.ReasonChatLost, gateway.ReasonNameTooOld, gateway.ReasonPhoneLapsed,
		gateway.ReasonContent, gateway.ReasonBotRevoked, gateway.ReasonAnswerLost, gateway.ReasonTTL, gateway.ReasonUnavailable,
		gateway.ReasonThrottled, gateway.ReasonDefect,
	} {
		require.NotEmpty(t, Explain(reason), reason)
	}
	require.Empty(t, Explain(""))
}
