package messaging

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// marking translates by marking each text with its language.
type marking func(gateway.TranslationRequest) (string, error)

func (m marking) Translate(_ context.Context, r gateway.TranslationRequest) (gateway.Translation, error) {
	text, err := m(r)
	return gateway.Translation{Text: text, Characters: len(r.Text)}, err
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	mark := func(r gateway.TranslationRequest) (string, error) { return "[" + r.To + "] " + r.Text, nil }
	reply := gateway.Message{
		Direction: gateway.Out, Text: "See {link:https://acme.example/1}", Language: "en", TranslateTo: "uk",
		Buttons: [][]gateway.Button{{{Text: "Yes", Data: "yes"}}},
	}
	for _, c := range []struct {
		name   string
		by     marking
		text   string
		reason gateway.TranslationReason
	}{
		{"translates the text and its buttons", mark, "[uk] See {link:https://acme.example/1}", ""},
		{"leaves all as it was if there is no translator", nil, "", gateway.TranslationOff},
		{"leaves all as it was if a button cannot be translated", func(r gateway.TranslationRequest) (string, error) {
			if r.Text == "Yes" {
				return "", &gateway.TranslationError{Reason: gateway.TranslationTimeout}
			}
			return mark(r)
		}, "", gateway.TranslationTimeout},
		{"keeps the original when a read link was lost", func(r gateway.TranslationRequest) (string, error) {
			return strings.ReplaceAll(r.Text, "{link", "{посилання"), nil
		}, "", gateway.TranslationDamaged},
		{"keeps the original when the translation is too long to be sent", func(r gateway.TranslationRequest) (string, error) {
			return r.Text + strings.Repeat("!", MaxText), nil
		}, "", gateway.TranslationTooLong},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var by gateway.Translator
			if c.by != nil {
				by = c.by
			}
			got := Translate(t.Context(), by, gateway.NetworkSandbox, reply)
			require.Equal(t, c.text, got.Text)
			require.Equal(t, c.reason, got.Reason)
			if c.reason == "" {
				require.Equal(t, [][]gateway.Button{{{Text: "[uk] Yes", Data: "yes"}}}, got.Buttons)
				require.Equal(t, len(reply.Text)+len("Yes"), got.Characters)
			} else {
				require.Nil(t, got.Buttons)
			}
		})
	}
	require.Equal(t, "Yes", reply.Buttons[0][0].Text, "the original is left alone")
}
