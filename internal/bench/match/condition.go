package match

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"herald/dsl"
)

// Condition is one condition in the words of each contender. Rivals have no words of a text: they get them as a set, which
// is made once for each update, and this is the fastest that they can do.
type Condition struct {
	Herald string
	Expr   string
	CEL    string
	Event  string // that the rule is about
}

// Conditions makes a number of conditions of mixed kinds, the last of which always holds.
func Conditions(count int) []Condition {
	out := make([]Condition, 0, count)
	for i := range count - 1 {
		out = append(out, condition(i))
	}
	return append(out, Condition{Herald: "true", Expr: "true", CEL: "true", Event: dsl.EventMessage})
}

// condition makes the condition of one rule.
func condition(i int) Condition {
	same := func(event, format string, args ...any) Condition {
		text := fmt.Sprintf(format, args...)
		return Condition{Herald: text, Expr: text, CEL: text, Event: event}
	}
	has := func(words ...string) (herald, other string) {
		var quoted, in []string
		for _, w := range words {
			quoted, in = append(quoted, fmt.Sprintf("%q", w)), append(in, fmt.Sprintf("%q in words", w))
		}
		return "has(text, " + strings.Join(quoted, ", ") + ")", "(" + strings.Join(in, " || ") + ")"
	}
	switch i % 10 {
	case 0:
		h, o := has(fmt.Sprintf("price%d", i), fmt.Sprintf("cost%d", i), fmt.Sprintf("ціна%d", i))
		return Condition{h, o, o, dsl.EventMessage}
	case 1:
		return Condition{
			fmt.Sprintf(`text contains "order number %d"`, i), fmt.Sprintf(`text contains "order number %d"`, i),
			fmt.Sprintf(`text.contains("order number %d")`, i), dsl.EventMessage,
		}
	case 2:
		return same(dsl.EventButton, `button == "product-%d"`, i)
	case 3:
		h, o := has(fmt.Sprintf("branch%d", i))
		tag := fmt.Sprintf(`"city-%d" in `, i)
		return Condition{
			tag + "user.tags and " + h, tag + "user.tags and " + o, tag + "user.tags && " + o, dsl.EventMessage,
		}
	case 4:
		h, o := has(fmt.Sprintf("доставка%d", i), fmt.Sprintf("delivery%d", i))
		return Condition{`user.lang == "uk" and ` + h, `user.lang == "uk" and ` + o, `user.lang == "uk" && ` + o, dsl.EventMessage}
	case 5:
		return Condition{
			fmt.Sprintf(`text matches "parcel-%d-[0-9]{4}"`, i), fmt.Sprintf(`text matches "parcel-%d-[0-9]{4}"`, i),
			fmt.Sprintf(`text.matches("parcel-%d-[0-9]{4}")`, i), dsl.EventMessage,
		}
	case 6:
		h, o := has(fmt.Sprintf("sale%d", i))
		return Condition{h + " and user.messages > 3", o + " and user.messages > 3", o + " && user.messages > 3", dsl.EventMessage}
	case 7:
		return Condition{
			fmt.Sprintf(`lower(text) startsWith "please call %d"`, i), fmt.Sprintf(`lower(text) startsWith "please call %d"`, i),
			fmt.Sprintf(`lowered.startsWith("please call %d")`, i), dsl.EventMessage,
		}
	case 8:
		h, o := has(fmt.Sprintf("yes%d", i))
		return Condition{
			fmt.Sprintf(`text in ["ok %d", "fine %d"] or %s`, i, i, h), fmt.Sprintf(`text in ["ok %d", "fine %d"] or %s`, i, i, o),
			fmt.Sprintf(`text in ["ok %d", "fine %d"] || %s`, i, i, o), dsl.EventMessage,
		}
	default:
		h, o := has(fmt.Sprintf("human%d", i), fmt.Sprintf("operator%d", i))
		night := `(clock < "09:00" %s clock >= "18:00") %s `
		return Condition{
			fmt.Sprintf(night, "or", "and") + h, fmt.Sprintf(night, "or", "and") + o, fmt.Sprintf(night, "||", "&&") + o, dsl.EventMessage,
		}
	}
}

// Update is what all contenders look at.
type Update struct {
	Text     string
	Button   string
	Lang     string
	Tags     []string
	Messages int
	At       time.Time
}

// SomeUpdate is a sentence as people write them. Only the last condition holds for it.
func SomeUpdate() Update {
	return Update{
		Text: "Good evening, where is my parcel 20451234567890? The order was paid yesterday, thank you", Lang: "uk",
		Tags: []string{"vip", "city-kyiv", "subscriber"}, Messages: 12, At: time.Date(2026, 3, 2, 20, 15, 0, 0, time.UTC),
	}
}

// Words returns the words of the text as a set.
func (u *Update) Words() map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(u.Text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		words[w] = true
	}
	return words
}
