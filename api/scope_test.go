package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/accounts"
	"herald/internal/gateway"
)

// answer makes a call and returns its status and its code, if it is a problem.
func (w *world) answer(t *testing.T, method, path, key, body string) (int, gateway.Code) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var p struct {
		Code gateway.Code `json:"code"`
	}
	if response.Header.Get("Content-Type") == "application/problem+json" {
		require.NoError(t, json.Unmarshal(raw, &p))
	}
	return response.StatusCode, p.Code
}

// Every operation of the specification is tried with every scope: it opens to the one that it declares, and to no other.
func TestEveryOperationOpensToItsScopeOnly(t *testing.T) {
	t.Parallel()
	w, spec := newWorld(t, false), loaded(t)
	keys := map[gateway.Scope]string{}
	for _, scope := range gateway.Scopes() {
		keys[scope] = w.newKey(t, w.mine, scope)
	}
	places := strings.NewReplacer(
		"{message}", w.names["their_message"], "{bot}", "@acme_bot", "{subscriber}", w.names["anna"], "{key}", "key_00000000000000000000000000",
		"{account}", "acc_00000000000000000000000000", "{version}", "1", "{file}", "file_00000000000000000000000000",
		"{update}", "upd_00000000000000000000000000",
	)
	for route, op := range spec.operations {
		path := places.Replace(op.path)
		require.NotContains(t, path, "{", "the test does not know what to put into %s", op.path)
		if op.scope == "" {
			status, _ := w.answer(t, op.method, path, "", "")
			require.Equal(t, http.StatusOK, status, route)
			continue
		}
		status, code := w.answer(t, op.method, path, "", "{}")
		require.Equal(t, http.StatusUnauthorized, status, "%s without a key", route)
		require.Equal(t, gateway.CodeUnauthorized, code)
		for scope, key := range keys {
			status, code := w.answer(t, op.method, path, key, "{}")
			if scope == op.scope {
				require.NotEqual(t, http.StatusUnauthorized, status, "%s with %s", route, scope)
				require.NotEqual(t, gateway.CodeForbidden, code, "%s with %s", route, scope)
				continue
			}
			require.Equal(t, http.StatusForbidden, status, "%s with %s", route, scope)
			require.Equal(t, gateway.CodeForbidden, code, "%s with %s", route, scope)
		}
	}
}

// A key that ended, was revoked, or whose account rests opens no operation.
func TestEveryOperationRefusesKeysThatAreOver(t *testing.T) {
	t.Parallel()
	w, spec := newWorld(t, false), loaded(t)
	_, expired, err := w.accounts.CreateKey(t.Context(), w.mine, accounts.NewKey{Name: "short", ExpiresAt: w.now().Add(time.Second)})
	require.NoError(t, err)
	w.tick(2 * time.Second)
	key, revoked, err := w.accounts.CreateKey(t.Context(), w.mine, accounts.NewKey{Name: "revoked"})
	require.NoError(t, err)
	_, err = w.accounts.RevokeKey(t.Context(), w.mine, key.ID)
	require.NoError(t, err)
	rest := true
	_, err = w.accounts.Change(t.Context(), w.theirs, gateway.AccountChange{Suspend: &rest})
	require.NoError(t, err)
	for route, op := range spec.operations {
		if op.scope == "" {
			continue
		}
		path := strings.NewReplacer("{", "", "}", "").Replace(op.path)
		for why, secret := range map[string]gateway.Secret{"expired": expired, "revoked": revoked, "made up": "hk_00000000000000000000000000000000"} {
			status, code := w.answer(t, op.method, path, secret.Reveal(), "{}")
			require.Equal(t, http.StatusUnauthorized, status, "%s with a key that is %s", route, why)
			require.Equal(t, gateway.CodeUnauthorized, code, "%s with a key that is %s", route, why)
		}
		status, code := w.answer(t, op.method, path, w.names["their_key"], "{}")
		require.Equal(t, http.StatusForbidden, status, "%s of an account that rests", route)
		require.Equal(t, gateway.CodeSuspended, code, "%s of an account that rests", route)
	}
}

// elsewhere are the operations that name an object, with a request that would be carried out if it were the caller's. An
// operation that is missing here fails the test below.
var elsewhere = map[string]string{
	"POST /v1/updates/{update}/retry":                    "",
	"DELETE /v1/bots/{bot}/subscribers/{subscriber}":     "",
	"DELETE /v1/bots/{bot}":                              "",
	"DELETE /v1/bots/{bot}/rules":                        "",
	"DELETE /v1/files/{file}":                            "",
	"DELETE /v1/keys/{key}":                              "",
	"DELETE /v1/accounts/{account}/keys/{key}":           "",
	"GET /v1/accounts/{account}/keys":                    "",
	"POST /v1/accounts/{account}/keys":                   `{"name": "x"}`,
	"DELETE /v1/messages/{message}":                      "",
	"GET /v1/accounts/{account}":                         "",
	"GET /v1/bots/{bot}":                                 "",
	"GET /v1/bots/{bot}/connect":                         "",
	"GET /v1/bots/{bot}/connect/qr.png":                  "",
	"GET /v1/bots/{bot}/connect/qr.svg":                  "",
	"GET /v1/bots/{bot}/rules":                           "",
	"GET /v1/bots/{bot}/rules/activations":               "",
	"GET /v1/bots/{bot}/rules/versions":                  "",
	"GET /v1/bots/{bot}/rules/versions/{version}":        "",
	"GET /v1/bots/{bot}/rules/versions/{version}/source": "",
	"GET /v1/bots/{bot}/subscribers":                     "",
	"GET /v1/bots/{bot}/subscribers/export":              "",
	"GET /v1/bots/{bot}/subscribers/{subscriber}":        "",
	"GET /v1/files/{file}":                               "",
	"GET /v1/messages/{message}":                         "",
	"GET /v1/messages/{message}/events":                  "",
	"GET /v1/messages/{message}/verdict":                 "",
	"PATCH /v1/accounts/{account}":                       `{"suspended": true, "region": "UA"}`,
	"PATCH /v1/bots/{bot}":                               `{"state": "paused"}`,
	"PATCH /v1/bots/{bot}/subscribers/{subscriber}":      `{"tags": ["vip"]}`,
	"PATCH /v1/messages/{message}":                       `{"text": "changed"}`,
	"POST /v1/bots/{bot}/connect":                        `{"external_id": "42"}`,
	"POST /v1/bots/{bot}/rules/backtest":                 `{"version": 1, "since": "7d"}`,
	"POST /v1/bots/{bot}/rules/try":                      `{"text": "Hi"}`,
	"POST /v1/bots/{bot}/rules/{version}/activate":       "",
	"POST /v1/messages/{message}/cancel":                 "",
	"PUT /v1/bots/{bot}/subscribers/import":              "platform_id,phone,phone_proved_at\n7,+380501234567,2026-01-01\n",
	"PUT /v1/bots/{bot}/rules":                           `{"source": "herald: 1\nlanguage: en\nrules:\n  - {name: hello, on: first_message, reply: Hello!}\n"}`,
}

// Every operation that names an object is tried with one of another account: it is not found, and nothing changes.
func TestEveryOperationHidesWhatBelongsToOthers(t *testing.T) {
	t.Parallel()
	w, spec := newWorld(t, false), loaded(t)
	list, err := w.accounts.Keys(t.Context(), w.theirs, gateway.Page{})
	require.NoError(t, err)
	places := strings.NewReplacer(
		"{message}", w.names["their_message"], "{bot}", w.names["other"], "{subscriber}", w.names["carl"],
		"{key}", string(list.Items[0].ID), "{account}", string(w.mine), "{version}", "1", "{file}", "file_00000000000000000000000000",
		"{update}", "upd_00000000000000000000000000",
	)
	before := w.everything(t)
	for route, op := range spec.operations {
		if !strings.Contains(op.path, "{") || op.scope == "" {
			continue // what belongs to nobody, and lists, which have nothing but the caller's
		}
		body, known := elsewhere[op.method+" "+op.path]
		require.True(t, known, "the table does not know %s", route)
		key, want := w.names["key"], http.StatusNotFound
		if strings.Contains(op.path, "{account}") || strings.Contains(op.path, "{update}") {
			key, want = w.names["their_key"], http.StatusForbidden // these are the operator's
		}
		status, code := w.answer(t, op.method, places.Replace(op.path), key, body)
		require.Equal(t, want, status, "%s answers %s", route, code)
	}
	require.Equal(t, before, w.everything(t), "what belongs to others has changed")
}

// everything is the state of the other account, and of all accounts as such.
func (w *world) everything(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, table := range []string{"bots", "subscribers", "messages", "legs", "message_events", "rule_versions", "rule_sets", "person_states", "edits", "files", "connect_links"} {
		all.WriteString(table + " " + w.text(t, "SELECT coalesce(string_agg(x::text, E'\n' ORDER BY x::text), '') FROM "+table+" x WHERE account_id = '"+string(w.theirs)+"'") + "\n")
	}
	return all.String() + w.text(t, "SELECT string_agg(concat_ws(' ', id, name, region, suspended_at), E'\n' ORDER BY id) FROM accounts") +
		w.text(t, "SELECT string_agg(concat_ws(' ', id, name, revoked_at), E'\n' ORDER BY id) FROM api_keys")
}

// What a browser may read without a key is these pages; everything else needs one or is not there.
func TestNothingElseIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	for _, path := range []string{"/v1", "/v1/", "/v1/messages/../keys", "//v1/keys", "/v1/bots/x/rules", "/telegram/bot_00000000000000000000000000", "/debug/pprof/"} {
		status, _ := w.answer(t, http.MethodGet, path, "", "")
		require.Contains(t, []int{http.StatusNotFound, http.StatusUnauthorized}, status, path)
	}
}
