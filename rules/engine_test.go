package rules

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/dsl"
	"herald/internal/gateway"
)

// shelf hands out one rule file for every bot, and remembers who asked.
type shelf []string

func (s *shelf) RuleSource(_ context.Context, _ gateway.AccountID, bot gateway.BotID, version int) (string, error) {
	*s = append(*s, fmt.Sprintf("%s/%d", bot, version))
	return "herald: 1\nlanguage: en\nrules:\n  - {name: r, on: message, reply: \"" + string(bot) + "\"}\n", nil
}

func TestEngineLetsGoOfWhatNobodyAskedForLately(t *testing.T) {
	t.Parallel()
	var read shelf
	e := NewEngine(&read, nil)
	e.most = 2
	ask := func(bot gateway.BotID, version int) *Program {
		t.Helper()
		p, err := e.Program(t.Context(), "acc_1", bot, version)
		require.NoError(t, err)
		require.Equal(t, version, p.Version)
		return p
	}
	first := ask("a", 1)
	ask("b", 1)
	require.Same(t, first, ask("a", 1), "it is kept")
	ask("a", 2) // b is the one that was used longest ago
	require.Same(t, first, ask("a", 1))
	require.Equal(t, shelf{"a/1", "b/1", "a/2"}, read)
	require.Len(t, e.known, 2)
	require.Equal(t, 2, e.recent.Len())

	again := ask("b", 1) // it was let go of, and is compiled once more
	require.Equal(t, shelf{"a/1", "b/1", "a/2", "b/1"}, read)
	verdict, err := again.Run(t.Context(), Said("hello", "", "", "", false))
	require.NoError(t, err)
	require.Equal(t, "b", verdict.Effects[0].Message.Text)
	ask("a", 2)
	require.Equal(t, "a/2", read[len(read)-1], "and a/2 went for it")
}

// Detecting a language is the dearest thing that a rule can ask for: an update is asked about once, by whoever asks first.
func TestTheLanguageOfAnUpdateIsAskedForOnce(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"hello": "en", "?!": ""} {
		asked := []string{}
		env := dsl.Env{LangOf: func(text string) string {
			asked = append(asked, text)
			return map[string]string{"hello": "en", "other": "uk"}[text]
		}}
		program, _, found := Check("rules.yaml", strings.TrimSpace(`
herald: 1
language: en
translate: {incoming: [{when: 'lang_of(text) == "pl"', to: en}]}
rules:
  - {name: one, on: message, when: 'lang_of(text) == "de"', reply: x}
  - {name: two, on: message, when: 'message.lang == "fr" or lang_of("other") == "pl"', reply: x}
  - {name: three, on: message, reply: "{{ lang_of(text) }} {{ message.lang ?? 'none' }}"}`), env)
		require.NotNil(t, program, "%v", found)
		in := program.Input(Facts{Update: gateway.Update{Kind: gateway.UpdateText, Text: text}})
		require.Equal(t, want, in.Message.Lang)
		verdict, err := program.Run(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, []string{"three"}, verdict.Rules)
		require.Equal(t, []string{text, "other"}, asked)
	}
}
