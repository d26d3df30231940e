package dsl

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Events are the events that a rule can be about, besides commands such as /start.
var Events = []string{
	EventMessage, EventFirstMessage, EventCommand, EventButton, EventPhone, EventSubscribed, EventUnsubscribed,
	EventRead, EventUndelivered,
}

var (
	commandForm   = regexp.MustCompile(`^/[a-z0-9_]{1,32}$`)
	recipientForm = regexp.MustCompile(`^(\+[0-9]{7,15}|@[A-Za-z][A-Za-z0-9_]{2,31}|#[0-9]{1,20})$`)
	urlForm       = regexp.MustCompile(`^(https?://[^\s/?#]+|tg://\S)`)
)

// noRule is what a test says instead of a rule's name if no rule matched.
const noRule = "none"

func (c *checker) rule(rule *Rule) {
	r := &ruleFacts{Rule: rule, names: map[string]*binding{}}
	c.rules = append(c.rules, r)
	c.ruleName(r)
	seen := map[string]bool{}
	for _, on := range rule.On {
		c.event(on)
		if seen[on.Value] {
			c.errorf(on.At, CodeDuplicateName, "`%s` stands here twice", clip(on.Value))
		}
		seen[on.Value] = true
	}
	for i := range rule.Lets {
		let := &rule.Lets[i]
		c.declare(r.names, &binding{name: let.Name, what: "a named expression", let: let, rule: r})
	}
	for i := range rule.Lets {
		if b := r.names[rule.Lets[i].Name.Value]; b != nil && b.let == &rule.Lets[i] && b.let.Value.Known {
			c.let(b, b.name.At)
		}
	}
	var known facts
	if rule.When.Known {
		r.when = c.condition(rule.When, r)
		known = c.narrow(r.when.tree, true, r)
	}
	if rule.Once && rule.Every.Known {
		c.warnf(rule.Every.At, CodeUnused, "`every` has no effect beside `once`")
	}
	c.effects(r, known)
	c.ruleCost(r)
}

func (c *checker) ruleName(r *ruleFacts) {
	if !c.shortName(r.Name, "a rule") {
		return
	}
	if r.Name.Value == noRule {
		c.errorf(r.Name.At, CodeDuplicateName, "a rule cannot be called `none`: tests say that where no rule matches")
	}
	for _, other := range c.rules[:len(c.rules)-1] {
		if other.Name.Value == r.Name.Value {
			c.errorf(r.Name.At, CodeDuplicateName, "a rule `%s` exists already, on line %d", clip(r.Name.Value), other.Name.At.Line)
			return
		}
	}
}

// event checks the name of an event or command.
func (c *checker) event(on Scalar) {
	if strings.HasPrefix(on.Value, "/") {
		if !commandForm.MatchString(on.Value) {
			c.errorf(on.At, CodeUnknownEvent, "`%s` is no command; commands have up to 32 small letters a-z, digits and _ after the /", clip(on.Value))
		}
		return
	}
	for _, e := range Events {
		if e == on.Value {
			return
		}
	}
	message := "there is no event `" + clip(on.Value) + "`"
	if near := c.nearest(on.Value, Events); near != "" {
		message += "; did you mean `" + near + "`?"
	} else {
		message += "; events are " + wordList(Events) + ", and commands such as `/start`"
	}
	c.errorf(on.At, CodeUnknownEvent, "%s", message)
}

// effects checks what a rule does. known is what its condition has made sure of.
func (c *checker) effects(r *ruleFacts, known facts) {
	rule := r.Rule
	for _, set := range rule.Set {
		c.assignment(set, r, known)
	}
	for _, tag := range rule.Tag {
		c.text(tag, "a tag", MaxTag, r, known)
	}
	for _, tag := range rule.Untag {
		c.text(tag, "a tag", MaxTag, r, known)
	}
	for i := range rule.Reply {
		c.reply(&rule.Reply[i], r, known)
	}
	if rule.AskPhone != nil {
		c.reply(rule.AskPhone, r, known)
	}
	for _, n := range rule.Notify {
		if n.To.Known && c.text(n.To, "a recipient", MaxTag, r, known) && !strings.Contains(n.To.Value, "{{") &&
			!recipientForm.MatchString(n.To.Value) {
			c.errorf(n.To.At, CodeWrongType, "`%s` is no recipient; write a phone such as +380501234567, a @name or a #id", clip(n.To.Value))
		}
		c.texts(n.Text, MaxText, r, known)
	}
	if rule.Forward.Known {
		c.text(rule.Forward, "a label", MaxTag, r, known)
	}
	nothing := len(rule.Set)+len(rule.Tag)+len(rule.Untag)+len(rule.Reply)+len(rule.Notify) == 0 &&
		rule.AskPhone == nil && !rule.Forward.Known && !rule.Mute.Known
	if nothing && rule.Continue && !rule.broken {
		c.warnf(rule.At, CodeUnused, "this rule does nothing: it has no effect, and `continue` goes on to the next one")
	}
}

func (c *checker) assignment(set Assignment, r *ruleFacts, known facts) {
	field := c.fields[set.Field.Value]
	if field == nil {
		c.unknown(set.Field.At, "this file keeps no field `"+clip(set.Field.Value)+"`", set.Field.Value, c.fieldNames(), "declare it under `fields:`")
	} else {
		field.used = true
	}
	if !set.Value.Known {
		return
	}
	got := c.expression(set.Value, r, known)
	if field == nil {
		return
	}
	var want Type
	for _, f := range c.file.Fields {
		if f.Name.Value == set.Field.Value {
			want, _ = fieldType(f.Type.Value)
		}
	}
	switch {
	case want.Kind == kindUnknown || got.typ.is(want.Kind) || got.typ.Kind == kindNil:
	case want.Kind == KindFloat && got.typ.Kind == KindInt:
	case want.Kind == KindInt && got.typ.Kind == KindFloat:
		c.errorf(set.Value.At, CodeWrongType, "the field `%s` is an int, and this is a float; write int(...)", set.Field.Value)
	case want.Kind == KindString && (got.typ.isNumber() || got.typ.is(KindBool)):
		c.errorf(set.Value.At, CodeWrongType, "the field `%s` is a string, and this is %s; write string(...)", set.Field.Value, got.typ.phrase())
	default:
		c.errorf(set.Value.At, CodeWrongType, "the field `%s` is %s, and this is %s", set.Field.Value, want.phrase(), got.typ.phrase())
	}
}

func (c *checker) fieldNames() []string {
	names := make([]string, len(c.file.Fields))
	for i, f := range c.file.Fields {
		names[i] = f.Name.Value
	}
	return names
}

// unknown reports a name that does not exist, and proposes one that does.
func (c *checker) unknown(at Position, what, name string, candidates []string, otherwise string) {
	c.unknownAs(CodeUnknownName, at, what, name, candidates, otherwise)
}

func (c *checker) unknownAs(code Code, at Position, what, name string, candidates []string, otherwise string) {
	switch near := c.nearest(name, candidates); {
	case near != "":
		what += "; did you mean `" + near + "`?"
	case otherwise != "":
		what += "; " + otherwise
	}
	c.errorf(at, code, "%s", what)
}

func (c *checker) reply(reply *Reply, r *ruleFacts, known facts) {
	c.texts(reply.Text, MaxText, r, known)
	if p := reply.Phrase; p.Known {
		if b := c.phrases[p.Value]; b != nil {
			b.used = true
		} else {
			names := make([]string, len(c.file.Phrases))
			for i, phrase := range c.file.Phrases {
				names[i] = phrase.Name.Value
			}
			c.unknownAs(CodeUnknownPhrase, p.At, "there is no phrase `"+clip(p.Value)+"`", p.Value, names, "define it under `phrases:`")
		}
	}
	buttons := 0
	for _, row := range reply.Buttons {
		if buttons += len(row); buttons > MaxButtons && len(row) > 0 {
			c.errorf(row[0].At, CodeLimit, "a reply has at most %d buttons", MaxButtons)
			break
		}
		for i := range row {
			c.button(&row[i], r, known)
		}
	}
}

func (c *checker) button(b *Button, r *ruleFacts, known facts) {
	holes := false
	for _, t := range b.Text {
		holes = holes || strings.Contains(t.Text.Value, "{{")
	}
	c.texts(b.Text, MaxButtonText, r, known)
	if b.URL.Known {
		c.text(b.URL, "an address", MaxURL, r, known)
		switch before, _, _ := strings.Cut(b.URL.Value, "{{"); {
		case !urlForm.MatchString(before):
			c.errorf(b.URL.At, CodeWrongType, "`%s` is no address that a button can open; write it from https:// on", clip(b.URL.Value))
		case strings.ContainsAny(before, " \t\n"):
			c.errorf(b.URL.At, CodeWrongType, "an address has no blanks; write %%20")
		}
		return
	}
	data := c.buttonData(b)
	switch {
	case b.Data.Known && strings.Contains(b.Data.Value, "{{"):
		c.errorf(b.Data.At, CodeBadTemplate, "the data of a button has no holes, so that a rule can be found for it")
	case b.Data.Known && b.Data.Value == "":
		c.errorf(b.Data.At, CodeWrongType, "the data of a button is empty")
	case !b.Data.Known && holes:
		c.errorf(b.At, CodeMissingKey, "a button whose text has holes needs `data`: a rule can then know it by that")
	case len(data.Value) > MaxButtonData:
		c.errorf(data.At, CodeLimit, "the data of this button has %d bytes; messengers take %d. Give it a short `data`", len(data.Value), MaxButtonData)
	}
}

// buttonData returns what comes back when a button is pressed.
func (c *checker) buttonData(b *Button) Scalar {
	if b.Data.Known {
		return b.Data
	}
	return b.Text.in(c.file.Language.Value)
}

// in returns the text in a language, else the one without a language, else the first.
func (ts Texts) in(language string) Scalar {
	for _, t := range ts {
		if t.Language.Value == language {
			return t.Text
		}
	}
	for _, t := range ts {
		if !t.Language.Known {
			return t.Text
		}
	}
	if len(ts) > 0 {
		return ts[0].Text
	}
	return Scalar{}
}

// texts checks a text in each of its languages.
func (c *checker) texts(texts Texts, limit int, r *ruleFacts, known facts) {
	for _, t := range texts {
		if t.Language.Known {
			c.language(t.Language, "")
		}
		if t.Text.Known {
			c.text(t.Text, "a text", limit, r, known)
		}
	}
}

// text checks a text with holes; false if it is wrong.
func (c *checker) text(text Scalar, what string, limit int, r *ruleFacts, known facts) bool {
	if n := utf8.RuneCountInString(text.Value); n > limit+MaxHoles*MaxText {
		c.errorf(text.At, CodeLimit, "%s has %d characters; at most %d are taken", what, n, limit)
		return false
	}
	if n := strings.Count(text.Value, "{{"); n > MaxHoles {
		c.errorf(text.At, CodeLimit, "%s has %d holes; at most %d are taken", what, n, MaxHoles)
		return false
	}
	pieces, faults := template(text)
	for _, f := range faults {
		c.errorf(text.Place(f.offset), CodeBadTemplate, "%s", f.message)
	}
	before := len(c.list)
	plain := 0
	for _, p := range pieces {
		plain += utf16Units(p.text)
		if !p.hole.Known {
			continue
		}
		got := c.expression(p.hole, r, known)
		switch k := got.typ.Kind; {
		case k == KindList:
			c.errorf(p.hole.At, CodeWrongType, "a list cannot stand in a text; write join(..., \", \")")
		case k == kindRecord || k == KindMap:
			c.errorf(p.hole.At, CodeWrongType, "%s cannot stand in a text; name one of its members", got.typ.phrase())
		case got.typ.MaybeNil:
			c.maybeNil(p.hole.At, got.tree, "")
		}
	}
	if strings.TrimSpace(text.Value) == "" {
		c.errorf(text.At, CodeWrongType, "%s is empty", what)
	}
	if plain > limit {
		twice := ""
		if plain != utf8.RuneCountInString(text.Value) {
			twice = " (emoji count twice)"
		}
		c.errorf(text.At, CodeLimit, "%s has %d characters%s; at most %d are taken", what, plain, twice, limit)
	}
	return len(faults) == 0 && len(c.list) == before
}

// utf16Units counts characters as messengers do, in units of UTF-16.
func utf16Units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}
