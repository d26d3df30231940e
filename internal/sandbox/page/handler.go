package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"time"
)

//go:embed static
var static embed.FS

// index is the one HTML document; every address of the page answers with it.
const index = "static/index.html"

// policy lets the page load from its own origin only. Photos that a person is about to send are shown from blob URLs.
const policy = "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'none'"

// botName is a Telegram username: the only paths besides / and /static/ that are addresses of the page.
var botName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{3,31}$`)

// asset is one embedded file, ready to be served.
type asset struct {
	name string
	body []byte
	etag string
}

// Handler serves the page: GET / and GET /<botname> (a connect link, with ?start=payload) answer with the document, GET
// /static/... with its files. Every other path is 404, every other method 405.
func Handler() http.Handler {
	assets, err := load(static)
	if err != nil {
		panic(err) // the files are compiled in: only a broken build can get here
	}
	document := assets["/"+index]

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", document.serve)
	mux.HandleFunc("GET /{bot}", func(w http.ResponseWriter, r *http.Request) {
		if !botName.MatchString(r.PathValue("bot")) {
			http.NotFound(w, r)
			return
		}
		document.serve(w, r)
	})
	mux.HandleFunc("GET /static/", func(w http.ResponseWriter, r *http.Request) {
		file, ok := assets[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		file.serve(w, r)
	})
	return protect(mux)
}

// load reads all embedded files once, keyed by their URL path.
func load(files fs.FS) (map[string]asset, error) {
	assets := make(map[string]asset)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read page file %s: %w", name, err)
		}
		sum := sha256.Sum256(body)
		assets["/"+name] = asset{name: path.Base(name), body: body, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
		return nil
	})
	return assets, err
}

// serve writes the file. Browsers keep it but ask each time, so that a newer program never runs with older modules.
func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("ETag", a.etag)
	header.Set("Cache-Control", "no-cache")
	header.Set("Content-Type", contentType(a.name))
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.body))
}

// contentType does not leave script and style to the machine's mime tables: with nosniff a wrong type stops the page.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// protect sets the headers that keep the page to itself.
func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
