package api

import (
	"encoding/json"
	"html/template"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// child walks down the keys of nested maps; nil if one is missing.
func child(node *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		if node == nil || node.Kind != yaml.MappingNode {
			return nil
		}
		var found *yaml.Node
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				found = node.Content[i+1]
			}
		}
		node = found
	}
	return node
}

// keys lists the keys of a map in the order in which they are written.
func keys(node *yaml.Node) []string {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	var names []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		names = append(names, node.Content[i].Value)
	}
	return names
}

// resolve follows a $ref inside of the file.
func (r *renderer) resolve(node *yaml.Node) *yaml.Node {
	ref := child(node, "$ref")
	if ref == nil {
		return node
	}
	return child(r.source, strings.Split(strings.TrimPrefix(ref.Value, "#/"), "/")...)
}

// examples returns the examples of a media type as texts, their fields in the order in which they are written.
func (r *renderer) examples(media *yaml.Node) []refExample {
	var found []refExample
	if single := child(media, "example"); single != nil {
		found = append(found, refExample{Text: exampleText(single)})
	}
	for _, name := range keys(child(media, "examples")) {
		example := r.resolve(child(media, "examples", name))
		text := exampleText(child(example, "value"))
		summary := child(example, "summary")
		if summary == nil {
			summary = &yaml.Node{}
		}
		found = append(found, refExample{Summary: summary.Value, Text: text})
	}
	return found
}

// exampleText writes an example as JSON; a text that is no JSON value stays as it is.
func exampleText(node *yaml.Node) string {
	if node.Kind == yaml.ScalarNode {
		return node.Value
	}
	var b strings.Builder
	writeJSON(&b, node, "")
	return b.String()
}

// writeJSON writes a YAML value as indented JSON. Lists and maps of plain values that fit on a line stay on it.
func writeJSON(b *strings.Builder, node *yaml.Node, indent string) {
	const lineWidth = 60
	opening, closing, step := "{", "}", 2
	switch node.Kind {
	case yaml.ScalarNode:
		b.WriteString(scalarJSON(node))
		return
	case yaml.SequenceNode:
		opening, closing, step = "[", "]", 1
	}
	flat := isFlat(node, lineWidth)
	inner := "\n" + indent + "  "
	b.WriteString(opening)
	for i := 0; i+step <= len(node.Content); i += step {
		switch {
		case i > 0 && flat:
			b.WriteString(", ")
		case i > 0:
			b.WriteString("," + inner)
		case !flat:
			b.WriteString(inner)
		}
		if step == 2 {
			b.WriteString(quoted(node.Content[i].Value) + ": ")
		}
		writeJSON(b, node.Content[i+step-1], indent+"  ")
	}
	if !flat {
		b.WriteString("\n" + indent)
	}
	b.WriteString(closing)
}

// isFlat tells whether a list or map holds plain values only and is short.
func isFlat(node *yaml.Node, width int) bool {
	length := 0
	for _, part := range node.Content {
		length += len(part.Value) + len(`"", `)
		if part.Kind != yaml.ScalarNode {
			return false
		}
	}
	return length <= width
}

func scalarJSON(node *yaml.Node) string {
	if node.Tag == "!!str" {
		return quoted(node.Value)
	}
	return node.Value // numbers, true, false and null are written alike
}

func quoted(text string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	boldSpan = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	emSpan   = regexp.MustCompile(`\*([^*]+)\*`)
)

// prose renders the little Markdown of descriptions: paragraphs, `code`, **bold** and *emphasis*.
func prose(text string) template.HTML {
	var b strings.Builder
	for _, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if paragraph != "" {
			b.WriteString("<p>" + string(inline(paragraph)) + "</p>\n")
		}
	}
	return template.HTML(b.String())
}

// inline renders one paragraph. Everything is escaped before any markup is added.
func inline(text string) template.HTML {
	text = template.HTMLEscapeString(strings.Join(strings.Fields(text), " "))
	// Code spans are taken out first, so that a star in one is not taken for markup.
	var spans []string
	text = codeSpan.ReplaceAllStringFunc(text, func(span string) string {
		spans = append(spans, "<code>"+strings.Trim(span, "`")+"</code>")
		return "\x00"
	})
	text = boldSpan.ReplaceAllString(text, "<strong>$1</strong>")
	text = emSpan.ReplaceAllString(text, "<em>$1</em>")
	for _, span := range spans {
		text = strings.Replace(text, "\x00", span, 1)
	}
	return template.HTML(text)
}
