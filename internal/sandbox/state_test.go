package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
)

// fill makes a network with something of everything.
func fill(t *testing.T, w *world) (*bot, person) {
	t.Helper()
	b := w.bot("acme_bot")
	p := b.started("Anna", number)
	b.send(p, "remember me")
	must[message](b, "sendMessage", object{"chat_id": p.ID, "text": "keys", "reply_markup": object{"keyboard": [][]string{{"A"}}}})
	must[bool](b, "setMyCommands", object{"commands": []object{{"command": "help", "description": "Help"}}})
	contentType, body := form(t, "document", "a.txt", []byte("content"), map[string]string{"caption": "kept"})
	status, answer, _ := w.request(http.MethodPost, "/control/v1"+b.chat(p, "document"), contentType, body)
	require.Equal(t, http.StatusCreated, status, answer)
	b.write(p, "still waiting")
	w.sms("kept as well", "")
	w.do(http.MethodPatch, "/phones/"+number, object{"report": "never"})
	w.do(http.MethodPost, "/groups", object{"title": "Team", "people": []int64{p.ID}, "bots": []int64{b.ID}})
	channel := control[group](w, http.MethodPost, "/groups", object{
		"type": "channel", "title": "News", "people": []int64{p.ID}, "bots": []int64{b.ID},
	})
	w.do(http.MethodPost, fmt.Sprintf("/people/%d/chats/%d/messages", p.ID, channel.ID), object{"text": "a post"})
	return b, p
}

// check looks whether everything that fill made is there.
func check(t *testing.T, w *world, b *bot, p person) {
	t.Helper()
	b.world = w
	history := b.history(p)
	require.Equal(t, []string{"/start", "remember me", "keys", "", "still waiting"}, messageTexts(history))
	status, content, _ := w.request(http.MethodGet, history[3].FileURL, "", "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "content", content)
	waiting := b.updates(object{})
	require.Equal(t, []string{"", "still waiting"}, texts(waiting)[:2])
	require.Len(t, must[[]object](b, "getMyCommands", nil), 1)
	require.Equal(t, "never", w.phone().Report)
	require.Equal(t, "kept as well", w.phone().SMS[0].Text)
	groups := control[[]group](w, http.MethodGet, "/groups", nil)
	require.Len(t, groups, 2)
	require.Equal(t, []string{"channel", "group"}, []string{groups[0].Type, groups[1].Type})
	posts := control[[]message](w, http.MethodGet, fmt.Sprintf("/people/%d/chats/%d/messages", p.ID, groups[0].ID), nil)
	require.Equal(t, []string{"a post"}, messageTexts(posts))
	require.True(t, posts[0].Out, "who wrote a post stays known")
	w.do(http.MethodPost, b.chat(p, "press"), object{"text": "A"})

	sent := b.send(p, "after the restart")
	for _, m := range history {
		require.Greater(t, sent.ID, m.ID, "message ids go on")
	}
	later := b.updates(object{"offset": -1})
	require.Greater(t, later[0].ID, waiting[len(waiting)-1].ID, "update ids go on")
}

func messageTexts(list []message) []string {
	var out []string
	for _, m := range list {
		out = append(out, m.Text)
	}
	return out
}

func TestStateSurvives(t *testing.T) {
	t.Parallel()

	t.Run("a stop", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		o := noLimits()
		o.StateDir = folder
		s, err := sandbox.New(o)
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		w := &world{t: t, server: s, url: s.URL()}
		b, p := fill(t, w)
		w.stop()
		check(t, start(t, o), b, p)
	})

	t.Run("a kill, without giving ids twice", func(t *testing.T) {
		t.Parallel()
		o := noLimits()
		o.StateDir = t.TempDir()
		w := start(t, o)
		b, p := fill(t, w)
		last := b.history(p)[4].ID
		// What a killed process leaves behind is the folder as it stands now, while the sandbox runs.
		killed := noLimits()
		killed.StateDir = filepath.Join(t.TempDir(), "copy")
		require.NoError(t, os.CopyFS(killed.StateDir, os.DirFS(o.StateDir)))
		b.send(p, "lost with the process")
		again := start(t, killed)
		check(t, again, b, p)
		require.Greater(t, b.send(p, "x").ID, last+1, "also the id of the lost message is not given again")
	})

	t.Run("while messages are only written in the background", func(t *testing.T) {
		t.Parallel()
		o := noLimits()
		o.StateDir = t.TempDir()
		w := start(t, o)
		b := w.bot("acme_bot")
		p := b.started("Anna", "")
		b.send(p, "soon on disk")
		require.Eventually(t, func() bool {
			raw, err := os.ReadFile(filepath.Join(o.StateDir, "network.json"))
			return err == nil && len(raw) > 0 && bytes.Contains(raw, []byte("soon on disk"))
		}, patience, tick)
	})

	t.Run("a file that is not ours is refused", func(t *testing.T) {
		t.Parallel()
		for name, content := range map[string]string{"broken": "{", "of another form": `{"network":{"form":99}}`} {
			o := sandbox.Options{StateDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
			require.NoError(t, os.WriteFile(filepath.Join(o.StateDir, "network.json"), []byte(content), 0o600))
			s, err := sandbox.New(o)
			require.NoError(t, err)
			require.Error(t, s.Start(t.Context()), name)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := sandbox.New(sandbox.Options{Listen: "nonsense"})
	require.ErrorContains(t, err, "listen address")
	w := start(t, sandbox.Options{})
	s, err := sandbox.New(sandbox.Options{Listen: w.url[len("http://"):]})
	require.NoError(t, err)
	require.ErrorContains(t, s.Start(t.Context()), "listen for the sandbox on")
	require.NoError(t, s.Stop(t.Context()), "a sandbox that did not start can be stopped")
}
