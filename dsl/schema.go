package dsl

import (
	"encoding/json"
	"maps"
)

// Schema returns a JSON Schema of rule files, by which editors complete keys and show what they are. It is made from the
// tables that Parse reads by, so it knows what Parse knows of the form of a file; expressions are texts to it.
func Schema() []byte {
	schema := fileKeys.schema()
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "Herald rule file"
	schema["$defs"] = map[string]any{
		"translate": translateKeys.schema(),
		"target":    targetKeys.schema(),
		"rule":      ruleKeys.schema(),
		"reply":     oneOf(textsShape, replyKeys.schema)(),
		"ask":       oneOf(textsShape, askKeys.schema)(),
		"button":    oneOf(textsShape, buttonKeys.schema)(),
		"notice":    noticeKeys.schema(),
		"test":      testKeys.schema(),
		"step":      stepKeys.schema(),
		"act":       actKeys.schema(),
		"sent":      sentKeys.schema(),
		"event":     eventShape(),

		"wanted_button": oneOf(textShape, wantedButtonKeys.schema)(),
		"wanted_notice": wantedNoticeKeys.schema(),
	}
	// Strings, numbers, lists and maps can always be written.
	text, _ := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n')
}

// schema is the shape of a mapping with fixed keys.
func (o object[T]) schema() map[string]any {
	properties := map[string]any{}
	var required []string
	for _, k := range o.keys {
		property := maps.Clone(k.shape())
		property["description"] = k.doc
		properties[k.name] = property
		if k.required {
			required = append(required, k.name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}
