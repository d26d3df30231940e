package api

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/messaging"
)

func loaded(t *testing.T) *specification {
	t.Helper()
	spec, err := loadSpecification(specYAML)
	require.NoError(t, err)
	return spec
}

// constants returns the values of the constants of one type in package gateway: nobody keeps a second list of them.
func constants(t *testing.T, typeName string) []string {
	t.Helper()
	files, err := filepath.Glob("../internal/gateway/*.go")
	require.NoError(t, err)
	var values []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == typeName {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				values = append(values, value)
			}
			return true
		})
	}
	require.NotEmpty(t, values)
	return values
}

func TestEveryCodeHasAnAnswer(t *testing.T) {
	t.Parallel()
	codes := constants(t, "Code")
	for _, code := range codes {
		a, ok := answers[gateway.Code(code)]
		require.True(t, ok, "the code %s has no HTTP status", code)
		require.True(t, a.status >= 400 && a.status < 600, "the status of %s", code)
		require.NotEmpty(t, a.title, code)
		require.NotEmpty(t, a.help, code)
	}
	require.Len(t, answers, len(codes), "the table has codes that no package knows")
}

func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	for _, reason := range constants(t, "Reason") {
		require.NotEmpty(t, messaging.Explain(gateway.Reason(reason)), "the reason %s has no words", reason)
	}
}

func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	spec := loaded(t)
	for route, op := range spec.operations {
		described := spec.doc.Paths.Value(op.path).GetOperation(op.method)
		require.NotEmpty(t, described.Summary, route)
		require.NotEmpty(t, described.Description, route)
		require.Len(t, described.Tags, 1, route)
		require.Equal(t, strings.HasPrefix(op.path, "/v1/"), op.scope != "", "%s: a key is needed under /v1 and nowhere else", route)
		for _, p := range described.Parameters {
			require.NotEmpty(t, p.Value.Description, "%s: parameter %s", route, p.Value.Name)
		}
		if op.method == "POST" {
			require.True(t, slices.ContainsFunc(described.Parameters, func(p *openapi3.ParameterRef) bool {
				return p.Value.Name == "Idempotency-Key"
			}), "%s takes no Idempotency-Key", route)
		}
		for _, code := range op.codes {
			require.Contains(t, answers, code, "%s names a code that does not exist", route)
		}
		for status, response := range described.Responses.Map() {
			for media, content := range response.Value.Content {
				picture := strings.HasPrefix(media, "image/png") || media == "text/plain"
				require.True(t, picture || content.Example != nil || len(content.Examples) > 0, "%s: the answer %s has no example", route, status)
			}
		}
		if op.scope != "" {
			require.NotNil(t, described.Responses.Default(), "%s does not say how it refuses", route)
		}
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	spec := loaded(t)
	for name, schema := range spec.doc.Components.Schemas {
		for field, property := range schema.Value.Properties {
			require.NotEmpty(t, property.Value.Description, "%s.%s", name, field)
		}
		if len(schema.Value.Properties) > 0 && strings.HasPrefix(name, "New") {
			require.NotNil(t, schema.Value.AdditionalProperties.Has, "%s must refuse unknown fields", name)
			require.False(t, *schema.Value.AdditionalProperties.Has)
		}
	}
}

// Examples are read by people and copied: they must be what the schema says.
func TestExamplesFitTheirSchemas(t *testing.T) {
	t.Parallel()
	require.NoError(t, loaded(t).doc.Validate(context.Background(), openapi3.EnableExamplesValidation()))
}

func TestTheSpecificationSaysTheWordsOfTheGateway(t *testing.T) {
	t.Parallel()
	schemas := loaded(t).doc.Components.Schemas
	words := func(values ...any) []string {
		var texts []string
		for _, v := range values {
			texts = append(texts, fmt.Sprint(v))
		}
		return texts
	}
	var states []any
	for _, s := range append(gateway.States(), gateway.Received) {
		states = append(states, s)
	}
	require.Equal(t, words(states...), words(schemas["MessageState"].Value.Enum...))
	var legStates []any
	for _, s := range gateway.LegStates() {
		legStates = append(legStates, s)
	}
	require.Equal(t, words(legStates...), words(schemas["LegState"].Value.Enum...))
	require.ElementsMatch(t, constants(t, "Lane"), words(schemas["Lane"].Value.Enum...))
	require.ElementsMatch(t, constants(t, "OnUnknown"), words(schemas["OnUnknown"].Value.Enum...))
	require.ElementsMatch(t, constants(t, "Intake"), words(schemas["Intake"].Value.Enum...))
	require.ElementsMatch(t, constants(t, "Connection"), words(schemas["Connection"].Value.Enum...))
	require.ElementsMatch(t, constants(t, "BotState"), words(schemas["Bot"].Value.Properties["state"].Value.Enum...))
	require.ElementsMatch(t, constants(t, "Network"), words(schemas["Bot"].Value.Properties["network"].Value.Enum...))
	require.ElementsMatch(t, constants(t, "PhoneProof"), words(schemas["Subscriber"].Value.Properties["phone_proof"].Value.Enum...))
	for _, scope := range gateway.Scopes() {
		require.Contains(t, schemas["Scope"].Value.Description, "`"+string(scope)+"`")
	}
	for _, kind := range constants(t, "EventKind") {
		require.Contains(t, schemas["Event"].Value.Properties["kind"].Value.Description, "`"+kind+"`")
	}
}

func TestLoadSpecificationRefusesAnOperationWithoutProtection(t *testing.T) {
	t.Parallel()
	const bare = `{openapi: 3.1.0, info: {title: t, version: "1"}, security: [{apiKey: []}],
		components: {securitySchemes: {apiKey: {type: http, scheme: bearer}}},
		paths: {%s: {get: {operationId: x, %s responses: {"200": {description: d}}}}}}`
	for name, c := range map[string]struct{ path, security, want string }{
		"no scope":            {"/v1/x", ``, "exactly one scope"},
		"an open call":        {"/v1/x", `security: [],`, "exactly one scope"},
		"an unknown scope":    {"/v1/x", `security: [{apiKey: ["x:y"]}],`, `no scope "x:y"`},
		"a key outside of v1": {"/x", `security: [{apiKey: ["keys:read"]}],`, "outside of /v1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := loadSpecification(fmt.Appendf(nil, bare, c.path, c.security))
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := loadSpecification(fmt.Appendf(nil, bare, "/v1/x", `security: [{apiKey: ["keys:read"]}],`))
	require.NoError(t, err)
}
