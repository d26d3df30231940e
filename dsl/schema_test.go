package dsl

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

func schemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("rules.json", document))
	s, err := c.Compile("rules.json")
	require.NoError(t, err)
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	var value any
	require.NoError(t, yaml.Load(text, &value))
	// Through JSON, as editors see it: a time is a text there.
	asJSON, err := json.Marshal(value)
	require.NoError(t, err)
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	require.NoError(t, err)
	return s.Validate(instance)
}

// TestSchemaAgreesWithParse holds the schema against Parse: what one takes the other takes.
func TestSchemaAgreesWithParse(t *testing.T) {
	t.Parallel()
	schema := schemaOf(t)
	names, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	require.NoError(t, err)
	taken := 0
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		require.NoError(t, err)
		for _, f := range archive.Files {
			if !strings.HasSuffix(f.Name, "rules.yaml") {
				continue
			}
			parsed, ds := Parse(f.Name, unescape(f.Data))
			if parsed == nil || ds.Failed() {
				continue
			}
			if _, all := CheckSource(f.Name, unescape(f.Data), Env{}); !all.Failed() {
				taken++
				require.NoError(t, validate(t, schema, bytes.TrimPrefix(unescape(f.Data), []byte("\ufeff"))), name)
			}
		}
	}
	require.Positive(t, taken)
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := schemaOf(t)
	head := "herald: 1\nlanguage: en\nrules:\n  - {name: a, on: message, reply: x}\n"
	require.NoError(t, validate(t, schema, []byte(head)))
	for name, text := range map[string]string{
		"an unknown key":        head + "ruls: []\n",
		"another version":       strings.Replace(head, "herald: 1", "herald: 2", 1),
		"no language":           strings.Replace(head, "language: en\n", "", 1),
		"an unknown rule key":   strings.Replace(head, "reply", "replay", 1),
		"an unknown event":      strings.Replace(head, "message", "mesage", 1),
		"a type of field":       head + "fields: {a: text}\n",
		"a rule without a name": strings.Replace(head, "name: a, ", "", 1),
		"a length of time":      strings.Replace(head, "reply: x", "mute: long", 1),
		"a language of a text":  strings.Replace(head, "reply: x", "reply: {english: x}", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Error(t, validate(t, schema, []byte(text)))
			_, ds := CheckSource("x", []byte(text), Env{})
			require.True(t, ds.Failed(), "and so does the checker")
		})
	}
}
