package roster_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/roster"
)

// told is a file as a Reader has it: "line column=value ..." for each row, "line code field" for each that cannot be read.
func told(t testing.TB, file io.Reader, format roster.Format) []string {
	t.Helper()
	reader, err := roster.NewReader(file, format)
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for {
		row, err := reader.Next()
		var broken *roster.RowError
		switch {
		case errors.Is(err, io.EOF):
			return out
		case errors.As(err, &broken):
			out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s %s", broken.Line, broken.Fault.Code, broken.Fault.Field)))
		case err != nil:
			return append(out, err.Error())
		default:
			words := fmt.Sprint(row.Line)
			for _, column := range []string{roster.PlatformID, roster.FirstName, roster.Phone, roster.Tags, roster.Fields} {
				if value, there := row.Values[column]; there {
					words += " " + column + "=" + value
				}
			}
			out = append(out, words)
		}
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70_000)
	tests := []struct {
		name   string
		format roster.Format
		file   string
		want   []string
	}{
		{
			"reads CSV", roster.CSV, "platform_id,first_name,phone\n1,Anna,+380501234567\n2,Bert,\n",
			[]string{"2 platform_id=1 first_name=Anna phone=+380501234567", "3 platform_id=2 first_name=Bert"},
		},
		{
			"reads what spreadsheets write", roster.CSV, "\xEF\xBB\xBFPlatform_ID; first_name\r\n1;Anna\r\n\r\n2;Bert",
			[]string{"2 platform_id=1 first_name=Anna", "4 platform_id=2 first_name=Bert"},
		},
		{"tells a quote at the end of the file", roster.CSV, "platform_id,first_name\n1,\"Anna", []string{"2 import:row_unreadable"}},
		{"reads tabs", roster.CSV, "platform_id\tfirst_name\n1\tA, B; C\n", []string{"2 platform_id=1 first_name=A, B; C"}},
		{
			"reads line breaks and quotes between quotes", roster.CSV, "platform_id,first_name\n1,\"An\n\"\"na\"\"\"\n2,Bert\n",
			[]string{"2 platform_id=1 first_name=An\n\"na\"", "4 platform_id=2 first_name=Bert"},
		},
		{"takes a guard off", roster.CSV, "platform_id,first_name\n1,'=1+1\n2,'n Anna\n", []string{"2 platform_id=1 first_name==1+1", "3 platform_id=2 first_name='n Anna"}},
		{
			"goes on behind a quote that does not end", roster.CSV, "platform_id,first_name\n1,\"Anna\n2,Bert\n3,Carl\n",
			[]string{"2 import:row_unreadable", "3 platform_id=2 first_name=Bert", "4 platform_id=3 first_name=Carl"},
		},
		{
			"goes on behind two quotes that stand wrong", roster.CSV, "platform_id,first_name\n1,An\"na\n2,Be\"rt\n3,Carl\n",
			[]string{"2 import:row_unreadable", "3 import:row_unreadable", "4 platform_id=3 first_name=Carl"},
		},
		{
			"goes on behind rows that are too long", roster.CSV, "platform_id,first_name\n1," + long + "\n2,Bert\n3,\"" + long + "\"\n4,Dora\n",
			[]string{"2 import:row_too_long", "3 platform_id=2 first_name=Bert", "4 import:row_too_long", "5 platform_id=4 first_name=Dora"},
		},
		{
			"refuses what is no UTF-8 and what has too many values", roster.CSV, "platform_id,first_name\n1,\xff\n2,B\x00\n3,C,D\n4\n",
			[]string{"2 import:row_unreadable", "3 import:row_unreadable", "4 import:row_unreadable", "5 platform_id=4"},
		},
		{"refuses columns that do not exist", roster.CSV, "platform_id,fon\n", []string{"field:unknown at fon: There is no such column. There are: " + allColumns + "."}},
		{"refuses columns that stand twice", roster.CSV, "platform_id,phone,phone\n", []string{"field:invalid at phone: This column stands here twice."}},
		{"wants the platform's id", roster.CSV, "phone\n", []string{"field:required at platform_id: There must be a column platform_id: the user ids of people at the messenger."}},
		{"refuses an empty file", roster.CSV, "", []string{"file:empty: The file is empty."}},
		{"refuses what is no table", roster.CSV, "\x1f\x8b\x08\x00", []string{"import:row_unreadable: The file has no line of column names that can be read, in UTF-8."}},
		{
			"reads JSON", roster.JSON, "[\n{\"platform_id\": 1, \"first_name\": \"A } B\", \"tags\": [\"vip\"], \"fields\": {\"a\": {}}},\n\n{\"platform_id\": \"2\", \"phone\": null}\n]\n",
			[]string{`2 platform_id=1 first_name=A } B tags=["vip"] fields={"a": {}}`, "4 platform_id=2"},
		},
		{"reads objects one after another", roster.JSON, "{\"platform_id\":1}{\"platform_id\":2}\n{\n\"platform_id\":3}", []string{"1 platform_id=1", "1 platform_id=2", "2 platform_id=3"}},
		{"reads an empty array", roster.JSON, "[]", nil},
		{
			"goes on behind what is no object", roster.JSON, "[{\"platform_id\":1}, 7, {\"platform_id\":}, {\"platform_id\":4}\nnull\n{\"platform_id\":5}]",
			[]string{"1 platform_id=1", "1 import:row_unreadable", "1 import:row_unreadable", "1 platform_id=4", "2 import:row_unreadable", "3 platform_id=5"},
		},
		{
			"goes on behind objects that are too long", roster.JSON, "{\"first_name\":\"" + long + "\"}\n{\"platform_id\":2}\n",
			[]string{"1 import:row_too_long", "2 platform_id=2"},
		},
		{"tells an object that does not end", roster.JSON, "{\"platform_id\":1}\n{\"platform_id\":", []string{"1 platform_id=1", "2 import:row_unreadable"}},
		{
			"refuses names that do not exist, stand twice, or hold too much", roster.JSON,
			"{\"platform_id\":1,\"fon\":2}\n{\"platform_id\":1,\"platform_id\":2}\n{\"platform_id\":[1]}\n{\"tags\":{}}\n{\"platform_id\":\"\\u0000\"}",
			[]string{"1 field:unknown fon", "2 field:invalid platform_id", "3 field:invalid platform_id", "4 field:invalid tags", "5 import:row_unreadable"},
		},
		{"refuses other forms", "xml", "<a/>", []string{"field:invalid at format: A file is csv or json."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, told(t, strings.NewReader(test.file), test.format))
			require.Equal(t, test.want, told(t, iotest.OneByteReader(strings.NewReader(test.file)), test.format), "however it arrives")
		})
	}
}

const allColumns = "platform_id, external_id, username, username_seen_at, first_name, last_name, language, language_chosen, timezone, tags, fields, " +
	"phone, phone_proof, phone_proved_at, connection, reason, start_payload, connected_at, disconnected_at, last_seen_at, id"

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var file bytes.Buffer
	writer, err := roster.NewWriter(&file)
	require.NoError(t, err)
	require.NoError(t, writer.Write(gateway.Subscriber{
		ID: "sub_1", PlatformID: 1, FirstName: "=HYPERLINK(\"http://x\")", LastName: "'-", Username: "anna", UsernameSeenAt: noon, Language: "uk", Chosen: "uk",
		Tags: []string{"a;b", "c"}, Fields: gateway.Fields{"orders": int64(7)}, Phone: "+380501234567", PhoneProof: gateway.ProofSMS, PhoneProvedAt: noon,
		Connection: gateway.Connected, StartPayload: "-p", ExternalID: "@42", LastSeenAt: noon,
	}))
	require.NoError(t, writer.Write(gateway.Subscriber{PlatformID: 2, Tags: []string{"vip", "gold"}}))
	require.NoError(t, writer.Flush())
	require.Contains(t, file.String(), `"'=HYPERLINK(`)

	reader, err := roster.NewReader(&file, roster.CSV)
	require.NoError(t, err)
	row, err := reader.Next()
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"platform_id": "1", "id": "sub_1", "first_name": "=HYPERLINK(\"http://x\")", "last_name": "'-", "username": "anna", "username_seen_at": "2026-03-01T12:00:00Z",
		"language": "uk", "language_chosen": "true", "tags": `["a;b","c"]`, "fields": `{"orders":7}`, "phone": "+380501234567", "phone_proof": "sms",
		"phone_proved_at": "2026-03-01T12:00:00Z", "connection": "connected", "start_payload": "-p", "external_id": "@42", "last_seen_at": "2026-03-01T12:00:00Z",
	}, row.Values)
	tags, ok := roster.TagsOf(row.Values[roster.Tags])
	require.True(t, ok)
	require.Equal(t, []string{"a;b", "c"}, tags)
	row, err = reader.Next()
	require.NoError(t, err)
	tags, ok = roster.TagsOf(row.Values[roster.Tags])
	require.True(t, ok)
	require.Equal(t, []string{"vip", "gold"}, tags)
	_, ok = roster.TagsOf("[1]")
	require.False(t, ok)
}

func TestAFileThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	for format, begun := range map[roster.Format]string{roster.CSV: "platform_id\n1\n2", roster.JSON: "[{\"platform_id\":1},"} {
		rows := told(t, io.MultiReader(strings.NewReader(begun), iotest.ErrReader(io.ErrUnexpectedEOF)), format)
		require.Equal(t, "read file: unexpected EOF", rows[len(rows)-1], format)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("platform_id,first_name\n1,\"a\"\"b\n\"\n2,c\n"), true)
	f.Add([]byte("platform_id;tags\r\n1;\"a"), true)
	f.Add([]byte("[{\"platform_id\":1,\"fields\":{\"a\":\"}\"}},{]"), false)
	f.Fuzz(func(t *testing.T, file []byte, table bool) {
		format := roster.JSON
		if table {
			format = roster.CSV
		}
		reader, err := roster.NewReader(bytes.NewReader(file), format)
		if err != nil {
			return
		}
		last := 0
		for range len(file) + 1 {
			row, err := reader.Next()
			var broken *roster.RowError
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &broken):
				row.Line = broken.Line
			case err != nil:
				t.Fatal(err)
			}
			if row.Line < last || row.Line > bytes.Count(file, []byte("\n"))+1 {
				t.Fatalf("line %d after %d", row.Line, last)
			}
			last = row.Line
		}
		t.Fatal("more rows than bytes")
	})
}
