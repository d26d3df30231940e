package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// Each file is a conversation with an installation of its own: sections "request: ..." and the "response" that each must
// get. A response that is missing fails. What changes from run to run is written as a name: msg_1 is the first id of a
// message in the file, and <<id "msg_1">> gives it back in a later request. "Stored" says what the request left in the
// database, row by row.
func TestGoldens(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	spec := loaded(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			play(t, spec, file, archive)
		})
	}
}

func play(t *testing.T, spec *specification, file string, archive *txtar.Archive) {
	c := &conversation{
		t: t, spec: spec, world: newWorld(t, bytes.Contains(archive.Comment, []byte("world: delivers"))), known: map[string]string{}, seen: map[string]int{},
	}
	for _, name := range []string{"acme", "other", "anna", "bert", "carl", "their_message"} {
		c.known[c.world.names[name]] = name
	}
	replayed := &txtar.Archive{Comment: archive.Comment}
	for i, section := range archive.Files {
		if section.Name == "response" {
			continue
		}
		require.True(t, strings.HasPrefix(section.Name, "request: "), "section %q", section.Name)
		got := c.ask(string(section.Data))
		replayed.Files = append(replayed.Files, section, txtar.File{Name: "response", Data: []byte(got)})
		if *update {
			continue
		}
		require.True(t, i+1 < len(archive.Files) && archive.Files[i+1].Name == "response", "%s has no response: run with -update and read the diff", section.Name)
		require.Equal(t, string(archive.Files[i+1].Data), got, section.Name)
	}
	if *update {
		require.NoError(t, os.WriteFile(file, txtar.Format(replayed), 0o644))
	}
}

// conversation is one file at work.
type conversation struct {
	t     *testing.T
	spec  *specification
	world *world
	known map[string]string // id -> its name in the file
	seen  map[string]int    // how many ids of a kind have names
}

// ask makes the request and writes down the answer.
func (c *conversation) ask(text string) string {
	request := c.request(text)
	before := c.world.counts()
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, response.Body.Close())
	after := c.world.counts()

	var b strings.Builder
	fmt.Fprintln(&b, response.Status)
	for _, name := range []string{"Content-Type", "Allow", "WWW-Authenticate", "Retry-After", "Preference-Applied", "Idempotent-Replayed"} {
		if value := response.Header.Get(name); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&b, "Stored: %s\n\n", stored(before, after))
	b.WriteString(c.normal(c.shown(response, body)))
	c.checkCode(request, response, body)
	return b.String()
}

// request reads a request as it stands in the file. The header After moves the clock first, Chunked hides the length.
func (c *conversation) request(text string) *http.Request {
	c.world.tick(time.Second)
	text = c.filled(text)
	head, body, _ := strings.Cut(text, "\n\n")
	lines := bufio.NewScanner(strings.NewReader(head))
	require.True(c.t, lines.Scan())
	method, path, _ := strings.Cut(lines.Text(), " ")
	var content io.Reader = strings.NewReader(strings.TrimSuffix(body, "\n"))
	header := http.Header{"Authorization": {"Bearer " + c.world.names["key"]}}
	for lines.Scan() {
		name, value, found := strings.Cut(lines.Text(), ": ")
		require.True(c.t, found, "header %q", lines.Text())
		switch name {
		case "After":
			d, err := time.ParseDuration(value)
			require.NoError(c.t, err)
			c.world.tick(d)
		case "Chunked":
			content = io.MultiReader(content)
		case "Broken":
			c.world.broken.Store(true)
		case "Authorization":
			header.Set(name, value)
		default:
			header.Add(name, value)
		}
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.world.server.URL+path, content)
	require.NoError(c.t, err)
	if header.Get("Authorization") == "none" {
		header.Del("Authorization")
	}
	request.Header = header
	return request
}

// filled puts values into a request: <<.acme>>, <<id "msg_1">>, <<repeat "x" 4097>>.
func (c *conversation) filled(text string) string {
	parsed, err := template.New("request").Delims("<<", ">>").Funcs(template.FuncMap{
		"repeat": strings.Repeat,
		"id": func(name string) (string, error) {
			for id, known := range c.known {
				if known == name {
					return id, nil
				}
			}
			return "", errors.New("no answer had " + name)
		},
	}).Option("missingkey=error").Parse(text)
	require.NoError(c.t, err)
	var b strings.Builder
	require.NoError(c.t, parsed.Execute(&b, c.world.names))
	return b.String()
}

var (
	idForm     = regexp.MustCompile(`\b(acc|msg|bot|sub|leg|key|req|file|evt)_[0-9a-hjkmnp-tv-z]{26}\b`)
	secretForm = regexp.MustCompile(`\bhk_[0-9a-hjkmnp-tv-z]{32}\b`)
	hintForm   = regexp.MustCompile(`"hk_[0-9a-hjkmnp-tv-z]{6}"`)
	linkForm   = regexp.MustCompile(`\bc_[0-9a-hjkmnp-tv-z]{20}\b`)
	cursorForm = regexp.MustCompile(`"next": "([^"]+)"`)
)

// normal writes names for what is different in every run.
func (c *conversation) normal(text string) string {
	text = strings.ReplaceAll(text, c.world.sandbox.URL(), "http://sandbox")
	text = strings.ReplaceAll(text, c.world.public.URL, "http://public")
	text = cursorForm.ReplaceAllStringFunc(text, func(next string) string {
		return `"next": "` + c.name(cursorForm.FindStringSubmatch(next)[1], "cursor") + `"`
	})
	text = secretForm.ReplaceAllStringFunc(text, func(secret string) string { return c.name(secret, "secret") })
	text = linkForm.ReplaceAllString(text, "<link>")
	text = hintForm.ReplaceAllString(text, `"<hint>"`)
	return idForm.ReplaceAllStringFunc(text, func(id string) string { return c.name(id, id[:strings.IndexByte(id, '_')]) })
}

func (c *conversation) name(id, kind string) string {
	if c.known[id] == "" {
		c.seen[kind]++
		c.known[id] = fmt.Sprintf("%s_%d", kind, c.seen[kind])
	}
	return c.known[id]
}

// shown writes a body so that it can be read in a diff.
func (c *conversation) shown(response *http.Response, body []byte) string {
	switch kind := response.Header.Get("Content-Type"); {
	case kind == "application/x-ndjson":
		return string(body)
	case strings.HasSuffix(kind, "json"):
		var b bytes.Buffer
		require.NoError(c.t, json.Indent(&b, body, "", "  "), "the answer: %s", body)
		// What JSON escapes for browsers is easier to read as it is meant.
		return strings.TrimSpace(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(b.String())) + "\n"
	case kind == "image/png":
		picture, err := png.Decode(bytes.NewReader(body))
		require.NoError(c.t, err)
		return fmt.Sprintf("a picture of %d by %d pixels\n", picture.Bounds().Dx(), picture.Bounds().Dy())
	case kind == "image/svg+xml":
		require.True(c.t, bytes.HasPrefix(body, []byte("<svg ")), "the answer: %s", body)
		return regexp.MustCompile(`<title>.*</title>`).FindString(string(body)) + "\n"
	default:
		return string(body)
	}
}

// checkCode makes sure that what an operation answers is what the reference says of it.
func (c *conversation) checkCode(request *http.Request, response *http.Response, body []byte) {
	if response.Header.Get("Content-Type") != "application/problem+json" {
		require.True(c.t, response.StatusCode < 400 || request.URL.Path == "/readyz", "an error that is no problem")
		return
	}
	var p struct {
		Code   gateway.Code `json:"code"`
		Status int          `json:"status"`
	}
	require.NoError(c.t, json.Unmarshal(body, &p))
	require.Equal(c.t, response.StatusCode, p.Status)
	require.Contains(c.t, answers, p.Code)
	if common[p.Code] {
		return
	}
	op := c.operation(request)
	require.NotNil(c.t, op, "the code %s of an address that is no operation", p.Code)
	require.Contains(c.t, op.codes, p.Code, "openapi.yaml does not say that %s may answer %s", op.id, p.Code)
}

// common are the codes that every operation may answer; the reference says so once.
var common = map[gateway.Code]bool{
	gateway.CodeUnauthorized: true, gateway.CodeForbidden: true, gateway.CodeSuspended: true, gateway.CodeBodyTooLarge: true, gateway.CodeBodyInvalid: true,
	gateway.CodeFieldUnknown: true, gateway.CodeFieldInvalid: true, gateway.CodeRequired: true, gateway.CodeNotFound: true,
	gateway.CodeMethod: true, gateway.CodeIdempotencyKey: true, gateway.CodeIdempotencyMismatch: true,
	gateway.CodeIdempotencyRunning: true,
}

func (c *conversation) operation(request *http.Request) *operation {
	var best *operation
	for _, op := range c.spec.operations {
		pattern := regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(op.path), `[^/]+`)
		if op.method == request.Method && regexp.MustCompile("^"+pattern+"$").MatchString(request.URL.Path) {
			best = op
		}
	}
	return best
}

func stored(before, after map[string]int) string {
	var changes []string
	for _, table := range tables {
		if d := after[table] - before[table]; d != 0 {
			changes = append(changes, fmt.Sprintf("%s %+d", table, d))
		}
	}
	if len(changes) == 0 {
		return "nothing"
	}
	return strings.Join(changes, ", ")
}
