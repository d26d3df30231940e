package frameworks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
	"herald/internal/sandbox/botapi"
)

// patience bounds every wait for something that must happen.
const patience = 20 * time.Second

// world is a running sandbox.
type world struct {
	t   *testing.T
	url string
}

func startWorld(t *testing.T) *world {
	t.Helper()
	// A story is quicker than a person: the limits would throttle its bot.
	s, err := sandbox.New(sandbox.Options{Limits: &botapi.Limits{}})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, s.Stop(ctx))
	})
	return &world{t: t, url: s.URL()}
}

// control calls the control API, which must agree.
func control[T any](w *world, method, path string, in any) T {
	w.t.Helper()
	var body bytes.Buffer
	if in != nil {
		require.NoError(w.t, json.NewEncoder(&body).Encode(in))
	}
	return decode[T](w, method, path, "application/json", &body)
}

func decode[T any](w *world, method, path, contentType string, body io.Reader) T {
	w.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, w.url+"/control/v1"+path, body)
	require.NoError(w.t, err)
	request.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	require.Less(w.t, response.StatusCode, 300, "%s %s: %s", method, path, raw)
	var out T
	if len(raw) > 0 {
		require.NoError(w.t, json.Unmarshal(raw, &out))
	}
	return out
}

// bot is a bot of the network.
type bot struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	Token    string `json:"token"`
}

// message is what the story reads of a message.
type message struct {
	ID       int64  `json:"message_id"`
	Text     string `json:"text"`
	Caption  string `json:"caption"`
	Out      bool   `json:"out"`
	Edited   bool   `json:"edited"`
	FileURL  string `json:"file_url"`
	Entities []struct {
		Type string `json:"type"`
	} `json:"entities"`
	ReplyTo *struct {
		Text string `json:"text"`
	} `json:"reply_to_message"`
	Document *struct {
		Name string `json:"file_name"`
	} `json:"document"`
	Buttons [][]struct {
		Text string `json:"text"`
	} `json:"buttons"`
}

// seat is a person in front of the chat with one bot.
type seat struct {
	*world
	chat string
	seen int64 // the newest message that the story looked at
}

func (w *world) seat(b bot) *seat {
	w.t.Helper()
	p := control[struct {
		ID int64 `json:"id"`
	}](w, http.MethodPost, "/people", map[string]string{"first_name": "Anna", "phone": "+380501234567"})
	return &seat{world: w, chat: fmt.Sprintf("/people/%d/chats/%d", p.ID, b.ID)}
}

// next waits for the bot's next message.
func (s *seat) next() message {
	s.t.Helper()
	var found message
	require.Eventually(s.t, func() bool {
		for _, m := range s.messages(s.seen) {
			if s.seen = m.ID; !m.Out {
				found = m
				return true
			}
		}
		return false
	}, patience, 10*time.Millisecond, "no further message of the bot came")
	return found
}

func (s *seat) messages(after int64) []message {
	return control[[]message](s.world, http.MethodGet, fmt.Sprintf("%s/messages?after=%d", s.chat, after), nil)
}

func (s *seat) do(action string, in any) message {
	s.t.Helper()
	return control[message](s.world, http.MethodPost, s.chat+"/"+action, in)
}

// keyboard returns the texts of the keyboard below the input line.
func (s *seat) keyboard() []string {
	s.t.Helper()
	var person int64
	var botID int64
	_, err := fmt.Sscanf(s.chat, "/people/%d/chats/%d", &person, &botID)
	require.NoError(s.t, err)
	chats := control[[]struct {
		Keyboard *struct {
			Rows [][]struct {
				Text string `json:"text"`
			} `json:"keyboard"`
		} `json:"keyboard"`
	}](s.world, http.MethodGet, fmt.Sprintf("/people/%d/chats", person), nil)
	require.Len(s.t, chats, 1)
	var out []string
	if chats[0].Keyboard != nil {
		for _, row := range chats[0].Keyboard.Rows {
			for _, button := range row {
				out = append(out, button.Text)
			}
		}
	}
	return out
}

func (s *seat) sendPhoto(picture []byte) {
	s.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("photo", "dot.png")
	require.NoError(s.t, err)
	_, err = part.Write(picture)
	require.NoError(s.t, err)
	require.NoError(s.t, w.Close())
	decode[message](s.world, http.MethodPost, s.chat+"/photo", w.FormDataContentType(), &form)
}
