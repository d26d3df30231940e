package telegram_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/sandbox/controlclient"
)

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))))
	return b.Bytes()
}

// last is the newest message in Anna's chat.
func (w world) last(t *testing.T) controlclient.Message {
	t.Helper()
	messages, err := w.network.Messages(t.Context(), w.anna, botName)
	require.NoError(t, err)
	require.NotEmpty(t, messages)
	return messages[len(messages)-1]
}

func TestMedia(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.network.Start(t.Context(), w.anna, botName, ""))
	photo := picture(t)
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/door.png":
			_, _ = rw.Write(photo)
		case "/large.png":
			_, _ = rw.Write(make([]byte, 5<<20+1))
		case "/page":
			rw.Header().Set("Content-Type", "text/html")
			_, _ = rw.Write([]byte("<p>no picture</p>"))
		default:
			http.NotFound(rw, r)
		}
	}))
	t.Cleanup(web.Close)
	send := func(t *testing.T, a gateway.Attachment) (gateway.Receipt, error) {
		t.Helper()
		return w.client.Send(t.Context(), gateway.Outgoing{
			Bot: w.bot, ChatID: w.anna, Text: "At the door", Media: &a, Silent: true, Protected: true,
			Buttons: [][]gateway.Button{{{Text: "Open", WebApp: "https://acme.example/app"}, {Text: "Yes", Data: "yes"}}},
		})
	}
	refused := func(t *testing.T, a gateway.Attachment, class gateway.Class) {
		t.Helper()
		_, err := send(t, a)
		var refusal *gateway.DeliveryError
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, class, refusal.Class, refusal.Text)
	}
	limits, err := w.network.Limits(t.Context())
	require.NoError(t, err)
	limits.Enforce = false
	require.NoError(t, w.network.SetLimits(t.Context(), limits))

	uploaded, err := send(t, gateway.Attachment{Kind: gateway.Photo, Name: "door.png", Body: bytes.NewReader(photo)})
	require.NoError(t, err)
	require.NotEmpty(t, uploaded.Handle)
	got := w.last(t)
	require.Equal(t, uploaded.PlatformMessageID, got.ID)
	require.Equal(t, "At the door", got.Caption)
	require.Equal(t, 40, got.Photo[0].Width)
	require.True(t, got.Silent && got.Protected)
	require.Equal(t, "https://acme.example/app", got.Buttons[0][0].WebApp.URL)
	require.Equal(t, "yes", got.Buttons[0][1].Data)

	again, err := send(t, gateway.Attachment{Kind: gateway.Photo, Name: "door.png", Handle: uploaded.Handle})
	require.NoError(t, err)
	require.Equal(t, uploaded.Handle, again.Handle)
	require.Equal(t, uploaded.Handle, w.last(t).Photo[0].FileID, "the server's own copy")

	document, err := send(t, gateway.Attachment{Kind: gateway.Document, Name: "bill.pdf", Body: bytes.NewReader([]byte("%PDF-1.4"))})
	require.NoError(t, err)
	require.Equal(t, "bill.pdf", w.last(t).Document.FileName)
	require.Equal(t, document.Handle, w.last(t).Document.FileID)

	_, err = send(t, gateway.Attachment{Kind: gateway.Photo, URL: web.URL + "/door.png"})
	require.NoError(t, err)
	require.Equal(t, 40, w.last(t).Photo[0].Width)

	before := w.last(t).ID
	refused(t, gateway.Attachment{Kind: gateway.Photo, URL: web.URL + "/gone.png"}, gateway.ClassContent)
	refused(t, gateway.Attachment{Kind: gateway.Photo, URL: web.URL + "/large.png"}, gateway.ClassContent)
	refused(t, gateway.Attachment{Kind: gateway.Photo, URL: web.URL + "/page"}, gateway.ClassContent)
	refused(t, gateway.Attachment{Kind: gateway.Photo, Body: bytes.NewReader([]byte("no picture"))}, gateway.ClassContent)
	refused(t, gateway.Attachment{Kind: gateway.Photo, Handle: "AgACAgIAAxkBAAInothing"}, gateway.ClassHandle)
	// Our database stopped in the middle of the upload: the server has half a request, and acts on none.
	broken := io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), failing{})
	refused(t, gateway.Attachment{Kind: gateway.Document, Body: broken}, gateway.ClassUnavailable)
	require.Equal(t, before, w.last(t).ID, "none of them arrived")
}

// failing is a reader that cannot read.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the database is away") }
