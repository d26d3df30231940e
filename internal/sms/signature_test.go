package sms

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// The example of Twilio's own documentation.
func TestTwilioSignatureOfTheManual(t *testing.T) {
	t.Parallel()
	got := twilioSignature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+12349013030"}, "Digits": {"1234"}, "From": {"+12349013030"}, "To": {"+18005551212"},
	})
	require.Equal(t, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", got)
}

func TestAddressesWithAndWithoutPort(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"https://a.example/x", "https://a.example:443/x"}, withAndWithoutPort("https://a.example/x"))
	require.Equal(t, []string{"https://a.example:443/x", "https://a.example/x"}, withAndWithoutPort("https://a.example:443/x"))
	require.Equal(t, []string{"http://a.example/x", "http://a.example:80/x"}, withAndWithoutPort("http://a.example/x"))
	require.Equal(t, []string{"http://127.0.0.1:8080/x"}, withAndWithoutPort("http://127.0.0.1:8080/x"))
}

func TestReceiptFields(t *testing.T) {
	t.Parallel()
	receipt := "id:77 sub:001 dlvrd:000 submit date:2601021000 done date:2601021001 stat:EXPIRED err:005 text:stat:DELIVRD err:000"
	require.Equal(t, "EXPIRED", receiptField(receipt, "stat"), "what the text quotes is not believed")
	require.Equal(t, "EXPIRED err:005", kannelDetail(2, receipt))
	require.Empty(t, receiptField("text:stat:DELIVRD", "stat"))
	require.Equal(t, "NACK/0x0b/Invalid Destination Address", kannelDetail(16, "NACK/0x0b/Invalid Destination Address"))
	require.Equal(t, "event 2", kannelDetail(2, "some words that may be a text"))
}
