package botapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"herald/internal/sandbox/network"
)

// Bounds of one request.
const (
	maxBody      = 1 << 20  // bytes of a body without files, and of one parameter
	maxMultipart = 50 << 20 // bytes of a body with files
	maxParams    = 256      // parameters and files of one request
)

// upload is a file that came with a request.
type upload struct {
	name string
	mime string
	body []byte
}

// params are the parameters of one call, wherever they stood. JSON values that are not strings keep their JSON text;
// JSON nulls are absent.
type params struct {
	values map[string]string
	files  map[string]upload
}

var (
	errTooLarge = &network.Refusal{Code: 413, Description: "Request Entity Too Large"}
	errUTF8     = network.BadRequest("strings must be encoded in UTF-8")
)

// decode collects the parameters of the query and the body. The body is read to its end or to its limit.
func decode(query, contentType string, body io.Reader) (params, error) {
	p := params{values: map[string]string{}}
	if len(query) > maxBody {
		return p, errTooLarge
	}
	if err := p.addForm(query); err != nil {
		return p, err
	}
	if body == nil {
		return p, nil
	}
	kind, attributes, err := mime.ParseMediaType(contentType)
	if err != nil && contentType != "" {
		kind = strings.ToLower(strings.TrimSpace(strings.Split(contentType, ";")[0]))
	}
	if kind == "multipart/form-data" {
		return p, p.addMultipart(body, attributes["boundary"])
	}
	raw, err := readLimited(body, maxBody)
	if err != nil {
		return p, err
	}
	switch kind {
	case "application/json":
		err = p.addJSON(raw)
	case "application/x-www-form-urlencoded":
		err = p.addForm(string(raw))
	}
	return p, err
}

// readLimited reads at most limit bytes and refuses more.
func readLimited(r io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, network.BadRequest("can't read the request body")
	}
	if int64(len(raw)) > limit {
		return nil, errTooLarge
	}
	return raw, nil
}

// set keeps one parameter. The first one wins, as on the official server, where the query stands before the body.
func (p *params) set(name, value string) error {
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return errUTF8
	}
	name = strings.ToLower(name)
	if _, there := p.values[name]; there {
		return nil
	}
	if len(p.values)+len(p.files) >= maxParams {
		return network.BadRequest("too many parameters")
	}
	p.values[name] = value
	return nil
}

func (p *params) addForm(raw string) error {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(key)
		if err != nil {
			return network.BadRequest("can't decode a parameter name")
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return network.BadRequest("can't decode the parameter \"" + cut(name, 64) + "\"")
		}
		if err := p.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (p *params) addJSON(raw []byte) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	if !utf8.Valid(raw) {
		return errUTF8
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return network.BadRequest("can't parse JSON object: expected an object with the parameters")
	}
	for name, value := range object {
		text := string(value)
		switch {
		case text == "null":
			continue
		case value[0] == '"':
			if err := json.Unmarshal(value, &text); err != nil {
				return network.BadRequest("can't parse JSON object")
			}
		}
		if err := p.set(name, text); err != nil {
			return err
		}
	}
	return nil
}

// addMultipart reads form fields and files. A body without any part is taken as no parameters: some clients send it.
func (p *params) addMultipart(body io.Reader, boundary string) error {
	if boundary == "" {
		return network.BadRequest("boundary of the multipart body is missing")
	}
	limited := &io.LimitedReader{R: body, N: maxMultipart + 1}
	reader := multipart.NewReader(limited, boundary)
	for {
		part, err := reader.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case limited.N <= 0:
			return errTooLarge
		case err != nil && len(p.values) == 0 && len(p.files) == 0 && limited.N == maxMultipart+1:
			return nil // an empty body
		case err != nil:
			return network.BadRequest("can't parse the multipart body")
		}
		if err := p.addPart(part, limited); err != nil {
			return err
		}
	}
}

func (p *params) addPart(part *multipart.Part, limited *io.LimitedReader) error {
	name, file := part.FormName(), part.FileName()
	limit := int64(maxBody)
	if file != "" {
		limit = maxMultipart
	}
	raw, err := io.ReadAll(io.LimitReader(part, limit+1))
	switch {
	case limited.N <= 0, int64(len(raw)) > limit:
		return errTooLarge
	case err != nil:
		return network.BadRequest("can't parse the multipart body")
	case name == "":
		return nil
	case file == "":
		return p.set(name, string(raw))
	}
	if len(p.values)+len(p.files) >= maxParams {
		return network.BadRequest("too many parameters")
	}
	if p.files == nil {
		p.files = map[string]upload{}
	}
	p.files[strings.ToLower(name)] = upload{
		name: strings.ToValidUTF8(file, ""), mime: part.Header.Get("Content-Type"), body: raw,
	}
	return nil
}

// str returns a parameter, "" when it is absent.
func (p params) str(name string) string { return p.values[name] }

// object returns a parameter that holds JSON, "" when it is absent or a literal null.
func (p params) object(name string) string {
	if v := strings.TrimSpace(p.values[name]); v != "null" {
		return v
	}
	return ""
}

// number returns a whole number clamped to [low, high]; absent or unreadable ones give the default.
func (p params) number(name string, otherwise, low, high int64) int64 {
	v, ok := wholeNumber(p.values[name])
	if !ok {
		v = otherwise
	}
	return min(max(v, low), high)
}

// id returns a parameter that names something by number, 0 when it is absent or no number.
func (p params) id(name string) int64 {
	v, _ := wholeNumber(p.values[name])
	return v
}

// wholeNumber reads 12, "12" (quoted inside JSON) and 12.0.
func wholeNumber(s string) (int64, bool) {
	s = strings.Trim(strings.TrimSpace(s), `"`)
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		return v, true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), true
	}
	return 0, false
}

// flag returns a truth value.
func (p params) flag(name string) bool { return truth(p.values[name]) }

func truth(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "1":
		return true
	}
	return false
}

// chat returns the chat that a call names. Only numbers name chats in the sandbox: public groups do not exist.
func (p params) chat(name string) (network.ChatID, error) {
	raw := strings.TrimSpace(p.values[name])
	if raw == "" || raw == "null" {
		return 0, network.BadRequest(name + " is empty")
	}
	v, ok := wholeNumber(raw)
	if !ok || v == 0 {
		return 0, network.BadRequest(network.WordsChatNotFound)
	}
	return network.ChatID(v), nil
}

// list decodes a parameter that holds a JSON array of strings; nil when it is absent.
func (p params) list(name string) ([]string, error) {
	raw := p.object(name)
	if raw == "" {
		return nil, nil
	}
	out := []string{}
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		return nil, network.BadRequest(fmt.Sprintf("can't parse %s: expected an Array of String", name))
	}
	return out, nil
}

func cut(s string, limit int) string {
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
