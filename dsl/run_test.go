package dsl

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// program compiles a rule file that must be right.
func program(t *testing.T, source string) *Program {
	t.Helper()
	f, found := Parse("rules.yaml", []byte(source))
	require.Empty(t, found)
	p, found := Compile(f, exampleEnv())
	require.Empty(t, found)
	return p
}

func TestShop(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/shop.yaml")
	require.NoError(t, err)
	p := program(t, string(source))
	in := exampleInput()
	in.Events = EventsOf(EventMessage, "", true)
	in.Text = "привіт"
	v, err := p.Run(context.Background(), in)
	require.NoError(t, err)
	require.Equal(t, []string{"welcome"}, v.Rules)
	require.Equal(t, []Effect{{Kind: EffectReply, Rule: "welcome", Message: &Outgoing{
		Text: "Вітаємо, Оля! Питайте про ціни чи доставку.", Language: "uk",
		Buttons: [][]OutgoingButton{{{Text: "Prices", Data: "Prices"}, {Text: "Delivery", Data: "Delivery"}}, {{Text: "Site", URL: "https://acme.example"}}},
	}}}, v.Effects)

	in.Events, in.Text = EventsOf(EventMessage, "", false), "Where is 123456?"
	v, err = p.Run(context.Background(), in)
	require.NoError(t, err)
	require.Equal(t, []string{"order status"}, v.Rules)
	require.Equal(t, []Effect{
		{Kind: EffectSet, Rule: "order status", Name: "order", Value: "123456"},
		{Kind: EffectReply, Rule: "order status", Message: &Outgoing{Text: "Looking for order 123456...", Language: "en", Translate: "uk"}},
		{Kind: EffectForward, Rule: "order status", Name: "order-status"},
	}, v.Effects)
}
