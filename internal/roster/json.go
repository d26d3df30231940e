package roster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"herald/internal/gateway"
)

// object reads the next object, of an array or of those that stand one after another.
func (r *Reader) object() (map[string]string, *gateway.Error, error) {
	w := r.window
	if err := w.skipBetween(); err != nil {
		return nil, nil, err
	}
	w.begun = w.line
	first, err := w.file.Peek(1)
	if err != nil {
		return nil, nil, fmt.Errorf("read file: %w", err)
	}
	if first[0] != '{' {
		return nil, gateway.Fault(gateway.CodeRowUnreadable, "", "An object is wanted here: the file is an array of objects, or objects one after another."), w.skipStray()
	}
	var braces braces
	looked := 0
	found, err := w.find(func(seen []byte, _ bool) int {
		for ; looked < len(seen); looked++ {
			if braces.closes(seen[looked]) {
				return looked + 1
			}
		}
		return 0
	})
	if err != nil {
		return nil, nil, err
	}
	if found == nil {
		fault := errRowTooLong
		if seen, _ := w.file.Peek(maxRow); len(seen) < maxRow {
			fault = gateway.Fault(gateway.CodeRowUnreadable, "", "The file ends in the middle of an object.")
		}
		return nil, fault, w.skipObject()
	}
	text := bytes.Clone(found)
	w.skip(len(found))
	if !gateway.Storable(string(text)) {
		return nil, errRowEncoding, nil
	}
	fault := members(text, r.values)
	return r.values, fault, nil
}

// braces finds the end of an object.
type braces struct {
	depth           int
	quoted, escaped bool
}

func (b *braces) closes(c byte) bool {
	switch {
	case b.escaped:
		b.escaped = false
	case b.quoted:
		b.escaped, b.quoted = c == '\\', c != '"'
	case c == '"':
		b.quoted = true
	case c == '{':
		b.depth++
	case c == '}':
		b.depth--
		return b.depth == 0
	}
	return false
}

// skipBetween leaves behind what may stand between objects.
func (w *window) skipBetween() error {
	for {
		next, err := w.file.Peek(1)
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("read file: %w", err)
		}
		if !bytes.ContainsAny(next, " \t\r\n,[]") {
			return nil
		}
		w.skip(1)
	}
}

// skipStray leaves behind what is no object.
func (w *window) skipStray() error {
	for {
		w.skip(1)
		next, err := w.file.Peek(1)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read file: %w", err)
		}
		if bytes.ContainsAny(next, "{,\n") {
			return nil
		}
	}
}

// skipObject leaves an object behind that is too long to be held.
func (w *window) skipObject() error {
	var braces braces
	for {
		next, err := w.file.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read file: %w", err)
		}
		if next == '\n' {
			w.line++
		}
		if braces.closes(next) {
			return nil
		}
	}
}

// members reads an object into values.
func members(text []byte, values map[string]string) *gateway.Error {
	broken := func(err error) *gateway.Error {
		return &gateway.Error{Code: gateway.CodeRowUnreadable, Message: "The object is not JSON that can be read.", Err: err}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return broken(err)
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return broken(err)
		}
		name, _ := token.(string)
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return broken(err)
		}
		if !known(name) {
			return unknown(name)
		}
		if _, twice := values[name]; twice {
			return gateway.Fault(gateway.CodeFieldInvalid, name, "This name stands here twice.")
		}
		value, fault := scalar(name, raw)
		if fault != nil {
			return fault
		}
		if value != "" {
			values[name] = value
		}
	}
	if _, err := decoder.Token(); err != nil {
		return broken(err)
	}
	return nil
}

// scalar is a value as CSV would have it. Only tags and fields hold more than one.
func scalar(name string, raw json.RawMessage) (string, *gateway.Error) {
	switch raw[0] {
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil || !gateway.Storable(text) {
			return "", errRowEncoding
		}
		return text, nil
	case 'n':
		return "", nil
	case '[', '{':
		if !passes(name) && !(name == Tags && raw[0] == '[') && !(name == Fields && raw[0] == '{') {
			return "", gateway.Fault(gateway.CodeFieldInvalid, name, "This must be a text, a number, true or false.")
		}
		return string(raw), nil
	default:
		return string(raw), nil
	}
}
