package page_test

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox/page"
)

func get(t *testing.T, target string, header ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	page.Handler().ServeHTTP(recorder, request)
	return recorder.Result()
}

func TestHandlerAnswersItsPathsAndNoOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		target string
		status int
		kind   string
	}{
		"the page":                       {"/", 200, "text/html; charset=utf-8"},
		"the page with a bot":            {"/?bot=@acme_bot&start=payload", 200, "text/html; charset=utf-8"},
		"a connect link":                 {"/acme_bot?start=payload", 200, "text/html; charset=utf-8"},
		"a module":                       {"/static/js/main.js", 200, "text/javascript; charset=utf-8"},
		"a style sheet":                  {"/static/css/base.css", 200, "text/css; charset=utf-8"},
		"the icon":                       {"/static/icon.svg", 200, "image/svg+xml"},
		"a path that is no bot name":     {"/favicon.ico", 404, ""},
		"a bot name that is too short":   {"/bot", 404, ""},
		"a deeper path":                  {"/acme_bot/more", 404, ""},
		"a folder":                       {"/static/", 404, ""},
		"a file that is not there":       {"/static/js/none.js", 404, ""},
		"a way out of the static folder": {"/static/..%2fhandler.go", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := get(t, c.target)
			require.Equal(t, c.status, response.StatusCode)
			if c.kind != "" {
				require.Equal(t, c.kind, response.Header.Get("Content-Type"))
			}
		})
	}
}

func TestHandlerRefusesOtherMethods(t *testing.T) {
	t.Parallel()
	recorder := httptest.NewRecorder()
	page.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")))
	require.Equal(t, http.StatusMethodNotAllowed, recorder.Code)
}

func TestHandlerKeepsThePageToItself(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/", "/acme_bot", "/static/js/main.js", "/nothing.here"} {
		header := get(t, target).Header
		policy := header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'self'", target)
		require.NotContains(t, policy, "unsafe", target)
		require.NotContains(t, policy, "http", target)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), target)
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"), target)
	}
}

func TestHandlerSparesWhatTheBrowserHas(t *testing.T) {
	t.Parallel()
	first := get(t, "/static/js/main.js")
	again := get(t, "/static/js/main.js", "If-None-Match", first.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	other := get(t, "/static/js/main.js", "If-None-Match", `"0000000000000000"`)
	require.Equal(t, http.StatusOK, other.StatusCode)
}

// The files themselves keep the rules that make foreign text harmless: no markup is assigned, no script is inline, and
// nothing names another host to load from.
func TestFilesHoldNoMarkupSinksAndNoForeignHosts(t *testing.T) {
	t.Parallel()
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|srcdoc`)
	foreign := regexp.MustCompile(`(?:src|href|url|import|from|fetch)\s*[=(]?\s*["'(](?:https?:)?//`)
	inline := regexp.MustCompile(`<script(?:[^>]*)>[^<]|\son[a-z]+="|style="`)
	seen := 0
	require.NoError(t, filepath.WalkDir("static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		seen++
		body, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NotRegexp(t, sinks, string(body), name)
		require.NotRegexp(t, foreign, string(body), name)
		if filepath.Ext(name) == ".html" {
			require.NotRegexp(t, inline, string(body), name)
		}
		served, err := io.ReadAll(get(t, "/"+filepath.ToSlash(name)).Body)
		require.NoError(t, err)
		require.Equal(t, string(body), string(served), "the built-in copy of %s is the file", name)
		return nil
	}))
	require.Greater(t, seen, 20)
}
