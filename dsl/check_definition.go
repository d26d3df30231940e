package dsl

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // so that a zone means the same on every machine
	"unicode"
	"unicode/utf8"
)

// keywords are words that expressions are made of.
var keywords = []string{
	"and", "or", "not", "in", "nil", "true", "false", "let", "if", "else", "matches", "contains", "startsWith", "endsWith",
}

// head checks the language and the timezone of the file.
func (c *checker) head() {
	if c.file.Language.Known {
		c.language(c.file.Language, "")
	}
	if tz := c.file.Timezone; tz.Known {
		if _, err := time.LoadLocation(tz.Value); err != nil || tz.Value == "" || tz.Value == "Local" {
			message := "`" + clip(tz.Value) + "` is no timezone"
			if near := c.nearest(tz.Value, knownZones); near != "" {
				message += "; did you mean `" + near + "`?"
			} else {
				message += "; they look like Europe/Kyiv"
			}
			c.errorf(tz.At, CodeBadTimezone, "%s", message)
		}
	}
}

// language checks a language tag.
func (c *checker) language(tag Scalar, besides string) {
	if problem := languageProblem(tag.Value); problem != "" {
		c.errorf(tag.At, CodeBadLanguage, "%s%s", problem, besides)
	}
}

// definitions checks what the file defines for its rules.
func (c *checker) definitions() {
	for _, field := range c.file.Fields {
		if !c.identifier(field.Name, "a field") {
			continue
		}
		c.fields[field.Name.Value] = &binding{name: field.Name, what: "a field"}
		if _, ok := fieldType(field.Type.Value); !ok && field.Type.Known {
			c.errorf(field.Type.At, CodeWrongType, "`%s` is no type of a field; %s are", clip(field.Type.Value), wordList(FieldTypes))
		}
	}
	for i := range c.file.Lists {
		c.wordList(&c.file.Lists[i])
	}
	for i := range c.file.Lets {
		let := &c.file.Lets[i]
		c.declare(c.names, &binding{name: let.Name, what: "a named expression", let: let})
	}
	for i := range c.file.Lets {
		if b := c.names[c.file.Lets[i].Name.Value]; b != nil && b.let == &c.file.Lets[i] && b.let.Value.Known {
			c.let(b, b.name.At)
		}
	}
	for _, phrase := range c.file.Phrases {
		c.shortName(phrase.Name, "a phrase")
		c.phrases[phrase.Name.Value] = &binding{name: phrase.Name, what: "a phrase"}
		// Its holes are checked once, with what every rule knows: nothing but the names of the file.
		c.texts(phrase.Text, MaxText, nil, nil)
	}
}

func (c *checker) wordList(list *List) {
	longest, total := 0, 0
	for _, w := range list.Words {
		if strings.TrimSpace(w.Value) == "" {
			c.errorf(w.At, CodeWrongType, "a word of a list is empty")
		}
		if n := utf8.RuneCountInString(w.Value); n > MaxWord {
			c.errorf(w.At, CodeLimit, "a word of a list has %d characters; at most %d are taken", n, MaxWord)
		}
		longest, total = max(longest, len(w.Value)), total+len(w.Value)
	}
	typ := listType(Type{Kind: KindString, Size: longest}, len(list.Words))
	typ.Total = total
	c.declare(c.names, &binding{name: list.Name, what: "a list", typ: typ, list: list})
}

// identifier reports a name that expressions could not use.
func (c *checker) identifier(name Scalar, what string) bool {
	switch {
	case !c.shortName(name, what):
		return false
	case slices.Contains(keywords, name.Value):
		c.errorf(name.At, CodeDuplicateName, "`%s` is a word that expressions are made of; choose another name", name.Value)
		return false
	}
	for i, r := range name.Value {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			c.errorf(name.Place(i), CodeWrongType, "the name of %s has letters, digits and _ only, and begins with no digit", what)
			return false
		}
	}
	return true
}

// shortName reports a name that is empty or too long.
func (c *checker) shortName(name Scalar, what string) bool {
	n := utf8.RuneCountInString(name.Value)
	switch {
	case !name.Known:
		return false
	case strings.TrimSpace(name.Value) == "":
		c.errorf(name.At, CodeWrongType, "the name of %s is empty", what)
		return false
	case n > MaxName:
		c.errorf(name.At, CodeLimit, "the name of %s has %d characters; at most %d are taken", what, n, MaxName)
		return false
	}
	return true
}

// translation checks what is translated into what.
func (c *checker) translation() {
	t := c.file.Translate
	c.targets(t.Replies, true)
	c.targets(t.Incoming, false)
	for _, k := range t.Keep {
		if strings.TrimSpace(k.Value) == "" {
			c.errorf(k.At, CodeWrongType, "a term to keep is empty")
		}
		if n := utf8.RuneCountInString(k.Value); n > MaxWord {
			c.errorf(k.At, CodeLimit, "a term to keep has %d characters; at most %d are taken", n, MaxWord)
		}
	}
}

func (c *checker) targets(targets []Target, toPerson bool) {
	var open *Target
	for i := range targets {
		t := &targets[i]
		if open != nil {
			c.warnf(t.At, CodeUnreachable, "the entry on line %d has no condition, so this one is never looked at", open.At.Line)
		}
		if t.When.Known {
			c.condition(t.When, nil)
		} else if t.To.Known && open == nil {
			open = t
		}
		switch {
		case !t.To.Known:
		case t.To.Value == "user.lang" && toPerson:
		case t.To.Value == "user.lang":
			c.errorf(t.To.At, CodeBadLanguage, "what people write is translated into a language of yours; name it, such as uk")
		case toPerson:
			c.language(t.To, ", or write user.lang")
		default:
			c.language(t.To, "")
		}
	}
}
