package inbox_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/inbox"
	"herald/internal/telegram"
	"herald/rules"
)

const panicRules = "herald: 1\nlanguage: en\nrules: [{name: r, on: message, when: 'message.lang == \"en\"', reply: \"You said {{ text }}\"}]\n"

// An update over which the rules panic is put aside: its message stands in History, and the next one of its chat is answered.
func TestAPanicOfTheRulesPutsTheUpdateAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.engine = rules.NewEngine(w.store, func(text string) string {
		if text == "odd" {
			panic("an odd text")
		}
		return "en"
	})
	w.deps.Engine = w.engine
	w.in = inbox.New(w.deps)
	w.publish(panicRules)
	o := w.says("odd")
	require.Equal(t, "odd", o.inbound.Text)
	require.Empty(t, o.replies)
	w.asideFor(t, "an odd text")
	require.Equal(t, []string{"You said hello"}, w.says("hello").texts())
}

// brittle is a reader that does not survive what it does not expect.
type brittle struct{ telegram.Reader }

func (b brittle) ReadUpdate(body []byte) (gateway.Update, error) {
	if bytes.Contains(body, []byte("odd")) {
		panic("an odd update")
	}
	return b.Reader.ReadUpdate(body)
}

func TestAPanicOfTheReaderPutsTheUpdateAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, panicRules)
	w.deps.Readers = map[gateway.Platform]gateway.UpdateReader{gateway.Telegram: brittle{}}
	w.in = inbox.New(w.deps)
	w.receive(message(map[string]any{"text": "odd", "date": w.at.Unix()}))
	found, err := w.in.ProcessOne(t.Context())
	require.NoError(t, err)
	require.True(t, found)
	w.asideFor(t, "an odd update")
	require.Equal(t, []string{"You said hello"}, w.says("hello").texts(), "its chat goes on")
}

// asideFor checks that one update was put aside, and that the operator is told why.
func (w *world) asideFor(t *testing.T, why string) {
	t.Helper()
	list, err := w.store.PendingUpdates(t.Context(), gateway.PendingFilter{Aside: true}, gateway.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	require.Contains(t, list.Items[0].Error, why)
}
