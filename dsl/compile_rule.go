package dsl

import (
	"strings"
	"time"
)

// rule is a compiled Rule.
type rule struct {
	name string
	at   Position

	on       events
	when     eval // nil: always
	whenAt   spot
	once     bool
	every    time.Duration
	goesOn   bool // tries the next rule after this one
	effects  []effect
	answers  bool // has effects that a muted person gets
	loud     bool // has effects that a muted person does not get
	partFrom int  // its parts in a program that explains
	partTo   int
}

func (r *rule) guarded() bool { return r.once || r.every > 0 }

// events are names of events, as a set.
type events struct {
	named    uint16   // by their places in eventNames
	commands []string // in small letters, with their slashes
}

// eventNames gives each event its bit.
func eventNames() []string {
	return []string{
		EventMessage, EventFirstMessage, EventCommand, EventButton, EventPhone, EventSubscribed, EventUnsubscribed, EventRead,
		EventUndelivered,
	}
}

func (e *events) add(name string) bool {
	if strings.HasPrefix(name, "/") {
		e.commands = append(e.commands, strings.ToLower(name))
		return true
	}
	for bit, known := range eventNames() {
		if known == name {
			e.named |= 1 << bit
			return true
		}
	}
	return false
}

func (e *events) meet(raised *events) bool {
	if e.named&raised.named != 0 {
		return true
	}
	for _, command := range e.commands {
		for _, r := range raised.commands {
			if command == r {
				return true
			}
		}
	}
	return false
}

// effect makes an Effect of an input. It may make none.
type effect struct {
	kind EffectKind
	make func(*scope, *Effect)
}

// silent tells whether a muted person gets it all the same.
func (e *effect) silent() bool {
	switch e.kind {
	case EffectSet, EffectTag, EffectUntag, EffectForward:
		return true
	default:
		return false
	}
}

// rule compiles one rule.
func (c *compiler) rule(file expressions, source *Rule, r *rule, b *indexBuilder) {
	r.name, r.at = source.Name.Value, source.At
	r.once, r.every, r.goesOn = source.Once, source.Every.Duration, source.Continue
	r.partFrom = len(c.parts)
	for _, name := range source.On {
		if !r.on.add(name.Value) {
			c.errorf(name.At, CodeUnknownEvent, "there is no event `%s`", clip(name.Value))
		}
	}
	x := file
	if len(source.Lets) > 0 {
		x.lets = map[string]int{}
		c.defineLets(x, source.Lets, x.lets)
	}
	var condition need
	if source.When.Value != "" {
		when, tree, ok := x.once(source.When)
		r.when, r.whenAt = when, spot{source: &source.When}
		if ok {
			condition = b.needOf(x, tree)
		}
	}
	b.add(r, condition)
	c.effects(x, source, r)
	for i := range r.effects {
		r.answers = r.answers || r.effects[i].silent()
		r.loud = r.loud || !r.effects[i].silent()
	}
	r.partTo = len(c.parts)
}

// effects compiles what a rule asks for, in the order in which it is to happen.
func (c *compiler) effects(x expressions, source *Rule, r *rule) {
	add := func(kind EffectKind, made func(*scope, *Effect)) {
		r.effects = append(r.effects, effect{kind: kind, make: made})
	}
	for _, a := range source.Set {
		c.set(x, a, add)
	}
	for _, tag := range source.Tag {
		c.tag(x, tag, EffectTag, add)
	}
	for _, tag := range source.Untag {
		c.tag(x, tag, EffectUntag, add)
	}
	for i := range source.Reply {
		m := c.message(x, &source.Reply[i])
		add(EffectReply, func(s *scope, e *Effect) { e.Message = m.compose(s) })
	}
	if source.AskPhone != nil {
		m := c.message(x, source.AskPhone)
		add(EffectAskPhone, func(s *scope, e *Effect) { e.Message = m.compose(s) })
	}
	for i := range source.Notify {
		n := &source.Notify[i]
		to, text := c.holed(x, n.To), c.texts(x, n.Text, x.language)
		add(EffectNotify, func(s *scope, e *Effect) {
			e.Name = strings.TrimSpace(to.render(s))
			own := &text[max(text.find(s.program.language), 0)]
			e.Message = &Outgoing{Text: own.text.render(s), Language: own.language}
		})
	}
	if source.Forward.Known || source.Forward.Value != "" {
		label := c.holed(x, source.Forward)
		add(EffectForward, func(s *scope, e *Effect) { e.Name = cut(strings.TrimSpace(label.render(s)), maxTagBytes) })
	}
	if length := source.Mute.Duration; length > 0 {
		add(EffectMute, func(_ *scope, e *Effect) { e.Duration = length })
	}
}

func (c *compiler) set(x expressions, a Assignment, add func(EffectKind, func(*scope, *Effect))) {
	name := a.Field.Value
	kind, declared := c.fields[name]
	if !declared {
		c.errorf(a.Field.At, CodeUnknownName, "there is no field `%s`", clip(name))
		return
	}
	compiled, _, ok := x.once(a.Value)
	if !ok {
		return
	}
	at := spot{source: &a.Value}
	add(EffectSet, func(s *scope, e *Effect) {
		v := compiled(s)
		typed := v.as(kind)
		if typed.kind == isNil && v.kind != isNil {
			panic(fault{at: at, message: "the field " + name + " keeps " + string(kind) + ", not " + v.kindName()})
		}
		typed.str = cut(s.resolve(typed.str), maxFieldBytes)
		e.Name, e.Value = name, typed.plain()
	})
}

func (c *compiler) tag(x expressions, tag Scalar, kind EffectKind, add func(EffectKind, func(*scope, *Effect))) {
	name := c.holed(x, tag)
	add(kind, func(s *scope, e *Effect) { e.Name = cut(strings.TrimSpace(name.render(s)), maxTagBytes) })
}

const maxTagBytes = 4 * MaxTag // of labels, too

// message is a compiled Reply.
type message struct {
	text    texts
	buttons [][]button
}

type button struct {
	text texts
	data holedText
	url  holedText
	own  int // the text in the file's language, which comes back if there is no data
}

func (c *compiler) message(x expressions, r *Reply) *message {
	m := &message{}
	if r.Phrase.Value != "" {
		phrase, found := c.phrases[r.Phrase.Value]
		if !found {
			c.errorf(r.Phrase.At, CodeUnknownPhrase, "there is no phrase `%s`", clip(r.Phrase.Value))
		}
		m.text = phrase
	} else {
		m.text = c.texts(x, r.Text, x.language)
	}
	for _, row := range r.Buttons {
		buttons := make([]button, len(row))
		for i, source := range row {
			b := button{text: c.texts(x, source.Text, x.language)}
			b.data, b.url = c.holed(x, source.Data), c.holed(x, source.URL)
			b.own = max(b.text.find(x.language), 0)
			buttons[i] = b
		}
		m.buttons = append(m.buttons, buttons)
	}
	return m
}

// compose writes a message to the person: in their language if the file has it, else in the file's, to be translated if
// the file says so.
func (m *message) compose(s *scope) *Outgoing {
	if len(m.text) == 0 {
		return &Outgoing{}
	}
	chosen := m.text.find(s.in.User.Lang)
	translate := ""
	if chosen < 0 {
		translate = s.replyLanguage()
		if written := m.text.find(translate); written >= 0 {
			chosen = written
		} else {
			chosen = max(m.text.find(s.program.language), 0)
		}
	}
	text := &m.text[chosen]
	out := &Outgoing{Text: text.text.render(s), Language: text.language}
	if translate != "" && !sameLanguage(translate, text.language) {
		out.Translate = translate
	}
	for _, row := range m.buttons {
		buttons := make([]OutgoingButton, len(row))
		for i := range row {
			buttons[i] = row[i].compose(s, text.language)
		}
		out.Buttons = append(out.Buttons, buttons)
	}
	return out
}

// compose writes a button in the language of its message, so that one translation serves both.
func (b *button) compose(s *scope, language string) OutgoingButton {
	var out OutgoingButton
	if len(b.text) > 0 {
		i := b.text.find(language)
		if i < 0 {
			i = b.own
		}
		out.Text = b.text[i].text.render(s)
	}
	out.URL = b.url.render(s)
	if out.URL == "" {
		if out.Data = b.data.render(s); out.Data == "" && len(b.text) > 0 {
			out.Data = b.text[b.own].text.render(s)
		}
	}
	return out
}

// replyLanguage returns the language into which replies to the person are translated, empty if they are not.
func (s *scope) replyLanguage() string { return s.targetOf(s.program.replies) }

// targetOf returns the language of the first entry that holds.
func (s *scope) targetOf(targets []target) string {
	for _, t := range targets {
		if t.when != nil && !s.holds(t.when(s), t.at) {
			continue
		}
		if t.to == "" {
			return s.in.User.Lang
		}
		return t.to
	}
	return ""
}
