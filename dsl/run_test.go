package dsl

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// TestAProgramServesManyAtOnce runs one program from many goroutines: each gets what it would get alone.
func TestAProgramServesManyAtOnce(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/shop.yaml")
	require.NoError(t, err)
	p := program(t, string(source))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 200 {
				in := exampleInput()
				in.Text = fmt.Sprintf("Where is %d?", 100_000+i)
				v, err := p.Run(context.Background(), in)
				if err != nil || len(v.Effects) != 3 || v.Effects[0].Value != strconv.Itoa(100_000+i) {
					t.Errorf("%d: %v %+v", i, err, v)
					return
				}
				if v, err = p.Explain(context.Background(), in); err != nil || len(v.Trace) == 0 {
					t.Errorf("%d: %v %+v", i, err, v)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestAnEndedContextEndsARun(t *testing.T) {
	t.Parallel()
	p := program(t, "herald: 1\nlanguage: en\nrules:\n  - {name: a, on: message, reply: b}\n")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := p.Run(ctx, exampleInput())
	require.ErrorIs(t, err, context.Canceled)
	_, err = p.Explain(ctx, exampleInput())
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, p.Test(ctx))
}

// TestInputsAreCutToWhatWasProven gives a program more than the checker counted with.
func TestInputsAreCutToWhatWasProven(t *testing.T) {
	t.Parallel()
	p := program(t, `herald: 1
language: en
fields: {note: string}
rules:
  - name: long
    on: message
    set: {note: text}
    reply: "{{ len(text) }} {{ len(user.tags) }} {{ len(user.name) > 2000 }} {{ len(last?.text ?? '') }}"
`)
	in := exampleInput()
	in.Text, in.User.FirstName = strings.Repeat("ї", 10_000), strings.Repeat("x", 10_000)
	in.User.Tags = slices.Repeat([]string{"t"}, 1000)
	in.Last = &Last{Text: strings.Repeat("y", 10_000)}
	v, err := p.Run(context.Background(), in)
	require.NoError(t, err)
	require.Equal(t, "4096 100 false 4096", v.Effects[1].Message.Text)
	require.Equal(t, strings.Repeat("ї", maxFieldBytes/2), v.Effects[0].Value)
	require.Len(t, in.Last.Text, 10_000, "what is the caller's stays as it is")
}
