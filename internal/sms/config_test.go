package sms_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/sms"
)

func TestParseConfig(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("  from a file\n"), 0o600))
	want := sms.Config{Providers: []sms.ProviderConfig{
		{
			Name: "main", Kind: sms.KindSMSC, URL: "https://smsc.example", Login: "acme", Password: "from a file",
			Prefixes: []string{"+380", "+49"}, Sender: "ACME", Timeout: 5 * time.Second,
		},
		{
			Name: "world", Kind: sms.KindTwilio, URL: "https://api.twilio.com", Login: twilioAccount, Password: "token",
			MessagingService: "MG0123456789abcdef0123456789abcdef", Timeout: 20 * time.Second,
		},
	}}
	for name, text := range map[string]string{
		"YAML": `
providers:
  - name: main
    kind: smsc
    url: https://smsc.example/
    login: acme
    password_file: ` + file + `
    prefixes: ["+380", "+49"]
    sender: ACME
    timeout: 5s
  - {name: world, kind: twilio, login: ` + twilioAccount + `, password: token, messaging_service: MG0123456789abcdef0123456789abcdef}
`,
		"JSON": fmt.Sprintf(`{"providers":[
			{"name":"main","kind":"smsc","url":"https://smsc.example/","login":"acme","password_file":%q,"prefixes":["+380","+49"],"sender":"ACME","timeout":"5s"},
			{"name":"world","kind":"twilio","login":%q,"password":"token","messaging_service":"MG0123456789abcdef0123456789abcdef"}]}`, file, twilioAccount),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sms.ParseConfig([]byte(text))
			require.NoError(t, err)
			require.Equal(t, want, got)
			router, err := sms.New(got, sms.Deps{})
			require.NoError(t, err)
			router.Close()
		})
	}
	t.Run("nothing is no providers", func(t *testing.T) {
		t.Parallel()
		got, err := sms.ParseConfig(nil)
		require.NoError(t, err)
		require.Empty(t, got.Providers)
	})
}

func TestParseConfigTellsAllFaults(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	large := filepath.Join(folder, "large")
	require.NoError(t, os.WriteFile(large, []byte(strings.Repeat("x", 5<<10)), 0o600))
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"unknown fields", "providers: [{name: a, kind: sandbox, pasword: x, sendr: y}]", []string{"field pasword not found", "field sendr not found"}},
		{"a second document", "providers: []\n---\nproviders: []\n", []string{"must be one document"}},
		{"two providers of one name, with all that they lack", `
providers:
  - {name: a, kind: sandbox, url: "http://127.0.0.1:1", callback_secret: short}
  - {name: a, kind: kannel, prefixes: ["380", "+0"]}
  - {name: "A b", kind: pigeon}
  - {name: b, kind: smsc, url: "ftp://x", password: p, messaging_service: x, timeout: 3h}
  - {name: c, kind: twilio, login: acme, password: p, callback_secret: 0123456789abcdef}
  - {name: d, kind: twilio, login: ` + twilioAccount + `, password: p, sender: X, messaging_service: MG0123456789abcdef0123456789abcdef}
`, []string{
			"providers[0].callback_secret: must have at least 16 characters",
			"providers[1].name: a is there already",
			"providers[1].login: is missing: kannel needs it",
			"providers[1].password: is missing",
			"providers[1].callback_secret: is missing",
			"providers[1].url: must be an http or https address",
			"providers[1].prefixes[0]: must be the beginning of a number",
			"providers[1].prefixes[1]: must be the beginning of a number",
			"providers[2].name: must be 1 to 32 of",
			"providers[2].kind: must be sandbox, smsc, kannel or twilio",
			"providers[3].url: must be an http or https address",
			"providers[3].messaging_service: smsc does not use it",
			"providers[3].timeout: must be from 1ms to 2m",
			"providers[4].callback_secret: twilio does not use it",
			"providers[4].login: must be the SID of the account",
			"providers[4].sender: give either this or messaging_service",
			"providers[5].sender: give either this or messaging_service",
		}},
		{"files of secrets", `
providers:
  - {name: a, kind: smsc, url: "http://x", password: p, password_file: ` + empty + `}
  - {name: b, kind: smsc, url: "http://x", password_file: ` + empty + `}
  - {name: c, kind: smsc, url: "http://x", password_file: ` + large + `}
  - {name: d, kind: smsc, url: "http://x", callback_secret_file: ` + filepath.Join(folder, "missing") + `}
`, []string{
			"providers[0].password: give the value or the file, not both",
			"providers[1].password_file: " + empty + " is empty",
			"is over 4 KiB",
			"providers[3].callback_secret_file: open",
		}},
		{"signs in a login that would forge a header", `providers: [{name: a, kind: kannel, url: "http://x", login: "a\nX: y", password: p, callback_secret: 0123456789abcdef}]`, []string{
			"providers[0].login: neither this nor password may hold control characters",
		}},
		{"too much", strings.Repeat(" ", 1<<20) + " ", []string{"over 1 MiB"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := sms.ParseConfig([]byte(c.text))
			require.Error(t, err)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestNewWantsAWayBackFromKannel(t *testing.T) {
	t.Parallel()
	row := rowOf(sms.KindKannel, "http://127.0.0.1:9")
	row.CallbackURL = ""
	_, err := sms.New(sms.Config{Providers: []sms.ProviderConfig{row}}, sms.Deps{})
	require.ErrorContains(t, err, "providers[0].callback_url: is missing")
	router, err := sms.New(sms.Config{Providers: []sms.ProviderConfig{row}}, sms.Deps{PublicURL: "https://herald.example/"})
	require.NoError(t, err)
	t.Cleanup(router.Close)
	require.Contains(t, router.Callbacks(&sink{}), "main")
}

func TestConfigPrintsNoSecret(t *testing.T) {
	t.Parallel()
	row := rowOf(sms.KindSMSC, "http://127.0.0.1:9")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", row, row, row), "pass-of-acme")
	require.Equal(t, gateway.Secret("pass-of-acme"), row.Password)
}
