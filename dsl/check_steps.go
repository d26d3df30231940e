package dsl

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// testPerson are the members of user that a test may say.
var testPerson = []string{
	"id", "username", "first_name", "last_name", "lang", "phone", "phone_proved_at", "tags", "fields", "since", "messages",
}

// tests checks the form of the file's own tests. Whether they hold is found out by running them.
func (c *checker) tests() {
	seen := map[string]Position{}
	for i := range c.file.Tests {
		t := &c.file.Tests[i]
		if c.shortName(t.Name, "a test") {
			if first, twice := seen[t.Name.Value]; twice {
				c.errorf(t.Name.At, CodeDuplicateName, "a test `%s` exists already, on line %d", clip(t.Name.Value), first.Line)
			} else {
				seen[t.Name.Value] = t.Name.At
			}
		}
		if t.Start.Known {
			c.time(t.Start, "`at`")
		}
		for _, fact := range t.User {
			c.fact(fact)
		}
		for j := range t.Steps {
			c.step(&t.Steps[j])
		}
	}
}

func (c *checker) time(s Scalar, what string) {
	if _, err := time.Parse(time.RFC3339, s.Value); err != nil {
		c.errorf(s.At, CodeWrongType, "%s is a time such as 2026-03-02T10:00:00+02:00", what)
	}
}

// fact checks what a test says about its person.
func (c *checker) fact(fact Assignment) {
	name := fact.Field.Value
	if field, ok := cutField(name); ok {
		c.fieldValue(Scalar{Value: field, At: fact.Field.At, Known: true}, fact.Value)
		return
	}
	if !slices.Contains(testPerson, name) {
		c.unknown(fact.Field.At, "user has no field "+clip(name), name, testPerson, "fields of the file stand under `fields:`")
		return
	}
	switch name {
	case "lang":
		c.language(fact.Value, "")
	case "since", "phone_proved_at":
		c.time(fact.Value, "`"+name+"`")
	case "messages":
		if n, err := strconv.Atoi(fact.Value.Value); err != nil || n < 0 {
			c.errorf(fact.Value.At, CodeWrongType, "`messages` is a number of messages")
		}
	}
}

// cutField tells whether a fact is about a field of the file, and about which.
func cutField(name string) (string, bool) {
	const prefix = "fields."
	if len(name) > len(prefix) && name[:len(prefix)] == prefix {
		return name[len(prefix):], true
	}
	return "", false
}

// fieldValue checks a value that is written out for a field of the file.
func (c *checker) fieldValue(name, value Scalar) {
	b := c.fields[name.Value]
	if b == nil {
		c.unknown(name.At, "this file keeps no field `"+clip(name.Value)+"`", name.Value, c.fieldNames(), "declare it under `fields:`")
		return
	}
	for _, f := range c.file.Fields {
		if f.Name.Value != name.Value || !value.Known {
			continue
		}
		var err error
		switch f.Type.Value {
		case "int":
			_, err = strconv.ParseInt(value.Value, 10, 64)
		case "float":
			_, err = strconv.ParseFloat(value.Value, 64)
		case "bool":
			_, err = strconv.ParseBool(value.Value)
		case "time":
			_, err = time.Parse(time.RFC3339, value.Value)
		}
		if err != nil {
			t, _ := fieldType(f.Type.Value)
			c.errorf(value.At, CodeWrongType, "the field `%s` is %s, and `%s` is none", clip(name.Value), t.phrase(), clip(value.Value))
		}
	}
}

func (c *checker) step(s *Step) {
	acts := 0
	for _, known := range []bool{s.Say.Known, s.Press.Known, s.Event.Known, s.Sent != nil, s.Wait.Known} {
		if known {
			acts++
		}
	}
	answered := s.Rule.Known || len(s.Bot) > 0 || s.Silent || s.Buttons.Said() || s.Notify.Said() || s.Forward.Said()
	switch expects := answered || len(s.Tags) > 0 || len(s.Fields) > 0; {
	case acts > 1:
		c.errorf(s.At, CodeWrongType, "a step is one thing that happens: `user`, `sent` or `wait`; write two steps")
	case acts == 0 && s.Phone.Known: // see sharedPhone
	case acts == 0 && !expects:
		c.errorf(s.At, CodeMissingKey, "a step needs `user`, `sent` or `wait`")
	case acts == 0:
		c.errorf(s.At, CodeMissingKey, "a step needs `user`, `sent` or `wait` before what follows from it")
	case s.Wait.Known && answered:
		c.errorf(s.At, CodeWrongType, "nothing is answered while time passes; put what is expected into the step of the person")
	case s.Sent != nil && answered:
		c.errorf(s.At, CodeWrongType, "rules do not answer what is sent; put what is expected into the step of the person")
	}
	if s.Silent && len(s.Bot) > 0 {
		c.errorf(s.At, CodeWrongType, "a step has either `bot` or `silent`")
	}
	if s.Silent && len(s.Buttons.All) > 0 {
		c.errorf(s.Buttons.At, CodeWrongType, "buttons stand under replies, and this step is `silent`")
	}
	for _, notice := range s.Notify.All {
		if notice.To.Known && !strings.Contains(notice.To.Value, "*") && !recipientForm.MatchString(notice.To.Value) {
			c.errorf(notice.To.At, CodeWrongType, "`%s` is no recipient; write a phone such as +380501234567, a @name or a #id", clip(notice.To.Value))
		}
	}
	if s.Event.Known {
		c.event(s.Event)
	}
	c.sharedPhone(s)
	if s.Rule.Known && s.Rule.Value != noRule {
		if names := c.ruleNames(); !names[s.Rule.Value] {
			c.unknown(s.Rule.At, "there is no rule `"+clip(s.Rule.Value)+"`", s.Rule.Value, slices.Sorted(maps.Keys(names)), "write `none` if no rule matches")
		}
	}
	for _, f := range s.Fields {
		c.fieldValue(f.Field, f.Value)
	}
}

// ruleNames are the names of all rules.
func (c *checker) ruleNames() map[string]bool {
	if c.named == nil {
		c.named = map[string]bool{}
		for _, r := range c.rules {
			c.named[r.Name.Value] = true
		}
	}
	return c.named
}

// sharedPhone checks which phone a step shares.
func (c *checker) sharedPhone(s *Step) {
	switch {
	case !s.Phone.Known:
	case s.Event.Known && s.Event.Value != EventPhone:
		c.errorf(s.Phone.At, CodeWrongType, "a phone is shared with `event: phone`, and not with `%s`", clip(s.Event.Value))
	case !s.Event.Known:
		c.errorf(s.Phone.At, CodeMissingKey, "a phone is shared with `event: phone`; write it before `phone`")
	case !strings.HasPrefix(s.Phone.Value, "+") || !recipientForm.MatchString(s.Phone.Value):
		c.errorf(s.Phone.At, CodeWrongType, "`%s` is no phone in international form, such as %s", clip(s.Phone.Value), testPhone)
	}
}
