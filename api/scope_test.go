package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
		"{version}", "1", "{file}", "file_00000000000000000000000000", "{update}", "upd_00000000000000000000000000",
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

// What a browser may read without a key is these pages; everything else needs one or is not there.
func TestNothingElseIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	for _, path := range []string{"/v1", "/v1/", "/v1/messages/../keys", "//v1/keys", "/v1/bots/x/rules", "/telegram/bot_00000000000000000000000000", "/debug/pprof/"} {
		status, _ := w.answer(t, http.MethodGet, path, "", "")
		require.Contains(t, []int{http.StatusNotFound, http.StatusUnauthorized}, status, path)
	}
}
