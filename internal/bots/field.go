package bots

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"herald/internal/gateway"
)

// ReadFields reads the fields of a person from a JSON object: texts, numbers and booleans. A null becomes nil, which removes a
// field.
func ReadFields(raw json.RawMessage) (gateway.Fields, error) {
	if raw == nil {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return nil, &gateway.Error{Code: gateway.CodeBodyInvalid, Field: "fields", Message: "The fields are not a JSON object.", Err: err}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, gateway.Fault(gateway.CodeBodyInvalid, "fields", "The fields are not one JSON object alone.")
	}
	out := gateway.Fields{}
	for name, value := range values {
		switch v := value.(type) {
		case nil, bool:
			out[name] = v
		case string:
			if !gateway.Storable(v) || !gateway.Storable(name) {
				return nil, gateway.Fault(gateway.CodeFieldInvalid, "fields", "A text has a character that cannot be stored.")
			}
			out[name] = v
		case json.Number:
			if whole, err := v.Int64(); err == nil {
				out[name] = whole
			} else if broken, err := v.Float64(); err == nil {
				out[name] = broken
			} else {
				return nil, gateway.Fault(gateway.CodeFieldInvalid, "fields."+name, "This number is too large.")
			}
		default:
			return nil, gateway.Fault(gateway.CodeFieldInvalid, "fields."+name, "A field is a text, a number, true or false; null removes it.")
		}
	}
	return out, nil
}
