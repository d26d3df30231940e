package api

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	"herald/api/internal/strictjson"
)

// reference is openapi.yaml as the page at /docs shows it.
type reference struct {
	Title, Version, Lead string
	Intro                template.HTML
	Groups               []refGroup
	Objects              []refObject
	Errors               []refError
}

// refGroup is the operations of one tag.
type refGroup struct {
	Name, Anchor string
	Text         template.HTML
	Operations   []refOperation
}

type refOperation struct {
	ID, Method, Path, Summary, Scope string
	Text                             template.HTML
	Parameters                       []refParameter
	Body                             []refField
	Curl                             string
	MoreBodies                       []refExample
	Answers                          []refAnswer
	Codes                            []string
}

type refParameter struct {
	refField
	In string
}

type refField struct {
	Name     string
	Required bool
	Type     refType
	Text     template.HTML
	Limits   string
}

// refType is the type of a field; Link leads to its object, if it is one.
type refType struct{ Prefix, Name, Link string }

type refExample struct{ Summary, Text string }

type refAnswer struct {
	Status   string
	Text     template.HTML
	Type     *refType
	Headers  []refField
	Examples []refExample
}

type refObject struct {
	Name, Anchor string
	Text         template.HTML
	Values       []any
	Fields       []refField
}

type refError struct {
	Code, Title, Help string
	Status            int
}

// renderer walks the specification in the order in which it is written, which its maps have forgotten.
type renderer struct {
	spec   *specification
	source *yaml.Node
}

func newReference(spec *specification) (*reference, error) {
	var file yaml.Node
	if err := yaml.Unmarshal(specYAML, &file); err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	r := &renderer{spec: spec, source: file.Content[0]}
	info := spec.doc.Info
	ref := &reference{Title: info.Title, Version: info.Version, Lead: info.Summary, Intro: prose(info.Description), Errors: errorRows()}
	for _, tag := range spec.doc.Tags {
		ref.Groups = append(ref.Groups, r.group(tag))
	}
	for _, name := range keys(child(r.source, "components", "schemas")) {
		ref.Objects = append(ref.Objects, r.object(name))
	}
	return ref, nil
}

func errorRows() []refError {
	var rows []refError
	for code, a := range answers {
		rows = append(rows, refError{Code: string(code), Status: a.status, Title: a.title, Help: a.help})
	}
	slices.SortFunc(rows, func(a, b refError) int { return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code)) })
	return rows
}

func (r *renderer) group(tag *openapi3.Tag) refGroup {
	group := refGroup{Name: tag.Name, Anchor: strings.ToLower(tag.Name), Text: prose(tag.Description)}
	paths := child(r.source, "paths")
	for _, path := range keys(paths) {
		for _, method := range keys(child(paths, path)) {
			described := r.spec.doc.Paths.Value(path).GetOperation(strings.ToUpper(method))
			if described != nil && slices.Contains(described.Tags, tag.Name) {
				group.Operations = append(group.Operations, r.operation(path, strings.ToUpper(method), described, child(paths, path, method)))
			}
		}
	}
	return group
}

func (r *renderer) operation(path, method string, described *openapi3.Operation, source *yaml.Node) refOperation {
	known := r.spec.operations[method+" "+ginPath(path)]
	op := refOperation{
		ID: described.OperationID, Method: method, Path: path, Summary: described.Summary,
		Text: prose(described.Description), Scope: string(known.scope),
	}
	for _, code := range known.codes {
		op.Codes = append(op.Codes, string(code))
	}
	for _, p := range described.Parameters {
		op.Parameters = append(op.Parameters, parameter(p.Value))
	}
	var bodies []refExample
	if described.RequestBody != nil && !known.upload {
		ref := described.RequestBody.Value.Content.Get("application/json").Schema
		op.Body = r.fields(schemaName(ref.Ref))
		bodies = r.examples(child(source, "requestBody", "content", "application/json"))
	}
	op.Curl = curl(method, path, known, described.Parameters, bodies)
	if len(bodies) > 1 {
		op.MoreBodies = bodies[1:]
	}
	for _, status := range keys(child(source, "responses")) {
		op.Answers = append(op.Answers, r.answer(status, described.Responses.Value(status).Value, r.resolve(child(source, "responses", status))))
	}
	return op
}

func parameter(p *openapi3.Parameter) refParameter {
	return refParameter{In: p.In, refField: refField{
		Name: p.Name, Required: p.Required, Type: typeOf(p.Schema), Text: prose(p.Description), Limits: limits(p.Schema.Value),
	}}
}

func (r *renderer) answer(status string, described *openapi3.Response, source *yaml.Node) refAnswer {
	a := refAnswer{Status: status, Text: inline(*described.Description)}
	if status == "default" {
		a.Status = "4xx, 5xx"
	}
	for _, name := range keys(child(source, "headers")) {
		a.Headers = append(a.Headers, refField{Name: name, Text: inline(described.Headers[name].Value.Description)})
	}
	for _, media := range keys(child(source, "content")) {
		schema := described.Content.Get(media).Schema
		kind := refType{Name: media}
		if schemaName(schema.Ref) != "" {
			kind = typeOf(schema)
		}
		a.Type = &kind
		if status != "default" {
			a.Examples = r.examples(child(source, "content", media))
		}
	}
	return a
}

func (r *renderer) object(name string) refObject {
	schema := r.spec.doc.Components.Schemas[name].Value
	return refObject{
		Name: name, Anchor: "object-" + name, Text: prose(schema.Description), Values: schema.Enum, Fields: r.fields(name),
	}
}

// fields lists the fields of a schema in the order in which they are written, those of its parts first.
func (r *renderer) fields(name string) []refField {
	source := child(r.source, "components", "schemas", name)
	schema := r.spec.doc.Components.Schemas[name].Value
	var fields []refField
	for i, part := range schema.AllOf {
		if base := schemaName(part.Ref); base != "" {
			fields = append(fields, r.fields(base)...)
			continue
		}
		fields = append(fields, ordered(part.Value, child(source, "allOf").Content[i])...)
	}
	return append(fields, ordered(schema, source)...)
}

func ordered(schema *openapi3.Schema, source *yaml.Node) []refField {
	var fields []refField
	for _, name := range keys(child(source, "properties")) {
		property := schema.Properties[name]
		fields = append(fields, refField{
			Name: name, Required: slices.Contains(schema.Required, name), Type: typeOf(property),
			Text: prose(property.Value.Description), Limits: limits(property.Value),
		})
	}
	return fields
}

// typeOf names the type of a field, with a link if it is an object of its own.
func typeOf(ref *openapi3.SchemaRef) refType {
	if name := schemaName(ref.Ref); name != "" {
		return refType{Name: name, Link: "object-" + name}
	}
	schema := ref.Value
	switch {
	case schema.Type.Is("array"):
		inner := typeOf(schema.Items)
		inner.Prefix = "list of " + inner.Prefix
		return inner
	case schema.Type.Is("object") && schema.AdditionalProperties.Schema != nil:
		return refType{Name: "map"}
	case schema.Format == "date-time":
		return refType{Name: "time"}
	case schema.Type.IsEmpty():
		return refType{Name: "object"}
	default:
		return refType{Name: strings.Join(schema.Type.Slice(), " or ")}
	}
}

func schemaName(ref string) string {
	name, _ := strings.CutPrefix(ref, "#/components/schemas/")
	return name
}

// limits says in words what the schema bounds.
func limits(schema *openapi3.Schema) string {
	var parts []string
	if len(schema.Enum) > 0 {
		parts = append(parts, "One of: "+strictjson.Choices(schema)+".")
	}
	if schema.Min != nil && schema.Max != nil {
		parts = append(parts, fmt.Sprintf("From %.0f to %.0f.", *schema.Min, *schema.Max))
	}
	if schema.Default != nil {
		parts = append(parts, fmt.Sprintf("Default: %v.", schema.Default))
	}
	return strings.Join(parts, " ")
}

// curl writes the call as one would type it.
func curl(method, path string, known *operation, parameters openapi3.Parameters, bodies []refExample) string {
	lines := []string{"curl"}
	if method != http.MethodGet {
		lines[0] += " -X " + method
	}
	for _, p := range parameters {
		if p.Value.In == openapi3.ParameterInPath {
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", fmt.Sprint(p.Value.Example))
		}
	}
	lines[0] += ` "$HERALD` + path + `"`
	if known.scope != "" {
		lines = append(lines, `-H "Authorization: Bearer $HERALD_KEY"`)
	}
	for _, p := range parameters {
		if p.Value.In == openapi3.ParameterInHeader {
			lines = append(lines, fmt.Sprintf(`-H "%s: %v"`, p.Value.Name, p.Value.Example))
		}
	}
	if known.upload {
		lines = append(lines, "--data-binary @receipt.pdf")
	}
	if len(bodies) > 0 {
		lines = append(lines, `-H "Content-Type: application/json"`, "-d '"+strings.ReplaceAll(bodies[0].Text, "'", `'\''`)+"'")
	}
	return strings.Join(lines, " \\\n  ")
}
