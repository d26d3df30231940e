package botapi

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		"5": 5, " 5 ": 5, `"5"`: 5, "-5": -5, "5.0": 5, "1e3": 1000, "": 0, "null": 0, "x": 0, "5.5": 0, "1e300": 0,
		"99999999999999999999": 0,
	} {
		require.Equal(t, want, params{values: map[string]string{"n": in}}.id("n"), in)
	}
	p := params{values: map[string]string{"low": "-7", "high": "700", "none": "null"}}
	require.Equal(t, []int64{1, 100, 40}, []int64{p.number("low", 40, 1, 100), p.number("high", 40, 1, 100), p.number("none", 40, 1, 100)})
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"true": true, "True": true, "1": true, "yes": true, "false": false, "": false, "null": false, "0": false} {
		require.Equal(t, want, truth(in), in)
	}
}

func TestBoundsOfParameters(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("x", maxParams+1)
	var query strings.Builder
	for i := range many {
		query.WriteString("p")
		query.WriteString(strings.Repeat("i", i))
		query.WriteString("=1&")
	}
	_, err := decode(query.String(), "", nil)
	require.EqualError(t, err, "400 Bad Request: too many parameters")
	_, err = decode(strings.Repeat("a", maxBody+1), "", nil)
	require.Equal(t, errTooLarge, err)

	body := "--B\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n" + strings.Repeat("a", maxBody+1) + "\r\n--B--\r\n"
	_, err = decode("", "multipart/form-data; boundary=B", strings.NewReader(body))
	require.Equal(t, errTooLarge, err, "a part that is no file has the limit of a parameter")
}

// FuzzDecode feeds anything to the decoder of parameters: it must not panic, must not read past its limits and must give
// valid UTF-8 only.
func FuzzDecode(f *testing.F) {
	f.Add("chat_id=1&text=a", "application/json", []byte(`{"chat_id":1,"text":null,"reply_markup":{"a":[1,2]}}`))
	f.Add("", "application/x-www-form-urlencoded", []byte("chat_id=%31&text=a+b&&=&x"))
	f.Add("a=%zz", "multipart/form-data; boundary=B", []byte("--B\r\nContent-Disposition: form-data; name=\"document\"; filename=\"a\"\r\n\r\nx\r\n--B--\r\n"))
	f.Add("", "multipart/form-data", []byte("--\r\n"))
	f.Add("", "multipart/form-data; boundary=B", []byte{})
	f.Add("", ";;", []byte("\xff"))
	f.Fuzz(func(t *testing.T, query, contentType string, body []byte) {
		p, err := decode(query, contentType, bytes.NewReader(body))
		if err != nil {
			return
		}
		if len(p.values)+len(p.files) > maxParams {
			t.Fatal("too many parameters were taken")
		}
		for name, value := range p.values {
			if !utf8.ValidString(name) || !utf8.ValidString(value) || name != strings.ToLower(name) {
				t.Fatalf("parameter %q is not clean", name)
			}
		}
		c := &call{params: p}
		_, _, _ = c.replyMarkup()
		_, _, _ = c.text()
		_ = c.kinds()
		_, _ = c.draft()
	})
}

func TestButtonsInOneJSON(t *testing.T) {
	t.Parallel()
	c := &call{params: params{values: map[string]string{"reply_markup": `{"inline_keyboard":[[],[{"text":"a","switch_inline_query":""}]]}`}}}
	inline, keyboard, err := c.replyMarkup()
	require.NoError(t, err)
	require.Nil(t, keyboard)
	raw, err := json.Marshal(inline)
	require.NoError(t, err)
	require.JSONEq(t, `{"inline_keyboard":[[{"text":"a","switch_inline_query":""}]]}`, string(raw), "empty rows are left out, an empty query is an action")
}
