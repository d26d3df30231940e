package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"herald/api/internal/strictjson"
	"herald/api/internal/wire"
	"herald/internal/gateway"
)

func schemaNamed(t testing.TB, name string) *openapi3.Schema {
	t.Helper()
	raw, err := os.ReadFile("../../openapi.yaml")
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	return doc.Components.Schemas[name].Value
}

func TestCheck(t *testing.T) {
	t.Parallel()
	message, key, bot := schemaNamed(t, "NewMessage"), schemaNamed(t, "NewKey"), schemaNamed(t, "NewBot")
	tests := []struct {
		name   string
		schema *openapi3.Schema
		body   string
		want   []string // code, field and message of each fault; none means that the body is taken
	}{
		{"takes the smallest body", message, `{"to":"@anna","text":"Hi"}`, nil},
		{"takes every field", message, `{"bot":"@b","to":"@anna","text":"Hi","buttons":[[{"text":"A","data":"a"},{"text":"B","url":"https://b"}],[]],"lane":"code","ttl":"10m","on_unknown":"hold","label":"x"}`, nil},
		{"takes what is written with spaces, lines and escapes", message, "\n { \"to\" : \"\\u0040anna\" ,\r\n\t\"text\":\"a\\\"b{[\" } \n", nil},
		{"leaves values to the use case", message, `{"to":"","text":"","ttl":"soon"}`, nil},
		{"takes a time", key, `{"name":"n","expires_at":"2030-01-02T03:04:05+02:00"}`, nil},

		{"refuses no body", message, ``, []string{`request:invalid  The body is empty. Send a JSON object.`}},
		{"refuses spaces", message, " \n", []string{`request:invalid  The body is empty. Send a JSON object.`}},
		{"says where JSON breaks", message, "{\"to\":\"@anna\",\n \"text\" \"Hi\"}", []string{`request:invalid  The body is not valid JSON at line 2, column 9.`}},
		{"counts columns in characters", message, `{"ї":їx}`, []string{`request:invalid  The body is not valid JSON at line 1, column 6.`}},
		{"says where JSON ends too early", message, `{"to":"@anna"`, []string{`request:invalid  The body ends in the middle of its JSON, at line 1, column 14.`}},
		{"refuses a second value", message, `{"to":"@anna","text":"Hi"}{}`, []string{`request:invalid  The body is not valid JSON at line 1, column 27.`}},
		{"says where UTF-8 breaks", message, "{\"to\":\"\xff\"}", []string{`request:invalid  The body is not valid UTF-8 at line 1, column 8.`}},
		{"refuses another kind of body", message, `["to"]`, []string{`request:invalid  The body must be an object, and it is an array.`}},
		{"refuses null as a body", message, `null`, []string{`request:invalid  The body must be an object, and it is null.`}},
		{"refuses deep nesting", message, strings.Repeat("[", 65) + strings.Repeat("]", 65), []string{`request:invalid  The body is nested more than 64 levels deep.`}},

		{
			"names an unknown field and lists what there is", key, `{"name":"n","nam":1}`,
			[]string{`field:unknown nam There is no such field here. There are: expires_at, name, scopes.`},
		},
		{
			"takes no field in another case", key, `{"name":"n","Name":"m"}`,
			[]string{`field:unknown Name There is no such field here. There are: expires_at, name, scopes.`},
		},
		{
			"finds an unknown field inside", message, `{"to":"@anna","text":"Hi","buttons":[[{"text":"A","data":"a"},{"text":"B","callback":{"x":[null]}}]]}`,
			[]string{`field:unknown buttons[0][1].callback There is no such field here. There are: data, text, url, web_app.`},
		},
		{
			"quotes a strange name", key, `{"name":"n","a b":{}}`,
			[]string{`field:unknown ["a b"] There is no such field here. There are: expires_at, name, scopes.`},
		},
		{
			"finds a wrong type inside", message, `{"to":"@anna","text":"Hi","buttons":[[{"text":"A"},{"text":"B","data":7}]]}`,
			[]string{`field:invalid buttons[0][1].data This must be a string, and it is a number.`},
		},
		{
			"finds an object where a list belongs", message, `{"to":"@anna","text":"Hi","buttons":{"a":[null,{}]},"label":true}`,
			[]string{
				`field:invalid buttons This must be an array, and it is an object.`,
				`field:invalid label This must be a string, and it is true or false.`,
			},
		},
		{
			"refuses null", message, `{"to":"@anna","text":"Hi","label":null}`,
			[]string{`field:invalid label This must be a string, and it is null. Leave the field out instead.`},
		},
		{"refuses a field twice", message, `{"to":"@anna","text":"Hi","to":"@bert"}`, []string{`field:invalid to This field stands here twice.`}},
		{"refuses NUL", message, `{"to":"@anna","text":"a\u0000b"}`, []string{`field:invalid text The text contains a NUL character.`}},
		{"lists the choices", message, `{"to":"@anna","text":"Hi","lane":"fast"}`, []string{`field:invalid lane This must be one of: code, service, bulk.`}},
		{"names all missing fields", bot, `{}`, []string{
			"field:required platform This field is missing. The messenger: telegram.",
			"field:required token This field is missing. The bot's token, as BotFather gave it to you.",
		}},
		{
			"refuses what is no time", key, `{"name":"n","expires_at":"tomorrow"}`,
			[]string{`field:invalid expires_at This must be a time by RFC 3339, such as 2026-03-01T09:30:00Z.`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, told(strictjson.Check([]byte(test.body), test.schema)))
		})
	}
}

func TestCheckBoundsItsAnswer(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	body.WriteString(`{"name":"n"`)
	for i := range 1000 {
		body.WriteString(`,"` + strings.Repeat("long", 50) + strings.Repeat("x", i) + `":1`)
	}
	body.WriteString("}")
	got := told(strictjson.Check(body.Bytes(), schemaNamed(t, "NewKey")))
	require.Len(t, got, 20)
	require.Less(t, len(got[0]), 300)
}

// told writes faults as code, field and message.
func told(err error) []string {
	if err == nil {
		return nil
	}
	var faults gateway.Faults
	if !errors.As(err, &faults) {
		var single *gateway.Error
		if !errors.As(err, &single) {
			return []string{"an error without a code: " + err.Error()}
		}
		faults = gateway.Faults{single}
	}
	var lines []string
	for _, f := range faults {
		lines = append(lines, string(f.Code)+" "+f.Field+" "+f.Message)
	}
	return lines
}

// What passes decodes into the generated type without loss, and what does not is always told with a code.
func FuzzCheck(f *testing.F) {
	schema := schemaNamed(f, "NewMessage")
	for _, seed := range []string{
		`{"to":"@anna","text":"Hi"}`, `{"to":"+380501234567","text":"x","buttons":[[{"text":"A","data":"a"}]],"lane":"code"}`,
		`{"buttons":[[[]]]}`, `{"to":null}`, `[`, `{"a":{"b":[1,2,{"c":null}]}}`, "\"\\ud800\"", `{"to":1e999}`, `{"":""}`, "\xef\xbb\xbf{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		err := strictjson.Check(body, schema)
		if err != nil {
			for _, line := range told(err) {
				require.NotContains(t, line, "without a code")
			}
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		var message wire.NewMessage
		require.NoError(t, decoder.Decode(&message))
		require.NoError(t, json.Unmarshal(body, &message), "nothing may follow the value")
	})
}
