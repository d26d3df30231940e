package gateway

import (
	"encoding/json"
	"fmt"
	"time"
)

// MaxFields is how many fields a person has at most.
const MaxFields = 100

// Fields are what rules keep about a person, by name: string, int64, float64, bool, time.Time.
type Fields map[string]any

// A typedValue is a value with its type: JSON alone would make a float of an integer and a text of a time.
type typedValue struct {
	String *string    `json:"string,omitempty"`
	Int    *int64     `json:"int,omitempty"`
	Float  *float64   `json:"float,omitempty"`
	Bool   *bool      `json:"bool,omitempty"`
	Time   *time.Time `json:"time,omitempty"`
}

// MarshalJSON writes each value with its type: {"rating": {"int": 5}}.
func (f Fields) MarshalJSON() ([]byte, error) {
	typed := make(map[string]typedValue, len(f))
	for name, value := range f {
		switch v := value.(type) {
		case string:
			typed[name] = typedValue{String: &v}
		case int64:
			typed[name] = typedValue{Int: &v}
		case float64:
			typed[name] = typedValue{Float: &v}
		case bool:
			typed[name] = typedValue{Bool: &v}
		case time.Time:
			typed[name] = typedValue{Time: &v}
		default:
			return nil, fmt.Errorf("write field %s: no type for %T", name, value)
		}
	}
	return json.Marshal(typed)
}

// UnmarshalJSON is its inverse. Times are in UTC.
func (f *Fields) UnmarshalJSON(raw []byte) error {
	var typed map[string]typedValue
	if err := json.Unmarshal(raw, &typed); err != nil {
		return fmt.Errorf("read fields: %w", err)
	}
	*f = make(Fields, len(typed))
	for name, v := range typed {
		switch {
		case v.String != nil:
			(*f)[name] = *v.String
		case v.Int != nil:
			(*f)[name] = *v.Int
		case v.Float != nil:
			(*f)[name] = *v.Float
		case v.Bool != nil:
			(*f)[name] = *v.Bool
		case v.Time != nil:
			(*f)[name] = v.Time.UTC()
		}
	}
	return nil
}
