package dsl

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	p := program(t, `herald: 1
language: en
let:
  open: clock >= "09:00"
rules:
  - name: prices
    on: [message, button]
    when: has(text, "price") or button == "Prices"
    reply: ok
  - name: night
    on: message
    when: not open and user.first_name != nil
    reply: closed
  - name: press
    on: button
    reply: pressed
  - name: once
    on: message
    once: true
    reply: first
  - name: soon
    on: message
    every: 1h
    reply: again
  - name: fails
    on: message
    let: {many: len(text)}
    when: many % (many - many) == 1
    reply: never
  - name: last
    on: message
    reply: "Hello, {{ user.name }}"
  - name: beyond
    on: message
    reply: no
`)
	in := exampleInput()
	in.Text = "hello"
	in.Now = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	in.Fired = map[string]time.Time{"once": in.Now.Add(-time.Hour), "soon": in.Now.Add(-time.Minute)}
	explained, err := p.Explain(context.Background(), in)
	require.NoError(t, err)

	outcomes := map[string]Outcome{}
	for _, tried := range explained.Trace {
		outcomes[tried.Rule] = tried.Outcome
	}
	require.Equal(t, map[string]Outcome{
		"prices": ConditionFail, "night": ConditionFail, "press": OtherEvent, "once": AlreadyOnce, "soon": TooSoon,
		"fails": Failed, "last": Matched, "beyond": NotReached,
	}, outcomes)
	require.Equal(t, []Value{
		{Source: `has(text, "price") or button == "Prices"`, At: Position{Line: 8, Column: 11}, Value: "false"},
		{Source: `has(text, "price")`, At: Position{Line: 8, Column: 11}, Value: "false"},
		{Source: "text", At: Position{Line: 8, Column: 15}, Value: `"hello"`},
		{Source: `button == "Prices"`, At: Position{Line: 8, Column: 33}, Value: "false"},
		{Source: "button", At: Position{Line: 8, Column: 33}, Value: `""`},
	}, explained.Trace[0].Values)
	require.Equal(t, []Value{
		{Source: `clock >= "09:00"`, At: Position{Line: 4, Column: 9}, Value: "true"},
		{Source: "clock", At: Position{Line: 4, Column: 9}, Value: `"10:00"`},
		{Source: "not open and user.first_name != nil", At: Position{Line: 12, Column: 11}, Value: "false"},
		{Source: "not open", At: Position{Line: 12, Column: 11}, Value: "false"},
		{Source: "open", At: Position{Line: 12, Column: 15}, Value: "true"},
	}, explained.Trace[1].Values, "what was not evaluated is not shown")
	require.Equal(t, "there is no remainder of a division by 0", explained.Failures[0].Message)
	require.Equal(t, "fails", explained.Failures[0].Rule)
	require.Equal(t, Position{Line: 28, Column: 16}, explained.Failures[0].At)

	ran, err := p.Run(context.Background(), in)
	require.NoError(t, err)
	explained.Trace = nil
	require.Equal(t, ran, explained, "an explanation decides as a run does")
}
