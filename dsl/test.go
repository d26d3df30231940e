package dsl

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Test plays the file's own tests and reports each expectation that does not hold, at its place and with the difference.
// Between the steps it does what a host does with a verdict: it keeps tags, fields, what was sent last, which rules fired,
// and until when the person is muted. Nothing is translated.
//
// The person of a test who is not described writes in the file's language and has written nothing yet; a test that does not
// say when it begins begins on Monday, 5 January 2026, at noon.
func (p *Program) Test(ctx context.Context) Diagnostics {
	src := p.file.src
	if src == nil {
		src = newSource(string(p.file.Source))
	}
	r := newReport(p.file.Name, src)
	for i := range p.file.Tests {
		if ctx.Err() != nil {
			break
		}
		play := p.newPlay(r, &p.file.Tests[i])
		for j := range play.test.Steps {
			play.step(ctx, &play.test.Steps[j])
		}
	}
	r.list.Sort()
	return r.list
}

// play is one test on its way.
type play struct {
	program *Program
	report  *report
	test    *Test

	now      time.Time
	user     User
	muted    time.Time
	fired    map[string]time.Time
	last     *Last
	buttons  []OutgoingButton // under the last replies
	messages int
}

func (p *Program) newPlay(r *report, t *Test) *play {
	begin := time.Date(2026, 1, 5, 12, 0, 0, 0, p.zone)
	if at, err := time.Parse(time.RFC3339, t.Start.Value); err == nil {
		begin = at
	}
	play := &play{
		program: p, report: r, test: t, now: begin, fired: map[string]time.Time{},
		user: User{ID: "1", Lang: p.language, Since: begin, Fields: map[string]any{}},
	}
	for _, fact := range t.User {
		play.know(fact)
	}
	return play
}

// know takes what the test says about its person. The checker has seen to the form.
func (t *play) know(fact Assignment) {
	text := fact.Value.Value
	if field, isField := cutField(fact.Field.Value); isField {
		t.user.Fields[field] = t.program.fieldOf(field, text)
		return
	}
	moment, _ := time.Parse(time.RFC3339, text)
	switch fact.Field.Value {
	case "id":
		t.user.ID = text
	case "username":
		t.user.Username = strings.TrimPrefix(text, "@")
	case "first_name":
		t.user.FirstName = text
	case "last_name":
		t.user.LastName = text
	case "lang":
		t.user.Lang = text
	case "phone":
		t.user.Phone = text
	case "phone_proved_at":
		t.user.PhoneProvedAt = moment
	case "tags":
		t.user.Tags = append(t.user.Tags, text)
	case "since":
		t.user.Since = moment
	case "messages":
		t.user.Messages, _ = strconv.Atoi(text)
	}
}

// fieldOf reads a value that is written out for a field, nil if it is none of its type.
func (p *Program) fieldOf(name, text string) any {
	switch p.fields[name] {
	case KindString:
		return text
	case KindInt:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case KindFloat:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	case KindBool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case KindTime:
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t
		}
	}
	return nil
}

func (t *play) step(ctx context.Context, s *Step) {
	if s.Wait.Duration > 0 {
		t.now = t.now.Add(s.Wait.Duration)
	}
	var v Verdict
	var in Input
	if s.Say.Known || s.Press.Known || s.Event.Known {
		in = t.input(s)
		var err error
		if v, err = t.program.Run(ctx, in); err != nil {
			return
		}
	}
	replies := t.happen(v)
	t.compare(ctx, s, in, v, replies)
}

// input makes the update of a step.
func (t *play) input(s *Step) Input {
	t.messages++
	in := Input{
		Message: Message{ID: "m" + strconv.Itoa(t.messages), Kind: "text", ReceivedAt: t.now},
		Bot:     Bot{Name: "test_bot", Platform: "telegram"},
		Now:     t.now, Last: t.last, Muted: t.muted,
	}
	event := EventMessage
	switch {
	case s.Press.Known:
		event, in.Button, in.Message.Kind = EventButton, t.pressed(s.Press.Value), "button"
	case s.Event.Known:
		event = s.Event.Value
		if command, is := strings.CutPrefix(event, "/"); is {
			event, in.Command, in.Message.Kind = EventCommand, command, "command"
		}
		if event == EventFirstMessage {
			event, t.user.Messages = EventMessage, 0
		}
		if event == EventPhone {
			t.sharePhone(s, &in)
		}
	default:
		in.Text = s.Say.Value
		if command, args, is := cutCommand(in.Text); is {
			event, in.Command, in.Args, in.Message.Kind = EventCommand, command, args, "command"
		}
	}
	first := false
	if event == EventMessage || event == EventCommand {
		first = t.user.Messages == 0
		t.user.Messages++
	}
	in.Events = EventsOf(event, in.Command, first)
	if detect := t.program.env.LangOf; detect != nil && in.Text != "" {
		in.Message.Lang, in.Told = detect(in.Text), true
	}
	in.User = t.user
	in.User.Tags = slices.Clone(t.user.Tags)
	in.Fired = t.fired
	return in
}

// testPhone is what a person shares of whom the test says no phone.
const testPhone = "+380501234567"

func (t *play) sharePhone(s *Step, in *Input) {
	switch {
	case s.Phone.Known:
		t.user.Phone = s.Phone.Value
	case t.user.Phone == "":
		t.user.Phone = testPhone
	}
	t.user.PhoneProvedAt, in.Message.Kind = t.now, "contact"
}

// cutCommand splits /start@bot hello into start and hello.
func cutCommand(text string) (command, args string, is bool) {
	rest, is := strings.CutPrefix(text, "/")
	if !is {
		return "", "", false
	}
	command, args, _ = strings.Cut(rest, " ")
	command, _, _ = strings.Cut(command, "@")
	return command, strings.TrimSpace(args), command != ""
}

// pressed returns what comes back from a button: a test names it by what stands on it or by its data.
func (t *play) pressed(name string) string {
	for _, b := range t.buttons {
		if b.Text == name && b.URL == "" {
			return b.Data
		}
	}
	return name
}

// happen does what a host does with a verdict, and returns what the bot said.
func (t *play) happen(v Verdict) []Effect {
	var replies []Effect
	for _, e := range v.Effects {
		switch e.Kind {
		case EffectSet:
			if e.Value == nil {
				delete(t.user.Fields, e.Name)
			} else {
				t.user.Fields[e.Name] = e.Value
			}
		case EffectTag:
			if !slices.Contains(t.user.Tags, e.Name) {
				t.user.Tags = append(t.user.Tags, e.Name)
			}
		case EffectUntag:
			t.user.Tags = slices.DeleteFunc(t.user.Tags, func(tag string) bool { return tag == e.Name })
		case EffectReply, EffectAskPhone:
			if len(replies) == 0 {
				t.buttons = nil
			}
			replies = append(replies, e)
			t.buttons = append(t.buttons, slices.Concat(e.Message.Buttons...)...)
			t.last = &Last{Text: e.Message.Text, SentAt: t.now, Rule: e.Rule}
		case EffectMute:
			t.muted = t.now.Add(e.Duration)
		case EffectFired:
			t.fired[e.Name] = t.now
		}
	}
	return replies
}

// compare holds what happened against what a step expects.
func (t *play) compare(ctx context.Context, s *Step, in Input, v Verdict, replies []Effect) {
	fail := func(at Scalar, format string, args ...any) {
		place := at.At
		if place.Line == 0 {
			place = s.At
		}
		t.report.errorf(place, CodeTestFailed, "%s: %s", clip(t.test.Name.Value), fmt.Sprintf(format, args...))
	}
	for _, f := range v.Failures {
		fail(Scalar{}, "the rule `%s` failed: %s", f.Rule, f.Message)
	}
	if s.Rule.Known {
		switch want := s.Rule.Value; {
		case want == noRule && len(v.Rules) > 0:
			fail(s.Rule, "no rule was expected, and %s matched", ruleNames(v.Rules))
		case want != noRule && !slices.Contains(v.Rules, want):
			fail(s.Rule, "the rule `%s` was expected, and %s matched%s", want, ruleNames(v.Rules), t.why(ctx, want, in))
		}
	}
	if s.Silent && len(replies) > 0 {
		fail(Scalar{}, "no reply was expected, and the bot said %s", said(replies))
	}
	t.compareReplies(s, replies, fail)
	for _, tag := range s.Tags {
		if !slices.Contains(t.user.Tags, tag.Value) {
			fail(tag, "the tag `%s` was expected; the person has %s", tag.Value, orNone(t.user.Tags))
		}
	}
	for _, field := range s.Fields {
		got := fieldValue(t.user.Fields[field.Field.Value])
		want := fieldValue(t.program.fieldOf(field.Field.Value, field.Value.Value))
		if !got.equal(want) {
			zone := t.program.zone
			fail(field.Value, "the field `%s` is %s, and %s was expected", field.Field.Value, got.literal(zone, maxShown), want.literal(zone, maxShown))
		}
	}
}

func (t *play) compareReplies(s *Step, replies []Effect, fail func(Scalar, string, ...any)) {
	if len(s.Bot) == 0 {
		return
	}
	for i, want := range s.Bot {
		if i >= len(replies) {
			fail(want, "the reply %s was expected, and the bot said %s", quote(want.Value), nothingMore(i))
			continue
		}
		if got := replies[i].Message.Text; !matchesPattern(want.Value, got) {
			fail(want, "the reply is %s, and %s was expected%s", quote(got), quote(want.Value), difference(want.Value, got))
		}
	}
	if len(replies) > len(s.Bot) {
		fail(s.Bot[len(s.Bot)-1], "nothing more was expected, and the bot also said %s", said(replies[len(s.Bot):]))
	}
}

// why says why a rule did not match.
func (t *play) why(ctx context.Context, name string, in Input) string {
	if len(in.Events) == 0 {
		return ""
	}
	v, err := t.program.Explain(ctx, in)
	if err != nil {
		return ""
	}
	for _, tried := range v.Trace {
		if tried.Rule != name {
			continue
		}
		switch tried.Outcome {
		case OtherEvent:
			return fmt.Sprintf("; `%s` is not about %s", name, strings.Join(in.Events, ", "))
		case AlreadyOnce:
			return fmt.Sprintf("; `%s` had fired for this person", name)
		case TooSoon:
			return fmt.Sprintf("; `%s` fired too short a time ago", name)
		case NotReached:
			return fmt.Sprintf("; `%s` comes later", name)
		case ConditionFail:
			var parts []string
			for _, part := range tried.Values[:min(len(tried.Values), 4)] {
				parts = append(parts, clip(part.Source)+" is "+part.Value)
			}
			return "; " + strings.Join(parts, ", ")
		}
	}
	return ""
}

func ruleNames(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "no tags"
	}
	return strings.Join(names, ", ")
}

func said(replies []Effect) string {
	texts := make([]string, len(replies))
	for i, r := range replies {
		texts[i] = quote(r.Message.Text)
	}
	return strings.Join(texts, " and ")
}

func nothingMore(replies int) string {
	if replies == 0 {
		return "nothing"
	}
	return "nothing more"
}

func quote(s string) string { return stringValue(s).literal(time.UTC, maxShown) }
