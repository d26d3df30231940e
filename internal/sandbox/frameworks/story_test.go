package frameworks_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// tell plays a person against the bot that runs and checks what stands in the chat.
func tell(t *testing.T, s *seat) {
	s.do("start", map[string]string{"payload": "order-7"})
	m := s.next()
	require.Equal(t, "Hello Anna, payload order-7", m.Text)
	require.Equal(t, []string{"Share my phone", "Not now"}, s.keyboard())

	s.do("press", map[string]string{"text": "Share my phone"})
	require.Equal(t, "Phone 380501234567 own true", s.next().Text)
	require.Empty(t, s.keyboard(), "the bot removed its keyboard")

	s.do("contact", map[string]any{"contact": map[string]any{"phone_number": "+380670000001", "first_name": "Ivan"}})
	require.Equal(t, "Phone +380670000001 own false", s.next().Text)

	written := s.do("messages", map[string]string{"text": "hello"})
	m = s.next()
	require.Equal(t, "Echo hello", m.Text)
	require.NotNil(t, m.ReplyTo)
	require.Equal(t, "hello", m.ReplyTo.Text)

	control[message](s.world, http.MethodPatch, fmt.Sprintf("%s/messages/%d", s.chat, written.ID), map[string]string{"text": "goodbye"})
	require.Equal(t, "Edited to goodbye", s.next().Text)

	s.do("messages", map[string]string{"text": "menu"})
	m = s.next()
	require.Equal(t, "Choose", m.Text)
	require.Equal(t, "bold", m.Entities[0].Type)
	require.Len(t, m.Buttons, 2)
	answer := control[struct {
		Answered bool   `json:"answered"`
		Text     string `json:"text"`
	}](s.world, http.MethodPost, s.chat+"/press", map[string]any{"message_id": m.ID, "data": "answer:yes"})
	require.True(t, answer.Answered)
	require.Equal(t, "Noted: yes", answer.Text)
	require.Eventually(t, func() bool {
		now := s.messages(m.ID - 1)[0]
		return now.Text == "You chose yes" && now.Edited && len(now.Buttons) == 0
	}, patience, tick, "the bot edits the message that carried the button")

	s.do("messages", map[string]string{"text": "/document"})
	m = s.next()
	require.Equal(t, "Here", m.Caption)
	require.NotNil(t, m.Document)
	require.Equal(t, "words.txt", m.Document.Name)

	picture := dot(t)
	s.sendPhoto(picture)
	require.Equal(t, fmt.Sprintf("Photo of %d bytes", len(picture)), s.next().Text)

	s.do("messages", map[string]string{"text": "stranger"})
	require.Equal(t, "Refused 400: Bad Request: chat not found", s.next().Text)
}

// dot is the smallest picture that counts as a photo.
func dot(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8))))
	return out.Bytes()
}
