package api

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// fetched reads a page as a browser does, without a key.
func (w *world) fetched(t *testing.T, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+path, nil)
	require.NoError(t, err)
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

func TestTheReferencePage(t *testing.T) {
	t.Parallel()
	w, spec := newWorld(t, false), loaded(t)
	response, page := w.fetched(t, "/docs", nil)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, pageSecurity, response.Header.Get("Content-Security-Policy"))

	t.Run("lists every operation with its route, its scope and a call to copy", func(t *testing.T) {
		t.Parallel()
		for _, op := range spec.operations {
			described := spec.doc.Paths.Value(op.path).GetOperation(op.method)
			section := between(t, page, `<article id="`+op.id+`">`, "</article>")
			require.Contains(t, section, described.Summary)
			require.Contains(t, section, "<code>"+op.path+"</code>")
			require.Contains(t, section, "curl")
			if op.scope == "" {
				require.Contains(t, section, "Needs no key.")
			} else {
				require.Contains(t, section, "the scope <code>"+string(op.scope)+"</code>")
			}
			require.Contains(t, between(t, page, "<nav", "</nav>"), `href="#`+op.id+`"`)
			for _, code := range op.codes {
				require.Contains(t, section, `href="#`+strings.ReplaceAll(string(code), ":", "%3a")+`"`)
			}
		}
	})
	t.Run("explains every code where problems point to", func(t *testing.T) {
		t.Parallel()
		for code, a := range answers {
			require.Contains(t, between(t, page, `<tr id="`+string(code)+`">`, "</tr>"), html.EscapeString(a.title))
		}
	})
	t.Run("shows every object with its fields", func(t *testing.T) {
		t.Parallel()
		for name, schema := range spec.doc.Components.Schemas {
			section := between(t, page, `<article id="object-`+name+`">`, "</article>")
			for field := range schema.Value.Properties {
				require.Contains(t, section, "<code>"+field+"</code>", name)
			}
		}
	})
	t.Run("leads nowhere outside and runs nothing", func(t *testing.T) {
		t.Parallel()
		for _, found := range regexp.MustCompile(`(?:src|href|action)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			require.Regexp(t, `^(#|/)`, found[1])
			require.False(t, strings.HasPrefix(found[1], "//"), found[1])
		}
		require.NotContains(t, page, "<script")
		require.NotContains(t, page, "style=")
		_, style := w.fetched(t, "/docs/style.css", nil)
		require.NotContains(t, style, "url(")
		require.NotContains(t, style, "@import")
	})
	t.Run("has a target for every link inside", func(t *testing.T) {
		t.Parallel()
		for _, found := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
			target, err := url.PathUnescape(found[1])
			require.NoError(t, err)
			require.Contains(t, page, `id="`+target+`"`)
		}
	})
	t.Run("is not sent again to a browser that has it", func(t *testing.T) {
		t.Parallel()
		again, body := w.fetched(t, "/docs", http.Header{"If-None-Match": {response.Header.Get("ETag")}})
		require.Equal(t, http.StatusNotModified, again.StatusCode)
		require.Empty(t, body)
	})
}

func TestTheSpecificationIsServedAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	for _, path := range []string{"/openapi.yaml", "/openapi.json"} {
		_, body := w.fetched(t, path, nil)
		doc, err := openapi3.NewLoader().LoadFromData([]byte(body))
		require.NoError(t, err, path)
		require.NoError(t, doc.Validate(t.Context()), path)
		require.Equal(t, "3.1.0", doc.OpenAPI)
		require.Len(t, doc.Paths.Map(), len(loaded(t).doc.Paths.Map()))
	}
}

func TestTheIndexLeadsToTheReference(t *testing.T) {
	t.Parallel()
	_, body := newWorld(t, false).fetched(t, "/", nil)
	require.Contains(t, body, `href="/docs"`)
}

// between returns the text from an opening to the next closing.
func between(t *testing.T, text, opening, closing string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, opening)
	require.True(t, found, "the page has no %s", opening)
	inside, _, found := strings.Cut(rest, closing)
	require.True(t, found)
	return inside
}

func TestProse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "",
		"One\nline.":              "<p>One line.</p>\n",
		"Two.\n\nParagraphs.":     "<p>Two.</p>\n<p>Paragraphs.</p>\n",
		"`a*b*c` and *d* **e**":   "<p><code>a*b*c</code> and <em>d</em> <strong>e</strong></p>\n",
		"<script>`<b>`</script>":  "<p>&lt;script&gt;<code>&lt;b&gt;</code>&lt;/script&gt;</p>\n",
		"an unpaired ` backtick*": "<p>an unpaired ` backtick*</p>\n",
	} {
		require.Equal(t, want, string(prose(text)))
	}
}
