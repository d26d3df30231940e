package dsl_test

import (
	"context"
	"fmt"

	"herald/dsl"
)

const rules = `herald: 1
language: en
rules:
  - name: prices
    on: message
    when: has(text, "price", "prices")
    reply: {text: {en: "10 UAH, {{ user.first_name ?? 'friend' }}", uk: "10 грн"}}
    tag: asked-prices
  - name: anything else
    on: message
    forward: unanswered
`

func Example() {
	file, found := dsl.CheckSource("shop.yaml", []byte(rules), dsl.Env{})
	if found.Failed() {
		fmt.Print(found.Text())
		return
	}
	program, found := dsl.Compile(file, dsl.Env{})
	if found.Failed() {
		fmt.Print(found.Text())
		return
	}
	verdict, err := program.Run(context.Background(), dsl.Input{
		Events: dsl.EventsOf(dsl.EventMessage, "", false),
		Text:   "What is your PRICE?",
		User:   dsl.User{FirstName: "Ann", Lang: "en-GB"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(verdict.Rules)
	for _, effect := range verdict.Effects {
		switch effect.Kind {
		case dsl.EffectReply:
			fmt.Println(effect.Kind, effect.Message.Text)
		default:
			fmt.Println(effect.Kind, effect.Name)
		}
	}
	// Output:
	// [prices]
	// tag asked-prices
	// reply 10 UAH, Ann
}

func ExampleProgram_Explain() {
	file, _ := dsl.Parse("shop.yaml", []byte(rules))
	program, _ := dsl.Compile(file, dsl.Env{})
	verdict, err := program.Explain(context.Background(), dsl.Input{
		Events: dsl.EventsOf(dsl.EventMessage, "", false), Text: "hello",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, tried := range verdict.Trace {
		fmt.Println(tried.Rule, tried.Outcome)
		for _, value := range tried.Values {
			fmt.Println("  ", value.Source, "is", value.Value)
		}
	}
	// Output:
	// prices condition
	//    has(text, "price", "prices") is false
	//    text is "hello"
	// anything else matched
}
