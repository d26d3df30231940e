// Package strictjson reads a JSON body against its schema and says, in words and with the path of the field, what does
// not fit.
//
// encoding/json forgives much that hides mistakes: unknown fields, names in another case, repeated names, null in place
// of anything. Check forgives none of it and finds all faults at once. What it lets through decodes into the type that
// is generated from the same schema. It looks at shape only: whether a text is too long or a phone exists is for the use
// case to say.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"herald/internal/gateway"
)

const (
	// maxFaults bounds an answer: whoever sends a thousand unknown fields is told about the first few.
	maxFaults = 20
	// maxNameEcho bounds how much of an unknown field's name is repeated.
	maxNameEcho = 64
	// maxDepth bounds nesting. No body of ours is deeper than five.
	maxDepth = 64
)

// Check returns what is wrong with the body, nil if nothing is.
func Check(body []byte, schema *openapi3.Schema) error {
	if fault := checkSyntax(body); fault != nil {
		return fault
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	w := &walker{decoder: decoder}
	w.value("", schema)
	return w.faults.OrNil()
}

// checkSyntax makes sure that the body is one JSON value in UTF-8 of bounded depth, so that walking it cannot fail.
func checkSyntax(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return invalid("The body is empty. Send a JSON object.")
	}
	if !utf8.Valid(body) {
		at := 0
		for at < len(body) {
			r, size := utf8.DecodeRune(body[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		return invalid("The body is not valid UTF-8 at " + place(body, at) + ".")
	}
	var raw json.RawMessage
	err := json.Unmarshal(body, &raw)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(body)) && strings.Contains(syntax.Error(), "unexpected end"):
		return invalid("The body ends in the middle of its JSON, at " + place(body, len(body)) + ".")
	case errors.As(err, &syntax):
		return invalid("The body is not valid JSON at " + place(body, int(syntax.Offset)-1) + ".")
	default:
		return invalid("The body is not valid JSON.")
	}
	if depth(body) > maxDepth {
		return invalid(fmt.Sprintf("The body is nested more than %d levels deep.", maxDepth))
	}
	return nil
}

func invalid(message string) error { return gateway.Fault(gateway.CodeBodyInvalid, "", message) }

// place says where a byte stands, as editors count: lines and characters from 1.
func place(body []byte, at int) string {
	at = max(0, min(at, len(body)))
	before := body[:at]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("line %d, column %d", line, column)
}

// depth returns how deep a valid JSON text is nested.
func depth(body []byte) (deepest int) {
	level, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

// walker reads the tokens of a body that is known to be valid JSON.
type walker struct {
	decoder *json.Decoder
	faults  gateway.Faults
	ended   bool // there are no more tokens
}

func (w *walker) fault(code gateway.Code, field, message string) {
	if len(w.faults) < maxFaults {
		w.faults = append(w.faults, gateway.Fault(code, field, message))
	}
}

// next returns the next token; null is nil, as encoding/json has it.
func (w *walker) next() json.Token {
	token, err := w.decoder.Token()
	if err != nil {
		w.ended = true
	}
	return token
}

// value reads one value that should fit the schema.
func (w *walker) value(path string, schema *openapi3.Schema) {
	switch token := w.next().(type) {
	case json.Delim:
		w.container(path, token, schema)
	case string:
		w.text(path, token, schema)
	case json.Number:
		w.number(path, token, schema)
	case bool:
		if !schema.Type.Permits("boolean") {
			w.wrongType(path, schema, "true or false")
		}
	case nil:
		if !schema.Type.IncludesNull() {
			w.wrongType(path, schema, "null")
		}
	}
}

func (w *walker) container(path string, opening json.Delim, schema *openapi3.Schema) {
	switch {
	case opening == '{' && schema.Type.Is("object"):
		w.object(path, schema)
	case opening == '[' && schema.Type.Is("array"):
		for i := 0; w.decoder.More(); i++ {
			w.value(path+"["+strconv.Itoa(i)+"]", schema.Items.Value)
		}
		w.next()
	default:
		w.rest()
		w.wrongType(path, schema, map[json.Delim]string{'{': "an object", '[': "an array"}[opening])
	}
}

func (w *walker) object(path string, schema *openapi3.Schema) {
	seen := map[string]bool{}
	for w.decoder.More() {
		name, _ := w.next().(string)
		field := join(path, name)
		property, known := schema.Properties[name]
		switch {
		case seen[name]:
			w.fault(gateway.CodeFieldInvalid, field, "This field stands here twice.")
			w.skip()
		case known:
			w.value(field, property.Value)
		case open(schema):
			w.skip()
		default:
			w.fault(gateway.CodeFieldUnknown, field, "There is no such field here. There are: "+names(schema)+".")
			w.skip()
		}
		seen[name] = true
	}
	w.next()
	for _, name := range schema.Required {
		if !seen[name] {
			w.fault(gateway.CodeRequired, join(path, name), "This field is missing. "+firstSentence(schema.Properties[name].Value.Description))
		}
	}
}

func (w *walker) text(path, text string, schema *openapi3.Schema) {
	switch {
	case !schema.Type.Permits("string"):
		w.wrongType(path, schema, "a string")
	case strings.ContainsRune(text, 0):
		w.fault(gateway.CodeFieldInvalid, path, "The text contains a NUL character.")
	case len(schema.Enum) > 0 && !slices.Contains(schema.Enum, any(text)):
		w.fault(gateway.CodeFieldInvalid, path, "This must be one of: "+Choices(schema)+".")
	case schema.Format == "date-time" && new(time.Time).UnmarshalText([]byte(text)) != nil:
		w.fault(gateway.CodeFieldInvalid, path, "This must be a time by RFC 3339, such as 2026-03-01T09:30:00Z.")
	}
}

func (w *walker) number(path string, number json.Number, schema *openapi3.Schema) {
	switch {
	case schema.Type.Permits("integer"):
		if _, err := strconv.ParseInt(number.String(), 10, 64); err != nil {
			w.fault(gateway.CodeFieldInvalid, path, "This must be a whole number.")
		}
	case schema.Type.Permits("number"):
		if _, err := number.Float64(); err != nil {
			w.fault(gateway.CodeFieldInvalid, path, "This number is too large.")
		}
	default:
		w.wrongType(path, schema, "a number")
	}
}

// skip reads one value that nobody looks at.
func (w *walker) skip() {
	if _, opens := w.next().(json.Delim); opens {
		w.rest()
	}
}

// rest reads to the end of the object or array that was just opened.
func (w *walker) rest() {
	for level := 1; level > 0 && !w.ended; {
		switch w.next() {
		case json.Delim('{'), json.Delim('['):
			level++
		case json.Delim('}'), json.Delim(']'):
			level--
		}
	}
}

func (w *walker) wrongType(path string, schema *openapi3.Schema, got string) {
	message := "This must be " + wanted(schema) + ", and it is " + got + "."
	if got == "null" {
		message += " Leave the field out instead."
	}
	if path == "" {
		w.faults = gateway.Faults{gateway.Fault(gateway.CodeBodyInvalid, "", "The body must be "+wanted(schema)+", and it is "+got+".")}
		return
	}
	w.fault(gateway.CodeFieldInvalid, path, message)
}

func wanted(schema *openapi3.Schema) string {
	switch {
	case schema.Type.Is("object"):
		return "an object"
	case schema.Type.Is("array"):
		return "an array"
	case schema.Type.Is("integer"):
		return "a whole number"
	case schema.Type.Is("number"):
		return "a number"
	case schema.Type.Is("boolean"):
		return "true or false"
	default:
		return "a string"
	}
}

// Choices lists the values of an enumeration.
func Choices(schema *openapi3.Schema) string {
	words := make([]string, len(schema.Enum))
	for i, value := range schema.Enum {
		words[i] = fmt.Sprint(value)
	}
	return strings.Join(words, ", ")
}

func names(schema *openapi3.Schema) string {
	return strings.Join(slices.Sorted(maps.Keys(schema.Properties)), ", ")
}

// join extends a path by a field's name. Names that are not plain words are quoted and cut.
func join(path, name string) string {
	plain := name != "" && len(name) <= maxNameEcho && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
	})
	switch {
	case !plain:
		if len(name) > maxNameEcho {
			name = strings.ToValidUTF8(name[:maxNameEcho], "") + "…"
		}
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	default:
		return path + "." + name
	}
}

// firstSentence returns the first sentence of a description, without its markup.
func firstSentence(description string) string {
	description = strings.ReplaceAll(description, "`", "")
	if end := strings.Index(description, ". "); end >= 0 {
		return description[:end+1]
	}
	return description
}

// open tells whether an object takes fields of any name: what they hold is looked at by whoever uses them.
func open(schema *openapi3.Schema) bool {
	return schema.AdditionalProperties.Has != nil && *schema.AdditionalProperties.Has
}
