package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"herald/dsl"
	"herald/internal/language"
	"herald/rules"
)

// arrow stands between an expression and what it comes to.
const arrow = " -> "

// environment is what the program gives the language, too.
func environment() dsl.Env {
	return dsl.Env{LangOf: func(text string) string {
		found, _ := language.Detect(text)
		return found
	}}
}

// exampleFile is a rule file in which `it` is an expression, with a list and fields to speak about.
func exampleFile(expression string) string {
	return "herald: 1\nlanguage: en\ntimezone: Europe/Kyiv\nfields: {order: string, visits: int}\nlists: {greeting: [hi, hello, привіт]}\n" +
		"rules:\n  - name: example\n    on: message\n    let:\n      it: |-\n        " + expression +
		"\n    when: it == nil or it != nil\n    set: {visits: 1, order: nil}\n    reply: x\n"
}

// exampleInput is the message that the examples are about.
func exampleInput() dsl.Input {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	text := "Where is order 123456?"
	return dsl.Input{
		Events: []string{dsl.EventMessage}, Text: text, Now: now,
		Message: dsl.Message{ID: "msg_06f0qv7d3s9n5x1c8k2m4hwz6t", Kind: "text", Lang: "en", ReceivedAt: now.Add(-time.Second)},
		User: dsl.User{
			ID: "100001", FirstName: "Оля", Lang: "uk", Phone: "+380501234567", PhoneProvedAt: now.AddDate(0, -1, 0), Tags: []string{"vip"},
			Fields: map[string]any{"visits": int64(3)}, Since: now.Add(-48 * time.Hour), Messages: 7,
		},
		Bot:  dsl.Bot{Name: "acme_bot", Platform: "telegram"},
		Last: &dsl.Last{Text: "Your parcel comes today.", SentAt: now.Add(-90 * time.Minute), Label: "notice"},
	}
}

// evaluate returns what an expression comes to for that message, as the language writes it.
func evaluate(expression string) (string, error) {
	program, _, found := rules.Check("example", exampleFile(expression), environment())
	if program == nil {
		return "", fmt.Errorf("check the example %s: %s", expression, found.Text())
	}
	verdict, err := program.Explain(context.Background(), exampleInput())
	if err != nil {
		return "", fmt.Errorf("run the example %s: %w", expression, err)
	}
	for _, v := range verdict.Trace[0].Values {
		if v.Source == "it" {
			return strings.TrimSpace(v.Value), nil
		}
	}
	return "", fmt.Errorf("run the example %s: %v", expression, verdict.Failures)
}

// judge is all that is said about a rule file, its tests included.
func judge(text string) string {
	_, _, found := rules.Test(context.Background(), "rules.yaml", text, environment())
	return found.Text()
}
