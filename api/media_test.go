package api

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/files"
	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/sandbox/controlclient"
	"herald/internal/sandbox/network"
)

// upload keeps a picture of mine.
func (w *world) upload(t *testing.T) gateway.FileID {
	t.Helper()
	f, err := files.New(w.store, w.ids, w.now).Upload(t.Context(), w.mine, files.Upload{Name: "door.png", Body: strings.NewReader(w.names["png"])})
	require.NoError(t, err)
	return f.ID
}

func (w *world) photo(t *testing.T, file gateway.FileID, ttl time.Duration) gateway.Message {
	t.Helper()
	m, err := w.service.Accept(t.Context(), w.mine, messaging.Request{
		Bot: "@acme_bot", To: "@anna", Text: "Hi", Media: &gateway.Media{Kind: gateway.Photo, File: file}, TTL: ttl,
	})
	require.NoError(t, err)
	return m
}

// story is the story of a message of mine as a support person reads it.
func (w *world) story(t *testing.T, id gateway.MessageID) string {
	t.Helper()
	events, err := w.service.Events(t.Context(), w.mine, id)
	require.NoError(t, err)
	lines := make([]string, len(events))
	for i, e := range events {
		lines[i] = string(e.State) + ": " + e.Detail
	}
	return strings.Join(lines, "\n")
}

// inChat are the messages that stand in Anna's chat with @acme_bot.
func (w *world) inChat(t *testing.T) []network.MessageView {
	t.Helper()
	messages, err := w.sandbox.Network().Messages(w.anna, "@acme_bot", 0, 0, 100)
	require.NoError(t, err)
	return messages
}

func TestFilesOfMessages(t *testing.T) {
	t.Parallel()
	t.Run("live as long as a message that carries them, and no longer", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, false)
		lone, held := w.upload(t), w.upload(t)
		w.tick(6 * 24 * time.Hour)
		w.photo(t, held, 3*24*time.Hour)
		w.tick(2 * 24 * time.Hour)
		_, err := w.store.Sweep(t.Context(), w.now())
		require.NoError(t, err)
		_, err = w.store.File(t.Context(), w.mine, lone)
		require.ErrorIs(t, err, gateway.ErrFileNotFound)
		_, err = w.store.File(t.Context(), w.mine, held)
		require.NoError(t, err)
		require.Equal(t, 1, w.rows("file_parts"))
		w.tick(2 * 24 * time.Hour)
		_, err = w.store.Sweep(t.Context(), w.now())
		require.NoError(t, err)
		require.Zero(t, w.rows("files"))
		require.Zero(t, w.rows("file_parts"))
	})
	t.Run("that were removed are told about", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, false)
		id := w.upload(t)
		m := w.photo(t, id, 0)
		require.NoError(t, w.store.RemoveFile(t.Context(), w.mine, id))
		step, err := w.courier.Attempt(t.Context(), w.mine, m.ID)
		require.NoError(t, err)
		require.Equal(t, gateway.Failed, step.State)
		require.Contains(t, w.story(t, m.ID), "The photo or document was removed before it could be sent.")
	})
	t.Run("are uploaded again when the messenger has forgotten them", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, false)
		id := w.upload(t)
		before := len(w.inChat(t))
		deliver := func() {
			m := w.photo(t, id, 0)
			for range 3 {
				step, err := w.courier.Attempt(t.Context(), w.mine, m.ID)
				require.NoError(t, err)
				if step.Done {
					require.Equal(t, gateway.Accepted, step.State)
					return
				}
				w.tick(step.Wait)
			}
			t.Fatal("it did not arrive")
		}
		deliver()
		deliver()
		require.NoError(t, w.exec(t, "UPDATE file_handles SET handle = 'AgACAgIAAxkBAAInothing'"))
		deliver()
		got := w.inChat(t)[before:]
		require.Len(t, got, 3)
		file := func(n int) string { return got[n].Photo[0].FileID }
		require.Equal(t, file(0), file(1), "the second one names the messenger's copy")
		require.NotEqual(t, file(0), file(2), "the third one is a new upload")
	})
	t.Run("of one account are bounded", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, false)
		w.upload(t)
		require.NoError(t, w.exec(t, "UPDATE files SET size = 256 * 1024 * 1024 - 10"))
		_, err := files.New(w.store, w.ids, w.now).Upload(t.Context(), w.mine, files.Upload{Body: strings.NewReader("eleven bytes")})
		require.Equal(t, gateway.CodeFileQuota, gateway.CodeOf(err))
		require.Equal(t, 1, w.rows("files"))
		_, err = files.New(w.store, w.ids, w.now).Upload(t.Context(), w.theirs, files.Upload{Body: strings.NewReader("eleven bytes")})
		require.NoError(t, err, "another account has a bound of its own")
	})
}

func TestCaptionGoesBySMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	m, err := w.service.Accept(t.Context(), w.mine, messaging.Request{
		Bot: "@acme_bot", To: "+380671112233", Text: "Your parcel is at the door", Fallback: "sms",
		Media: &gateway.Media{Kind: gateway.Photo, File: w.upload(t)},
	})
	require.NoError(t, err)
	for range 2 {
		_, err := w.courier.Attempt(t.Context(), w.mine, m.ID)
		require.NoError(t, err)
	}
	people, err := controlclient.New(w.sandbox.URL())
	require.NoError(t, err)
	phone, err := people.Phone(t.Context(), "+380671112233")
	require.NoError(t, err)
	require.Len(t, phone.SMS, 1)
	require.Equal(t, "Your parcel is at the door", phone.SMS[0].Text)
}
