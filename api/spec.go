package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"herald/internal/gateway"
)

//go:embed openapi.yaml
var specYAML []byte

// versioned is what the paths of the specification begin with when a key is needed.
const versioned = "/v1/"

// specification is openapi.yaml, read.
type specification struct {
	doc        *openapi3.T
	json       []byte
	operations map[string]*operation // by method and gin route, "GET /v1/bots/:bot"
}

// operation is what the middleware must know about one operation.
type operation struct {
	id     string
	method string
	path   string        // as in the specification, with {bot}
	scope  gateway.Scope // empty if no key is needed
	query  map[string]*openapi3.Parameter
	body   *openapi3.Schema // nil if it takes none, or a file
	upload bool             // its body is a file
	codes  []gateway.Code   // errors of its own, besides those that every operation may answer
}

// loadSpecification reads and checks openapi.yaml. Its faults are ours, and end the start of the program.
func loadSpecification(raw []byte) (*specification, error) {
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("check openapi.yaml: %w", err)
	}
	s := &specification{doc: doc, operations: map[string]*operation{}}
	if s.json, err = json.MarshalIndent(doc, "", "  "); err != nil {
		return nil, fmt.Errorf("write openapi.json: %w", err)
	}
	for path, item := range doc.Paths.Map() {
		for method, described := range item.Operations() {
			op, err := readOperation(method, path, described, doc.Security)
			if err != nil {
				return nil, fmt.Errorf("read operation %s %s: %w", method, path, err)
			}
			s.operations[method+" "+ginPath(path)] = op
		}
	}
	return s, nil
}

// ginPath writes a path as gin does: /v1/bots/{bot} is /v1/bots/:bot.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

func readOperation(method, path string, described *openapi3.Operation, inherited openapi3.SecurityRequirements) (*operation, error) {
	op := &operation{id: described.OperationID, method: method, path: path, query: map[string]*openapi3.Parameter{}}
	var err error
	if op.scope, err = readScope(path, described, inherited); err != nil {
		return nil, err
	}
	for _, p := range described.Parameters {
		if p.Value.In == openapi3.ParameterInQuery {
			op.query[p.Value.Name] = p.Value
		}
	}
	if described.RequestBody != nil && described.RequestBody.Value.Content.Get("application/octet-stream") != nil {
		op.upload = true
	} else if described.RequestBody != nil {
		media := described.RequestBody.Value.Content.Get("application/json")
		if media == nil {
			return nil, fmt.Errorf("its body is not application/json")
		}
		op.body = media.Schema.Value
	}
	codes, _ := described.Extensions["x-error-codes"].([]any)
	for _, code := range codes {
		op.codes = append(op.codes, gateway.Code(fmt.Sprint(code)))
	}
	return op, nil
}

// readScope returns the one scope that the operation declares. What stands under /v1 must declare one, and what stands
// elsewhere none: an operation without protection is never an oversight.
func readScope(path string, described *openapi3.Operation, inherited openapi3.SecurityRequirements) (gateway.Scope, error) {
	required := inherited
	if described.Security != nil {
		required = *described.Security
	}
	if !strings.HasPrefix(path, versioned) {
		if len(required) != 0 {
			return "", fmt.Errorf("it is outside of /v1 and asks for a key")
		}
		return "", nil
	}
	if len(required) != 1 || len(required[0]["apiKey"]) != 1 {
		return "", fmt.Errorf("it must declare exactly one scope")
	}
	scope := gateway.Scope(required[0]["apiKey"][0])
	if !slices.Contains(gateway.Scopes(), scope) {
		return "", fmt.Errorf("there is no scope %q", scope)
	}
	return scope, nil
}
